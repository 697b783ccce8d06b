"""Regions around a swapped face: neck, temples, and the background at both sides.

A swap replaces the inner face only, so these still show the person who was filmed. The mesh ends at the jaw and the
cheekbones: neck and background are extrapolated from it along the axes of the head, and a collar, hair or the edge of
the picture may be there instead. `looks_like_skin` says whether a region's colour fits the cheeks.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.types import RoiTrace

SURROUND_NAMES = ("neck", "left_temple", "right_temple", "background")
REACH = 0.6
"""How far these regions reach beyond the mesh's bounds, as a share of the larger side of the bounds."""
RIGHT_TEMPLE = (127, 162, 21, 71, 139, 34)
LEFT_TEMPLE = (356, 389, 251, 301, 368, 264)
TOP, CHIN, RIGHT_EDGE, LEFT_EDGE = 10, 152, 234, 454
SUBPIXEL_BITS = 4
LARGEST_CHROMA_STEP = 0.25
"""Natural-log ratio of red/green or blue/green to the cheeks'; hair, cloth and walls are mostly further away."""
LARGEST_DIMMING = 1.4
"""Natural-log ratio of green to the cheeks': the neck is in the head's shadow, but not four times darker."""


def surroundings_polygons(landmarks_px: NDArray[np.floating]) -> list[tuple[str, NDArray[np.float64]]]:
    """Return the outlines, each (M, 2) in pixels, with their names; the background has two."""
    points = np.asarray(landmarks_px, np.float64)[:, :2]
    down = points[CHIN] - points[TOP]
    across = points[LEFT_EDGE] - points[RIGHT_EDGE]
    middle = (points[LEFT_EDGE] + points[RIGHT_EDGE]) / 2
    neck = points[CHIN] + _box(down, across, (0.08, 0.28), (-0.22, 0.22))
    left = middle + _box(down, across, (-0.5, 0.1), (0.75, 1.0))
    right = middle + _box(down, across, (-0.5, 0.1), (-1.0, -0.75))
    return [
        ("neck", neck),
        ("left_temple", points[list(LEFT_TEMPLE)]),
        ("right_temple", points[list(RIGHT_TEMPLE)]),
        ("background", left),
        ("background", right),
    ]


def surroundings_masks(
    landmarks_px: NDArray[np.floating], origin_xy: tuple[float, float], shape_hw: tuple[int, int], scale: float = 1.0
) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Label the pixels of a patch as `regions.region_masks` does: indices into `SURROUND_NAMES`; no cells."""
    patch = (np.asarray(landmarks_px, np.float64)[:, :2] - np.asarray(origin_xy, np.float64)) * scale
    labels = np.full(shape_hw, -1, np.int16)
    for name, polygon in surroundings_polygons(patch):
        fixed = np.rint(polygon * (1 << SUBPIXEL_BITS)).astype(np.int32)
        cv2.fillPoly(labels, [fixed], SURROUND_NAMES.index(name), shift=SUBPIXEL_BITS)
    return labels, np.full(shape_hw, -1, np.int16)


def looks_like_skin(rgb: NDArray[np.float64], cheeks_rgb: NDArray[np.float64]) -> bool:
    """Whether the median colour of a region (N, 3) fits that of the cheeks (N, 3); False where it was not seen."""
    seen = np.isfinite(rgb).all(axis=1)
    cheeks_seen = np.isfinite(cheeks_rgb).all(axis=1)
    if seen.mean() < 0.5 or not cheeks_seen.any():
        return False
    step = np.log(np.maximum(np.median(rgb[seen], axis=0), 1e-6) / np.median(cheeks_rgb[cheeks_seen], axis=0))
    chroma = np.abs(step[[0, 2]] - step[1]).max()
    return bool(chroma <= LARGEST_CHROMA_STEP and abs(step[1]) <= LARGEST_DIMMING)


def joined(face: RoiTrace, around: RoiTrace) -> RoiTrace:
    """One trace of both sets of regions.

    Raises:
        ValueError: the two were not recorded from the same pictures.
    """
    if not np.array_equal(face.times_s, around.times_s):
        raise ValueError("the traces are of different pictures")
    return RoiTrace(
        face.track_id,
        (*face.region_names, *around.region_names),
        face.times_s,
        np.concatenate([face.rgb, around.rgb]),
        np.concatenate([face.pixels, around.pixels]),
        np.concatenate([face.clipped, around.clipped]),
    )


def _box(
    down: NDArray[np.float64], across: NDArray[np.float64], rows: tuple[float, float], columns: tuple[float, float]
) -> NDArray[np.float64]:
    """Corners (4, 2) of a box in shares of the head's height and width."""
    corners = [(rows[0], columns[0]), (rows[0], columns[1]), (rows[1], columns[1]), (rows[1], columns[0])]
    return np.array([row * down + column * across for row, column in corners])
