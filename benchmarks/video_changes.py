"""What happens to videos on their way: for `benchmarks.label_survival`."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Frames = list[tuple[float, Picture]]
"""Times in seconds and pictures (H, W, 3) RGB."""


def scaled(frames: Frames, factor: float) -> Frames:
    """Every picture in another size, with even sides."""
    height, width = frames[0][1].shape[:2]
    size = (round(width * factor / 2) * 2, round(height * factor / 2) * 2)
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return [(time_s, np.asarray(cv2.resize(rgb, size, interpolation=how), np.uint8)) for time_s, rgb in frames]


def to_short_side(frames: Frames, short_px: int) -> Frames:
    """As platforms scale."""
    return scaled(frames, short_px / min(frames[0][1].shape[:2]))


def cropped(frames: Frames, share: float, at: tuple[float, float]) -> Frames:
    """A window that leaves out `share` of both sides, lying `at` (y, x) of the room that there is."""
    height, width = frames[0][1].shape[:2]
    h, w = (round((1 - share) * side / 2) * 2 for side in (height, width))
    y, x = round(at[0] * (height - h)), round(at[1] * (width - w))
    return [(time_s, np.ascontiguousarray(rgb[y : y + h, x : x + w])) for time_s, rgb in frames]


def screen_recorded(frames: Frames) -> Frames:
    """Shown in a window of 0.85 of its size, filmed from the screen: blurred, brighter, at 30 pictures a second."""
    shown = scaled(frames, 0.85)
    times = np.arange(0, shown[-1][0], 1 / 30)
    starts = np.array([time_s for time_s, _ in shown])
    lighter = np.clip(255 * (np.arange(256) / 255) ** 0.92, 0, 255).astype(np.uint8)
    taken = []
    for time_s in times:
        rgb = shown[int(np.searchsorted(starts, time_s, side="right")) - 1][1]
        taken.append((float(time_s), np.asarray(cv2.LUT(cv2.GaussianBlur(rgb, (0, 0), 0.8), lighter), np.uint8)))
    return taken


def grey(frames: Frames) -> Frames:
    """Without colour."""
    return [(t, np.repeat(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)) for t, rgb in frames]


def caption_blurred(frames: Frames) -> Frames:
    """With the lower half and the middle, where plates wander, blurred until no code is legible."""
    out = []
    for time_s, rgb in frames:
        changed = rgb.copy()
        below = changed[rgb.shape[0] * 2 // 5 :]
        below[:] = cv2.GaussianBlur(below, (0, 0), 9)
        out.append((time_s, changed))
    return out


def turned(frames: Frames, angle_deg: float) -> Frames:
    """Turned about the middle, the corners filled with what lies next to them."""
    height, width = frames[0][1].shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1.0)
    return [
        (t, np.asarray(cv2.warpAffine(rgb, turn, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8))
        for t, rgb in frames
    ]


def stretched(frames: Frames, factor: float) -> Frames:
    """Wider than it was."""
    height, width = frames[0][1].shape[:2]
    size = (round(width * factor / 2) * 2, height)
    return [(t, np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_CUBIC), np.uint8)) for t, rgb in frames]


def colours_blurred(frames: Frames) -> Frames:
    """What somebody does who knows where the marks lie."""
    out = []
    for time_s, rgb in frames:
        yuv = cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV)
        yuv[..., 1:] = cv2.GaussianBlur(yuv[..., 1:], (0, 0), min(rgb.shape[:2]) / 36)
        out.append((time_s, np.asarray(cv2.cvtColor(yuv, cv2.COLOR_YUV2RGB), np.uint8)))
    return out


ANYWHERE = (0.43, 0.27)
# name -> (what happens to the pictures, CRF of the copy)
CHANGES: dict[str, tuple[Callable[[Frames], Frames], int]] = {
    "copied, CRF 18": (lambda f: f, 18),
    "copied, CRF 23": (lambda f: f, 23),
    "copied, CRF 28": (lambda f: f, 28),
    "copied, CRF 32": (lambda f: f, 32),
    "copied, CRF 35": (lambda f: f, 35),
    "480p, CRF 23": (lambda f: to_short_side(f, 480), 23),
    "480p, CRF 28": (lambda f: to_short_side(f, 480), 28),
    "360p, CRF 28": (lambda f: to_short_side(f, 360), 28),
    "10 % cropped, CRF 23": (lambda f: cropped(f, 0.10, ANYWHERE), 23),
    "10 % cropped, 480p, CRF 28": (lambda f: to_short_side(cropped(f, 0.10, ANYWHERE), 480), 28),
    "25 % cropped, CRF 23": (lambda f: cropped(f, 0.25, ANYWHERE), 23),
    "upper 75 % of both sides, CRF 23": (lambda f: cropped(f, 0.25, (0.0, 0.5)), 23),
    "25 % cropped, blown up again, CRF 28": (lambda f: scaled(cropped(f, 0.25, ANYWHERE), 4 / 3), 28),
    "filmed from a screen, CRF 28": (screen_recorded, 28),
    "every second frame dropped, CRF 23": (lambda f: f[::2], 23),
    "mirrored, CRF 23": (lambda f: [(t, np.ascontiguousarray(rgb[:, ::-1])) for t, rgb in f], 23),
    "caption blurred away, CRF 28": (caption_blurred, 28),
    "without colour, CRF 23": (grey, 23),
    "40 % cropped, CRF 23": (lambda f: cropped(f, 0.4, ANYWHERE), 23),
    "turned by 0.5°, CRF 23": (lambda f: turned(f, 0.5), 23),
    "turned by 2°, CRF 23": (lambda f: turned(f, 2.0), 23),
    "stretched by 1 %, CRF 23": (lambda f: stretched(f, 1.01), 23),
    "stretched by 4 %, CRF 23": (lambda f: stretched(f, 1.04), 23),
    "colours blurred, CRF 23": (colours_blurred, 23),
}
