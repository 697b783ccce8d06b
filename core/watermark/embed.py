"""Write both hidden marks into a picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.watermark.dwt_dct_svd import u_change
from core.watermark.payload import payload_bits
from core.watermark.tiles import v_change

# Red, green and blue of one level of U and one of V, as in OpenCV's YUV to RGB.
_U_TO_RGB = (0.0, -0.395, 2.032)
_V_TO_RGB = (1.140, -0.581, 0.0)
MIN_SIDE_PX = 64
_ROOM = 5
"""Levels kept free at both ends of 0 to 255, or black and white could not be changed both ways."""


def embed(rgb: NDArray[np.uint8], demo_id: str) -> NDArray[np.uint8]:
    """Return the picture (H, W, 3) with an id hidden in it, by `dwtDctSvd` in U and by tiles in V; brightness stays.

    Raises:
        ValueError: a side is shorter than 64 px, or the id is not 8 hexadecimal digits.
    """
    height, width = rgb.shape[:2]
    if min(height, width) < MIN_SIDE_PX:
        raise ValueError(f"a picture has at least {MIN_SIDE_PX} px on each side to be marked")
    v = v_change(demo_id, height, width)
    roomy = np.clip(rgb, _ROOM, 255 - _ROOM)
    half = u_change(roomy, payload_bits(demo_id))
    u = np.zeros((height, width), np.float32)
    u[: half.shape[0] * 2, : half.shape[1] * 2] = cv2.resize(
        half, (half.shape[1] * 2, half.shape[0] * 2), interpolation=cv2.INTER_NEAREST
    )
    change = cv2.merge([v * _V_TO_RGB[0], u * _U_TO_RGB[1] + v * _V_TO_RGB[1], u * _U_TO_RGB[2]])
    return np.asarray(cv2.add(roomy, change, dtype=cv2.CV_8U), np.uint8)
