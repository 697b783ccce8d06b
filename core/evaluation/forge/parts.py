"""Where a face is replaced: soft masks from landmarks."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.faces.landmarks import ibug68

Mask = NDArray[np.float32]
RATIOS = (0.25, 0.5, 0.75, 1.0, 1.0, 1.0)
"""How much of the fake shows in the middle of the mask (Shiohara and Yamasaki 2022, section 4.1)."""
INNER_FACE = (*range(17, 27), *range(48, 60), 31, 35)
MOUTH = (*range(48, 60), 33, 31, 35, 6, 7, 8, 9, 10)


def face_part(landmarks_px: NDArray[np.floating], part: str, size_px: int, rng: np.random.Generator) -> Mask:
    """Return the hull (S, S) in {0, 1} of "whole", "brows down", "inner" or "mouth" of a face (468, 2).

    "whole" is the hull of every landmark, "brows down" that of the 68 usual ones (no forehead), "inner" brows to
    mouth, "mouth" with the chin. Its corners are moved by up to 2 % of the face, so that no two are alike.
    """
    points = np.asarray(landmarks_px, np.float32)[:, :2]
    if part != "whole":
        points = ibug68(landmarks_px)
    if part == "inner":
        points = points[list(INNER_FACE)]
    elif part == "mouth":
        points = points[list(MOUTH)]
    spread = 0.02 * float(np.ptp(np.asarray(landmarks_px)[:, 1]))
    moved = points + rng.uniform(-spread, spread, points.shape)
    mask = np.zeros((size_px, size_px), np.float32)
    cv2.fillConvexPoly(mask, cv2.convexHull(moved.astype(np.float32)).astype(np.int32), (1.0,))
    return mask


def soften(mask: Mask, rng: np.random.Generator) -> Mask:
    """Return the mask (S, S) bent elastically, its edge blurred twice, and faded by one of `RATIOS`."""
    bent = _bend(mask, rng)
    first, second = (2 * int(rng.integers(2, 13)) + 1 for _ in range(2))
    soft = cv2.GaussianBlur(bent, (first, first), 0)
    # what the first blur brought below one is taken away, so that the edge lies inside the hull
    soft = np.where(soft < 0.999, soft * rng.uniform(0.3, 1.0), soft).astype(np.float32)
    soft = cv2.GaussianBlur(soft, (second, second), 0)
    return np.asarray(soft * rng.choice(RATIOS), np.float32)


def boundary(mask: Mask, real: NDArray[np.uint8], fake: NDArray[np.uint8], cells: int) -> NDArray[np.uint8]:
    """Return (cells, cells) 0..255: how far each part of the picture was replaced by something else.

    A replaced pixel that looks as before is not a trace, so the mask is weighted by the difference, which is full
    from 6 grey levels on.
    """
    difference = np.abs(real.astype(np.float32) - fake.astype(np.float32)).mean(axis=2)
    changed = np.minimum(cv2.GaussianBlur(difference, (9, 9), 0) / 6, 1) * (mask > 0.05)
    small = cv2.resize(changed.astype(np.float32), (cells, cells), interpolation=cv2.INTER_AREA)
    return np.asarray(np.round(255 * np.clip(small, 0, 1)), np.uint8)


def _bend(mask: Mask, rng: np.random.Generator) -> Mask:
    """Move every point by a smooth random field of up to about 3 % of the side."""
    side = mask.shape[0]
    coarse = rng.uniform(-1, 1, (2, 5, 5)).astype(np.float32) * 0.03 * side
    field = [cv2.resize(one, (side, side), interpolation=cv2.INTER_CUBIC) for one in coarse]
    grid = np.mgrid[0:side, 0:side].astype(np.float32)
    return np.asarray(cv2.remap(mask, grid[1] + field[0], grid[0] + field[1], cv2.INTER_LINEAR), np.float32)
