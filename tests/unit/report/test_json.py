from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from core.errors import NoVideoError
from core.report.json import error_json, pulse_json, report_json
from core.types import VerdictLabel
from tests.synth.analyses import make_analysis, with_report

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "check.schema.json").read_text())
PROMISED_KEYS = {
    "clip", "sha256", "verdict", "probability_fake", "reasons", "faces", "evidence", "timings_s", "weights", "error",
}  # fmt: skip


def check(answer: dict[str, Any]) -> None:
    """Raise unless the object survives strict JSON and fits the published schema."""
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(answer, allow_nan=False)))


@pytest.mark.parametrize("label", list(VerdictLabel))
@pytest.mark.parametrize(("faces", "bpm"), [(0, None), (1, 72.0), (2, None)])
def test_every_kind_of_answer_fits_the_published_schema(label: VerdictLabel, faces: int, bpm: float | None) -> None:
    answer = report_json(make_analysis(label=label, faces=faces, bpm=bpm).report, "a clip.mp4")
    check(answer)
    assert answer.keys() >= PROMISED_KEYS
    assert answer["verdict"] == label.value
    assert len(answer["faces"]) == faces


def test_an_error_has_no_verdict_and_says_the_sentence_and_its_code() -> None:
    answer = error_json("song.mp4", NoVideoError("The file has sound but no video."))
    check(answer)
    assert answer["verdict"] is None
    assert (answer["error"], answer["error_code"]) == ("The file has sound but no video.", "no_video")


def test_an_unexpected_error_does_not_show_its_inner_message() -> None:
    answer = error_json("clip.mp4", KeyError("/secret/path"))
    check(answer)
    assert "/secret" not in answer["error"]
    assert answer["error_code"] == "unexpected"


def test_numbers_that_json_cannot_hold_become_null() -> None:
    analysis = make_analysis()
    face = replace(analysis.report.faces[0], pulse_snr_db=float("nan"))
    bad = with_report(analysis, faces=(face,), timings_s={"frames": float("inf")})
    answer = report_json(bad.report, "clip.mp4")
    check(answer)
    assert answer["faces"][0]["pulse_snr_db"] is None
    assert answer["timings_s"]["frames"] is None


def test_blinks_are_a_rate_or_a_reason() -> None:
    analysis = make_analysis(faces=2)
    first, second = analysis.report.faces
    faces = (replace(first, blinks_per_min=14.5), replace(second, blinks_abstained_because="too short"))
    answer = report_json(with_report(analysis, faces=faces).report, "clip.mp4")
    check(answer)
    told = [(face["blinks_per_min"], face["blinks_abstained_because"]) for face in answer["faces"]]
    assert told == [(14.5, None), (None, "too short")]


def test_a_verdict_and_an_error_together_do_not_fit_the_schema() -> None:
    answer = report_json(make_analysis().report, "clip.mp4") | {"error": "both", "error_code": "clip"}
    with pytest.raises(jsonschema.ValidationError):
        check(answer)


def test_the_case_numbers_are_passed_on() -> None:
    answer = report_json(make_analysis().report, "clip.mp4", case=7, checked_before=3)
    assert (answer["case"], answer["checked_before"]) == (7, 3)


def test_pulse_lists_every_window_with_its_times() -> None:
    reading = make_analysis(bpm=80.0, duration_s=14).faces[0].reading
    answer = pulse_json(reading)
    assert answer["bpm"] == 80.0
    assert [window["start_s"] for window in answer["windows"]] == [0.0, 2.0, 4.0]
    times, rates = {"start_s", "end_s"}, {"bpm", "best_guess_bpm", "respiration_bpm"}
    assert set(answer["windows"][0]) == times | rates | {"snr_db", "confidence"}
