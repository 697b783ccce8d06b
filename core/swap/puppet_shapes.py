"""The solid behind a photograph of a face: which points it has, how deep they lie, and how expressions move them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from core.faces.landmarks import FACE_OVAL, LEFT_BROW, LEFT_EYE, RIGHT_BROW, RIGHT_EYE
from core.faces.pose import RIGID_POINTS, canonical_mesh
from core.types import MESH_POINTS

Floats = NDArray[np.float64]
Triangles = NDArray[np.int32]

EYE_CORNERS = (33, 263)
INNER_UPPER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
INNER_LOWER = (95, 88, 178, 87, 14, 317, 402, 318, 324)
UPPER_LIP = (
    *(61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306),
    *(62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292, *INNER_UPPER),
)
LOWER_LIP = (
    *(146, 91, 181, 84, 17, 314, 405, 321, 375, 77, 90, 180, 85, 16, 315, 404, 320, 307),
    *(96, 89, 179, 86, 15, 316, 403, 319, 325, *INNER_LOWER),
)
MOUTH_CORNERS = (61, 291)
UPPER_MIDDLE, LOWER_MIDDLE, CHIN = 13, 14, 152

BESIDE_CHEEKS = (
    *((127, 227, 234), (234, 227, 137), (234, 137, 93), (93, 137, 177), (93, 177, 132), (132, 177, 215)),
    *((132, 215, 58), (58, 215, 172), (356, 447, 454), (454, 447, 366), (454, 366, 323), (323, 366, 401)),
    *((323, 401, 361), (361, 401, 435), (361, 435, 288), (288, 435, 397)),
)
"""Triangles that are seen only when the head is turned: from the front the cheeks bulge over the outline."""

RINGS = (1.08, 1.18, 1.3, 1.45, 1.65, 1.9, 2.3)
"""Outlines around the face's own, as many times as large; the last ones do not move any more."""
CARRIED, BENT = 0.48, 0.22
"""How far outside the outline, in its own sizes, a point goes along by about a third: with the head, with the jaw."""
EDGE_POINTS = 9


@dataclass(frozen=True, slots=True)
class Solid:
    """V points: the mesh's 468, then those around it.

    `xyz_px` (V, 3) has x and y of the photograph and z away from the camera, `carried` (V,) the share of the head's
    motion that each takes part in. `around` (T, 3) are the triangles outside of the face. `normals` (V, 3) point away
    from the skin and are 0 outside of the face. `eyes_px` is the distance of the eyes' outer corners, `pivot_px` (3,)
    what the head turns around, `rest_mouth` how far the lips are apart, in distances of the eyes. `shapes` are the
    displacements (V, 3) of the expressions at full strength.
    """

    xyz_px: Floats
    carried: Floats
    around: Triangles
    normals: Floats
    eyes_px: float
    pivot_px: Floats
    shapes: dict[str, Floats]
    rest_mouth: float


def solid_of(mesh_px: NDArray[np.floating], size_px: int) -> Solid:
    """Return the solid for the mesh (468, 3) of a face in a square picture of `size_px`."""
    face = np.asarray(mesh_px, np.float64).copy()
    face[:, 2] = _depths(face)
    eyes = float(np.linalg.norm(np.diff(face[list(EYE_CORNERS), :2], axis=0)))
    pivot = np.array([*face[list(FACE_OVAL), :2].mean(axis=0), face[list(EYE_CORNERS), 2].mean() + 0.75 * eyes])
    around, carried, bent, nearest = _around(face, pivot[2], size_px)
    xyz = np.vstack([face, around])
    rest = float(np.linalg.norm(face[UPPER_MIDDLE, :2] - face[LOWER_MIDDLE, :2])) / eyes
    shapes = {name: np.vstack([shape, bent[:, None] * shape[nearest]]) for name, shape in _shapes(face, eyes).items()}
    carried = np.concatenate([np.ones(MESH_POINTS), carried])
    return Solid(xyz, carried, _around_triangles(xyz), _normals(xyz), eyes, pivot, shapes, rest)


def _depths(face: Floats) -> Floats:
    """Depth of each point (468,) on the mean face, laid over this one: the network's own depths are rougher."""
    rigid = list(RIGID_POINTS)
    model, seen = canonical_mesh(), face
    low, centre = model[rigid].mean(axis=0), seen[rigid].mean(axis=0)
    left, strength, right = np.linalg.svd((seen[rigid] - centre).T @ (model[rigid] - low))
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    scale = float((strength * np.diag(flip)).sum() / ((model[rigid] - low) ** 2).sum())
    return np.asarray((scale * (model - low) @ (left @ flip @ right).T + centre)[:, 2])


def _around(face: Floats, pivot_z: float, size_px: int) -> tuple[Floats, Floats, Floats, NDArray[np.intp]]:
    """Points (P, 3) of the rings around the face and of the picture's edge.

    With the share (P,) of the head's motion and of the expression that each goes along with, and the point of the
    face's outline (P,) whose expression it follows.
    """
    oval = face[list(FACE_OVAL)]
    middle = oval.mean(axis=0)
    points, grown, nearest = [], [], []
    for ring in RINGS:
        out = middle + ring * (oval - middle)
        out[:, 2] = pivot_z + (oval[:, 2] - pivot_z) * np.exp(-(ring - 1) / 0.25)
        inside = ((out[:, :2] > 0) & (out[:, :2] < size_px - 1)).all(axis=1)
        points.append(out[inside])
        grown.append(np.full(int(inside.sum()), ring - 1))
        nearest.append(np.array(FACE_OVAL)[inside])
    along = np.linspace(0, size_px - 1, EDGE_POINTS)
    x, y = (grid.ravel() for grid in np.meshgrid(along, along))
    edge = (np.minimum(x, y) == 0) | (np.maximum(x, y) == size_px - 1)
    points.append(np.column_stack([x[edge], y[edge], np.full(int(edge.sum()), pivot_z)]))
    grown.append(np.full(int(edge.sum()), np.inf))
    nearest.append(np.full(int(edge.sum()), FACE_OVAL[0]))
    away = np.concatenate(grown)
    return np.vstack(points), np.exp(-((away / CARRIED) ** 2)), np.exp(-((away / BENT) ** 2)), np.concatenate(nearest)


def _around_triangles(xyz: Floats) -> Triangles:
    chosen = np.array([*FACE_OVAL, *range(MESH_POINTS, len(xyz))])
    triangles = np.asarray(chosen[Delaunay(xyz[chosen, :2]).simplices], np.int32)
    return triangles[~(triangles < MESH_POINTS).all(axis=1)]


@cache
def face_triangles() -> Triangles:
    """Triangles (T, 3) of the face without those between the lips: joined on the mean face, its mouth open."""
    flat = canonical_mesh().copy()
    eyes = float(np.linalg.norm(np.diff(flat[list(EYE_CORNERS), :2], axis=0)))
    opened = flat[:, :2] + 0.3 * _shapes(flat, eyes)["jaw"][:, :2]
    triangles = np.asarray(Delaunay(opened).simplices, np.int32)
    lips = np.isin(triangles, (*INNER_UPPER, *INNER_LOWER)).all(axis=1)
    return triangles[~lips]


def _normals(xyz: Floats) -> Floats:
    triangles = face_triangles()
    a, b, c = (xyz[triangles[:, corner]] for corner in range(3))
    across = np.cross(b - a, c - a)
    across *= -np.sign(across[:, 2:])  # towards the camera, which is at negative z
    total = np.zeros_like(xyz)
    for corner in range(3):
        np.add.at(total, triangles[:, corner], across)
    normals = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9)
    normals[list(FACE_OVAL)] = 0  # light fades out to the hair, which is lit as in the photograph
    normals[MESH_POINTS:] = 0
    return np.asarray(normals)


def _shapes(face: Floats, eyes: float) -> dict[str, Floats]:
    """The displacements (468, 3) of each expression, in units of the points."""
    return {
        "jaw": _jaw(face, eyes),
        "close": _close(face, eyes),
        "smile": _smile(face, eyes),
        "blink": _blink(face, eyes),
        "brows": _brows(face, eyes),
    }


def _jaw(face: Floats, eyes: float) -> Floats:
    """The lips one distance of the eyes apart: the chin follows all the way, the cheeks less towards the ears."""
    corners = face[list(MOUTH_CORNERS)].mean(axis=0)
    below = np.clip((face[:, 1] - corners[1]) / max(face[CHIN, 1] - corners[1], 1e-9), 0, 1)
    aside = np.exp(-((np.abs(face[:, 0] - corners[0]) / (0.75 * eyes)) ** 4))
    share = below**0.5 * aside
    middle = np.clip(1 - (np.abs(face[:, 0] - corners[0]) / (0.31 * eyes)) ** 2, 0, 1)
    lower, upper = list(LOWER_LIP), list(UPPER_LIP)
    share[lower] = 0.85 * np.sqrt(middle[lower])
    share[upper] = -0.15 * np.sqrt(middle[upper])
    share[list(MOUTH_CORNERS)] = 0.15
    down = np.zeros_like(face)
    down[:, 1], down[:, 2] = share * eyes, 0.25 * np.clip(share, 0, None) * eyes  # a jaw turns back as it opens
    return down


def _close(face: Floats, eyes: float) -> Floats:
    """The inner lips meet, wherever they are: each goes half of the way, and the skin around goes along a little."""
    shape = np.zeros_like(face)
    upper, lower = INNER_UPPER[1:-1], INNER_LOWER
    gap = face[list(lower)] - face[list(upper)]
    for moved, step in ((upper, 0.5 * gap), (lower, -0.5 * gap)):
        near = np.linalg.norm(face[:, None, :2] - face[None, list(moved), :2], axis=2)
        lip = list(UPPER_LIP if moved is upper else LOWER_LIP)
        side = np.zeros(len(face))
        side[lip] = 1
        rest = np.exp(-((near.min(axis=1) / (0.12 * eyes)) ** 2)) * (
            face[:, 1] < face[0, 1] if moved is upper else face[:, 1] > face[17, 1]
        )
        shape[:, 1] += step[near.argmin(axis=1), 1] * np.maximum(side, rest)
    shape[[INNER_UPPER[0], INNER_UPPER[-1], *MOUTH_CORNERS]] = 0
    return shape


def _smile(face: Floats, eyes: float) -> Floats:
    shape = np.zeros_like(face)
    for corner, way in zip(MOUTH_CORNERS, (-1, 1), strict=True):
        near = np.linalg.norm(face[:, :2] - face[corner, :2], axis=1)
        share = np.exp(-((near / (0.22 * eyes)) ** 2))
        shape += share[:, None] * np.array([0.055 * way, -0.045, 0.02]) * eyes
    return shape


def _blink(face: Floats, eyes: float) -> Floats:
    """The upper lid meets the lower one; the skin up to the brow is drawn out."""
    shape = np.zeros_like(face)
    for eye, brow in ((RIGHT_EYE, RIGHT_BROW), (LEFT_EYE, LEFT_BROW)):
        upper, lower = list(eye[1:8]), list(eye[:8:-1])
        step = 0.92 * (face[lower] - face[upper])
        height = max(float(face[upper, 1].mean() - face[list(brow), 1].mean()), 0.05 * eyes)
        apart = np.linalg.norm(face[:, None, :2] - face[None, upper, :2], axis=2)
        above = face[:, 1] < face[upper, 1].max()
        share = np.clip(1 - apart.min(axis=1) / height, 0, 1) ** 1.5 * above
        share[[*eye[9:], eye[0], eye[8]]] = 0
        shape += share[:, None] * step[apart.argmin(axis=1)]
    return shape


def _brows(face: Floats, eyes: float) -> Floats:
    shape = np.zeros_like(face)
    brows = face[[*RIGHT_BROW, *LEFT_BROW]]
    near = np.linalg.norm(face[:, None, :2] - brows[None, :, :2], axis=2).min(axis=1)
    shape[:, 1] = -0.05 * eyes * np.exp(-((near / (0.12 * eyes)) ** 2))
    return shape
