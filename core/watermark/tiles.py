"""A hidden mark that survives cropping and scaling: a faint pattern of cells in the V plane, repeated over the picture.

`dwtDctSvd` is read only where its blocks are: a picture that was cropped or scaled by an unknown factor has lost them.
This second mark is added, not quantised, and is found again by itself. Its tile has 32 × 32 cells, 36 cells on the
picture's shorter side: a quarter of the cells, the same in every clip, tell where and how large the tiles are; the
others carry the payload as six words of the biorthogonal (first-order Reed-Muller) code with 128 cells for 8 bits,
decoded by correlation with all its words (MacWilliams and Sloane 1977, chapter 14). Where neighbours lie
is shuffled, so that a picture's own patterns look like noise.

The frames of a clip are added up before the search: the pattern stands still, people move. A reading is believed when
the checksum fits and the tile as a whole is like what was read from it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.linalg import hadamard

from core.watermark.payload import BITS, demo_id_of, payload_bits

SIDE_CELLS = 32
CELLS_ON_SHORT_SIDE = 36.0
STRENGTH = 2.4
"""Levels of V, of 256, from the middle to either side."""
CELL_SAMPLES = 4
"""Pixels that a cell has on each side when the pattern is looked for."""
ZOOMS = tuple(np.exp(np.arange(0.0, math.log(1.75), 0.007)))
"""How much larger than expected a cell may be, as after cropping up to 43 % of a side."""
LIKENESS_FROM = 0.30
"""Correlation of a tile with what was read from it; docs/labels.md has what unlabelled clips reach."""
TRIED_PLACES = 12
DOUBTED_WORDS = 3
"""So many words, the least sure ones, are also tried with what is second likeliest, until the checksum fits."""
_WORD_CELLS, _WORD_BITS = 128, 8
_WORDS = BITS // _WORD_BITS
_WORK_SIDE_PX = 144
_SLOW_CELLS, _SPREAD_CELLS, _SPREAD_OF_SUM_CELLS = 1.5, 1.2, 2.0
"""In cells: what counts as slow, and how far around a place its spread is taken, in a frame and in their sum."""
_MOST = 1.5
_SEED = 7_2026


@dataclass(frozen=True, slots=True)
class FoundTiles:
    """A mark that was read: how like it the tile is (a correlation, 0..1) and how much larger its cells are."""

    demo_id: str
    likeness: float
    zoom: float
    mirrored: bool


def v_change(demo_id: str, height_px: int, width_px: int) -> NDArray[np.float32]:
    """Return what the mark adds to the V plane of a picture: (height_px, width_px), read-only."""
    return _pattern(demo_id, height_px, width_px)


class TileCollector:
    """Adds up what is left of V in each frame when the picture itself is taken away: `add`, then `read`."""

    def __init__(self) -> None:
        self._sum: NDArray[np.float32] | None = None
        self.frames = 0
        """How many were added."""

    def add(self, rgb: NDArray[np.uint8]) -> None:
        """Take a frame (H, W, 3) in; all frames of a clip have one size."""
        left_over = _residual(rgb)
        if self._sum is None:
            self._sum = np.zeros_like(left_over)
        if left_over.shape == self._sum.shape:
            self._sum += left_over
            self.frames += 1

    def read(self) -> FoundTiles | None:
        """Return the mark in what was added up, None where there is none."""
        return None if self._sum is None else find_tiles(self._evened())

    def likeness(self) -> float:
        """Return how like any mark the likeliest place is, readable or not; 0 without frames."""
        if self._sum is None:
            return 0.0
        return max(next(iter(_readings(place.chips)))[0] for place in _places(self._evened()))

    def _evened(self) -> NDArray[np.float32]:
        """The sum with what stands still in the picture taken down to the size of what is faint."""
        if self._sum is None:
            raise ValueError("no frame was added")
        cell_px = min(self._sum.shape) / CELLS_ON_SHORT_SIDE
        total = self._sum - cv2.GaussianBlur(self._sum, (0, 0), _SLOW_CELLS * cell_px)
        spread = np.sqrt(cv2.GaussianBlur(total * total, (0, 0), _SPREAD_OF_SUM_CELLS * cell_px))
        return np.asarray(np.clip(total / (spread + 0.1 * np.median(spread) + 1e-6), -_MOST, _MOST), np.float32)


def find_tiles(residual: NDArray[np.float32]) -> FoundTiles | None:
    """Return the mark in a residual (h, w), as it is or mirrored; None where there is none."""
    for mirrored in (False, True):
        turned = np.ascontiguousarray(residual[:, ::-1]) if mirrored else residual
        for place in _places(turned):
            for likeness, bits in _readings(place.chips):
                if likeness < LIKENESS_FROM:
                    break
                demo_id = demo_id_of(bits)
                if demo_id is not None:
                    return FoundTiles(demo_id, likeness, place.zoom, mirrored)
    return None


@dataclass(frozen=True, slots=True)
class _Place:
    peak: float  # standard deviations by which it stands out
    zoom: float
    chips: NDArray[np.float32]


def _places(residual: NDArray[np.float32]) -> list[_Place]:
    """The likeliest places of a tile, the best first."""
    found = [_best_place(residual, float(zoom)) for zoom in ZOOMS]
    return sorted(found, key=lambda place: -place.peak)[:TRIED_PLACES]


def _best_place(residual: NDArray[np.float32], zoom: float) -> _Place:
    folded = _folded(residual, zoom)
    surface = np.fft.irfft2(np.fft.rfft2(folded) * _known_cells_spectrum(), folded.shape)
    best = np.unravel_index(int(np.argmax(surface)), surface.shape)
    spread = float(surface.std()) or 1.0
    aligned = np.roll(folded, (-int(best[0]), -int(best[1])), axis=(0, 1))
    chips = cv2.resize(aligned, (SIDE_CELLS, SIDE_CELLS), interpolation=cv2.INTER_AREA)
    return _Place(float(surface[best]) / spread, zoom, np.asarray(chips, np.float32))


def _folded(residual: NDArray[np.float32], zoom: float) -> NDArray[np.float32]:
    """The mean of all tiles (128, 128) where cells are `zoom` times as large as in an uncropped picture."""
    height, width = residual.shape
    scale = CELLS_ON_SHORT_SIDE * CELL_SAMPLES / (min(height, width) * zoom)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    picture = cv2.resize(residual, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    side = SIDE_CELLS * CELL_SAMPLES
    rows, columns = (-(-length // side) for length in picture.shape)
    total = np.zeros((rows * side, columns * side), np.float32)
    total[: picture.shape[0], : picture.shape[1]] = picture
    return np.asarray(total.reshape(rows, side, columns, side).sum((0, 2)), np.float32)


def _residual(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """V without its slow part, in units of its spread nearby and cut off: pictures are larger than marks."""
    height, width = rgb.shape[:2]
    scale = min(1.0, _WORK_SIDE_PX / min(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA) if scale < 1 else rgb
    red, green, blue = (plane.astype(np.float32) for plane in cv2.split(small))
    v = 0.615 * red - 0.515 * green - 0.100 * blue
    cell_px = min(size) / CELLS_ON_SHORT_SIDE
    high = v - cv2.GaussianBlur(v, (0, 0), _SLOW_CELLS * cell_px)
    spread = np.sqrt(cv2.GaussianBlur(high * high, (0, 0), _SPREAD_CELLS * cell_px)) + 0.3
    return np.asarray(np.clip(high / spread, -_MOST, _MOST), np.float32)


def _readings(chips: NDArray[np.float32]) -> list[tuple[float, NDArray[np.bool_]]]:
    """What a tile's cells (32, 32) may say: likeness and payload bits (48,), the likeliest first."""
    cells = chips.ravel()[_shuffle()]
    words = cells[-_WORDS * _WORD_CELLS :].reshape(_WORDS, _WORD_CELLS) * _scramble()
    likeness = words @ _code().T
    order = np.argsort(-np.abs(likeness), axis=1)[:, :2]
    best = np.abs(np.take_along_axis(likeness, order, axis=1))
    doubted = np.argsort(best[:, 0] - best[:, 1])[:DOUBTED_WORDS]
    known = float(cells[: len(_known())] @ _known())
    length = float(np.linalg.norm(cells)) * SIDE_CELLS or 1.0
    found = []
    for second in product((False, True), repeat=DOUBTED_WORDS):
        index = order[:, 0].copy()
        index[doubted] = np.where(second, order[doubted, 1], order[doubted, 0])
        value = np.take_along_axis(likeness, index[:, None], axis=1)[:, 0]
        low_bits = np.unpackbits(index.astype(np.uint8)[:, None], axis=1)[:, 1:].astype(bool)
        bits = np.concatenate([(value < 0)[:, None], low_bits], axis=1).ravel()
        found.append(((known + float(np.abs(value).sum())) / length, bits))
    return sorted(found, key=lambda reading: -reading[0])


def _cells(demo_id: str) -> NDArray[np.float32]:
    """The tile of an id (32, 32) of -1 and 1."""
    bits = payload_bits(demo_id).reshape(_WORDS, _WORD_BITS)
    index = np.packbits(np.concatenate([np.zeros((_WORDS, 1), bool), bits[:, 1:]], axis=1), axis=1)[:, 0]
    words = _code()[index] * np.where(bits[:, :1], -1, 1) * _scramble()
    cells = np.empty(SIDE_CELLS * SIDE_CELLS, np.float32)
    cells[_shuffle()] = np.concatenate([_known(), words.ravel()])
    return cells.reshape(SIDE_CELLS, SIDE_CELLS)


@lru_cache(maxsize=4)
def _pattern(demo_id: str, height_px: int, width_px: int) -> NDArray[np.float32]:
    cell_px = min(height_px, width_px) / CELLS_ON_SHORT_SIDE
    columns, rows = (math.ceil(side / cell_px) + 1 for side in (width_px, height_px))
    cells = np.tile(_cells(demo_id), (-(-rows // SIDE_CELLS), -(-columns // SIDE_CELLS)))[:rows, :columns]
    shift = (cell_px - 1) / 2  # the middle of the first cell
    to_picture = np.array([[cell_px, 0, shift], [0, cell_px, shift]])
    pattern = cv2.warpAffine(
        cells, to_picture, (width_px, height_px), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    strong = np.asarray(STRENGTH * np.asarray(pattern), np.float32)
    strong.flags.writeable = False
    return strong


@cache
def _known_cells_spectrum() -> NDArray[np.complex128]:
    cells = np.zeros(SIDE_CELLS * SIDE_CELLS, np.float32)
    cells[_shuffle()[: len(_known())]] = _known()
    tile = np.repeat(np.repeat(cells.reshape(SIDE_CELLS, SIDE_CELLS), CELL_SAMPLES, 0), CELL_SAMPLES, 1)
    return np.conj(np.fft.rfft2(tile))


@cache
def _code() -> NDArray[np.float32]:
    return np.asarray(hadamard(_WORD_CELLS), np.float32)


@cache
def _shuffle() -> NDArray[np.intp]:
    """Which cell each place of the code has."""
    return np.random.default_rng(_SEED).permutation(SIDE_CELLS * SIDE_CELLS)


@cache
def _known() -> NDArray[np.float32]:
    """The cells that are the same in every clip."""
    count = SIDE_CELLS * SIDE_CELLS - _WORDS * _WORD_CELLS
    return _signs(np.random.default_rng(_SEED + 1), count)


@cache
def _scramble() -> NDArray[np.float32]:
    return _signs(np.random.default_rng(_SEED + 2), _WORD_CELLS)


def _signs(rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    return np.where(rng.permutation(count) < count // 2, 1, -1).astype(np.float32)
