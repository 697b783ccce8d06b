"""MediaPipe's FaceMesh: 468 landmarks of one face in a square of the picture.

The square follows the face as in Kartynnik et al. 2019, "Real-time Facial Surface Geometry from Monocular Video on
Mobile GPUs": upright by the eyes' outer corners, 1.5 times as large as the face.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from core.faces.geometry import FloatArray, RotatedSquare, centre_px, side_px
from core.faces.warp import cut
from core.types import MESH_POINTS

INPUT_PX = 192
SQUARE_MARGIN = 1.5
HELD_DRIFT, HELD_GROWTH, HELD_TURN_RAD = 0.03, 0.05, 0.05
"""How far a face may move in its square, in sides, grow and turn before the square follows."""
RIGHT_EYE_OUTER, LEFT_EYE_OUTER = 33, 263


@dataclass(frozen=True, slots=True)
class Mesh:
    """`points_px` (468, 3): x, y in pixels of the picture, z away from the camera in the same unit; `score` 0..1."""

    points_px: FloatArray
    score: float


class FaceMesh:
    """The network; one instance is used by one thread at a time."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._interpreter = Interpreter(str(path), num_threads=threads)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        points, flag = sorted(self._interpreter.get_output_details(), key=lambda detail: -int(np.prod(detail["shape"])))
        self._points, self._flag = points["index"], flag["index"]

    def fit(self, rgb: NDArray[np.uint8], square: RotatedSquare) -> Mesh:
        """Return the mesh of the face in `square` of a picture (H, W, 3); it is a face when the score is high."""
        to_crop = square.to_crop(INPUT_PX)
        picture = cut(rgb, to_crop, INPUT_PX).astype(np.float32) / 255
        self._interpreter.set_tensor(self._input, picture[None])
        self._interpreter.invoke()
        points = self._interpreter.get_tensor(self._points).reshape(MESH_POINTS, 3)
        logit = float(self._interpreter.get_tensor(self._flag).ravel()[0])
        return Mesh(_to_picture(points, to_crop), float(1 / (1 + np.exp(-logit))))


def square_around_box(box_xyxy_px: NDArray[np.floating]) -> RotatedSquare:
    """Return the upright square for a detector's box."""
    x, y = centre_px(box_xyxy_px)
    return RotatedSquare(float(x), float(y), SQUARE_MARGIN * side_px(box_xyxy_px))


def square_around_mesh(points_px: NDArray[np.floating]) -> RotatedSquare:
    """Return the square, turned with the eyes, for landmarks (468, 2+) of this picture or the one before."""
    points = points_px[:, :2]
    dx, dy = points[LEFT_EYE_OUTER] - points[RIGHT_EYE_OUTER]
    angle = float(np.arctan2(dy, dx))
    cos, sin = np.cos(angle), np.sin(angle)
    upright = points @ np.array([[cos, -sin], [sin, cos]])
    low, high = upright.min(axis=0), upright.max(axis=0)
    x, y = np.array([[cos, -sin], [sin, cos]]) @ ((low + high) / 2)
    return RotatedSquare(float(x), float(y), SQUARE_MARGIN * float((high - low).max()), angle)


def held_square(square: RotatedSquare, points_px: NDArray[np.floating]) -> RotatedSquare:
    """Return the square for the next picture: the same one while the face has hardly moved in it.

    A square that follows every tremble of the landmarks makes them tremble more: on a still face they move five
    times as much from frame to frame as with a square that stays (0.23 against 0.05 px, face of 217 px).
    """
    wanted = square_around_mesh(points_px)
    drift = np.hypot(wanted.x_px - square.x_px, wanted.y_px - square.y_px) / square.side_px
    growth = abs(wanted.side_px / square.side_px - 1)
    turn = abs(np.remainder(wanted.angle_rad - square.angle_rad + np.pi, 2 * np.pi) - np.pi)
    return square if drift < HELD_DRIFT and growth < HELD_GROWTH and turn < HELD_TURN_RAD else wanted


def _to_picture(points: FloatArray, to_crop: NDArray[np.float64]) -> FloatArray:
    linear = np.linalg.inv(to_crop[:, :2])
    xy = (points[:, :2] - to_crop[:, 2]) @ linear.T
    z = points[:, 2:] * np.hypot(*linear[0])
    return np.concatenate([xy, z], axis=1).astype(np.float32)
