"""Reports survive the database unchanged."""

from __future__ import annotations

import json

import pytest

from core.errors import StoreError
from core.store import serialise
from core.types import Progress, Stage, VerdictLabel
from tests.synth.logs import make_report


@pytest.mark.parametrize("label", list(VerdictLabel))
def test_a_report_comes_back_equal(label: VerdictLabel) -> None:
    report = make_report(label=label)

    assert serialise.load_report(serialise.dump_report(report)) == report


def test_a_frame_rate_stays_a_fraction() -> None:
    report = make_report()

    stored = json.loads(serialise.dump_report(report))

    assert stored["video"]["frame_rate"] == "30000/1001"
    assert serialise.load_report(json.dumps(stored)).video.frame_rate == report.video.frame_rate


@pytest.mark.parametrize("text", ["{}", "not json", '{"clip_sha256": 3}'])
def test_a_report_of_another_form_is_a_sentence(text: str) -> None:
    with pytest.raises(StoreError, match="another version"):
        serialise.load_report(text)


@pytest.mark.parametrize("progress", [Progress(Stage.FRAMES, 3, None, None), Progress(Stage.FIGURES, 1, 2, 0.5)])
def test_progress_comes_back_equal(progress: Progress) -> None:
    assert serialise.load_progress(json.loads(json.dumps(serialise.dump_progress(progress)))) == progress


def test_a_report_from_before_blinks_and_beats_were_told_still_loads() -> None:
    stored = json.loads(serialise.dump_report(make_report()))
    newer = {"pulse_sdnn_ms", "pulse_rmssd_ms", "blinks_per_min", "blinks_abstained_because"}
    stored["faces"] = [{name: value for name, value in face.items() if name not in newer} for face in stored["faces"]]

    (face,) = serialise.load_report(json.dumps(stored)).faces

    assert face.frames == 290
    assert {getattr(face, name) for name in newer} == {None}
