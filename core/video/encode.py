"""Write an H.264 MP4 that keeps the times of its frames, with the sound and the words that it is given."""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

import av
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream
from numpy.typing import NDArray

from core.errors import OutputError
from core.video.audio import AudioTrack, add_audio, packets_for

TIME_BASE = Fraction(1, 90_000)
"""Exact for 24, 25, 30, 60 and their NTSC neighbours within 6 µs."""

_BT601, _BT709 = 6, 1  # ITU-T H.273 MatrixCoefficients
_SWS = {_BT601: 5, _BT709: 1}  # the same in libswscale's numbers
_HD_HEIGHT_PX = 720
_NO_WORDS: Mapping[str, str] = MappingProxyType({})


def write_video(
    path: Path,
    frames: Iterable[tuple[float, NDArray[np.uint8]]],
    *,
    crf: int = 18,
    preset: str = "medium",
    rate: Fraction = Fraction(30),
    audio: AudioTrack | None = None,
    metadata: Mapping[str, str] = _NO_WORDS,
) -> Path:
    """Encode frames and return `path`, which appears only when it is whole.

    Args:
        path: where the MP4 goes; an existing file is replaced.
        frames: pairs of a time in seconds, increasing, and (H, W, 3) uint8 RGB, all of one size. An odd last column
            or row is repeated once, since 4:2:0 colour needs even sides.
        crf: quality of x264, 0 (lossless) to 51.
        preset: effort of x264, "ultrafast" to "veryslow".
        rate: the rate named in the header; the frames' own times are what is kept.
        audio: sound whose time 0 is that of the first frame; what lies before it or after the last frame is carried
            along, as players expect.
        metadata: what the container says of itself, such as "title", "comment" and "encoding_tool".

    Raises:
        OutputError: there are no frames, or the file cannot be written.
        ValueError: a frame has another size, or time does not increase.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with av.open(str(part), "w", format="mp4", options={"movflags": "faststart"}) as container:
            container.metadata.update(metadata)
            _encode_all(container, frames, {"crf": str(crf), "preset": preset}, rate, audio)
        part.replace(path)
    except (OSError, av.FFmpegError) as error:
        raise OutputError("The video cannot be written there.") from error
    finally:
        part.unlink(missing_ok=True)
    return path


def write_into(
    file: BinaryIO,
    frames: Iterable[tuple[float, NDArray[np.uint8]]],
    *,
    crf: int = 18,
    preset: str = "medium",
    rate: Fraction = Fraction(30),
) -> None:
    """Encode frames into an open file, which need not have a name; the rest is as in `write_video`.

    The index stands at the end of the file, not at its start.

    Args:
        file: empty, to be written and sought in; what was written before an error stays in it.
        frames: as `write_video` takes them, like `crf`, `preset` and `rate`.

    Raises:
        OutputError: there are no frames, or the file cannot be written.
        ValueError: a frame has another size, or time does not increase.
    """
    try:
        with av.open(file, "w", format="mp4") as container:
            _encode_all(container, frames, {"crf": str(crf), "preset": preset}, rate, None)
        file.flush()
    except (OSError, av.FFmpegError) as error:
        raise OutputError("The video cannot be written there.") from error


def _encode_all(
    container: OutputContainer,
    frames: Iterable[tuple[float, NDArray[np.uint8]]],
    options: dict[str, str],
    rate: Fraction,
    audio: AudioTrack | None,
) -> None:
    stream: VideoStream | None = None
    sound = _Sound(container, None)
    shape: tuple[int, ...] = ()
    last_pts = -1
    for time_s, rgb in frames:
        if stream is None:
            shape = rgb.shape
            stream = _add_stream(container, rgb, rate, options)
            sound = _Sound(container, audio)
        pts = round(time_s / TIME_BASE)
        if rgb.shape != shape or pts <= last_pts:
            raise ValueError("frames have one size and increasing times")
        last_pts = pts
        container.mux(stream.encode(_to_yuv(rgb, pts)))
        sound.mux_until(time_s)
    if stream is None:
        raise OutputError("There is no frame to write.")
    container.mux(stream.encode(None))
    sound.mux_until(math.inf)


class _Sound:
    """Puts the packets of a track between the pictures, by their times."""

    def __init__(self, container: OutputContainer, track: AudioTrack | None) -> None:
        self._container = container
        self._left: deque[av.Packet] = deque()
        if track is not None:
            self._left.extend(packets_for(add_audio(container, track), track))

    def mux_until(self, time_s: float) -> None:
        while self._left and (self._left[0].pts or 0) * self._left[0].time_base <= time_s:
            self._container.mux(self._left.popleft())


def _add_stream(
    container: OutputContainer, rgb: NDArray[np.uint8], rate: Fraction, options: dict[str, str]
) -> VideoStream:
    stream = container.add_stream("libx264", rate=rate, options=options)
    height, width = rgb.shape[:2]
    context = stream.codec_context
    context.height, context.width = height + height % 2, width + width % 2
    context.pix_fmt = "yuv420p"
    context.time_base = stream.time_base = TIME_BASE
    context.color_range = int(ColorRange.MPEG)
    context.colorspace = _matrix(height)
    return stream


def _matrix(height_px: int) -> int:
    return _BT709 if height_px >= _HD_HEIGHT_PX else _BT601


def _to_yuv(rgb: NDArray[np.uint8], pts: int) -> av.VideoFrame:
    height, width = rgb.shape[:2]
    even = np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    matrix = _matrix(height)
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24").reformat(
        format="yuv420p",
        src_colorspace=_SWS[_BT601 if matrix == _BT709 else _BT709],  # differs, so that swscale takes the target's
        dst_colorspace=_SWS[matrix],
        src_color_range=int(ColorRange.JPEG),
        dst_color_range=int(ColorRange.MPEG),
    )
    frame.colorspace, frame.color_range = matrix, int(ColorRange.MPEG)
    frame.pts, frame.time_base = pts, TIME_BASE
    return frame
