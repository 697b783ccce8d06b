"""What a clip looks like in a few kilobytes, to find re-encoded copies of it again, and to see where a copy differs.

A picture is made grey and averaged into a grid; of each pair of neighbouring cells only is kept whether brightness
rises, falls, or hardly changes. Compression makes rises into "hardly", but rarely into falls: that is what is counted,
in the worst part of the picture and the worst moments, because a swapped face changes a small part of it only.
The idea is that of the difference hash (N. Krawetz, "Kind of like that", 2013), with a third value and with places.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from core.types import Frame

GRID = 32
"""Cells on each side of the picture."""
RISE = 4.0
"""Grey levels (0 to 255) from which neighbouring cells differ."""
TILE, STRIDE = 8, 4
"""Side and step, in cells, of the parts of the picture in which contradictions are counted."""
WINDOW = 4
"""Pictures, one after another, over which a part is averaged."""
EVERY_S = 1.0
MOST_PICTURES = 120
SAME_LENGTH_S = 0.3
"""Copies are as long as their original, up to a few frames."""
VERSION = 1
"""Of the numbers above: fingerprints of different versions are not compared."""

COPIES_BELOW = 0.75
"""Clips up to this distance apart are copies; measured in docs/decisions/0010-copies.md."""
LEAST_AGREEMENT = 0.5
LEAST_SIGNS = 100
"""Rises and falls that a picture must have, of `2 * GRID**2`."""

_BYTES = 2 * 2 * GRID * GRID // 8
"""Of one picture before it is packed: rises and falls, across and down."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One picture every `EVERY_S`, the first at 0 s; `signs` (F, 2, GRID, GRID) is 1 for a rise, -1 for a fall, else 0.

    Axis 1 is across and down; the last column across and the last row down are 0.
    """

    duration_s: float
    signs: NDArray[np.int8]

    def packed(self) -> bytes:
        """Return `signs` as bytes for `unpacked`."""
        return zlib.compress(np.packbits(np.stack([self.signs > 0, self.signs < 0], 1)).tobytes())

    @classmethod
    def unpacked(cls, duration_s: float, data: bytes) -> Self:
        """Return the fingerprint that was packed.

        Raises:
            ValueError: that is no packed fingerprint.
        """
        try:
            raw = zlib.decompressobj().decompress(data, MOST_PICTURES * _BYTES)
        except zlib.error as error:
            raise ValueError("not a fingerprint") from error
        if not raw or len(raw) % _BYTES:
            raise ValueError("not a fingerprint")
        bits = np.unpackbits(np.frombuffer(raw, np.uint8)).reshape(-1, 2, 2, GRID, GRID).astype(np.int8)
        return cls(duration_s, bits[:, 0] - bits[:, 1])


def fingerprint(frames: Iterable[Frame]) -> Fingerprint | None:
    """Return the fingerprint of a clip, or None of one without frames. Looks at one frame every `EVERY_S`."""
    pictures: list[NDArray[np.int8]] = []
    last_s = 0.0
    for frame in frames:
        last_s = frame.time_s
        if len(pictures) < MOST_PICTURES and frame.time_s >= len(pictures) * EVERY_S:
            pictures.append(signs_of(frame.rgb))
    return Fingerprint(last_s, np.stack(pictures)) if pictures else None


def signs_of(rgb: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Return the signs (2, GRID, GRID) of one picture (H, W, 3)."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    cells = cv2.resize(grey, (GRID, GRID), interpolation=cv2.INTER_AREA)
    signs = np.zeros((2, GRID, GRID), np.int8)
    for axis, change in enumerate((np.diff(cells, axis=1), np.diff(cells, axis=0))):
        height, width = change.shape
        signs[axis, :height, :width] = np.where(change > RISE, 1, np.where(change < -RISE, -1, 0))
    return signs


def is_comparable(one: Fingerprint, other: Fingerprint) -> bool:
    """Return whether two clips are as long as copies are."""
    return abs(one.duration_s - other.duration_s) <= SAME_LENGTH_S and abs(len(one.signs) - len(other.signs)) <= 1


def apart(one: Fingerprint, other: Fingerprint) -> float:
    """Return their `distance`; infinite also where too few signs agree to call anything a copy, as in the dark."""
    return distance(one, other) if agreement(one, other) >= LEAST_AGREEMENT else float("inf")


def agreement(one: Fingerprint, other: Fingerprint) -> float:
    """Return which share of all rises and falls, of either clip, both have; 0 for clips with hardly any."""
    if not is_comparable(one, other):
        return 0.0
    both = min(len(one.signs), len(other.signs))
    signs, others = one.signs[:both], other.signs[:both]
    either = np.count_nonzero((signs != 0) | (others != 0))
    if either < LEAST_SIGNS * both:
        return 0.0
    return float(np.count_nonzero((signs == others) & (signs != 0)) / either)


def distance(one: Fingerprint, other: Fingerprint) -> float:
    """Return how many signs contradict each other in a picture, in the worst part and the worst `WINDOW` pictures.

    0 for the same clip; of `2 * TILE**2` at most. Infinite for clips that are not `is_comparable`.
    """
    if not is_comparable(one, other):
        return float("inf")
    both = min(len(one.signs), len(other.signs))
    against = (one.signs[:both] * other.signs[:both] < 0).sum(1)
    parts = _part_sums(against)
    window = min(WINDOW, both)
    sums = np.cumsum(np.concatenate([np.zeros_like(parts[:1]), parts]), axis=0)
    return float((sums[window:] - sums[:-window]).max() / window)


def _part_sums(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the sums (F, P, P) of counts (F, GRID, GRID) over each part."""
    whole = np.zeros((len(counts), GRID + 1, GRID + 1), np.int64)
    whole[:, 1:, 1:] = counts.cumsum(1).cumsum(2)
    near, far = slice(0, GRID - TILE + 1, STRIDE), slice(TILE, GRID + 1, STRIDE)
    summed: NDArray[np.int64] = whole[:, far, far] - whole[:, near, far] - whole[:, far, near] + whole[:, near, near]
    return summed
