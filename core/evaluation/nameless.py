"""Forged pictures as a decoder gives them back, coded in a file that has no name at any moment.

A forgery made to learn from carries no label. So nothing of it may outlive the process that made it, however that ends:
a file without a name goes with its last descriptor, even when that process is killed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.settings import VideoLimits
from core.video import ClipReader, open_clip
from core.video.encode import write_into


@contextmanager
def coded(times_s: NDArray[np.float64], pictures: Iterable[NDArray[np.uint8]], crf: int) -> Iterator[ClipReader]:
    """Encode pictures as H.264 and open what was written; it is gone when the block is left.

    Args:
        times_s: (N,), increasing.
        pictures: N of (H, W, 3) uint8 RGB, all of one size.
        crf: quality of x264, 0 (lossless) to 51.

    Raises:
        OutputError: there are no pictures, or no room for them.
        ClipError: they cannot be read back.
    """
    with tempfile.TemporaryFile() as file:
        write_into(file, zip(times_s, pictures, strict=True), crf=crf, preset="veryfast")
        with open_clip(Path(f"/dev/fd/{file.fileno()}"), VideoLimits()) as reader:
            yield reader
