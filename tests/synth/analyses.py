"""Finished analyses with known content, made without looking at any video."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.types import (
    MESH_POINTS,
    Analysis,
    Clip,
    Evidence,
    FaceMaterial,
    FaceSummary,
    FaceTrack,
    KeyFrame,
    Measurement,
    PulseReading,
    PulseSignal,
    PulseWindow,
    Report,
    RoiTrace,
    Verdict,
    VerdictLabel,
    VideoInfo,
)
from tests.synth.clips import portrait, pulse_wave

REGION_NAMES = ("forehead", "left_cheek", "right_cheek", *(f"cell_{i:02d}" for i in range(32)))
RATE_HZ = 25.0
SHA256 = "ab" * 32
WHY_NO_PULSE = "the pulse is too weak against the noise (-6.2 dB)"


def make_analysis(
    *,
    label: VerdictLabel = VerdictLabel.INCONCLUSIVE,
    faces: int = 1,
    bpm: float | None = 72.0,
    duration_s: float = 12.0,
    path: Path = Path("clip.mp4"),
) -> Analysis:
    """An analysis of `faces` faces whose pulse is `bpm` (each next one 9 bpm faster), or that have none."""
    video = VideoInfo(640, 480, Fraction(25), duration_s, int(duration_s * 25), "h264", "mp4", 0, 900.0)
    clip = Clip(path, SHA256, 123_456, video)
    materials = tuple(_material(video, track, None if bpm is None else bpm + 9 * track) for track in range(faces))
    report = Report(
        clip_sha256=SHA256,
        size_bytes=clip.size_bytes,
        video=video,
        frames_analysed=int(duration_s * 25),
        seconds_analysed=duration_s,
        verdict=_verdict(label, materials),
        faces=tuple(_summary(material) for material in materials),
        weights={"face-detector": "12" * 32, "face-mesh": "34" * 32},
        versions={"facepulse": "0.1.0", "pulse": "1", "provenance": "1"},
        timings_s={"opening": 0.05, "frames": 3.1, "signals": 0.2, "detectors": 0.1},
        created_at=datetime(2026, 5, 4, 12, 30, tzinfo=UTC),
    )
    return Analysis(clip, report, materials, _key_frames(faces, duration_s))


def with_report(analysis: Analysis, **changes: object) -> Analysis:
    """A copy of `analysis` whose report has other values."""
    return replace(analysis, report=replace(analysis.report, **changes))


def _material(video: VideoInfo, track: int, bpm: float | None) -> FaceMaterial:
    duration_s = float(video.duration_s or 0)
    times_s = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    values = _pulse_values(times_s, bpm, seed=track)
    n, r = len(times_s), len(REGION_NAMES)
    return FaceMaterial(
        video=video,
        track=_face_track(track, times_s),
        trace=RoiTrace(
            track, REGION_NAMES, times_s, np.full((r, n, 3), 0.3) * (1 + 0.01 * values[..., None]),
            np.full((r, n), 400, np.float32), np.zeros((r, n), np.float32),
        ),
        pulse=None if bpm is None else PulseSignal(REGION_NAMES, times_s, values, RATE_HZ, "POS"),
        reading=_reading(track, duration_s, bpm),
        ppg_map=None if bpm is None else _ppg_map(values[3:]),
        crops=None,
    )  # fmt: skip


def _pulse_values(times_s: NDArray[np.float64], bpm: float | None, seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 0.35, (len(REGION_NAMES), len(times_s)))
    return noise if bpm is None else noise + pulse_wave(times_s, bpm)


def _face_track(track: int, times_s: NDArray[np.float64]) -> FaceTrack:
    n = len(times_s)
    box = np.array([180 + 220 * track, 120, 340 + 220 * track, 330], np.float32)
    yaw = (12 * np.sin(0.7 * times_s + track)).astype(np.float32)
    still = np.zeros(n, np.float32)
    return FaceTrack(
        track, np.arange(n, dtype=np.int32), times_s, np.tile(box, (n, 1)),
        np.zeros((n, MESH_POINTS, 2), np.float32), np.full(n, 0.9, np.float32), yaw, still, still,
    )  # fmt: skip


def _reading(track: int, duration_s: float, bpm: float | None) -> PulseReading:
    if bpm is None:
        return PulseReading(track, "POS", (), None, -6.2, None, WHY_NO_PULSE)
    starts = np.arange(0, max(duration_s - 8, 0.1), 2)
    windows = tuple(PulseWindow(float(s), float(s) + 8, bpm, 5.0, 15.0, 0.8) for s in starts)
    return PulseReading(track, "POS", windows, bpm, 5.0, 15.0, None)


def _ppg_map(cells: NDArray[np.float64], omega: int = 128) -> NDArray[np.uint8]:
    signal = cells[:, :omega]
    spectrum = np.abs(np.fft.rfft(signal - signal.mean(axis=1, keepdims=True), 2 * omega - 1, axis=1))
    rows = np.concatenate([_to_bytes(signal), _to_bytes(spectrum)])
    rows.flags.writeable = False
    return rows


def _to_bytes(rows: NDArray[np.float64]) -> NDArray[np.uint8]:
    low, high = rows.min(axis=1, keepdims=True), rows.max(axis=1, keepdims=True)
    return np.rint(255 * (rows - low) / (high - low)).astype(np.uint8)


def _summary(material: FaceMaterial) -> FaceSummary:
    track, reading = material.track, material.reading
    return FaceSummary(
        track=track.id,
        times_s=(float(track.times_s[0]), float(track.times_s[-1])),
        frames=len(track.times_s),
        size_px=track.face_size_px,
        yaw_deg=(float(track.yaw_deg.min()), float(track.yaw_deg.max())),
        box_xyxy_px=tuple(float(side) for side in track.boxes_xyxy_px[0]),  # type: ignore[arg-type]
        pulse_bpm=reading.bpm,
        pulse_snr_db=reading.snr_db,
        respiration_bpm=reading.respiration_bpm,
        pulse_abstained_because=reading.abstained_because,
    )


def _verdict(label: VerdictLabel, materials: tuple[FaceMaterial, ...]) -> Verdict:
    scored = label in {VerdictLabel.LIKELY_FAKE, VerdictLabel.LIKELY_REAL}
    score = 0.93 if label is VerdictLabel.LIKELY_FAKE else 0.08
    pulse = tuple(
        Evidence(
            "pulse", "1", material.track.id, score if scored else None, 0.7,
            (Measurement("pulse_snr", 5.0, "dB"), Measurement("regional_coherence", 0.81, ""),
             Measurement("phase_spread", None, "deg")),
            None if scored else "no calibration for the pulse alone",
            ("The forehead and the cheeks beat together.",),
        )
        for material in materials
    )  # fmt: skip
    declared = label is VerdictLabel.DECLARED_SYNTHETIC
    provenance = Evidence(
        "provenance", "1", None, None, 1.0 if declared else 0.0,
        (Measurement("content_credentials", 1.0 if declared else 0.0, ""),),
        None if declared else "the file carries no Content Credentials; that is usual and says nothing either way",
        ("The file's Content Credentials, signed by Example Studio, declare AI.",) if declared else (),
        declared,
    )  # fmt: skip
    reasons = {
        VerdictLabel.LIKELY_FAKE: ("Blood flows through this face without coherence.",),
        VerdictLabel.LIKELY_REAL: ("Blood flow is coherent from forehead to cheeks.",),
        VerdictLabel.INCONCLUSIVE: ("A pulse alone never shows whether a clip is real.",),
        VerdictLabel.DECLARED_SYNTHETIC: ("The file's Content Credentials declare that it was made by AI.",),
    }[label]
    return Verdict(label, score if scored else None, (*pulse, provenance), reasons, "test" if scored else None)


@cache
def _picture() -> NDArray[np.uint8]:
    return cv2.resize(np.asarray(portrait()[:384]), (480, 360))


def _key_frames(faces: int, duration_s: float) -> tuple[KeyFrame, ...]:
    boxes = {track: (150 + 160.0 * track, 50.0, 270 + 160.0 * track, 170.0) for track in range(faces)}
    return tuple(KeyFrame(float(t), _picture(), boxes) for t in np.linspace(0.5, duration_s - 0.5, 4))
