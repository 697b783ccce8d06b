from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.evaluation.forge.faces import mesh_of_photo
from core.faces import load_face_models
from core.faces.geometry import bounding_box
from core.faces.landmarks import LIPS
from core.swap.caption import MIN_SIDE_PX, OVERLAP, burn
from core.watermark.code import read_codes
from tests.synth.clips import portrait

DEMO = "1a2b3c4d"
NOBODY = np.zeros((0, 4), np.float32)
FACE = np.array([[420, 100, 700, 420]], np.float32)


def picture(height_px: int = 720, width_px: int = 1280) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(portrait()[:384], (width_px, height_px)), np.uint8)


def changed(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray((before != after).any(-1))


@pytest.mark.parametrize("size", [(720, 1280), (1080, 1920), (360, 640), (640, 360), (240, 426)], ids=str)
def test_a_machine_reads_the_id_in_every_size(size: tuple[int, int]) -> None:
    box = np.array([[0.35, 0.15, 0.6, 0.6]], np.float32) * [size[1], size[0], size[1], size[0]]
    assert read_codes(burn(picture(*size), 2.0, DEMO, box)) == (DEMO,)


def test_each_half_of_the_picture_that_shows_the_face_carries_a_plate_of_its_own() -> None:
    burnt = burn(picture(), 0.0, DEMO, FACE)
    assert read_codes(np.ascontiguousarray(burnt[: 720 * 3 // 4])) == (DEMO,)  # without the lower edge
    assert read_codes(np.ascontiguousarray(burnt[500:])) == (DEMO,)  # the lower edge alone


def test_a_plate_lies_over_the_edge_of_the_face_and_spares_most_of_it() -> None:
    x0, y0, x1, y1 = (int(value) for value in FACE[0])
    for time_s in np.linspace(0, 30, 61):
        where = changed(picture(), burn(picture(), float(time_s), DEMO, FACE))
        inside, below = where[y0:y1, x0:x1], where[y1 : y1 + 60, x0:x1]
        assert inside.any() and below.any()
        assert not inside[: round((1 - OVERLAP) * (y1 - y0)) - 1].any()  # eyes, nose and mouth


def test_what_lips_say_can_be_seen_at_all_times() -> None:
    plain = picture(480, 854)
    mesh = mesh_of_photo(plain, load_face_models())
    assert mesh is not None
    lips = np.zeros(plain.shape[:2], np.uint8)
    cv2.fillConvexPoly(lips, cv2.convexHull(np.rint(mesh.points_px[list(LIPS), :2]).astype(np.int32)), 1)
    box = bounding_box(mesh.points_px)[None]
    for time_s in np.linspace(0, 30, 61):
        assert not changed(plain, burn(plain, float(time_s), DEMO, box))[lips > 0].any()


def test_the_plates_wander() -> None:
    plain = picture()
    there = [changed(plain, burn(plain, float(time_s), DEMO, FACE)) for time_s in (0, 3, 6, 9, 12)]
    always = np.logical_and.reduce(there)
    assert always.sum() < 0.35 * there[0].sum()


def test_without_a_face_a_plate_stands_in_the_middle() -> None:
    middle = burn(picture(), 1.0, DEMO, NOBODY)[180:540, 320:960]
    assert read_codes(np.ascontiguousarray(middle)) == (DEMO,)


def test_faces_beyond_the_edge_and_many_faces_are_captioned_too() -> None:
    boxes = np.array([[-50, -80, 60, 90], [1200, 600, 1400, 900], [5, 5, 6, 6], [400, 200, 500, 320]], np.float32)
    assert changed(picture(), burn(picture(), 5.0, DEMO, boxes))[200:400, 300:700].any()


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_the_words_stand_out_from_any_background(shade: int) -> None:
    plain = np.full((720, 1280, 3), shade, np.uint8)
    burnt = burn(plain, 1.0, DEMO, NOBODY)[300:460]
    glass = burnt[burnt.max(-1) < 110]
    bright = burnt[(burnt != shade).any(-1) | (shade == 255)].min(-1) > 225
    assert len(glass) > 15_000  # the plate beside the code, dark on every background
    assert bright.mean() > 0.1  # letters and the code's white


def test_the_picture_that_is_given_stays_as_it_was() -> None:
    plain = picture()
    before = plain.copy()
    burn(plain, 0.0, DEMO, FACE)
    np.testing.assert_array_equal(plain, before)


def test_a_picture_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match=str(MIN_SIDE_PX)):
        burn(picture(200, 400), 0.0, DEMO, NOBODY)


def test_it_is_cheap_enough_for_live_pictures() -> None:
    plain = picture()
    burn(plain, 0.0, DEMO, FACE)
    took = []
    for i in range(9):
        began = time.process_time()  # what else this machine does is not counted
        burn(plain, i / 25, DEMO, FACE)
        took.append(time.process_time() - began)
    assert min(took) < 0.006  # 1.6 ms on a quiet core
