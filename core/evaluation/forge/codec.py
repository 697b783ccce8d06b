"""Real codecs for pictures and for the frames of a clip: coded in memory, decoded again, nothing written to disk."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

CODECS = ("libx264", "mpeg4", "mpeg2video", "mpeg1video")
RATE = 25
STILL_FRAMES = 3
DRIFT_PX = 1
"""A single picture moves by this much a frame, so that the last one is predicted and not coded whole."""


@dataclass(frozen=True, slots=True)
class Coding:
    """How a clip is coded: `quality` is the CRF of H.264 (0 to 51), the quantiser of the MPEGs (1 to 31)."""

    codec: str
    quality: int
    preset: str = "veryfast"

    def __post_init__(self) -> None:
        if self.codec not in CODECS or not 0 < self.quality <= (51 if self.codec == "libx264" else 31):
            raise ValueError(f"nothing is coded by {self.codec} at {self.quality}")

    @property
    def words(self) -> str:
        """What a person reads, as "libx264 28"."""
        return f"{self.codec} {self.quality}"


def through_codec(rgb: NDArray[np.uint8], coding: Coding) -> NDArray[np.uint8]:
    """Return a picture (H, W, 3), both sides even, as the third frame of a clip in which it drifts a little."""
    shifts = [(STILL_FRAMES - 1 - number) * DRIFT_PX for number in range(STILL_FRAMES)]
    return coded_clip([np.roll(rgb, shift, axis=1) for shift in shifts], coding)[-1]


def coded_clip(frames: Sequence[NDArray[np.uint8]], coding: Coding) -> list[NDArray[np.uint8]]:
    """Return the frames (H, W, 3), equal and even sides, after one pass through the codec, in their order."""
    height, width = frames[0].shape[:2]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as out:
        stream = cast(VideoStream, out.add_stream(coding.codec, rate=RATE, options=_options(coding)))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in frames:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
        out.mux(stream.encode(None))
    buffer.seek(0)
    with av.open(buffer, "r", format="matroska") as coded:
        coded.streams.video[0].thread_count = 1
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in coded.decode(video=0)]


def _options(coding: Coding) -> dict[str, str]:
    if coding.codec == "libx264":
        return {"crf": str(coding.quality), "preset": coding.preset, "threads": "1"}
    fixed = str(coding.quality)  # one quantiser for every frame, whatever the bit rate wants
    return {"qmin": fixed, "qmax": fixed, "bf": "0", "threads": "1"}
