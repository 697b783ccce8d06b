"""How far the eyes are open, frame by frame: MediaPipe's iris network on a turned square around each eye.

The face mesh hardly sees lids: its eyes close by 3 to 10 % in a blink, those of this network by 50 to 90 %. The square
is that of MediaPipe (Ablavatski et al. 2020, "Real-time Pupil Tracking from Monocular Video for Digital Puppetry"):
2.3 times as wide as the eye.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from core.faces.geometry import RotatedSquare, side_px
from core.faces.warp import cut
from core.types import EyeTrace, FaceObservation, Frame

INPUT_PX = 64
SQUARE_MARGIN = 2.3
CORNERS = ((33, 133), (362, 263))
"""The eyes' corners in the face mesh, from left to right in the picture: the person's right eye first."""
EYE_POINTS = 71
EYE_ENDS = (0, 8)
LIDS = ((3, 11), (4, 12), (5, 13))
"""Lower and upper lid in the middle of the eye, and the corners, among the network's points."""
LEAST_STEP_S = 0.022
"""At more than 45 frames a second every second one is enough: a blink takes 0.1 to 0.4 s."""
BOTH_EVERY_S, AS_USUAL, USUAL_S = 0.2, 0.9, 2.0
"""The second eye is looked at so often, or when the first is below this share of its opening over this time."""


class EyeReader:
    """The network; one instance is used by one thread at a time."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._interpreter = Interpreter(str(path), num_threads=threads)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        points = max(self._interpreter.get_output_details(), key=lambda detail: int(np.prod(detail["shape"])))
        self._points = points["index"]

    def openness(self, rgb: NDArray[np.uint8], landmarks_px: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the opening of both eyes (2,), in widths of the eye; about 0.3 open and under 0.1 shut.

        Args:
            rgb: picture (H, W, 3).
            landmarks_px: mesh (468, 2+) of a face in it. The eye at the left of the picture comes first.
        """
        return np.array([self.eye(rgb, landmarks_px, side) for side in (0, 1)], np.float32)

    def eye(self, rgb: NDArray[np.uint8], landmarks_px: NDArray[np.floating], side: int) -> float:
        """Return the opening of the eye at the left (0) or right (1) of the picture; arguments as for `openness`."""
        square = square_around_eye(landmarks_px, side)
        crop = cut(rgb, square.to_crop(INPUT_PX), INPUT_PX).astype(np.float32) / 255
        picture = crop[:, ::-1] if side else crop  # the network knows one kind of eye, the mirror makes the other
        self._interpreter.set_tensor(self._input, np.ascontiguousarray(picture)[None])
        self._interpreter.invoke()
        points = self._interpreter.get_tensor(self._points).reshape(EYE_POINTS, 3)[:, :2]
        *apart, width = (math.dist(points[a], points[b]) for a, b in (*LIDS, EYE_ENDS))
        return sum(apart) / len(apart) / max(width, 1.0)


def square_around_eye(landmarks_px: NDArray[np.floating], side: int) -> RotatedSquare:
    """Return the square, turned along the corners, around the eye at the left (0) or right (1) of the picture."""
    first, second = (np.asarray(landmarks_px[corner, :2], np.float64) for corner in CORNERS[side])
    dx, dy = second - first
    x, y = (first + second) / 2
    width = max(float(np.hypot(dx, dy)), 1.0)
    return RotatedSquare(float(x), float(y), SQUARE_MARGIN * width, float(np.arctan2(dy, dx)))


@dataclass(slots=True)
class _Seen:
    """Times and openings of one face's eyes, and what decides whether the second eye is looked at."""

    rows: list[tuple[float, float, float]] = field(default_factory=list)
    usual: float = 0.0
    both_at_s: float = -math.inf
    was_low: bool = False

    def needs_both(self, time_s: float, first: float) -> bool:
        """Whether it is time again, or the first eye is, or just was, less open than for some seconds before."""
        since_s = time_s - self.rows[-1][0] if self.rows else 0.0
        self.usual = max(first, self.usual - (self.usual - first) * min(since_s / USUAL_S, 1.0))
        before, self.was_low = self.was_low, first < AS_USUAL * self.usual
        return before or self.was_low or time_s - self.both_at_s >= BOTH_EVERY_S


class EyeWatcher:
    """Sees every frame once with every face in it and keeps how far the eyes are open.

    Lids move together, so the second eye is looked at only now and then and whenever the first one is not as open as
    usual; in between it keeps its last value. That saves a third of the time.

    Args:
        reader: the network.
        min_face_px: faces smaller than this are not looked at,
        max_yaw_deg: nor are those turned further; they are NaN in the trace.
    """

    def __init__(self, reader: EyeReader, min_face_px: float, max_yaw_deg: float) -> None:
        self._reader, self._min_face_px, self._max_yaw_deg = reader, min_face_px, max_yaw_deg
        self._seen: defaultdict[int, _Seen] = defaultdict(_Seen)

    def add(self, frame: Frame, observation: FaceObservation) -> None:
        """Measure one face in one frame; NaN where it is too small or turned too far; skipped right after another."""
        seen = self._seen[observation.track_id]
        if seen.rows and frame.time_s - seen.rows[-1][0] < LEAST_STEP_S:
            return
        left, right = math.nan, math.nan
        if side_px(observation.box_xyxy_px) >= self._min_face_px and abs(observation.yaw_deg) <= self._max_yaw_deg:
            left = self._reader.eye(frame.rgb, observation.landmarks_px, 0)
            right = seen.rows[-1][2] if seen.rows else math.nan
            if seen.needs_both(frame.time_s, left) or math.isnan(right):
                right, seen.both_at_s = self._reader.eye(frame.rgb, observation.landmarks_px, 1), frame.time_s
        seen.rows.append((frame.time_s, left, right))

    def finish(self, final_ids: Mapping[int, int]) -> dict[int, EyeTrace]:
        """Return the eyes by final track id; `final_ids` is the tracker's, and what it leaves out is dropped."""
        return {
            final: self._trace(final, self._seen[provisional].rows)
            for provisional, final in final_ids.items()
            if provisional in self._seen
        }

    @staticmethod
    def _trace(track_id: int, seen: list[tuple[float, float, float]]) -> EyeTrace:
        rows = np.array(seen, np.float64)
        return EyeTrace(track_id, rows[:, 0], rows[:, 1:].T.astype(np.float32))
