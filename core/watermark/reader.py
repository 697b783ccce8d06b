"""Look for the marks of a demo in the frames of a clip, as they pass by."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.watermark.code import read_codes
from core.watermark.dwt_dct_svd import read_soft
from core.watermark.payload import BITS, demo_id_of
from core.watermark.tiles import TileCollector

SHORT_SIDES_PX = (360, 480, 540, 576, 720, 1080)
"""Sizes in which clips are usually made: a clip scaled down is scaled back to each and read there."""
CLEAR_FROM = 0.12
"""How clearly the bits of a `dwtDctSvd` mark are read, on average; see docs/labels.md for what others reach."""
SPREADS_FROM = 2.0
"""The same, in standard deviations of what blocks without a mark give."""
_KEPT = 12


@dataclass(frozen=True, slots=True)
class FoundMarks:
    """The demos' ids that each mark gave, most often none or one; `tile_zoom` as in `FoundTiles`."""

    svd: str | None
    tiles: str | None
    code: str | None
    frames: int
    tile_likeness: float = 0.0
    tile_zoom: float | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """Each id once, that of the surest mark first."""
        return tuple(dict.fromkeys(one for one in (self.svd, self.tiles, self.code) if one is not None))


class MarkReader:
    """Keeps up to two dozen frames spread over a clip whose length is not known: `add` all of them, then `read`."""

    def __init__(self) -> None:
        self._every = 1
        self._seen = 0
        self._kept: list[tuple[int, NDArray[np.uint8]]] = []

    def add(self, rgb: NDArray[np.uint8]) -> None:
        """Take the next frame (H, W, 3) in; it may be kept, not copied."""
        if self._seen % self._every == 0:
            self._kept.append((self._seen, rgb))
            if len(self._kept) >= 2 * _KEPT:
                self._every *= 2
                self._kept = [one for one in self._kept if one[0] % self._every == 0]
        self._seen += 1

    def read(self) -> FoundMarks:
        """Return the ids found in the frames so far."""
        frames = [rgb for _, rgb in self._kept]
        tiles = TileCollector()
        for rgb in frames:
            tiles.add(rgb)
        found = tiles.read()
        return FoundMarks(
            svd=_read_svd(frames),
            tiles=found.demo_id if found else None,
            code=_read_code(frames),
            frames=len(frames),
            tile_likeness=found.likeness if found else 0.0,
            tile_zoom=found.zoom if found else None,
        )


def _read_svd(frames: list[NDArray[np.uint8]]) -> str | None:
    if not frames:
        return None
    height, width = frames[0].shape[:2]
    own = min(height, width)
    for short in (own, *(side for side in SHORT_SIDES_PX if side != own)):
        size = (round(width * short / own), round(height * short / own))
        demo_id = svd_id(frames if short == own else [_scaled(rgb, size) for rgb in frames[:4]])
        if demo_id is not None:
            return demo_id
    return None


def _scaled(rgb: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def svd_id(frames: list[NDArray[np.uint8]]) -> str | None:
    """Return the id that a `dwtDctSvd` mark gives in frames of the size that they were marked in."""
    soft = np.mean([read_soft(rgb, BITS) for rgb in frames], axis=0)
    blocks = frames[0].shape[0] // 8 * (frames[0].shape[1] // 8) / BITS
    clear = float(np.abs(soft).mean())
    if clear < CLEAR_FROM or clear * np.sqrt(2 * blocks) < SPREADS_FROM:
        return None
    return demo_id_of(soft > 0)


def _read_code(frames: list[NDArray[np.uint8]]) -> str | None:
    for rgb in frames[:: max(1, len(frames) // 6)]:
        if ids := read_codes(rgb):
            return ids[0]
    return None
