"""The 68 points lie where iBUG's order says."""

from __future__ import annotations

import numpy as np

from core.faces.landmarks import IBUG_68, ibug68
from core.faces.pose import canonical_mesh
from core.types import FaceObservation


def test_there_are_68_different_points() -> None:
    assert len(IBUG_68) == len(set(IBUG_68)) == 68


def test_brows_eyes_nose_mouth_and_chin_are_in_this_order_from_the_top(face: FaceObservation) -> None:
    points = ibug68(face.landmarks_px)
    height = [points[part, 1].mean() for part in (slice(17, 27), slice(36, 48), slice(31, 36), slice(48, 68))]
    assert height == sorted(height)
    assert points[:, 1].argmax() == 8


def test_the_persons_right_is_at_the_left_of_the_picture(face: FaceObservation) -> None:
    points = ibug68(face.landmarks_px)
    assert points[36:42, 0].max() < points[27, 0] < points[42:48, 0].min()
    assert np.all(np.diff(points[[0, 36, 39, 42, 45, 16], 0]) > 0)


def test_the_points_are_symmetric_on_the_mean_face() -> None:
    points = ibug68(canonical_mesh())
    pairs = [(0, 16), (4, 12), (7, 9), (17, 26), (21, 22), (31, 35), (36, 45), (39, 42), (41, 46), (48, 54), (60, 64)]
    for one, other in pairs:
        assert np.allclose(points[one] * (-1, 1), points[other], atol=0.002), (one, other)


def test_the_mesh_is_not_changed(face: FaceObservation) -> None:
    before = face.landmarks_px.copy()
    ibug68(face.landmarks_px)[:] = 0
    assert np.array_equal(face.landmarks_px, before)
