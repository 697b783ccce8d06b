from __future__ import annotations

import cv2
import numpy as np
import pytest
from imwatermark import WatermarkEncoder
from numpy.typing import NDArray

from core.watermark import MarkReader, embed
from core.watermark.generators import MESSAGES, find_generator
from tests.synth.clips import portrait

BY_PROGRAM = {
    "Stable Diffusion 1": ("bytes", b"StableDiffusionV1"),
    "Stable Diffusion 2": ("bytes", b"SDV2"),
    "Stable Diffusion XL or Stable Video Diffusion": (
        "bits", [int(bit) for bit in "101100111110110010010000011110111011000110011110"],
    ),
    "FLUX": ("bits", [int(bit) for bit in "1010101111111010000111100111001111010100101110"]),
}  # fmt: skip
"""As each program hands it to the package."""


def marked_by(name: str, *, red_first: bool = False) -> NDArray[np.uint8]:
    encoder = WatermarkEncoder()
    encoder.set_watermark(*BY_PROGRAM[name])
    given = portrait() if red_first else portrait()[..., ::-1]
    out = encoder.encode(np.ascontiguousarray(given), "dwtDct")
    return np.ascontiguousarray(out if red_first else out[..., ::-1])


def test_every_known_message_is_tried() -> None:
    assert BY_PROGRAM.keys() == MESSAGES.keys()


@pytest.mark.parametrize("name", BY_PROGRAM)
def test_a_generators_mark_is_told_from_all_others(name: str) -> None:
    found = find_generator([marked_by(name)])
    assert found is not None and found.name == name


def test_red_and_blue_in_the_wrong_order_are_read_too() -> None:
    name = "Stable Diffusion XL or Stable Video Diffusion"
    found = find_generator([marked_by(name, red_first=True)])
    assert found is not None and found.name == name


def test_the_mark_survives_the_finest_jpeg_and_several_frames_of_it_add_up() -> None:
    finest = (cv2.IMWRITE_JPEG_QUALITY, 100)
    packed = cv2.imencode(".jpg", marked_by("FLUX"), finest)[1]
    found = find_generator([np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)] * 3)
    assert found is not None and found.name == "FLUX"


def test_pictures_without_such_a_mark_have_no_generator() -> None:
    rng = np.random.default_rng(5)
    ramp = np.broadcast_to(np.arange(512) // 2, (512, 512))[..., None] * np.array([1, 0.5, 0.2])
    checks = np.kron(np.indices((64, 64)).sum(0) % 2, np.ones((8, 8)))[..., None] * np.array([250, 60, 30])
    noise = rng.integers(0, 256, (512, 512, 3))
    for rgb in (portrait(), embed(portrait(), "1a2b3c4d"), ramp, checks, noise, np.zeros((512, 512, 3))):
        assert find_generator([np.asarray(rgb, np.uint8)]) is None
    assert find_generator([portrait()[:100, :100]]) is None
    assert find_generator([]) is None


def test_the_reader_names_the_generator() -> None:
    reader = MarkReader()
    reader.add(marked_by("Stable Diffusion 2"))
    found = reader.read()
    assert found.generator == "Stable Diffusion 2" and found.ids == ()
