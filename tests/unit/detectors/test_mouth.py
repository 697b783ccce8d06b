from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from core.detectors import mouth
from core.detectors.gates import TOO_COMPRESSED
from core.detectors.mouth import (
    AS_FILMED,
    FOUND,
    MOST_QUALITY,
    SPEAKS_FROM,
    STILL,
    TOLD,
    TOO_FEW,
    MouthDetector,
)
from core.faces.mouth import REGION_NAMES
from core.faces.mouth_unrest import mouth_numbers
from core.faces.pose import canonical_mesh
from core.faces.regions import REGION_NAMES as SKIN_NAMES
from core.types import Evidence, FaceMaterial, FaceTrack, MouthTrace, PulseReading, VideoInfo
from models.linear import LinearModel, Term
from tests.synth.clips import even_times
from tests.synth.traces import Skin, skin_trace

VIDEO = VideoInfo(640, 480, Fraction(25), 6.0, 150, "h264", "mov", 0, 2000.0)


def face(
    seconds: float = 6.0, size_px: float = 200.0, rate_hz: float = 25.0, yaw_deg: float = 0.0, opening: float = 0.03
) -> FaceMaterial:
    times = even_times(rate_hz, seconds)
    n, rng = len(times), np.random.default_rng(0)
    mesh = canonical_mesh()[:, :2]
    mesh = mesh / np.ptp(mesh, axis=0).max() * size_px
    points = mesh[None] + [320, 240] + rng.normal(0, 0.05, (n, 468, 2)) + 3 * np.sin(times)[:, None, None]
    points[:, 14, 1] += opening * size_px * (1 + np.sin(7 * times))
    boxes = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
    flat = np.zeros(n, np.float32)
    track = FaceTrack(3, np.arange(n), times, boxes, points, np.ones(n), flat + yaw_deg, flat, flat)
    trace = skin_trace(Skin(), times, region_names=SKIN_NAMES)
    reading = PulseReading(3, "", (), None, None, None, "not read")
    numbers = [np.abs(rng.normal(5, 1, (len(REGION_NAMES), n, k))) for k in (3, 3, 2)]
    return FaceMaterial(
        VIDEO, track, trace, None, reading, None, None, mouth=MouthTrace(3, REGION_NAMES, times, *numbers)
    )


def score_of(evidence: Evidence) -> float | None:
    return {m.name: m.value for m in evidence.measurements}["lip_sync_probability"]


def always(monkeypatch: pytest.MonkeyPatch, bias: float) -> None:
    """Weights that look at little and say what the bias says."""
    terms = (Term("chin_goes_with_lips", 0.0, -1.0, 1.0, 0.5), Term("opening_lips", 0.0, 0.0, 1.0, 0.0))
    monkeypatch.setattr(mouth, "_model", lambda: LinearModel(terms, bias=bias))


def test_what_it_rests_on_is_measured_whether_it_speaks_or_not() -> None:
    evidence = MouthDetector().examine(face())
    assert evidence.track == 3
    assert 0 < evidence.quality <= MOST_QUALITY
    values = {m.name: m.value for m in evidence.measurements}
    assert all(values[name] is not None for name in (*TOLD, "mouth_spread"))
    assert score_of(evidence) is not None


def test_it_speaks_only_for_a_fake_never_for_a_real_face(monkeypatch: pytest.MonkeyPatch) -> None:
    always(monkeypatch, bias=-4.0)
    evidence = MouthDetector().examine(face())
    assert evidence.fake_score is None
    assert evidence.abstained_because == AS_FILMED
    always(monkeypatch, bias=5.0)
    evidence = MouthDetector().examine(face())
    assert evidence.fake_score is not None
    assert evidence.fake_score >= SPEAKS_FROM


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"size_px": 50}, "only 50 px"),
        ({"seconds": 1.8}, "only 1.8 s"),
        ({"rate_hz": 8}, "frame rate of 8/s"),
        ({"yaw_deg": 70}, "turned away"),
        ({"seconds": 0.04}, "a single picture"),
    ],
)
def test_a_face_that_offers_too_little_gets_no_score_but_the_reason(given: dict[str, float], words: str) -> None:
    evidence = MouthDetector().examine(face(**given))
    assert evidence.fake_score is None
    assert evidence.abstained_because is not None
    assert words in evidence.abstained_because
    assert score_of(evidence) is None


def test_a_clip_compressed_too_hard_is_not_judged() -> None:
    evidence = MouthDetector().examine(replace(face(), video=replace(VIDEO, bit_rate_kbps=100.0)))
    assert evidence.abstained_because == TOO_COMPRESSED


def test_without_a_trace_of_the_mouth_it_abstains() -> None:
    assert MouthDetector().examine(replace(face(), mouth=None)).abstained_because == TOO_FEW


def test_a_mouth_that_does_not_move_is_not_judged() -> None:
    evidence = MouthDetector().examine(face(opening=0.0))
    assert evidence.abstained_because == STILL
    assert evidence.quality == 0


def test_the_score_is_the_logistic_of_the_weights_and_what_it_found_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    always(monkeypatch, bias=4.0)
    one = face()
    assert one.mouth is not None
    together = mouth_numbers(one.track, one.mouth)["change"]["chin_goes_with_lips"]
    evidence = MouthDetector().examine(one)
    assert evidence.fake_score == pytest.approx(1 / (1 + np.exp(-(4.0 + 0.5 * (together + 1.0)))))
    assert evidence.findings == (FOUND,)


def test_a_part_that_was_not_seen_does_not_stop_it() -> None:
    one = face()
    assert one.mouth is not None
    change = one.mouth.change.copy()
    change[REGION_NAMES.index("chin")] = np.nan
    hidden = MouthDetector().examine(replace(one, mouth=replace(one.mouth, change=change)))
    assert score_of(hidden) is not None
    assert {m.name: m.value for m in hidden.measurements}["lips_with_chin"] is None


def test_the_weights_name_numbers_that_are_measured() -> None:
    one = face()
    assert one.mouth is not None
    assert {term.name for term in mouth._model().terms} <= set(mouth_numbers(one.track, one.mouth)["change"])
