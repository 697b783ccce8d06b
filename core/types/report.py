"""The finished analysis: what is stored, sent and drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.types.clip import Clip, VideoInfo
from core.types.evidence import Verdict
from core.types.faces import AlignedFaces, EyeTrace, FaceTrack, MouthTrace
from core.types.signals import PulseReading, PulseSignal, RoiTrace


class Stage(StrEnum):
    """The stages of an analysis, in order; the names are those of `timings_s`."""

    OPENING = "opening"
    FRAMES = "frames"  # decoding, faces and traces run together, frame by frame
    SIGNALS = "signals"
    DETECTORS = "detectors"
    FIGURES = "figures"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an analysis has come; `total` None when it cannot be known. `left_s` is an estimate for the whole."""

    stage: Stage
    done: int
    total: int | None
    left_s: float | None


ProgressCallback = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class FaceSummary:
    """One face of the report. Percentiles, not extremes, would hide a turned head: `yaw_deg` is (min, max)."""

    track: int
    times_s: tuple[float, float]
    frames: int
    size_px: float
    yaw_deg: tuple[float, float]
    box_xyxy_px: tuple[float, float, float, float]
    pulse_bpm: float | None
    pulse_snr_db: float | None
    respiration_bpm: float | None
    pulse_abstained_because: str | None
    pulse_sdnn_ms: float | None = None
    pulse_rmssd_ms: float | None = None
    blinks_per_min: float | None = None
    blinks_abstained_because: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A finished analysis in plain values: what the database keeps and every face of the program shows."""

    clip_sha256: str
    size_bytes: int
    video: VideoInfo
    frames_analysed: int
    seconds_analysed: float
    verdict: Verdict
    faces: tuple[FaceSummary, ...]
    weights: dict[str, str]
    versions: dict[str, str]
    timings_s: dict[str, float]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """A picture kept for the report: `rgb` (H, W, 3) uint8 scaled down, and the face boxes in its own pixels."""

    time_s: float
    rgb: NDArray[np.uint8]
    boxes_xyxy_px: dict[int, tuple[float, float, float, float]]


@dataclass(frozen=True, slots=True)
class FaceMaterial:
    """Everything known about one face: what a face detector examines and what the figures are drawn from."""

    video: VideoInfo
    track: FaceTrack
    trace: RoiTrace
    pulse: PulseSignal | None
    reading: PulseReading
    ppg_map: NDArray[np.uint8] | None  # (64, omega): 32 rows of signal, 32 of spectrum
    crops: AlignedFaces | None
    mouth: MouthTrace | None = None
    eyes: EyeTrace | None = None


@dataclass(frozen=True, slots=True)
class Analysis:
    """A report together with the material behind it, which is never stored."""

    clip: Clip
    report: Report
    faces: tuple[FaceMaterial, ...]
    key_frames: tuple[KeyFrame, ...] = field(default=())
