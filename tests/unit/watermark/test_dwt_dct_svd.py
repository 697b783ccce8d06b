from __future__ import annotations

import cv2
import numpy as np
import pytest
from imwatermark import WatermarkDecoder, WatermarkEncoder
from numpy.typing import NDArray

from core.watermark.dwt_dct_svd import read_bits, read_blocks
from core.watermark.embed import embed
from core.watermark.payload import BITS, payload_bits, payload_bytes
from tests.synth.clips import portrait

DEMO = "1a2b3c4d"


def picture(height_px: int = 360, width_px: int = 484) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(portrait(), (width_px, height_px)), np.uint8)


@pytest.mark.parametrize("size", [(360, 484), (363, 490), (256, 256)], ids=str)
def test_the_package_reads_what_is_written_here(size: tuple[int, int]) -> None:
    marked = embed(picture(*size), DEMO)
    decoder = WatermarkDecoder("bytes", BITS)
    assert decoder.decode(np.ascontiguousarray(marked[..., ::-1]), "dwtDctSvd") == payload_bytes(DEMO)


def test_what_the_package_writes_is_read_here() -> None:
    encoder = WatermarkEncoder()
    encoder.set_by_bytes(payload_bytes(DEMO))
    marked = encoder.encode(np.ascontiguousarray(picture()[..., ::-1]), "dwtDctSvd")[..., ::-1]
    bits, sure = read_bits(read_blocks(np.ascontiguousarray(marked)), BITS)
    np.testing.assert_array_equal(bits > 0, payload_bits(DEMO))
    assert sure > 5


def test_both_marks_together_change_colours_a_little_and_brightness_hardly() -> None:
    original = picture()
    marked = embed(original, DEMO)
    before, after = (cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(int) for rgb in (np.clip(original, 5, 250), marked))
    assert np.abs(marked.astype(int) - original).mean() < 2.5
    assert np.abs(after - before).mean() < 0.5


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 30, 10), (10, 20, 250)], ids=str)
def test_every_plain_colour_carries_the_mark(colour: tuple[int, int, int]) -> None:
    plain = np.full((256, 256, 3), colour, np.uint8)
    bits, _ = read_bits(read_blocks(embed(plain, DEMO)), BITS)
    np.testing.assert_array_equal(bits > 0, payload_bits(DEMO))


def test_a_picture_too_small_for_all_bits_reads_as_unsure() -> None:
    bits, sure = read_bits(read_blocks(picture(16, 16)), BITS)
    assert not bits.any() and sure == 0
