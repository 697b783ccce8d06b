"""Where a drawn face replaces the filmed one: parts of the face from its mesh, a drawn polygon, and soft edges.

Pure functions. Masks are (S, S) float32 in 0..1 in pixels of a crop; *right* and *left* are the person's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from core.faces.landmarks import LEFT_BROW, LEFT_EYE, LEFT_NOSTRIL, LIPS, RIGHT_BROW, RIGHT_EYE, RIGHT_NOSTRIL
from core.types import MESH_POINTS

Mask = NDArray[np.float32]
SUBPIXEL_BITS = 4
NOSE = (*(6, 351, 399, 437, 420, 279, 327, 326, 2, 97, 98, 49, 198, 217, 174, 122), *RIGHT_NOSTRIL, *LEFT_NOSTRIL)
BORDER_SHARE = 0.04
"""Of a crop's side: what is nearer to its edge fades, since beyond there is nothing drawn."""


class FacePart(StrEnum):
    """What is replaced."""

    WHOLE = "whole"
    INNER = "inner"
    MOUTH = "mouth"
    EYES = "eyes"
    NOSE = "nose"
    POLYGON = "polygon"


_HULLS: dict[FacePart, tuple[tuple[tuple[int, ...], float], ...]] = {
    FacePart.WHOLE: ((tuple(range(MESH_POINTS)), 1.0),),
    FacePart.INNER: (((*RIGHT_BROW, *LEFT_BROW, *RIGHT_EYE, *LEFT_EYE, *NOSE, *LIPS), 1.08),),
    FacePart.MOUTH: ((LIPS, 1.35),),
    FacePart.EYES: (((*RIGHT_BROW, *RIGHT_EYE), 1.15), ((*LEFT_BROW, *LEFT_EYE), 1.15)),
    FacePart.NOSE: ((NOSE, 1.1),),
}
"""For each part the points whose hulls it is, and how much larger than these it is, seen from their middle."""


def part_mask(
    part: FacePart,
    landmarks_px: NDArray[np.floating],
    size_px: int,
    polygons: Sequence[NDArray[np.floating]] = (),
) -> Mask:
    """Return where a part of the face is.

    Args:
        part: the part; POLYGON is what `polygons` hold.
        landmarks_px: (468, 2) in pixels of the crop.
        size_px: side of the crop.
        polygons: weights (K, 468) from `polygon_weights`, one for each outline.
    """
    points = np.asarray(landmarks_px, np.float64)[:, :2]
    if part is FacePart.POLYGON:
        return filled([carried(weights, points) for weights in polygons], size_px)
    outlines = []
    for indices, growth in _HULLS[part]:
        hull = cv2.convexHull(points[list(indices)].astype(np.float32))[:, 0]
        outlines.append((hull - hull.mean(axis=0)) * growth + hull.mean(axis=0))
    return filled(outlines, size_px)


def filled(outlines: Sequence[NDArray[np.floating]], size_px: int) -> Mask:
    """Return a mask (S, S) of the insides of outlines (K, 2), their edges smooth; a shape inside another is filled."""
    picture = np.zeros((size_px, size_px), np.uint8)
    for outline in outlines:
        fixed = np.rint(np.asarray(outline) * (1 << SUBPIXEL_BITS)).astype(np.int32)
        cv2.fillPoly(picture, [fixed], 255, lineType=cv2.LINE_AA, shift=SUBPIXEL_BITS)
    return np.asarray(picture / 255, np.float32)


def polygon_weights(outline_px: NDArray[np.floating], landmarks_px: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return how a drawn outline hangs on the mesh: weights (K, 468), each row of sum 1.

    Args:
        outline_px: (K, 2), drawn on a picture in which the landmarks are at `landmarks_px` (468, 2).

    A corner within the mesh hangs on the triangle around it; one outside is held by all points as they turn, grow
    and slant together.
    """
    from scipy.spatial import Delaunay  # noqa: PLC0415  (slow to import)

    points = np.asarray(landmarks_px, np.float64)[:, :2]
    corners = np.asarray(outline_px, np.float64)[:, :2]
    mesh = Delaunay(points)
    inside = mesh.find_simplex(corners)
    homogeneous = np.vstack([points.T, np.ones(len(points))])
    weights = (np.linalg.pinv(homogeneous) @ np.vstack([corners.T, np.ones(len(corners))])).T
    for row, triangle in enumerate(inside):
        if triangle < 0:
            continue
        to_shares = mesh.transform[triangle]
        shares = to_shares[:2] @ (corners[row] - to_shares[2])
        weights[row] = 0
        weights[row, mesh.simplices[triangle]] = [*shares, 1 - shares.sum()]
    return weights


def carried(weights: NDArray[np.floating], landmarks_px: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return an outline (K, 2) where the mesh has carried it, for weights (K, 468) and landmarks (468, 2)."""
    return np.asarray(weights, np.float64) @ np.asarray(landmarks_px, np.float64)[:, :2]


def softened(mask: Mask, erode_share: float, blur_share: float) -> Mask:
    """Return the mask smaller by `erode_share` of its side (larger where negative), then with an edge so soft.

    `blur_share` is the width of the ramp between nothing and all; both are shares of the crop's side. At the crop's
    own edge every mask fades out.
    """
    size = mask.shape[0]
    radius = round(abs(erode_share) * size)
    if radius:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        mask = np.asarray((cv2.erode if erode_share > 0 else cv2.dilate)(mask, kernel), np.float32)
    if blur_share > 0:
        mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), max(blur_share * size / 4, 0.3)), np.float32)
    return np.asarray(mask * _border_ramp(size), np.float32)


@lru_cache(maxsize=16)
def _border_ramp(size_px: int) -> Mask:
    """Return (S, S): 0 at the crop's edge, 1 from `BORDER_SHARE` on."""
    from_edge = np.minimum(np.arange(size_px), np.arange(size_px)[::-1]).astype(np.float32)
    ramp = np.clip(from_edge / max(BORDER_SHARE * size_px, 1), 0, 1)
    both: Mask = np.minimum.outer(ramp, ramp).astype(np.float32)
    both.flags.writeable = False
    return both
