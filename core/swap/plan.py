"""What is drawn in which frame: landmarks that are calm, motion, and a strength that comes and goes without a pop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.swap.merger import MergeOptions
from core.swap.smooth import faded, lasting, straightened
from core.swap.watch import Watched
from core.types import FaceTrack

Strength = Callable[[float, float], float]
"""How much a face of this yaw and pitch, in degrees, is replaced: 0..1."""


@dataclass(frozen=True, slots=True)
class PlannedFace:
    """A face of one frame as `Merger.merge` takes it. Landmarks (468, 2) in pixels of the frame."""

    track_id: int
    landmarks_px: NDArray[np.float32]
    aligned_by_px: NDArray[np.float32]
    yaw_deg: float
    pitch_deg: float
    motion_px: tuple[float, float]
    strength: float


@dataclass(frozen=True, slots=True)
class _Run:
    """A face through M frames of one scene that follow each other; `seen` says where it was found or must have been."""

    frames: NDArray[np.intp]
    times_s: NDArray[np.float64]
    landmarks_px: NDArray[np.float64]
    yaw_deg: NDArray[np.float64]
    pitch_deg: NDArray[np.float64]
    seen: NDArray[np.bool_]


def plan(
    watched: Watched, chosen: Iterable[int], options: MergeOptions, strength_at: Strength
) -> dict[int, tuple[PlannedFace, ...]]:
    """Return the faces to draw, by the frame's index; frames with nothing to draw are absent.

    A face that is lost for at most `options.bridge_s` is drawn on the way between where it was and where it is again.
    Before it is lost for longer, comes, goes, or turns to where nothing was trained, it fades; at a cut it does not.
    """
    planned: dict[int, list[PlannedFace]] = {}
    for track_id in chosen:
        for run in _runs(watched, watched.track(track_id), options.bridge_s):
            for frame, face in _faces(run, track_id, options, strength_at):
                planned.setdefault(frame, []).append(face)
    return {frame: tuple(faces) for frame, faces in planned.items()}


def _faces(run: _Run, track_id: int, options: MergeOptions, strength_at: Strength) -> Iterator[tuple[int, PlannedFace]]:
    poses = zip(run.yaw_deg, run.pitch_deg, strict=True)
    most = np.array([strength_at(float(yaw), float(pitch)) for yaw, pitch in poses]) * run.seen
    strengths = faded(run.times_s, lasting(run.times_s, most, 2 * options.fade_s), options.fade_s)
    steady = straightened(run.times_s, run.landmarks_px, options.smooth_s)
    motion = _motion(run)
    for row in np.flatnonzero(strengths > 0):
        yield (
            int(run.frames[row]),
            PlannedFace(
                track_id,
                run.landmarks_px[row].astype(np.float32),
                steady[row].astype(np.float32),
                float(run.yaw_deg[row]),
                float(run.pitch_deg[row]),
                (float(motion[row, 0]), float(motion[row, 1])),
                float(strengths[row]),
            ),
        )


def _motion(run: _Run) -> NDArray[np.float64]:
    """How far the face goes in one frame (M, 2): by the straightened middle, so that trembling does not blur."""
    middle = straightened(run.times_s, run.landmarks_px.mean(axis=1), 0.15)
    if len(middle) < 2:
        return np.zeros((len(middle), 2))
    step_s = np.median(np.diff(run.times_s))
    return np.asarray(np.gradient(middle, run.times_s, axis=0) * step_s, np.float64)


def _runs(watched: Watched, track: FaceTrack, bridge_s: float) -> Iterator[_Run]:
    """Split a track at cuts, and take all frames of its scenes between its first and last, one more at either end."""
    bounds = [0, *watched.cuts, len(watched.times_s)]
    for begin, end in pairwise(bounds):
        rows = np.flatnonzero((track.frame_indices >= begin) & (track.frame_indices < end))
        if len(rows):
            first, last = int(track.frame_indices[rows[0]]), int(track.frame_indices[rows[-1]])
            frames = np.arange(max(first - 1, begin), min(last + 2, end))
            yield _run(watched, track, rows, frames, bridge_s)


def _run(watched: Watched, track: FaceTrack, rows: NDArray[np.intp], frames: NDArray[np.intp], bridge_s: float) -> _Run:
    times, known = watched.times_s[frames], track.times_s[rows]
    landmarks = _between(times, known, track.landmarks_px[rows].reshape(len(rows), -1))
    after = np.searchsorted(known, times - 1e-9)
    before = np.searchsorted(known, times + 1e-9, side="right") - 1
    inside = (before >= 0) & (after < len(known))
    gap_s = np.where(inside, known[np.minimum(after, len(known) - 1)] - known[np.maximum(before, 0)], np.inf)
    return _Run(
        frames,
        times,
        landmarks.reshape(len(frames), -1, 2),
        _between(times, known, track.yaw_deg[rows, None])[:, 0],
        _between(times, known, track.pitch_deg[rows, None])[:, 0],
        gap_s <= bridge_s,
    )


def _between(
    times_s: NDArray[np.float64], known_s: NDArray[np.float64], values: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Return values (N, C) at other times (M,), in straight lines between: (M, C)."""
    place = np.interp(times_s, known_s, np.arange(len(known_s)))
    low = np.floor(place).astype(np.intp)
    high = np.minimum(low + 1, len(known_s) - 1)
    share = (place - low)[:, None]
    exact = np.asarray(values, np.float64)
    return np.asarray(exact[low] * (1 - share) + exact[high] * share, np.float64)
