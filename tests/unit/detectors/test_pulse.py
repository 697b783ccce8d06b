from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from core.detectors.pulse import NO_CLASSIFIER, PulseDetector
from core.detectors.registry import CLIP_DETECTORS, FACE_DETECTORS
from core.signals import ppg_map, read_pulse
from core.types import FaceMaterial, FaceTrack, VideoInfo
from tests.synth.clips import even_times
from tests.synth.traces import Skin, skin_trace

VIDEO = VideoInfo(1280, 720, Fraction(25), 12.0, 300, "h264", "mp4", 0, 4000.0)


def face(
    skin: Skin = Skin(),  # noqa: B008  (frozen)
    *,
    seconds: float = 12,
    rate_hz: float = 25,
    size_px: float = 200,
    yaw_deg: float = 5,
    speed_px_per_s: float = 0,
    video: VideoInfo = VIDEO,
    light: float = 1.0,
    clipped: float = 0.0,
) -> FaceMaterial:
    times = even_times(rate_hz, seconds)
    n = len(times)
    left = 100 + speed_px_per_s * times
    boxes = np.stack([left, np.full(n, 100.0), left + size_px, np.full(n, 100 + size_px)], axis=1)
    angles = np.full(n, yaw_deg)
    track = FaceTrack(
        3, np.arange(n), times, boxes, np.zeros((n, 468, 2)), np.ones(n), angles, np.zeros(n), np.zeros(n)
    )
    trace = skin_trace(skin, times)
    trace = replace(trace, rgb=trace.rgb * light, clipped=np.full(trace.clipped.shape, clipped))
    signal, reading = read_pulse(trace)
    return FaceMaterial(video, track, trace, signal, reading, ppg_map(trace), None)


def measured(one: FaceMaterial) -> dict[str, float | None]:
    return {m.name: m.value for m in PulseDetector().examine(one).measurements}


def test_a_clear_pulse_is_measured_and_not_turned_into_a_score() -> None:
    evidence = PulseDetector().examine(face(Skin(bpm=84)))
    values = {m.name: m.value for m in evidence.measurements}
    assert evidence.fake_score is None
    assert evidence.abstained_because == NO_CLASSIFIER
    assert evidence.track == 3
    assert evidence.quality > 0.5
    assert values["pulse"] == pytest.approx(84, abs=1)
    assert (values["forehead_snr"] or 0) > 0
    assert (values["cells_same_rate"] or 0) > 0.8
    assert (values["regions_phase_spread"] or 99) < 20
    assert evidence.findings == ("32 of 32 parts of the mid face show that pulse on their own",)


def test_without_pulse_the_regions_do_not_agree() -> None:
    values = measured(face(Skin(bpm=None)))
    assert values["pulse"] is None
    assert (values["cells_same_rate"] or 0) < 0.5
    assert (values["regions_phase_spread"] or 0) > 30


def test_regions_that_beat_out_of_step_show_in_the_phase() -> None:
    together = face(Skin(bpm=75, noise=0.0002))
    later = skin_trace(Skin(bpm=75, noise=0.0002), even_times(25, 12) + 0.2)
    rgb = np.array(together.trace.rgb)
    rgb[1] = later.rgb[1]
    trace = replace(together.trace, rgb=rgb)
    signal, reading = read_pulse(trace)
    apart = replace(together, trace=trace, pulse=signal, reading=reading)
    assert (measured(apart)["regions_phase_spread"] or 0) > (measured(together)["regions_phase_spread"] or 0) + 20


GATES = {
    "the face is only 50 px": {"size_px": 50},
    "the face is seen for only 5.0 s": {"seconds": 5},
    "the frame rate of 10/s is too low": {"rate_hz": 10},
    "the clip is compressed too strongly for its picture size": {"video": replace(VIDEO, bit_rate_kbps=60.0)},
    "the head is turned away by 62°": {"yaw_deg": -62},
    "the head moves too much": {"speed_px_per_s": 180},
    "the skin is under-exposed": {"light": 0.02},
    "the skin is over- or under-exposed": {"clipped": 0.4},
}


@pytest.mark.parametrize("sentence", GATES)
def test_each_gate_closes_with_its_own_sentence(sentence: str) -> None:
    evidence = PulseDetector().examine(face(**GATES[sentence]))  # type: ignore[arg-type]
    assert evidence.abstained_because == sentence
    assert evidence.fake_score is None
    assert evidence.quality == 0
    assert evidence.findings == ()


def test_an_unknown_bit_rate_closes_no_gate() -> None:
    evidence = PulseDetector().examine(face(video=replace(VIDEO, bit_rate_kbps=None)))
    assert evidence.abstained_because == NO_CLASSIFIER


def test_a_face_of_one_frame_is_refused_without_a_crash() -> None:
    evidence = PulseDetector().examine(face(seconds=0.04))
    assert evidence.abstained_because == "a single picture shows nothing that changes over time"


def test_the_registries_name_their_detectors() -> None:
    assert {name: d.name for name, d in FACE_DETECTORS.items()} == {name: name for name in FACE_DETECTORS}
    assert {name: d.name for name, d in CLIP_DETECTORS.items()} == {name: name for name in CLIP_DETECTORS}
    assert "pulse" in FACE_DETECTORS
    assert "provenance" in CLIP_DETECTORS
