"""Where a face lies in its crop: the same place for every turn of the head, so that a network need not learn places.

The crop is upright by the head, and as large in heads whichever way the face looks: its scale is that of the whole
head in 3D, not of what a turned face shows of its width.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from core.faces.pose import RIGID_POINTS, canonical_mesh
from core.faces.warp import cut
from core.types import FaceType


class _Extent(NamedTuple):
    """A square in units of the mean face (its outer eye corners are 1.76 apart): height of its middle, and its side."""

    middle_y: float
    side: float


EXTENTS = {
    FaceType.HALF: _Extent(0.2, 2.8),
    FaceType.FULL: _Extent(-0.02, 3.6),
    FaceType.WHOLE: _Extent(-0.4, 4.8),
}
"""HALF from above the brows to the chin, FULL to the hairline, WHOLE with forehead and hair. FULL and WHOLE are nearly
those of DeepFaceLab (1.6 and 2.1 times as wide as the brows), so that networks made there see what they know."""


def face_matrix(landmarks_px: NDArray[np.floating], face_type: FaceType, size_px: int) -> NDArray[np.float32]:
    """Return the map (2, 3), picture to crop pixels, that brings a face to its place in a crop of `size_px`.

    Rotation, one scale and a shift. The mean face is fitted to landmarks (468, 2+) as seen by a camera far away
    (Tomasi and Kanade 1992): scale and middle are the head's own, so a face that turns neither grows nor slides.
    """
    points = np.asarray(landmarks_px, np.float64)[list(RIGID_POINTS), :2]
    model = canonical_mesh()[list(RIGID_POINTS)]
    middle, model_middle = points.mean(axis=0), model.mean(axis=0)
    seen = np.linalg.lstsq(model - model_middle, points - middle, rcond=None)[0].T  # (2, 3): mean face to picture
    extent = EXTENTS[face_type]
    px_per_unit = max(float(np.linalg.svd(seen, compute_uv=False).mean()), 1e-6)
    turn = np.arctan2(seen[1, 0] - seen[0, 1], seen[0, 0] + seen[1, 1])
    low, high = canonical_mesh().min(axis=0), canonical_mesh().max(axis=0)
    anchor = np.array([0.0, extent.middle_y, (low[2] + high[2]) / 2])
    centre = middle + seen @ (anchor - model_middle)
    scale = size_px / (extent.side * px_per_unit)
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    linear = np.array([[cos, sin], [-sin, cos]])
    return np.column_stack([linear, size_px / 2 - linear @ centre]).astype(np.float32)


def moved(points_px: NDArray[np.floating], matrix: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return points (N, 2) after an affine map (2, 3)."""
    linear, shift = np.asarray(matrix, np.float64)[:, :2], np.asarray(matrix, np.float64)[:, 2]
    placed: NDArray[np.float64] = np.asarray(points_px, np.float64)[:, :2] @ linear.T + shift
    return placed.astype(np.float32)


def inverse(matrix: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the map back (2, 3), crop to picture pixels."""
    return np.asarray(cv2.invertAffineTransform(np.asarray(matrix, np.float64)), np.float32)


def rescaled(matrix: NDArray[np.floating], from_px: int, to_px: int) -> NDArray[np.float32]:
    """Return the map (2, 3) into a crop of `to_px` that shows what the one of `from_px` shows."""
    scaled: NDArray[np.float64] = np.asarray(matrix, np.float64) * (to_px / from_px)
    return scaled.astype(np.float32)


def crop(rgb: NDArray[np.uint8], matrix: NDArray[np.floating], size_px: int) -> NDArray[np.uint8]:
    """Return the crop (S, S, 3) that `matrix` (2, 3) cuts from a picture (H, W, 3); outside it is black."""
    return cut(rgb, matrix, size_px)
