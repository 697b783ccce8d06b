"""A decoded picture as RGB: the stream's own colours, turned as shown, scaled down for analysis."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

HD_HEIGHT_PX = 720
"""Streams that do not name their matrix use BT.709 from this height on and BT.601 below (as players do)."""

# ITU-T H.273 MatrixCoefficients -> swscale's table (libswscale/swscale.h)
_SWS_MATRIX = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}
_BT601, _BT709, _FCC = int(Colorspace.ITU601), int(Colorspace.ITU709), int(Colorspace.FCC)
# SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT: only both together are right to half a level. Without them swscale rounds down
# and is 1 to 2 levels too dark, which is more than a pulse moves a pixel; they cost 3 ms a 720p frame.
_EXACT = 0x40000 | 0x2000


def turn_deg(frame: VideoFrame) -> int:
    """How far the picture is turned clockwise to be shown, a quarter turn: 0, 90, 180 or 270."""
    return round(-frame.rotation / 90) * 90 % 360


def shown_size(frame: VideoFrame) -> tuple[int, int]:
    """Width and height as shown, in pixels. Pixels are taken as square, whatever the stream says of them."""
    return (frame.height, frame.width) if turn_deg(frame) in {90, 270} else (frame.width, frame.height)


def fitted(width_px: int, height_px: int, max_side_px: int) -> tuple[int, int]:
    """The size scaled down so that no side is over `max_side_px`; never scaled up."""
    scale = min(Fraction(1), Fraction(max_side_px, max(width_px, height_px)))
    return max(round(width_px * scale), 1), max(round(height_px * scale), 1)


class Converter:
    """Makes RGB pictures of one size, `width_px` × `height_px` as shown, from frames of one stream."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self._size = (width_px, height_px)
        self._reformatter = VideoReformatter()

    def to_rgb(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """Return (H, W, 3) uint8 sRGB-coded RGB: a view that is valid as long as it is referred to.

        High dynamic range (PQ, HLG) is not mapped to a screen's range.
        """
        turn = turn_deg(frame)
        width, height = self._size if turn in {0, 180} else self._size[::-1]
        matrix = _matrix(frame)
        full_range = frame.color_range == ColorRange.JPEG or (frame.format.name or "").startswith("yuvj")
        rgb = self._reformatter.reformat(
            frame,
            width=width,
            height=height,
            format="rgb24",
            src_colorspace=matrix,
            # must differ from the source's or swscale's defaults stay; for RGB the target's matrix means nothing
            dst_colorspace=_BT709 if matrix == _FCC else _FCC,
            src_color_range=int(ColorRange.JPEG if full_range else ColorRange.MPEG),
            dst_color_range=int(ColorRange.JPEG),
            interpolation=self._flags(frame, width, height),
        )
        plane = rgb.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        pixels = rows[:height, : width * 3].reshape(height, width, 3)
        return np.rot90(pixels, k=-turn // 90) if turn else pixels

    @staticmethod
    def _flags(frame: VideoFrame, width: int, height: int) -> int:
        smaller = (width, height) != (frame.width, frame.height)
        method = Interpolation.AREA if smaller else Interpolation.BILINEAR
        return int(method) | _EXACT


def _matrix(frame: VideoFrame) -> int:
    unnamed = _BT709 if frame.height >= HD_HEIGHT_PX else _BT601
    return _SWS_MATRIX.get(int(frame.colorspace), unnamed)
