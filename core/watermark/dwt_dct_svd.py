"""The `dwtDctSvd` mark of the invisible-watermark package, written and read for whole pictures at once.

The format is the package's (version 0.2.0, MIT, https://github.com/ShieldMnt/invisible-watermark), and each reads what
the other wrote: of the U plane (OpenCV's RGB to YUV) one level of Haar's wavelet, its low band in blocks of 4 × 4, that
is 8 × 8 pixels; the largest singular value of each block is moved to a quarter (bit 0) or three quarters (bit 1) of a
step of 36; the bits repeat over the blocks, row by row.

We differ in how it is computed. The cosine transform between wavelet and singular values is orthonormal, so it changes
neither the value nor what is added to the pixels, and is left out; the largest singular value comes from a few
iterations over all blocks together, not from one decomposition a block; the detail bands stay as they were (the package
swaps two of them); a value moves to the nearest step, which may be its neighbour's; and a reading keeps how sure each
block is, so that frames can be added up.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

STEP = 36.0
BLOCK_PX = 8
_ITERATIONS = 4


def block_bits(bits: NDArray[np.bool_], rows: int, columns: int) -> NDArray[np.bool_]:
    """Return which bit each block carries (rows, columns)."""
    return np.resize(np.asarray(bits, bool), rows * columns).reshape(rows, columns)


def u_change(rgb: NDArray[np.uint8], bits: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return what the mark adds to the U plane at half of the size: (H // 8 · 4, W // 8 · 4).

    Args:
        rgb: a picture (H, W, 3) of at least 8 × 8 px.
        bits: what to write (L,).
    """
    blocks = low_band_blocks(rgb)
    value, left, right = _largest(blocks)
    rows, columns = value.shape
    within = 0.25 + 0.5 * block_bits(bits, rows, columns)
    aim = (np.rint(value / STEP - within) + within) * STEP
    change = left[:, None] * right[None, :] * (aim - value) / 2  # of the low band, which is twice the pixels' mean
    return np.ascontiguousarray(change.transpose(2, 0, 3, 1).reshape(rows * 4, columns * 4))


def read_blocks(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return what each block says (H // 8, W // 8): -1 is surely 0, 1 is surely 1."""
    value, _, _ = _largest(low_band_blocks(rgb))
    return np.asarray(-np.sin(2 * np.pi * value / STEP), np.float32)


def read_bits(blocks: NDArray[np.float32], length: int) -> tuple[NDArray[np.float32], float]:
    """Return what the bits are, and whether anybody wrote them.

    Args:
        blocks: what `read_blocks` gave, or the sum of that over frames, so that what stands still counts once.
        length: how many bits repeat.

    Returns:
        For each bit (length,) how far it is from unsure, in standard errors over its blocks, below 0 for a 0; and the
        mean of that without signs: about 0.8 where nothing was written. All 0 where a bit has fewer than 4 blocks.
    """
    repeats = blocks.size // length
    if repeats < 4:
        return np.zeros(length, np.float32), 0.0
    each = blocks.ravel()[: repeats * length].reshape(repeats, length)
    least = 0.02 * float(np.abs(blocks).max())  # a plain picture has no spread at all
    sure = each.mean(0) / np.maximum(each.std(0) / np.sqrt(repeats), least + 1e-9)
    return np.asarray(sure, np.float32), float(np.abs(sure).mean())


def low_band_blocks(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the low band of U in blocks (4, 4, H // 8, W // 8)."""
    height, width = (side // BLOCK_PX * BLOCK_PX for side in rgb.shape[:2])
    u = cv2.cvtColor(np.ascontiguousarray(rgb[:height, :width]), cv2.COLOR_RGB2YUV)[:, :, 1].astype(np.float32)
    low = 2 * cv2.resize(u, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    blocks = low.reshape(height // BLOCK_PX, 4, width // BLOCK_PX, 4)
    return np.ascontiguousarray(blocks.transpose(1, 3, 0, 2))


def _largest(
    blocks: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """The largest singular value (rows, columns) of each block and its two vectors (4, rows, columns)."""
    right = np.full(blocks.shape[1:], 0.5, np.float32)
    for _ in range(_ITERATIONS):
        left = _unit(np.einsum("ijrc,jrc->irc", blocks, right))
        right = np.einsum("ijrc,irc->jrc", blocks, left)
        value = np.linalg.norm(right, axis=0)
        right = right / np.maximum(value, 1e-9)
    return value, left, right


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=0), 1e-9), np.float32)
