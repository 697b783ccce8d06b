"""Skin regions of a face, carried by the mesh: large ones, and the 32 cells of the mid face.

*Right* and *left* are the person's own: the right cheek is at the left of the picture. The cells are the 4 rows ×
8 columns between lower lids and upper lip of Ciftci, Demir and Yin 2020 ("FakeCatcher"), laid out on the mean
frontal face; `cell_00` is at the upper left of the picture, `cell_07` at the upper right. Where they cut a
frontal picture's rectangle, ours follow the mesh, so a cell stays on the same skin when the head turns.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from core.faces.landmarks import LEFT_BROW, LEFT_EYE, LEFT_NOSTRIL, LIPS, RIGHT_BROW, RIGHT_EYE, RIGHT_NOSTRIL
from core.faces.pose import canonical_mesh

CELL_ROWS, CELL_COLUMNS = 4, 8
CELL_BOX = (-1.12, -0.32, 1.12, 0.40)
"""x1, y1, x2, y2 of all cells on the mean frontal face."""

REGION_CORNERS: dict[str, tuple[tuple[int, ...], ...]] = {
    "forehead": (
        # from the middle of the forehead, not the hairline, to just above the brows
        *((104,), (69,), (108,), (151,), (337,), (299,), (333,)),
        *((334, 334, 334, 333), (296, 296, 296, 299), (336, 336, 336, 337), (9, 9, 9, 151)),
        *((107, 107, 107, 108), (66, 66, 66, 69), (105, 105, 105, 104)),
    ),
    "left_cheek": ((345,), (346,), (347,), (348,), (329,), (371,), (266,), (425,), (411,), (376,), (352,)),
    "right_cheek": ((116,), (117,), (118,), (119,), (100,), (142,), (36,), (205,), (187,), (147,), (123,)),
    "nose": ((6,), (351,), (399,), (437,), (420,), (363,), (275,), (4,), (45,), (134,), (198,), (217,), (174,), (122,)),
    "chin": ((194,), (201,), (200,), (421,), (418,), (262,), (369,), (396,), (175,), (171,), (140,), (32,)),
}
"""Corners of each large region; a corner is the mean of the mesh points named."""

CELL_NAMES = tuple(f"cell_{number:02d}" for number in range(CELL_ROWS * CELL_COLUMNS))
REGION_NAMES: tuple[str, ...] = (*REGION_CORNERS, *CELL_NAMES)
"""Every region; the label maps hold indices into this."""

NOT_SKIN = (RIGHT_EYE, LEFT_EYE, RIGHT_BROW, LEFT_BROW, RIGHT_NOSTRIL, LEFT_NOSTRIL, LIPS)
SUBPIXEL_BITS = 4


def region_polygons(landmarks_px: NDArray[np.floating]) -> dict[str, NDArray[np.float32]]:
    """Return the outline (M, 2) of every region, in pixels, for landmarks (468, 2)."""
    polygons = _large_polygons(landmarks_px) + list(_cell_polygons(landmarks_px))
    return dict(zip(REGION_NAMES, polygons, strict=True))


def region_masks(
    landmarks_px: NDArray[np.floating], origin_xy: tuple[float, float], shape_hw: tuple[int, int], scale: float = 1.0
) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Label the pixels of a patch of the picture.

    Args:
        landmarks_px: (468, 2), in pixels of the picture.
        origin_xy: the picture's pixel at the patch's first.
        shape_hw: height and width of the patch.
        scale: patch pixels per picture pixel.

    Returns:
        The map of the large regions and the map of the 32 cells, each `shape_hw`: an index into `REGION_NAMES`,
        or -1. Eyes, brows, nostrils and lips are -1 in both, also where a turned head folds a region over them.
    """
    patch = (np.asarray(landmarks_px, np.float64)[:, :2] - np.asarray(origin_xy, np.float64)) * scale
    large = np.full(shape_hw, -1, np.int16)
    cells = np.full(shape_hw, -1, np.int16)
    for label, polygon in enumerate(_large_polygons(patch)):
        _paint(large, polygon, label)
    for label, polygon in enumerate(_cell_polygons(patch), start=len(REGION_CORNERS)):
        _paint(cells, polygon, label)
    for indices in NOT_SKIN:
        outline = patch[list(indices)]
        _paint(large, outline, -1)
        _paint(cells, outline, -1)
    return large, cells


def _paint(labels: NDArray[np.int16], polygon: NDArray[np.floating], label: int) -> None:
    fixed = np.rint(polygon * (1 << SUBPIXEL_BITS)).astype(np.int32)
    cv2.fillPoly(labels, [fixed], label, shift=SUBPIXEL_BITS)


def _large_polygons(landmarks_px: NDArray[np.floating]) -> list[NDArray[np.float32]]:
    corners = (_large_weights() @ landmarks_px[:, :2]).astype(np.float32)
    ends = np.cumsum([len(region) for region in REGION_CORNERS.values()])
    return list(np.split(corners, ends[:-1]))


def _cell_polygons(landmarks_px: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the corners (32, 4, 2) of the cells, row by row."""
    grid = (_grid_weights() @ landmarks_px[:, :2]).astype(np.float32)
    grid = grid.reshape(CELL_ROWS + 1, CELL_COLUMNS + 1, 2)
    corners = (grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1])
    return np.stack(corners, axis=2).reshape(-1, 4, 2)


@cache
def _large_weights() -> NDArray[np.float64]:
    """Return the weights (corners of all large regions, 468) of the mesh points in each corner."""
    corners = [corner for region in REGION_CORNERS.values() for corner in region]
    weights = np.zeros((len(corners), len(canonical_mesh())))
    for row, corner in enumerate(corners):
        np.add.at(weights[row], list(corner), 1 / len(corner))
    return weights


@cache
def _grid_weights() -> NDArray[np.float64]:
    """Return the barycentric weights (45, 468) of the cell corners in triangles of the mean frontal face."""
    x1, y1, x2, y2 = CELL_BOX
    x, y = np.meshgrid(np.linspace(x1, x2, CELL_COLUMNS + 1), np.linspace(y1, y2, CELL_ROWS + 1))
    flat = canonical_mesh()[:, :2]
    return np.stack([_barycentric(flat, point) for point in np.column_stack([x.ravel(), y.ravel()])])


def _barycentric(flat: NDArray[np.float64], point: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights (468,) of `point` in the Delaunay triangle of `flat` (468, 2) that holds it."""
    triangles = _triangles()
    a, b, c = (flat[triangles[:, corner]] for corner in range(3))
    frame = np.stack([b - a, c - a], axis=2)
    rest = np.linalg.solve(frame, (point - a)[..., None])[..., 0]
    inside = np.column_stack([1 - rest.sum(axis=1), rest])
    best = int(np.argmax(inside.min(axis=1)))
    weights = np.zeros(len(flat))
    weights[triangles[best]] = inside[best]
    return weights


@cache
def _triangles() -> NDArray[np.int32]:
    from scipy.spatial import Delaunay  # noqa: PLC0415  (needed once a process, and slow to import)

    triangles: NDArray[np.int32] = Delaunay(canonical_mesh()[:, :2]).simplices
    return triangles
