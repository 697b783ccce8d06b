"""The square code of a caption: a QR code that holds a demo's id, drawn here and found again in a frame."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

MODULES = 21
"""Modules on each side of a QR code of version 1, which holds 20 letters with 15 % of them mended."""
QUIET_MODULES = 2
_TEXT = re.compile(r"FACEPULSE:([0-9A-F]{8})\Z")
_ENLARGE_BELOW_PX = 720
_SEARCHED_FROM_PX = 512
_GRAIN_PX = 1.5
_TRIED_MODULES_PX, _AROUND_PX = (3, 4, 6), 20
_UNLIKE_BELOW = 0.2
MOST_CORNERS = 200
"""Four plates have 80 such cells; twenty codes have 196 and take half a second, hundreds take minutes."""


@lru_cache(maxsize=8)
def code_picture(demo_id: str, module_px: int) -> NDArray[np.uint8]:
    """Return the code of an id in black on white with its quiet zone, (S, S), read-only.

    S is 25 modules of `module_px`; "FACEPULSE:" and the id in capitals is what it says.
    """
    settings = cv2.QRCodeEncoder.Params()
    settings.version = 1
    settings.correction_level = cv2.QRCodeEncoder_CORRECT_LEVEL_M
    settings.mode = cv2.QRCodeEncoder_MODE_ALPHANUMERIC
    drawn = cv2.QRCodeEncoder.create(settings).encode(f"FACEPULSE:{demo_id.upper()}")
    margin = (drawn.shape[0] - MODULES) // 2
    modules = np.pad(drawn[margin : margin + MODULES, margin : margin + MODULES], QUIET_MODULES, constant_values=255)
    picture = np.repeat(np.repeat(modules, module_px, axis=0), module_px, axis=1).astype(np.uint8)
    picture.flags.writeable = False
    return picture


def is_well_read(demo_id: str) -> bool:
    """Whether the code of an id is read where it stands alone on grey, at the sizes that plates have.

    Of a few ids in a hundred the code, though right, is not found by OpenCV before any background.
    """
    return all(read_codes(_alone(demo_id, module_px)) == (demo_id,) for module_px in _TRIED_MODULES_PX)


def _alone(demo_id: str, module_px: int) -> NDArray[np.uint8]:
    code = np.pad(code_picture(demo_id, module_px), _AROUND_PX, constant_values=128)
    return np.repeat(code[..., None], 3, axis=-1)


def read_codes(rgb: NDArray[np.uint8]) -> tuple[str, ...]:
    """Return the demos' ids in the codes of a frame (H, W, 3), each once; other QR codes are passed over.

    A frame that is full of what looks like corners of codes is not searched: OpenCV would take minutes.
    """
    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    found = next(filter(None, map(_decoded, _looks(grey))), ())
    ids = (_TEXT.match(text) for text in found)
    return tuple(dict.fromkeys(match.group(1).lower() for match in ids if match))


def _looks(grey: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """The picture in the ways in which codes were found most often: without its grain, as it is, smaller, larger.

    The last finds most of the one code in sixty that the others miss in both frames of a demo of a third of a second.
    """
    small = min(grey.shape) < _ENLARGE_BELOW_PX
    large = cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC) if small else grey
    yield np.asarray(cv2.GaussianBlur(large, (0, 0), _GRAIN_PX), np.uint8)
    yield np.asarray(large, np.uint8)
    if small:
        yield grey
    if min(grey.shape) < _SEARCHED_FROM_PX:
        yield np.asarray(cv2.resize(grey, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC), np.uint8)


def _decoded(grey: NDArray[np.uint8]) -> tuple[str, ...]:
    if min(grey.shape) < MODULES or corners_seen(grey) > MOST_CORNERS:
        return ()
    try:
        _, texts, _, _ = cv2.QRCodeDetector().detectAndDecodeMulti(grey)
    except (cv2.error, UnicodeDecodeError, SystemError):  # on what only looks like a code
        return ()
    return tuple(text for text in texts if text)


def corners_seen(grey: NDArray[np.uint8]) -> int:
    """Return in how many cells of 16 px rows look like the corner of a code: runs of 1, 1, 3, 1 and 1 modules.

    The picture is made black and white, and rows compared, as OpenCV's search does.
    """
    scale = max(1.0, _SEARCHED_FROM_PX / min(grey.shape))
    large = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR) if scale > 1 else grey
    black = cv2.adaptiveThreshold(
        np.asarray(large, np.uint8), 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, 83, 2
    )
    width = black.shape[1]
    edges = np.flatnonzero(np.diff(black.ravel()))
    if len(edges) < 6:
        return 0
    runs = np.lib.stride_tricks.sliding_window_view(np.diff(edges), 5)
    start, length = edges[:-5], runs.sum(1)
    unlike = np.abs(runs / length[:, None] - np.array([1, 1, 3, 1, 1]) / 7).sum(1)
    middle = start + length // 2
    like = (unlike < _UNLIKE_BELOW) & (start // width == (start + length) // width)
    cells = (middle[like] // width // 16) * (width // 16 + 1) + middle[like] % width // 16
    _, rows = np.unique(cells, return_counts=True)
    return int((rows >= 3).sum())
