"""Where faces lie in their crops."""

from __future__ import annotations

import numpy as np
import pytest

from core.faces.pose import head_pose
from core.swap.geometry import crop, face_matrix, inverse, moved, rescaled
from core.types import FaceType
from tests.synth.face_sets import turned_mesh


def similarity(scale: float, degrees: float, x: float, y: float) -> np.ndarray:
    cos, sin = scale * np.cos(np.radians(degrees)), scale * np.sin(np.radians(degrees))
    return np.array([[cos, -sin, x], [sin, cos, y]])


@pytest.mark.parametrize("face_type", FaceType)
@pytest.mark.parametrize(("scale", "degrees"), [(0.4, 0.0), (1.0, 30.0), (2.5, -140.0)])
def test_a_known_similarity_is_undone(face_type: FaceType, scale: float, degrees: float) -> None:
    mesh = turned_mesh(20, -10)
    upright = moved(mesh, face_matrix(mesh, face_type, 128))
    placed = moved(mesh, similarity(scale, degrees, 50, -20))
    assert np.allclose(moved(placed, face_matrix(placed, face_type, 128)), upright, atol=0.01)


@pytest.mark.parametrize(("yaw", "pitch"), [(-75, 0), (-40, 20), (30, -25), (60, 0), (0, 35)])
def test_a_head_that_turns_keeps_its_size_and_stays_upright(yaw: float, pitch: float) -> None:
    frontal, turned = (face_matrix(turned_mesh(*pose), FaceType.FULL, 256) for pose in ((0, 0), (yaw, pitch)))
    assert np.hypot(*turned[0, :2]) == pytest.approx(np.hypot(*frontal[0, :2]), rel=1e-3)
    assert abs(turned[1, 0]) < 0.15 * turned[0, 0]


@pytest.mark.parametrize("face_type", FaceType)
def test_every_turn_of_the_head_fits_into_its_crop(face_type: FaceType) -> None:
    for yaw in (-75, -30, 0, 30, 75):
        mesh = turned_mesh(yaw)
        points = moved(mesh, face_matrix(mesh, face_type, 100))
        inner = points[[105, 334, 33, 263, 1, 61, 291, 17]]  # brows, eyes, nose, mouth
        assert inner.min() >= 0 and inner.max() <= 100


def test_the_types_show_more_and_more_of_the_head() -> None:
    mesh = turned_mesh()
    chin, top = 152, 10
    shown = {kind: moved(mesh, face_matrix(mesh, kind, 100)) for kind in FaceType}
    half, full, whole = (shown[kind] for kind in (FaceType.HALF, FaceType.FULL, FaceType.WHOLE))
    assert half[top, 1] < 0 < full[top, 1] < 15 < 20 < whole[top, 1]
    assert all(80 < points[chin, 1] < 100 for points in (half, full)) and 70 < whole[chin, 1] < 95


def test_the_fixture_turns_as_heads_do() -> None:
    pose = head_pose(turned_mesh(25, 10))
    assert pose.yaw_deg == pytest.approx(25, abs=0.5)
    assert pose.pitch_deg == pytest.approx(10, abs=0.5)


def test_the_map_back_and_the_map_to_another_size_agree() -> None:
    mesh = turned_mesh(15)
    matrix = face_matrix(mesh, FaceType.WHOLE, 200)
    assert np.allclose(moved(moved(mesh, matrix), inverse(matrix)), mesh[:, :2], atol=0.05)
    assert np.allclose(rescaled(matrix, 200, 96), face_matrix(mesh, FaceType.WHOLE, 96), atol=1e-3)


def test_a_crop_shows_the_face_where_the_map_says() -> None:
    mesh = turned_mesh(size_px=120, middle_px=150)
    picture = np.zeros((300, 300, 3), np.uint8)
    x, y = mesh[1, :2].round().astype(int)
    picture[y - 2 : y + 3, x - 2 : x + 3] = 255
    matrix = face_matrix(mesh, FaceType.HALF, 128)
    brightest = np.argwhere(crop(picture, matrix, 128)[..., 0] > 128).mean(axis=0)[::-1]
    assert np.allclose(brightest, moved(mesh[[1]], matrix)[0], atol=1.0)
