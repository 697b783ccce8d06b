from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.faces.texture import INNER, texture
from core.types import AlignedFaces

Picture = NDArray[np.uint8]


def grain(count: int = 8, seed: int = 0, same: bool = False) -> Picture:
    rng = np.random.default_rng(seed)
    one = [np.clip(rng.normal(128, 30, (256, 256, 3)), 0, 255).astype(np.uint8) for _ in range(1 if same else count)]
    return np.stack(one * (count if same else 1))


def inner_mask() -> NDArray[np.bool_]:
    y, x = np.mgrid[:256, :256] / 256
    return np.hypot((x - INNER[0]) / INNER[2], (y - INNER[1]) / INNER[3]) < 1.1


def faces(rgb: Picture) -> AlignedFaces:
    return AlignedFaces(0, np.arange(len(rgb)) / 2.0, rgb, np.zeros((len(rgb), 2, 3)))


def test_an_inner_face_drawn_softer_than_its_surroundings_is_seen() -> None:
    rgb = grain()
    even = texture(faces(rgb))
    soft = rgb.copy()
    for picture in soft:
        picture[inner_mask()] = cv2.GaussianBlur(picture, (0, 0), 1.5)[inner_mask()]
    found = texture(faces(soft))
    assert abs(even["noise_edge"]) < 0.05
    assert found["noise_edge"] < -0.3
    assert found["noise_outside"] < -0.3


def test_a_step_of_colour_at_the_edge_is_seen_and_its_flicker_too() -> None:
    rgb = grain()
    for number, picture in enumerate(rgb):
        picture[inner_mask(), 0] = np.clip(picture[inner_mask(), 0].astype(int) + 10 + 10 * (number % 2), 0, 255)
    found, even = texture(faces(rgb)), texture(faces(grain()))
    assert found["step_colour"] > even["step_colour"] + 3
    assert found["step_colour_unrest"] > even["step_colour_unrest"] + 1


def test_surroundings_that_stand_still_are_told_from_living_ones() -> None:
    living, frozen = grain(), grain(same=True)
    frozen[:, inner_mask()] = living[:, inner_mask()]
    assert texture(faces(frozen))["change_outside"] > texture(faces(living))["change_outside"] + 1


def test_black_beyond_the_picture_does_not_count_as_surroundings() -> None:
    rgb = grain()
    cut = rgb.copy()
    cut[:, :, 230:] = 0
    assert texture(faces(cut))["noise_outside"] == pytest.approx(texture(faces(rgb))["noise_outside"], abs=0.05)


def test_few_crops_give_nothing() -> None:
    assert texture(faces(grain(3))) == {}
