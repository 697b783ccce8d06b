"""Noticing that a clip cuts to another scene."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

GRID = (32, 18)
MIN_CHANGE = 14.0
"""Mean absolute difference of the small grey pictures, 0..255: less than this is motion."""
TIMES_USUAL = 4.0


class CutWatch:
    """Compares each frame with the one before on a 32×18 grey picture."""

    def __init__(self) -> None:
        self._last: NDArray[np.float32] | None = None
        self._usual = 0.0

    def is_cut(self, rgb: NDArray[np.uint8]) -> bool:
        """Tell whether this picture (H, W, 3) begins another scene; the first picture does not."""
        step = max(1, min(rgb.shape[:2]) // 90)
        small = cv2.resize(np.ascontiguousarray(rgb[::step, ::step]), GRID, interpolation=cv2.INTER_AREA)
        grey = small.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
        last, self._last = self._last, grey
        if last is None:
            return False
        change = float(np.abs(grey - last).mean())
        cut = change > max(MIN_CHANGE, TIMES_USUAL * self._usual)
        self._usual += 0.1 * (min(change, MIN_CHANGE) - self._usual)
        return cut
