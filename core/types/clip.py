"""What a clip is: the file, its video stream, its frames."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.types.checks import frozen_array, require

STILL_CONTAINERS = frozenset({"png", "jpeg", "webp", "bmp", "tiff"})
"""What `VideoInfo.container` says of a file that holds one still picture."""


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """The video stream as it is shown (after rotation), before any scaling for analysis.

    `duration_s` and `frame_count` are what the header claims; what was really decoded is in the report. A still
    picture is a stream of one frame with a frame rate of 0 and no duration.
    """

    width_px: int
    height_px: int
    frame_rate: Fraction
    duration_s: float | None
    frame_count: int | None
    codec: str
    container: str
    rotation_deg: int
    bit_rate_kbps: float | None

    def __post_init__(self) -> None:
        require(self.width_px > 0 and self.height_px > 0, "a video has a width and a height")
        require(self.frame_rate >= 0, "a frame rate is not negative")
        require(self.rotation_deg in {0, 90, 180, 270}, "rotation is a quarter turn")

    @property
    def is_still(self) -> bool:
        """Whether the file is one still picture."""
        return self.container in STILL_CONTAINERS


@dataclass(frozen=True, slots=True)
class Clip:
    """A file that was opened and found to hold video."""

    path: Path
    sha256: str
    size_bytes: int
    video: VideoInfo

    def __post_init__(self) -> None:
        require(len(self.sha256) == 64, "sha256 is 64 hexadecimal digits")
        require(self.size_bytes > 0, "a clip has bytes")


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture: `rgb` (H, W, 3) uint8, sRGB as shown; `time_s` from the stream's own timestamps.

    Frames larger than the analysis size are scaled down by the decoder; `scale` is analysed / original size.
    """

    index: int
    time_s: float
    rgb: NDArray[np.uint8]
    scale: float = 1.0

    def __post_init__(self) -> None:
        require(self.index >= 0, "frame indices start at 0")
        object.__setattr__(self, "rgb", frozen_array("rgb", self.rgb, (None, None, 3), np.uint8))
