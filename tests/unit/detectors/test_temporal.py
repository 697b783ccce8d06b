from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from core.detectors import temporal
from core.detectors.temporal import (
    AS_FILMED,
    ASPECTS,
    MOST_QUALITY,
    SPEAKS_FROM,
    TemporalDetector,
    temporal_numbers,
)
from core.faces.pose import canonical_mesh
from core.faces.regions import REGION_NAMES
from core.types import AlignedFaces, Evidence, FaceMaterial, FaceTrack, PulseReading, RoiTrace, VideoInfo
from models.linear import LinearModel, Term
from tests.synth.clips import even_times
from tests.synth.traces import Skin, skin_trace

VIDEO = VideoInfo(640, 480, Fraction(25), 6.0, 150, "h264", "mov", 0, 2000.0)


def face(seconds: float = 6.0, size_px: float = 200.0, rate_hz: float = 25.0, yaw_deg: float = 0.0) -> FaceMaterial:
    times = even_times(rate_hz, seconds)
    n, rng = len(times), np.random.default_rng(0)
    mesh = canonical_mesh()[:, :2]
    mesh = mesh / np.ptp(mesh, axis=0).max() * size_px
    points = mesh[None] + [320, 240] + rng.normal(0, 0.2, (n, 468, 2)) + 3 * np.sin(times)[:, None, None]
    boxes = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
    flat = np.zeros(n, np.float32)
    track = FaceTrack(3, np.arange(n), times, boxes, points, np.ones(n), flat + yaw_deg, flat, flat)
    trace = skin_trace(Skin(), times, region_names=REGION_NAMES)
    reading = PulseReading(3, "", (), None, None, None, "not read")
    crops = rng.integers(0, 255, (8, 256, 256, 3), np.uint8)
    aligned = AlignedFaces(3, np.linspace(0, seconds, 8), crops, np.zeros((8, 2, 3)))
    return FaceMaterial(VIDEO, track, trace, None, reading, None, aligned)


def score_of(evidence: Evidence) -> float | None:
    return {m.name: m.value for m in evidence.measurements}["animation_probability"]


def always(monkeypatch: pytest.MonkeyPatch, bias: float) -> None:
    """Weights that look at little and say what the bias says."""
    terms = (Term("repeats", 0.0, -1.0, 1.0, 0.5), Term("trembling", 0.0, 0.0, 1.0, 0.0))
    monkeypatch.setattr(temporal, "_model", lambda: LinearModel(terms, bias=bias))


def test_what_it_rests_on_is_measured_whether_it_speaks_or_not() -> None:
    evidence = TemporalDetector().examine(face())
    assert evidence.track == 3
    assert 0 < evidence.quality <= MOST_QUALITY
    values = {m.name: m.value for m in evidence.measurements}
    assert all(values[f"{aspect}_log_odds"] is not None for aspect in ASPECTS)
    assert score_of(evidence) is not None


def test_it_speaks_only_for_a_fake_never_for_a_real_face(monkeypatch: pytest.MonkeyPatch) -> None:
    always(monkeypatch, bias=-4.0)
    evidence = TemporalDetector().examine(face())
    assert evidence.fake_score is None
    assert evidence.abstained_because == AS_FILMED
    always(monkeypatch, bias=4.0)
    evidence = TemporalDetector().examine(face())
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
    evidence = TemporalDetector().examine(face(**given))
    assert evidence.fake_score is None
    assert evidence.abstained_because is not None
    assert words in evidence.abstained_because
    assert score_of(evidence) is None


def test_it_works_without_crops_too() -> None:
    assert score_of(TemporalDetector().examine(replace(face(), crops=None))) is not None


def test_the_score_is_the_logistic_of_the_weights_and_the_strongest_aspect_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    always(monkeypatch, bias=3.0)
    numbers = temporal_numbers(face())["colour"]
    evidence = TemporalDetector().examine(face())
    assert evidence.fake_score == pytest.approx(1 / (1 + np.exp(-(3.0 + 0.5 * (numbers["repeats"] + 1.0)))))
    assert evidence.findings == ("the way the colour of the face flickers is unlike filmed faces",)


def test_the_weights_name_numbers_that_are_measured() -> None:
    measured = {name for part in temporal_numbers(face()).values() for name in part}
    assert {term.name for term in temporal._model().terms} <= measured


def test_a_region_that_was_not_seen_does_not_stop_it() -> None:
    whole = face()
    rgb = whole.trace.rgb.copy()
    rgb[whole.trace.region_names.index("chin")] = np.nan
    trace = RoiTrace(3, whole.trace.region_names, whole.trace.times_s, rgb, whole.trace.pixels, whole.trace.clipped)
    assert score_of(TemporalDetector().examine(replace(whole, trace=trace))) is not None
