"""The same clip after the world's damage: H.264 at several qualities, half and quarter size, always the whole clip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import SettingsError
from core.settings import VideoLimits
from core.video import open_clip
from core.video.encode import write_video

ORIGINAL = "original"
LARGEST_SIDE_PX = 4096
SMALLEST_SIDE_PX = 16


@dataclass(frozen=True, slots=True)
class Variant:
    """`scale` of both sides, then x264 at `crf`; real and fake clips go through the same."""

    name: str
    crf: int
    scale: float = 1.0


VARIANTS: dict[str, Variant] = {
    v.name: v
    for v in (
        *(Variant(f"crf{crf}", crf) for crf in (23, 28, 35, 40)),
        Variant("half", 23, 0.5),
        Variant("quarter", 23, 0.25),
    )
}
"""Name on the command line -> variant."""


def parse_variants(names: str) -> tuple[str, ...]:
    """Return the variants named in a list with commas, in the order of `VARIANTS`.

    Raises:
        SettingsError: one is not known.
    """
    wanted = {name.strip() for name in names.split(",") if name.strip()}
    if unknown := sorted(wanted - VARIANTS.keys()):
        raise SettingsError(f"There is no re-encoding called {unknown[0]}; known are {', '.join(VARIANTS)}.")
    return tuple(name for name in VARIANTS if name in wanted)


def reencode(path: Path, variant: Variant, out: Path, limits: VideoLimits) -> Path:
    """Decode the clip at `path` in its own size (up to 4096 px), scale and encode it; return `out`.

    Times of frames are kept; sound and metadata are not.

    Raises:
        ClipError: the clip cannot be read.
        OutputError: `out` cannot be written.
    """
    whole = limits.model_copy(update={"analysis_max_side_px": LARGEST_SIDE_PX})
    with open_clip(path, whole) as reader:
        frames = ((frame.time_s, _scaled(frame.rgb, variant.scale)) for frame in reader)
        return write_video(out, frames, crf=variant.crf)


def _scaled(rgb: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    if scale == 1:
        return rgb
    size = tuple(max(SMALLEST_SIDE_PX, 2 * round(side * scale / 2)) for side in (rgb.shape[1], rgb.shape[0]))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def in_order(names: tuple[str, ...]) -> Iterator[str]:
    """Yield the untouched clip first, then its variants."""
    yield ORIGINAL
    yield from names
