"""Colour traces of every face in a collection of clips, kept in a folder: seeing the frames is the slow part."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.evaluation.face_clips import FaceClip
from core.faces import FaceModels, FaceTracker
from core.faces.regions import REGION_NAMES, region_masks
from core.faces.surroundings import REACH, SURROUND_NAMES, joined, surroundings_masks
from core.settings import VideoLimits
from core.signals import TraceRecorder
from core.types import Frame, RoiTrace
from core.video import open_clip

CACHE_VERSION = 3
"""Raise it when faces, regions or traces change, so that nothing old is read."""

BESIDE = 1.15
"""How far the control cells are moved off the head, in widths of the face."""


@dataclass(frozen=True, slots=True)
class SeenFace:
    """One face of one clip: its trace (37 regions of the face, then those around it) and how it was filmed."""

    clip: FaceClip
    index: int
    trace: RoiTrace
    face_px: float
    centre_x_px: float
    yaw_deg: float
    motion_per_s: float
    bits_per_pixel: float

    @property
    def seconds(self) -> float:
        """From the first picture to the end of the last."""
        return float(self.trace.times_s[-1] - self.trace.times_s[0]) + 1 / self.rate_hz

    @property
    def rate_hz(self) -> float:
        """The usual number of pictures a second."""
        return float(1 / np.median(np.diff(self.trace.times_s)))


def seen_faces(clip: FaceClip, models: FaceModels, cache: Path) -> list[SeenFace]:
    """Return every face of `clip` with at least 16 pictures, from `cache` where it was seen before."""
    digest = hashlib.sha256(clip.path.read_bytes()).hexdigest()[:16]
    kept = cache / f"{clip.path.stem}-{clip.half or 'whole'}-{digest}-v{CACHE_VERSION}.npz"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part.npz")
        _save(part, _watch(clip, models))
        part.replace(kept)
    with np.load(kept) as data:
        return [_face(clip, i, data) for i in range(int(data["faces"]))]


def beside_traces(clip: FaceClip, models: FaceModels, cache: Path) -> list[RoiTrace]:
    """Return, for every face, the trace of its 32 cells moved off the head: what encoder and camera do alone."""
    digest = hashlib.sha256(clip.path.read_bytes()).hexdigest()[:16]
    kept = cache / f"{clip.path.stem}-{clip.half or 'whole'}-{digest}-v{CACHE_VERSION}-beside.npz"
    if not kept.exists():
        part = kept.with_suffix(".part.npz")
        _save(part, _watch_beside(clip, models))
        part.replace(kept)
    with np.load(kept) as data:
        count = len(REGION_NAMES)
        return [
            RoiTrace(i, REGION_NAMES, t, data[f"{i}_rgb"].astype(float), zeros, zeros)
            for i in range(int(data["faces"]))
            for t in [data[f"{i}_times_s"]]
            for zeros in [np.zeros((count, len(t)), np.float32)]
        ]


def _save(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    np.savez_compressed(path, allow_pickle=False, **arrays)


def main_face(clip: FaceClip, faces: list[SeenFace]) -> SeenFace | None:
    """The face that the table's label is about."""
    if not faces:
        return None
    if clip.face == "rightmost":
        return max(faces, key=lambda face: face.centre_x_px)
    return max(faces, key=lambda face: face.face_px * len(face.trace.times_s) ** 0.5)


def _frames(clip: FaceClip, bits: list[float]) -> Iterator[Frame]:
    with open_clip(clip.path, VideoLimits()) as reader:
        video = reader.clip.video
        rate = float(video.frame_rate) * video.width_px * video.height_px
        bits.append(1000 * (video.bit_rate_kbps or 0.0) / rate)
        for frame in reader:
            middle = frame.rgb.shape[1] // 2
            part = {"left": slice(None, middle), "right": slice(middle, None), None: slice(None)}[clip.half]
            yield Frame(frame.index, frame.time_s, np.ascontiguousarray(frame.rgb[:, part]), frame.scale)


def _watch(clip: FaceClip, models: FaceModels) -> dict[str, NDArray[Any]]:
    cv2.setNumThreads(1)
    tracker = FaceTracker(models)
    inner = TraceRecorder(REGION_NAMES, region_masks)
    outer = TraceRecorder(SURROUND_NAMES, surroundings_masks, REACH)
    bits: list[float] = []
    for frame in _frames(clip, bits):
        for observation in tracker.step(frame):
            inner.add(frame, observation)
            outer.add(frame, observation)
    tracks = [t for t in tracker.finish() if len(t.times_s) >= 16]
    faces, around = inner.finish(tracker.final_ids), outer.finish(tracker.final_ids)
    kept: dict[str, NDArray[Any]] = {"faces": np.array(len(tracks))}
    for i, track in enumerate(tracks):
        trace = joined(faces[track.id], around[track.id])
        centres = (track.boxes_xyxy_px[:, :2] + track.boxes_xyxy_px[:, 2:]) / 2
        speed = np.linalg.norm(np.diff(centres, axis=0), axis=1) / np.diff(track.times_s) / track.face_size_px
        how = [track.face_size_px, np.median(centres[:, 0]), np.median(np.abs(track.yaw_deg)), np.median(speed)]
        kept |= {
            f"{i}_times_s": trace.times_s,
            f"{i}_rgb": trace.rgb.astype(np.float32),
            f"{i}_pixels": trace.pixels,
            f"{i}_clipped": trace.clipped,
            f"{i}_how": np.array([*how, bits[0]]),
        }
    return kept


class _Beside:
    """Draws the cells at the side of the head that has more room, the same side for the whole clip."""

    def __init__(self) -> None:
        self._side: float | None = None

    def __call__(
        self,
        landmarks_px: NDArray[np.float32],
        origin_xy: tuple[float, float],
        shape_hw: tuple[int, int],
        scale: float,
    ) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        low, high = float(landmarks_px[:, 0].min()), float(landmarks_px[:, 0].max())
        if self._side is None:
            end = origin_xy[0] + shape_hw[1] / scale
            self._side = 1.0 if end - high >= low - origin_xy[0] else -1.0
        moved = landmarks_px + np.array([self._side * BESIDE * (high - low), 0], np.float32)
        _, cells = region_masks(moved, origin_xy, shape_hw, scale)
        return np.full(shape_hw, -1, np.int16), cells


def _watch_beside(clip: FaceClip, models: FaceModels) -> dict[str, NDArray[Any]]:
    tracker, recorder = FaceTracker(models), TraceRecorder(REGION_NAMES, _Beside(), BESIDE + 0.3)
    for frame in _frames(clip, []):
        for observation in tracker.step(frame):
            recorder.add(frame, observation)
    tracks = [t for t in tracker.finish() if len(t.times_s) >= 16]
    traces = recorder.finish(tracker.final_ids)
    kept: dict[str, NDArray[Any]] = {"faces": np.array(len(tracks))}
    for i, track in enumerate(tracks):
        kept |= {f"{i}_times_s": traces[track.id].times_s, f"{i}_rgb": traces[track.id].rgb.astype(np.float32)}
    return kept


def _face(clip: FaceClip, i: int, data: Mapping[str, NDArray[Any]]) -> SeenFace:
    names = (*REGION_NAMES, *SURROUND_NAMES)
    trace = RoiTrace(
        i, names, data[f"{i}_times_s"], data[f"{i}_rgb"].astype(float), data[f"{i}_pixels"], data[f"{i}_clipped"]
    )
    face_px, centre, yaw, motion, bits = (float(v) for v in data[f"{i}_how"])
    return SeenFace(clip, i, trace, face_px, centre, yaw, motion, bits)
