"""The traces of a decoder: a picture that was small once and was made large again by learned filters.

A generator's last layers insert zeros or repeat pixels and then filter; the filter differs between even and odd
pixels, which leaves a regular pattern (Odena et al. 2016; Zhang et al. 2019, "AutoGAN"). The real twin is made small
and large again by an ordinary video scaler, so that softness alone tells nothing.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
SCALERS = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_AREA, cv2.INTER_LANCZOS4)


def scaled_as_video(rgb: Picture, small_px: int, rng: np.random.Generator) -> Picture:
    """Return the picture (S, S, 3) made `small_px` wide and brought back by an ordinary scaler."""
    side = rgb.shape[0]
    small = cv2.resize(rgb, (small_px, small_px), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (side, side), interpolation=int(rng.choice(SCALERS[:2]))), np.uint8)


def scaled_as_decoder(rgb: Picture, small_px: int, rng: np.random.Generator) -> Picture:
    """Return the picture (S, S, 3) made `small_px` wide and doubled by random filters until it is as large again."""
    side = rgb.shape[0]
    small = cv2.resize(rgb, (small_px, small_px), interpolation=cv2.INTER_AREA)
    picture: NDArray[Any] = small.astype(np.float32)
    while picture.shape[0] < side:
        picture = _doubled(picture, rng)
        if rng.random() < 0.5:  # layers sharpen what they made soft
            picture += rng.uniform(0.2, 0.8) * (picture - cv2.GaussianBlur(picture, (0, 0), 1.0))
        picture = np.clip(picture, 0, 255)
    if picture.shape[0] != side:
        picture = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(np.round(picture), 0, 255), np.uint8)


def _doubled(picture: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Zeros between the pixels, then a 4×4 filter near the bilinear one whose four phases need not weigh the same."""
    side = 2 * picture.shape[0]
    if rng.random() < 0.4:  # pixels repeated, then a random smooth filter
        repeated = cv2.resize(picture, (side, side), interpolation=cv2.INTER_NEAREST)
        kernel = _near(np.outer([1, 2, 1], [1, 2, 1]) / 16, 0.3, rng)
        return np.asarray(cv2.filter2D(repeated, -1, kernel, borderType=cv2.BORDER_REFLECT_101), np.float32)
    spread = np.zeros((side, side, 3), np.float32)
    spread[::2, ::2] = 4 * picture
    taps = np.array([1, 3, 3, 1]) / 8
    kernel = _near(np.outer(taps, taps), rng.uniform(0.05, 0.25), rng)
    filtered = cv2.filter2D(spread, -1, kernel, borderType=cv2.BORDER_REFLECT_101)
    if rng.random() < 0.5:  # a trained layer evens its phases out almost wholly
        even = cv2.GaussianBlur(filtered, (0, 0), 0.8)
        filtered = even + rng.uniform(0.2, 0.7) * (filtered - even)
    return np.asarray(filtered, np.float32)


def _near(kernel: NDArray[np.floating], spread: float, rng: np.random.Generator) -> NDArray[np.float32]:
    moved = kernel * (1 + spread * rng.standard_normal(kernel.shape))
    return np.asarray(moved / moved.sum() * kernel.sum(), np.float32)


def as_sharp_as(rgb: Picture, model: Picture) -> Picture:
    """Return the picture (S, S, 3) with its edges raised until its slopes are as steep as those of `model`.

    At most to three times their height, as sharpening networks do; never softened.
    """
    soft = cv2.GaussianBlur(rgb, (0, 0), 1.5).astype(np.float32)
    fine = rgb.astype(np.float32) - soft
    wanted = _steepness(model) / max(_steepness(rgb), 1e-3)
    raised = soft + float(np.clip(wanted, 1, 3)) * fine
    return np.asarray(np.clip(np.round(raised), 0, 255), np.uint8)


def _steepness(rgb: Picture) -> float:
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(np.abs(np.diff(grey, axis=1)).mean() + np.abs(np.diff(grey, axis=0)).mean())
