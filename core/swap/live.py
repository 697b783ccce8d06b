"""Live swapping: one picture in, one labelled picture out, with only the past to go by."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.faces import FaceModels, FaceTracker
from core.faces.geometry import side_px
from core.swap.label import labelled_frame
from core.swap.merger import STILL, Merger
from core.swap.smooth import OneEuro
from core.types import FaceObservation, Frame, MergedFrame

RATE_OVER_S = 2.0
"""The time that the frame rate shown is measured over."""
LONG_PAUSE_S = 1.0
"""After a longer pause a face begins anew: nothing is smoothed over it."""
STILL_HZ, PER_FACE_WIDTH = 2.5, 6.0
"""Cut-off of the alignment's smoothing for a still face, and what each face width a second adds to it."""


@dataclass(frozen=True, slots=True)
class LivePicture:
    """A labelled picture (H, W, 3) uint8. `timings_s` is how long each stage took, `swapped` how many faces were."""

    time_s: float
    rgb: NDArray[np.uint8]
    swapped: int
    timings_s: dict[str, float]


@dataclass(slots=True)
class _Face:
    """What is remembered of one face."""

    steady: OneEuro = field(default_factory=lambda: OneEuro(STILL_HZ, PER_FACE_WIDTH))
    strength: float = 0.0
    centre_px: NDArray[np.float64] | None = None
    time_s: float = -np.inf


class LiveSwap:
    """Swaps the largest face, or every face, of pictures as they come.

    A face fades in and out by its pose within `fade_s` of the merger's options. Caption and hidden marks are in every
    picture that leaves, also where no face was found.
    """

    def __init__(
        self,
        merger: Merger,
        faces: FaceModels,
        demo_id: str,
        *,
        everybody: bool = False,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Take what merges, what finds faces, and the id that the label shows.

        Args:
            merger: draws.
            faces: the networks that find and follow faces.
            demo_id: 8 hexadecimal digits.
            everybody: whether every face is swapped, not only the largest.
            now: a clock in seconds, for the timings.
        """
        self._merger = merger
        self._tracker = FaceTracker(faces, keep_history=False)
        self._demo_id = demo_id
        self._everybody = everybody
        self._now = now
        self._known: dict[int, _Face] = {}
        self._chosen: int | None = None

    def step(self, frame: Frame) -> LivePicture:
        """Return the next picture.

        Raises:
            LabelError: it is too small for the label.
        """
        timings: dict[str, float] = {}
        with self._timed(timings, "faces"):
            seen = self._tracker.step(frame)
        rgb, boxes = frame.rgb, []
        with self._timed(timings, "swap"):
            for face in self._wanted(seen):
                rgb, was_drawn = self._swapped(rgb, face)
                boxes += [face.box_xyxy_px] if was_drawn else []
            self._forget(frame.time_s)
        with self._timed(timings, "label"):
            where = np.array(boxes, np.float32).reshape(-1, 4)
            labelled = labelled_frame(MergedFrame(frame.time_s, rgb, where), self._demo_id)
        return LivePicture(frame.time_s, labelled, len(boxes), timings)

    def _wanted(self, seen: tuple[FaceObservation, ...]) -> tuple[FaceObservation, ...]:
        """All faces, or the one chosen before while it is there, else the largest."""
        if self._everybody or not seen:
            return seen
        ids = {face.track_id: face for face in seen}
        if self._chosen not in ids:
            self._chosen = max(seen, key=lambda face: side_px(face.box_xyxy_px)).track_id
        return (ids[self._chosen],)

    def _swapped(self, rgb: NDArray[np.uint8], face: FaceObservation) -> tuple[NDArray[np.uint8], bool]:
        known = self._known.setdefault(face.track_id, _Face())
        if face.time_s - known.time_s > LONG_PAUSE_S:
            known = self._known[face.track_id] = _Face()
        size = max(side_px(face.box_xyxy_px), 1.0)
        steady = known.steady.step(face.time_s, face.landmarks_px / size) * size
        centre = np.asarray(face.landmarks_px.mean(axis=0), np.float64)
        motion = STILL if known.centre_px is None else tuple((centre - known.centre_px).tolist())
        known.strength = self._strength(known, face)
        known.centre_px, known.time_s = centre, face.time_s
        if known.strength <= 0:
            return rgb, False
        merged = self._merger.merge(
            rgb,
            face.landmarks_px,
            face.yaw_deg,
            face.pitch_deg,
            aligned_by_px=steady,
            motion_px=(motion[0], motion[1]),
            strength=known.strength,
        )
        return merged, True

    def _strength(self, known: _Face, face: FaceObservation) -> float:
        """Towards what the pose allows, no faster than a fade; a face that was not there before fades in."""
        most = self._merger.strength_at(face.yaw_deg, face.pitch_deg)
        fade_s = self._merger.options.fade_s
        if fade_s <= 0:
            return most
        step = min(max(face.time_s - known.time_s, 0.0), LONG_PAUSE_S) / fade_s if np.isfinite(known.time_s) else 0.0
        return float(np.clip(most, known.strength - step, known.strength + step))

    def _forget(self, now_s: float) -> None:
        self._known = {track: face for track, face in self._known.items() if now_s - face.time_s <= LONG_PAUSE_S}

    @contextmanager
    def _timed(self, timings: dict[str, float], stage: str) -> Iterator[None]:
        start = self._now()
        yield
        timings[stage] = self._now() - start


class FrameRate:
    """How many pictures a second there were of late."""

    def __init__(self, over_s: float = RATE_OVER_S) -> None:
        self._over_s = over_s
        self._times_s: deque[float] = deque()

    def step(self, now_s: float) -> float:
        """Count a picture and return the rate in pictures a second; 0 for the first."""
        self._times_s.append(now_s)
        while now_s - self._times_s[0] > self._over_s and len(self._times_s) > 2:
            self._times_s.popleft()
        passed_s = now_s - self._times_s[0]
        return (len(self._times_s) - 1) / passed_s if passed_s > 0 else 0.0
