"""Real H.264 for a single picture: it becomes a short clip that drifts a little, and its last frame comes back."""

from __future__ import annotations

import io

import av
import numpy as np
from numpy.typing import NDArray

FRAMES = 3
DRIFT_PX = 1
"""The picture moves by this much a frame, so that the last one is predicted and not coded whole."""


def through_h264(rgb: NDArray[np.uint8], crf: int, preset: str = "veryfast") -> NDArray[np.uint8]:
    """Return a picture (H, W, 3), both sides even, as the third frame of an H.264 clip coded at `crf`.

    One thread; nothing is written to disk.
    """
    height, width = rgb.shape[:2]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as out:
        stream = out.add_stream("libx264", rate=25, options={"crf": str(crf), "preset": preset, "threads": "1"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(FRAMES):
            moved = np.roll(rgb, (FRAMES - 1 - number) * DRIFT_PX, axis=1)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(moved), format="rgb24")))
        out.mux(stream.encode(None))
    buffer.seek(0)
    with av.open(buffer, "r", format="matroska") as coded:
        coded.streams.video[0].thread_count = 1
        frames = [frame.to_ndarray(format="rgb24") for frame in coded.decode(video=0)]
    return np.asarray(frames[-1], np.uint8)
