"""Look for the marks of a demo in the frames of a clip, as they pass by."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.watermark.code import read_codes
from core.watermark.dwt_dct_svd import read_bits, read_blocks
from core.watermark.generators import find_generator
from core.watermark.payload import BITS, demo_id_of
from core.watermark.tiles import TileCollector

SHORT_SIDES_PX = (360, 480, 540, 576, 720, 1080)
"""Sizes in which clips are usually made: a clip scaled down is scaled back to each and read there."""
MOST_SHRUNK, MOST_BLOWN_UP = 0.5, 2.3
"""How much smaller or larger than they are now clips are taken to have been: blocks of 3 px tell nothing."""
SURE_FROM = 4.0
"""Standard errors, on average over all bits, from which on somebody wrote them (docs/labels.md: what others reach)."""
DOUBTED_BITS = 4
"""So many bits, the least sure ones, are also tried the other way, up to two at once, until the checksum fits."""
_FIRST_STEP, _FRAMES_A_STEP = 4, 8
KEPT = 3
"""Frames that are searched for what takes long."""


@dataclass(frozen=True, slots=True)
class FoundMarks:
    """The demos' ids that each mark gave, most often none or one; the rest as in `FoundTiles`.

    `svd` is dwtDctSvd, `tiles` the one for crops, `code` the square code in the caption; `frames` were looked at.
    `generator` names the picture generator whose fixed mark was found.
    """

    svd: str | None = None
    tiles: str | None = None
    code: str | None = None
    frames: int = 0
    generator: str | None = None
    tile_likeness: float = 0.0
    tile_zoom: float | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """Each id once, that of the surest mark first."""
        return tuple(dict.fromkeys(one for one in (self.svd, self.tiles, self.code) if one is not None))


class MarkReader:
    """Looks at some frames of a clip whose length is not known: `add` all of them, then `read`.

    Every fourth at first, and half as often again after each eight, so that five minutes cost little more than ten
    seconds. A few frames, spread over the clip, are kept for what takes long.
    """

    def __init__(self, kept: int = KEPT) -> None:
        """Begin; at most `kept` of the frames are searched for codes."""
        self._most_kept = kept
        self._seen = self._looked_at = self._next = 0
        self._step = _FIRST_STEP
        self._tiles = TileCollector()
        self._blocks: NDArray[np.float32] | None = None
        self._kept: list[NDArray[np.uint8]] = []
        self._keep_every = 1

    def add(self, rgb: NDArray[np.uint8]) -> None:
        """Take the next frame (H, W, 3) in; it may be kept and is not changed. All frames have one size."""
        if self._seen == self._next:
            self._look_at(rgb)
            self._next += self._step
        self._seen += 1

    def read(self) -> FoundMarks:
        """Return the ids found in the frames so far."""
        tiles = self._tiles.read()
        generator = find_generator(self._kept[:KEPT])
        searched = self._kept[:: -(-len(self._kept) // self._most_kept) or 1]
        return FoundMarks(
            svd=self._read_svd(),
            tiles=tiles.demo_id if tiles else None,
            code=next((ids[0] for ids in map(read_codes, searched) if ids), None),
            frames=self._looked_at,
            generator=generator.name if generator else None,
            tile_likeness=tiles.likeness if tiles else 0.0,
            tile_zoom=tiles.zoom if tiles else None,
        )

    def _look_at(self, rgb: NDArray[np.uint8]) -> None:
        self._tiles.add(rgb)
        blocks = read_blocks(rgb)
        if self._blocks is None:
            self._blocks = np.zeros_like(blocks)
        if blocks.shape == self._blocks.shape:
            self._blocks += blocks
        if self._looked_at % self._keep_every == 0:
            self._kept.append(rgb)
            if len(self._kept) >= 2 * self._most_kept:
                self._keep_every *= 2
                self._kept = self._kept[::2]
        self._looked_at += 1
        if self._looked_at % _FRAMES_A_STEP == 0:
            self._step *= 2

    def _read_svd(self) -> str | None:
        if self._blocks is None:
            return None
        demo_id = svd_id(self._blocks)
        height, width = self._kept[0].shape[:2]
        own = min(height, width)
        likely = [s for s in SHORT_SIDES_PX if s != own and MOST_SHRUNK <= s / own <= MOST_BLOWN_UP]
        for short in likely if demo_id is None else ():
            size = (round(width * short / own), round(height * short / own))
            if (demo_id := svd_id(_sum_of_blocks(self._kept[:KEPT], size))) is not None:
                break
        return demo_id


def _sum_of_blocks(frames: list[NDArray[np.uint8]], size: tuple[int, int]) -> NDArray[np.float32]:
    """What the blocks say where frames are scaled to (width, height)."""
    scaled = (np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_CUBIC), np.uint8) for rgb in frames)
    return np.asarray(np.sum([read_blocks(rgb) for rgb in scaled], axis=0), np.float32)


def svd_id(blocks: NDArray[np.float32]) -> str | None:
    """Return the id that blocks of a `dwtDctSvd` mark give (their sum over frames), None where there is none."""
    sure, together = read_bits(blocks, BITS)
    if together < SURE_FROM:
        return None
    doubted = np.argsort(np.abs(sure))[:DOUBTED_BITS]
    for turned in (turned for count in range(3) for turned in combinations(doubted, count)):
        bits = sure > 0
        bits[list(turned)] ^= True
        if (demo_id := demo_id_of(bits)) is not None:
            return demo_id
    return None
