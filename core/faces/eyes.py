"""How far the eyes are open, frame by frame: MediaPipe's iris network on a turned square around each eye.

The face mesh hardly sees lids: its eyes close by 3 to 10 % in a blink, those of this network by 50 to 90 %. The square
is that of MediaPipe (Ablavatski et al. 2020, "Real-time Pupil Tracking from Monocular Video for Digital Puppetry"):
2.3 times as wide as the eye.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
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
        return np.array([self._eye(rgb, landmarks_px, side) for side in (0, 1)], np.float32)

    def _eye(self, rgb: NDArray[np.uint8], landmarks_px: NDArray[np.floating], side: int) -> float:
        square = square_around_eye(landmarks_px, side)
        crop = cut(rgb, square.to_crop(INPUT_PX), INPUT_PX).astype(np.float32) / 255
        picture = crop[:, ::-1] if side else crop  # the network knows one kind of eye, the mirror makes the other
        self._interpreter.set_tensor(self._input, np.ascontiguousarray(picture)[None])
        self._interpreter.invoke()
        points = self._interpreter.get_tensor(self._points).reshape(EYE_POINTS, 3)[:, :2]
        apart = [float(np.hypot(*(points[low] - points[up]))) for low, up in LIDS]
        width = float(np.hypot(*(points[EYE_ENDS[1]] - points[EYE_ENDS[0]])))
        return float(np.mean(apart)) / max(width, 1.0)


def square_around_eye(landmarks_px: NDArray[np.floating], side: int) -> RotatedSquare:
    """Return the square, turned along the corners, around the eye at the left (0) or right (1) of the picture."""
    first, second = (np.asarray(landmarks_px[corner, :2], np.float64) for corner in CORNERS[side])
    dx, dy = second - first
    x, y = (first + second) / 2
    width = max(float(np.hypot(dx, dy)), 1.0)
    return RotatedSquare(float(x), float(y), SQUARE_MARGIN * width, float(np.arctan2(dy, dx)))


class EyeWatcher:
    """Sees every frame once with every face in it and keeps how far the eyes are open.

    Args:
        reader: the network.
        min_face_px: faces smaller than this are not looked at,
        max_yaw_deg: nor are those turned further; they are NaN in the trace.
    """

    def __init__(self, reader: EyeReader, min_face_px: float, max_yaw_deg: float) -> None:
        self._reader, self._min_face_px, self._max_yaw_deg = reader, min_face_px, max_yaw_deg
        self._seen: defaultdict[int, list[tuple[float, float, float]]] = defaultdict(list)

    def add(self, frame: Frame, observation: FaceObservation) -> None:
        """Measure one face in one frame; NaN where it is too small or turned too far; skipped right after another."""
        seen = self._seen[observation.track_id]
        if seen and frame.time_s - seen[-1][0] < LEAST_STEP_S:
            return
        left, right = float("nan"), float("nan")
        if side_px(observation.box_xyxy_px) >= self._min_face_px and abs(observation.yaw_deg) <= self._max_yaw_deg:
            left, right = (float(value) for value in self._reader.openness(frame.rgb, observation.landmarks_px))
        seen.append((frame.time_s, left, right))

    def finish(self, final_ids: Mapping[int, int]) -> dict[int, EyeTrace]:
        """Return the eyes by final track id; `final_ids` is the tracker's, and what it leaves out is dropped."""
        return {
            final: self._trace(final, self._seen[provisional])
            for provisional, final in final_ids.items()
            if provisional in self._seen
        }

    @staticmethod
    def _trace(track_id: int, seen: list[tuple[float, float, float]]) -> EyeTrace:
        rows = np.array(seen, np.float64)
        return EyeTrace(track_id, rows[:, 0], rows[:, 1:].T.astype(np.float32))
