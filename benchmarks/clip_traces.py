"""Traces and face crops of recordings, kept in a folder, for finding the faces is what takes the time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import core
from core.evaluation.datasets import PulseRecording
from core.faces import FaceModels, FaceTracker, load_face_models
from core.faces.regions import REGION_NAMES, region_masks
from core.settings import MEBIBYTE, VideoLimits
from core.signals import TraceRecorder
from core.types import FaceObservation, Frame, RoiTrace
from core.video import open_clip

LIMITS = VideoLimits(max_bytes=16_384 * MEBIBYTE, max_duration_s=1800, child_cpu_s=3600, child_wall_s=7200)
"""The originals of the datasets are hardly compressed: a minute can have 2 GB."""
CROP_PX = 128
CROP_RATE_HZ = 30.0
CROP_HOLD = 0.02
"""A crop stays where it is until the face moved by this share of its box, so that jitter does not look like colour."""
SOURCES = ("faces", "video", "signals/traces.py")
"""What a trace depends on, below core/."""

Tick = Callable[[int, int | None], None]
"""Frames done and expected."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The main face of a recording: its trace, the larger side of its box, and how long the video is."""

    trace: RoiTrace
    face_size_px: float
    video_s: float


@dataclass(frozen=True, slots=True)
class Crops:
    """Face crops on an even grid of `CROP_RATE_HZ` from time 0: `rgb` (N, 128, 128, 3) uint8."""

    rgb: NDArray[np.uint8]
    rate_hz: float


class TraceCache:
    """Watches each recording once and keeps what was seen in `directory`.

    A file is named by the clip, the bytes of its video and the code that made it, so that a change of any of them
    makes a new one.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._models: FaceModels | None = None

    def watched(self, recording: PulseRecording, tick: Tick) -> Watched | None:
        """Return what was seen of the main face; None when no face was found."""
        path = self._path(recording, "trace")
        if not path.exists():
            self._watch(recording, tick)
        with np.load(path) as kept:
            if "rgb" not in kept:
                return None
            trace = RoiTrace(
                0, tuple(kept["names"].tolist()), kept["times_s"], kept["rgb"], kept["pixels"], kept["clipped"]
            )
            return Watched(trace, float(kept["face_size_px"]), float(kept["video_s"]))

    def crops(self, recording: PulseRecording, tick: Tick) -> Crops | None:
        """Return crops of the largest face; None when no face was found."""
        path = self._path(recording, "crops")
        if not path.exists():
            self._watch(recording, tick)
        with np.load(path) as kept:
            return Crops(kept["rgb"], CROP_RATE_HZ) if "rgb" in kept else None

    def _path(self, recording: PulseRecording, kind: str) -> Path:
        return self._directory / f"{recording.clip_id}-{_fingerprint(recording)}-{kind}.npz"

    def _watch(self, recording: PulseRecording, tick: Tick) -> None:
        """See every frame once; write the trace and the crops."""
        self._models = self._models or load_face_models()
        tracker, recorder, cutter = FaceTracker(self._models), TraceRecorder(REGION_NAMES, region_masks), CropCutter()
        last_s = 0.0
        for frame, expected in _frames(recording):
            observations = tracker.step(frame)
            for observation in observations:
                recorder.add(frame, observation)
            cutter.add(frame, observations)
            last_s = frame.time_s
            tick(frame.index + 1, expected)
        tracks = tracker.finish()
        traces = recorder.finish(tracker.final_ids)
        seen: dict[str, NDArray[np.generic]] = {}
        if tracks:
            trace = traces[tracks[0].id]
            seen = {
                "names": np.array(trace.region_names),
                "times_s": trace.times_s,
                "rgb": trace.rgb,
                "pixels": trace.pixels,
                "clipped": trace.clipped,
                "face_size_px": np.array(tracks[0].face_size_px),
                "video_s": np.array(last_s),
            }
        crops = cutter.finish()
        np.savez(self._path(recording, "crops"), **({} if crops is None else {"rgb": crops}))
        np.savez_compressed(self._path(recording, "trace"), **seen)


class CropCutter:
    """Cuts the largest face out of every frame, in a box that follows it calmly, and puts them on an even grid.

    The box is the mesh's with a tenth more forehead: the framing that the neural readers were trained on.
    """

    def __init__(self) -> None:
        self._box: NDArray[np.float64] | None = None
        self._calm: NDArray[np.float64] | None = None
        self._times_s: list[float] = []
        self._rgb: list[NDArray[np.uint8]] = []

    def add(self, frame: Frame, observations: tuple[FaceObservation, ...]) -> None:
        """Take the next frame; without a face in it the crop stays where it was."""
        if observations:
            self._follow(max((framing(one) for one in observations), key=lambda box: box[3] - box[1]))
        if self._box is None:
            return
        height, width = frame.rgb.shape[:2]
        x0, y0, x1, y1 = np.rint(self._box).astype(int)
        cut = frame.rgb[max(y0, 0) : min(y1, height), max(x0, 0) : min(x1, width)]
        if cut.size == 0:
            return
        self._times_s.append(frame.time_s)
        self._rgb.append(np.asarray(cv2.resize(cut, (CROP_PX, CROP_PX), interpolation=cv2.INTER_AREA), np.uint8))

    def finish(self) -> NDArray[np.uint8] | None:
        """Return the crops (N, 128, 128, 3), the nearest in time for each step of the grid; None without a face."""
        if not self._times_s:
            return None
        times = np.array(self._times_s)
        grid = np.arange(int(times[-1] * CROP_RATE_HZ) + 1) / CROP_RATE_HZ
        nearest = np.searchsorted((times[:-1] + times[1:]) / 2, grid)
        return np.stack([self._rgb[i] for i in nearest])

    def _follow(self, box: NDArray[np.float64]) -> None:
        self._calm = box if self._calm is None else 0.9 * self._calm + 0.1 * box
        if self._box is None or np.abs(self._calm - self._box).max() > CROP_HOLD * (box[3] - box[1]):
            self._box = self._calm


def framing(observation: FaceObservation) -> NDArray[np.float64]:
    """Return the crop's box x0, y0, x1, y1 for a face."""
    x0, y0, x1, y1 = observation.box_xyxy_px.astype(np.float64)
    height = y1 - y0
    return np.array([x0, y0 - 0.1 * height, x1, y1 + 0.05 * height])


def _frames(recording: PulseRecording) -> Iterator[tuple[Frame, int | None]]:
    source = recording.video
    if isinstance(source, Path):
        with open_clip(source, LIMITS) as reader:
            for frame in reader:
                yield frame, reader.expected_frames
    else:
        for frame in source:
            yield frame, len(source)


def _fingerprint(recording: PulseRecording) -> str:
    digest = hashlib.sha256(_code_digest())
    source = recording.video
    if isinstance(source, Path):
        with source.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    else:
        digest.update(f"{len(source)} {recording.times_s[-1]} {recording.ppg.sum()}".encode())
    return digest.hexdigest()[:12]


@cache
def _code_digest() -> bytes:
    """Of the code as it was when first asked: a file changed meanwhile is not what runs."""
    root = Path(core.__path__[0])
    files = [path for name in SOURCES for path in ([root / name] if name.endswith(".py") else (root / name).glob("*"))]
    digest = hashlib.sha256()
    for path in sorted(files):
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.digest()
