from __future__ import annotations

import time

import cv2
import numpy as np
import pytest

from core.watermark.code import code_picture, is_well_read, read_codes

DEMO = "1a2b3c4d"


def test_a_code_is_found_in_a_picture_and_says_the_id() -> None:
    rgb = np.full((240, 320, 3), 90, np.uint8)
    code = code_picture(DEMO, 3)
    rgb[100 : 100 + len(code), 50 : 50 + len(code)] = code[..., None]
    assert read_codes(rgb) == (DEMO,)


def test_a_picture_full_of_corners_does_not_take_long() -> None:
    corner = np.pad(np.array([[0, 0, 0, 0, 0, 0, 0]] * 7, np.uint8), 2, constant_values=255)
    corner[3:8, 3:8], corner[4:7, 4:7] = 255, 0
    full = np.tile(np.kron(corner, np.ones((2, 2), np.uint8)), (33, 58))[:720, :1280]
    began = time.thread_time()
    read_codes(np.repeat(full[..., None], 3, axis=2))
    assert time.thread_time() - began < 1


def test_other_codes_are_passed_over() -> None:
    drawn = cv2.QRCodeEncoder.create().encode("https://example.org/FACEPULSE:1A2B3C4D")
    rgb = cv2.cvtColor(cv2.resize(drawn, None, fx=6, fy=6, interpolation=cv2.INTER_NEAREST), cv2.COLOR_GRAY2RGB)
    assert read_codes(np.asarray(rgb, np.uint8)) == ()


def test_a_picture_without_a_code_gives_none() -> None:
    rng = np.random.default_rng(0)
    assert read_codes(rng.integers(0, 256, (120, 160, 3), np.uint8)) == ()
    assert read_codes(np.zeros((1, 1, 3), np.uint8)) == ()


@pytest.mark.parametrize("demo_id", ["ffc52030", "0e3a4a5c", "601a6f2a"])
def test_ids_whose_code_is_not_found_before_anything_are_known_as_such(demo_id: str) -> None:
    assert not is_well_read(demo_id)
    assert is_well_read("1a2b3c4d")
