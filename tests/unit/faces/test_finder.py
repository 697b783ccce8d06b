"""Every face of a picture is found, and nothing else by both networks together."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage import data

from core.faces import FaceModels, FaceTracker
from core.faces.finder import Detections
from core.types import Frame
from tests.synth.clips import Scene, frames, portrait


def find(models: FaceModels, rgb: np.ndarray) -> Detections:
    return models.finder.find(rgb)


def centre(box: np.ndarray) -> np.ndarray:
    return (box[:2] + box[2:]) / 2


@pytest.mark.parametrize("place", [(0.5, 0.5), (0.06, 0.12), (0.93, 0.9), (0.5, 0.12), (0.27, 0.55)])
def test_a_face_of_48_px_is_found_anywhere_in_a_720p_frame(models: FaceModels, place: tuple[float, float]) -> None:
    (rgb,) = frames(Scene(face_px=48, centres=(place,)), np.array([0.0]))
    found = find(models, rgb)
    assert len(found.scores) == 1
    assert np.abs(centre(found.boxes_xyxy_px[0]) - np.array(place) * (1280, 720)).max() < 12


@pytest.mark.parametrize(
    ("width", "height", "face_px"),
    [(1080, 1920, 64), (1920, 1080, 64), (720, 1280, 400), (256, 256, 230), (640, 360, 48), (96, 96, 60)],
)
def test_faces_are_found_in_any_shape_of_frame(models: FaceModels, width: int, height: int, face_px: int) -> None:
    (rgb,) = frames(Scene(width_px=width, height_px=height, face_px=face_px), np.array([0.0]))
    found = find(models, rgb)
    assert len(found.scores) == 1
    assert np.abs(centre(found.boxes_xyxy_px[0]) - (width / 2, height / 2)).max() < 0.25 * face_px


def test_a_face_larger_than_the_frame_is_found(models: FaceModels) -> None:
    tight = portrait()[78:170, 178:270]
    assert len(find(models, cv2.resize(tight, (256, 256))).scores) == 1


def test_a_face_cut_by_the_border_is_found(models: FaceModels) -> None:
    (rgb,) = frames(Scene(face_px=200, centres=((0.03, 0.5),)), np.array([0.0]))
    assert len(find(models, rgb).scores) == 1


def test_a_face_on_several_tiles_is_reported_once(models: FaceModels) -> None:
    for face_px in (90, 130, 180, 300):
        (rgb,) = frames(Scene(face_px=face_px), np.array([0.0]))
        boxes = find(models, rgb).boxes_xyxy_px
        around = (boxes[:, :2] < (640, 360)).all(axis=1) & (boxes[:, 2:] > (640, 360)).all(axis=1)
        assert around.sum() == 1, face_px


@pytest.mark.parametrize("name", ["brick", "grass", "gravel", "moon", "coins", "chelsea", "coffee", "rocket"])
def test_textures_and_a_cat_are_no_faces(models: FaceModels, name: str) -> None:
    try:
        image = getattr(data, name)()
    except (OSError, ImportError, ValueError):
        pytest.skip(f"this scikit-image does not carry the picture {name}")
    rgb = np.stack([image] * 3, axis=-1) if image.ndim == 2 else image
    for factor in (1, 2.5):
        larger = cv2.resize(rgb, None, fx=factor, fy=factor)
        tracker = FaceTracker(models)
        tracker.step(Frame(0, 0.0, larger))
        assert tracker.finish() == ()


def test_the_picture_is_not_changed(models: FaceModels) -> None:
    (rgb,) = frames(Scene(width_px=640, height_px=480, face_px=120), np.array([0.0]))
    before = rgb.copy()
    find(models, rgb)
    assert np.array_equal(rgb, before)
