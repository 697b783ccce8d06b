"""The hidden marks that some picture generators write into everything they make, all by invisible-watermark's `dwtDct`.

Their messages are fixed and public, in the programs that write them: CompVis' and Stability AI's Stable Diffusion 1 and
2, Stability AI's "generative-models" (Stable Diffusion XL, Stable Video Diffusion) with the XL pipeline of Hugging
Face's diffusers, and Black Forest Labs' FLUX. Older versions of that pipeline hand red and blue over in the wrong
order, so both orders are read.

`dwtDct` (package version 0.2.0) writes a bit into the strongest but the first value of each block of 4 × 4 of the low
band of U, as a quarter or three quarters of a step of 36. It is read here for all blocks at once. As the whole message
is known, what the bits say is correlated with it: that tells a weak mark from a picture's own patterns, which a count
of equal bits does not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.watermark.dwt_dct_svd import STEP, low_band_blocks

FOUND_FROM = 7.5
"""Standard errors of the correlation (Fisher's z); docs/labels.md has what unmarked pictures reach."""
MIN_AREA_PX = 256 * 256
"""Smaller pictures get no mark."""


def _bits(message: bytes) -> tuple[int, ...]:
    return tuple(int(bit) for byte in message for bit in f"{byte:08b}")


def _number(message: int) -> tuple[int, ...]:
    """As those programs turn it into bits: without zeros in front."""
    return tuple(int(bit) for bit in f"{message:b}")


MESSAGES: dict[str, tuple[int, ...]] = {
    "Stable Diffusion 1": _bits(b"StableDiffusionV1"),
    "Stable Diffusion 2": _bits(b"SDV2"),
    "Stable Diffusion XL or Stable Video Diffusion": _number(0xB3EC907BB19E),
    "FLUX": _number(0x2AFE879CF52E),
}
"""What is written, by who writes it."""


@dataclass(frozen=True, slots=True)
class FoundGenerator:
    """Whose mark it is, and how far the correlation is from chance, in standard errors."""

    name: str
    sure: float


def find_generator(frames: list[NDArray[np.uint8]]) -> FoundGenerator | None:
    """Return whose mark frames (H, W, 3) of one size carry, None where there is none; their sum is read."""
    best = likeliest_generator(frames)
    return best if best is not None and best.sure >= FOUND_FROM else None


def likeliest_generator(frames: list[NDArray[np.uint8]]) -> FoundGenerator | None:
    """Return the mark that frames are most like, however little; None for none or too small ones."""
    if not frames or frames[0].shape[0] * frames[0].shape[1] < MIN_AREA_PX:
        return None
    found = []
    for swapped in (False, True):
        said = np.sum([_said(rgb[..., ::-1] if swapped else rgb) for rgb in frames], axis=0).ravel()
        found += [FoundGenerator(name, _likeness(said, np.array(bits))) for name, bits in MESSAGES.items()]
    return max(found, key=lambda one: one.sure)


def _said(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What each block says (H // 8, W // 8): -1 is a sure 0, 1 a sure 1."""
    blocks = low_band_blocks(rgb)
    flat = np.abs(blocks.reshape(16, *blocks.shape[2:])[1:])
    return np.asarray(-np.sin(2 * np.pi * flat.max(axis=0) / STEP), np.float32)


def _likeness(said: NDArray[np.float32], message: NDArray[np.int_]) -> float:
    """Fisher's z of the correlation between a message and the mean of what its bits' blocks say."""
    length = len(message)
    repeats = len(said) // length
    if repeats < 1:
        return 0.0
    read = said[: repeats * length].reshape(repeats, length).mean(0)
    if float(read.std()) < 1e-6:
        return 0.0
    r = float(np.corrcoef(read, message)[0, 1])
    return math.atanh(min(r, 0.999999)) * math.sqrt(length - 3)
