"""Cutting a turned and scaled square out of a picture without aliasing."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def cut(rgb: NDArray[np.uint8], to_crop: NDArray[np.floating], size_px: int) -> NDArray[np.uint8]:
    """Return the square (S, S, 3) that the affine map `to_crop` (2, 3) takes out of a picture; outside it is black.

    When the square is less than half as large as in the picture, the picture is averaged down first: bilinear
    sampling alone would alias, so that landmarks tremble and texture forms patterns that no camera makes.
    """
    matrix = np.asarray(to_crop, np.float64)
    shrink = int(1 / max(float(np.hypot(matrix[0, 0], matrix[1, 0])), 1e-6))
    if shrink >= 2:
        rgb, matrix = _averaged(rgb, matrix, size_px, shrink)
    return np.asarray(cv2.warpAffine(rgb, matrix, (size_px, size_px), flags=cv2.INTER_LINEAR), np.uint8)


def _averaged(
    rgb: NDArray[np.uint8], matrix: NDArray[np.float64], size_px: int, shrink: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return the part that the square needs, `shrink` times smaller, and the map from there to the square."""
    corners = np.array([[0, 0], [size_px, 0], [size_px, size_px], [0, size_px]]) - matrix[:, 2]
    inside = corners @ np.linalg.inv(matrix[:, :2]).T
    limit = np.array([rgb.shape[1], rgb.shape[0]])
    x0, y0 = np.clip(np.floor(inside.min(axis=0)).astype(int) - shrink, 0, limit)
    x1, y1 = np.clip(np.ceil(inside.max(axis=0)).astype(int) + shrink, 0, limit)
    width, height = (x1 - x0) // shrink, (y1 - y0) // shrink
    if min(width, height) < 1:
        return rgb, matrix
    part = rgb[y0 : y0 + height * shrink, x0 : x0 + width * shrink]
    small = np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    # the middle of a small pixel p is at shrink × p + (shrink − 1) / 2 of the part
    shift = matrix[:, :2] @ (np.array([x0, y0]) + (shrink - 1) / 2) + matrix[:, 2]
    return small, np.column_stack([matrix[:, :2] * shrink, shift])
