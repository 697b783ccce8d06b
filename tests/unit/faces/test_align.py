"""Aligned crops show every face at one place, and a few of them stand for the whole clip."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.faces import FaceModels, FaceTracker
from core.faces.align import CropKeeper, crop, similarity_to_crop
from core.types import FaceObservation, Frame

EYES = [33, 133, 362, 263]


def apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ matrix[:, :2].T + matrix[:, 2]


def at(face: FaceObservation, index: int, time_s: float, track_id: int = 5) -> FaceObservation:
    return FaceObservation(track_id, index, time_s, face.box_xyxy_px, face.landmarks_px, 1.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("size_px", [128, 256])
def test_the_face_is_sixty_percent_of_the_crop_and_upright(face: FaceObservation, size_px: int) -> None:
    points = apply(similarity_to_crop(face.landmarks_px, size_px), face.landmarks_px)
    assert np.ptp(points[:, 1]) / size_px == pytest.approx(0.6, abs=0.06)
    assert points[33, 1] == pytest.approx(points[263, 1], abs=0.02 * size_px)
    assert points.mean(axis=0) == pytest.approx([size_px / 2, size_px * 0.55], abs=0.05 * size_px)
    assert points.min() > 0
    assert points.max() < size_px


def test_alignment_undoes_turning_scaling_and_shifting(face: FaceObservation) -> None:
    turn = cv2.getRotationMatrix2D((320, 240), 25, 0.6)
    turn[:, 2] += (30, -20)
    moved = apply(turn, face.landmarks_px)
    straight = apply(similarity_to_crop(face.landmarks_px), face.landmarks_px)
    assert np.allclose(apply(similarity_to_crop(moved), moved), straight, atol=0.05)


def test_the_same_face_far_and_near_gives_the_same_crop(
    models: FaceModels, picture: Frame, face: FaceObservation
) -> None:
    near = cv2.resize(picture.rgb, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    (large,) = FaceTracker(models).step(Frame(0, 0.0, near))
    one = crop(picture.rgb, similarity_to_crop(face.landmarks_px)).astype(float)
    other = crop(near, similarity_to_crop(large.landmarks_px)).astype(float)
    assert np.abs(one - other)[32:-32, 32:-32].mean() < 6


def test_a_crop_shows_what_its_matrix_says(picture: Frame, face: FaceObservation) -> None:
    shift = np.array([[1, 0, -200], [0, 1, -100]], np.float32)
    assert np.array_equal(crop(picture.rgb, shift, 128), picture.rgb[100:228, 200:328])


def test_a_large_picture_is_averaged_down_in_place() -> None:
    ramp = np.broadcast_to(np.arange(256, dtype=np.uint8)[None, :, None], (256, 256, 3))
    third = crop(np.ascontiguousarray(ramp), np.array([[1 / 3, 0, 0], [0, 1 / 3, 0]]), 80)
    assert np.abs(third[40, :, 0].astype(float) - 3 * np.arange(80)).max() <= 1


@pytest.mark.parametrize("seen", [1, 31, 32, 33, 64, 65, 500, 2000])
def test_kept_crops_are_few_and_spread_evenly_whatever_the_length(face: FaceObservation, seen: int) -> None:
    keeper = CropKeeper(size_px=16)
    small = np.zeros((48, 64, 3), np.uint8)
    for i in range(seen):
        keeper.add(Frame(i, i / 30, small), at(face, i, i / 30))
    kept = keeper.finish({5: 0})[0]
    assert kept.track_id == 0
    assert len(kept.times_s) == len(kept.rgb) == len(kept.frame_to_crop) == min(seen, 32)
    assert np.all(np.diff(kept.times_s) > 0)
    if seen > 32:
        assert kept.times_s[0] == 0
        assert kept.times_s[-1] > 0.9 * (seen - 1) / 30
        assert np.diff(kept.times_s).max() <= 3.2 * np.diff(kept.times_s).min()


def test_faces_that_the_tracker_dropped_are_dropped(picture: Frame, face: FaceObservation) -> None:
    keeper = CropKeeper()
    keeper.add(picture, at(face, 0, 0.0, track_id=3))
    keeper.add(picture, at(face, 0, 0.0, track_id=4))
    kept = keeper.finish({4: 0, 9: 1})
    assert list(kept) == [0]
    assert kept[0].rgb.shape == (1, 256, 256, 3)
