"""Our seamless edge beside OpenCV's seamlessClone: `python -m benchmarks.seamless`. Processor time on one thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.swap.blend import seamless
from core.swap.public_faces import PUBLIC_FACES

SIZES_PX = (256, 384, 512)
TIMES = 5


def timed(function: Callable[[], Any]) -> tuple[Any, float]:
    """Return what a function returns and its milliseconds, the mean of `TIMES` calls."""
    began = time.process_time()
    for _ in range(TIMES):
        answer = function()
    return answer, 1000 * (time.process_time() - began) / TIMES


def pictures(size_px: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32]]:
    """A face in another light, the face, and a mask with a hard edge."""
    face = np.asarray(cv2.resize(PUBLIC_FACES["collins"].read()[30:210, 130:310], (size_px, size_px)), np.uint8)
    other = np.clip(face * np.array([0.7, 0.9, 1.1]) - 10, 0, 255).astype(np.uint8)
    mask = np.zeros((size_px, size_px), np.float32)
    axes = (size_px // 3, round(0.42 * size_px))
    cv2.ellipse(mask, (size_px // 2, size_px // 2), axes, 0, 0, 360, (1.0,), -1)
    return other, face, mask


def main() -> None:
    """Print a table."""
    cv2.setNumThreads(1)
    print("crop | ours, ms | seamlessClone, ms | mean difference of both, 0..255")
    for size_px in SIZES_PX:
        other, face, hard = pictures(size_px)
        soft = np.asarray(cv2.GaussianBlur(hard, (0, 0), 0.025 * size_px), np.float32)
        white = (255 * hard).astype(np.uint8)
        x, y, width, height = cv2.boundingRect(white)
        middle = (x + width // 2, y + height // 2)
        ours, ours_ms = timed(lambda o=other, f=face, s=soft: seamless(o, f, s))
        theirs, theirs_ms = timed(
            lambda o=other, f=face, w=white, m=middle: cv2.seamlessClone(o, f, w, m, cv2.NORMAL_CLONE)
        )
        apart = np.abs(ours.astype(int) - theirs)[soft > 0.9].mean()
        print(f"{size_px} px | {ours_ms:.1f} | {theirs_ms:.1f} | {apart:.1f}")


if __name__ == "__main__":
    main()
