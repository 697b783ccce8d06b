"""Regions are skin, inside the face, and apart from each other."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.faces.landmarks import FACE_OVAL, LEFT_EYE, LIPS, RIGHT_EYE
from core.faces.pose import canonical_mesh
from core.faces.regions import CELL_NAMES, REGION_NAMES, region_masks, region_polygons
from core.types import FaceObservation

SHAPE = (480, 640)


def area(polygon: np.ndarray) -> float:
    return cv2.contourArea(polygon.astype(np.float32))


def filled(polygon: np.ndarray) -> np.ndarray:
    mask = np.zeros(SHAPE, np.uint8)
    cv2.fillPoly(mask, [np.rint(polygon).astype(np.int32)], 1)
    return mask > 0


def test_names_begin_with_the_large_regions_and_end_with_32_cells() -> None:
    assert REGION_NAMES[:3] == ("forehead", "left_cheek", "right_cheek")
    assert REGION_NAMES[-32:] == CELL_NAMES == tuple(f"cell_{i:02d}" for i in range(32))
    assert len(set(REGION_NAMES)) == len(REGION_NAMES)


def test_every_region_has_an_outline_inside_the_face(face: FaceObservation) -> None:
    polygons = region_polygons(face.landmarks_px)
    oval = face.landmarks_px[list(FACE_OVAL)]
    assert tuple(polygons) == REGION_NAMES
    for name, polygon in polygons.items():
        inside = [cv2.pointPolygonTest(oval, (float(x), float(y)), True) for x, y in polygon]
        assert min(inside) > -1, name
        assert area(polygon) > 0.001 * area(oval), name


def test_left_and_right_are_the_persons_own(face: FaceObservation) -> None:
    polygons = region_polygons(face.landmarks_px)
    assert polygons["right_cheek"][:, 0].max() < polygons["left_cheek"][:, 0].min()
    assert polygons["forehead"][:, 1].max() < polygons["left_cheek"][:, 1].min()


def test_cells_tile_the_mid_face_without_gap_or_overlap(face: FaceObservation) -> None:
    cells = [region_polygons(face.landmarks_px)[name] for name in CELL_NAMES]
    outline = np.concatenate(
        [
            *(cells[column][[0, 1]] for column in range(8)),
            *(cells[row * 8 + 7][[1, 2]] for row in range(4)),
            *(cells[24 + column][[2, 3]] for column in reversed(range(8))),
            *(cells[row * 8][[3, 0]] for row in reversed(range(4))),
        ]
    )
    assert sum(area(cell) for cell in cells) == pytest.approx(area(outline), rel=1e-3)
    assert all(cv2.isContourConvex(cell) for cell in cells)


def test_cells_run_in_rows_from_the_upper_left_of_the_picture() -> None:
    cells = region_polygons(canonical_mesh()[:, :2] * 100)
    middles = np.array([cells[name].mean(axis=0) for name in CELL_NAMES]).reshape(4, 8, 2)
    assert np.all(np.diff(middles[..., 0], axis=1) > 0)
    assert np.all(np.diff(middles[..., 1], axis=0) > 0)


def test_masks_hold_every_region_once(face: FaceObservation) -> None:
    large, cells = region_masks(face.landmarks_px, (0, 0), SHAPE)
    assert large.shape == cells.shape == SHAPE
    assert large.dtype == cells.dtype == np.int16
    assert set(np.unique(large)) == {-1, *range(len(REGION_NAMES) - 32)}
    assert set(np.unique(cells)) == {-1, *range(len(REGION_NAMES) - 32, len(REGION_NAMES))}


def test_masks_lie_inside_the_face_and_off_the_eyes_and_lips(face: FaceObservation) -> None:
    large, cells = region_masks(face.landmarks_px, (0, 0), SHAPE)
    labelled = (large >= 0) | (cells >= 0)
    assert not labelled[~filled(face.landmarks_px[list(FACE_OVAL)])].any()
    for part in (RIGHT_EYE, LEFT_EYE, LIPS):
        assert not labelled[
            cv2.erode(filled(face.landmarks_px[list(part)]).astype(np.uint8), np.ones((3, 3))) > 0
        ].any()


def test_a_shifted_and_scaled_patch_shows_the_same_skin(face: FaceObservation) -> None:
    whole, _ = region_masks(face.landmarks_px, (0, 0), SHAPE)
    patch, _ = region_masks(face.landmarks_px, (200, 100), (200, 240))
    assert np.array_equal(patch, whole[100:300, 200:440])
    double, _ = region_masks(face.landmarks_px, (200, 100), (400, 480), scale=2)
    assert np.mean(double[::2, ::2] == patch) > 0.99


def test_landmarks_are_not_changed_and_regions_follow_them(face: FaceObservation) -> None:
    before = face.landmarks_px.copy()
    one = region_polygons(face.landmarks_px)
    other = region_polygons(face.landmarks_px * 2 + 7)
    assert np.array_equal(face.landmarks_px, before)
    for name in REGION_NAMES:
        assert np.allclose(other[name], one[name] * 2 + 7, atol=0.01)
