"""Making a drawn face sit in a picture: its tones, its sharpness, its motion, and the laying over itself.

Pure functions on crops (S, S, 3) uint8 RGB with masks (S, S) float32 in 0..1.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Mask = NDArray[np.float32]
INSIDE = 0.5
FEWEST_PIXELS = 64
MEMBRANE_PX = 64
"""Side on which a seamless edge is computed: what it adds is smooth."""
MEMBRANE_ROUNDS = 60
LONGEST_BLUR_SHARE = 0.12
SHORTEST_BLUR_PX = 1.5


def histogram_matched(rgb: Picture, like: Picture, mask: Mask) -> Picture:
    """Return the picture with each channel's distribution inside the mask made that of `like` inside the mask."""
    inside = mask > INSIDE
    if int(inside.sum()) < FEWEST_PIXELS:
        return rgb
    out = np.empty_like(rgb)
    for channel in range(3):
        ours = np.cumsum(np.bincount(rgb[..., channel][inside], minlength=256))
        theirs = np.cumsum(np.bincount(like[..., channel][inside], minlength=256))
        levels = np.interp(ours / ours[-1], theirs / theirs[-1], np.arange(256))
        out[..., channel] = np.rint(levels).astype(np.uint8)[rgb[..., channel]]
    return out


def seamless(rgb: Picture, like: Picture, mask: Mask) -> Picture:
    """Return the picture with the colours of `like` along the mask's edge, and its own gradients inside.

    Poisson blending (Pérez, Gangnet and Blake 2003): what is added is the harmonic function inside the mask that is
    the difference of both pictures on its edge. It is smooth, so it is found on a small grid: from coarse to fine,
    then by Jacobi's iteration.
    """
    size = rgb.shape[0]
    small = min(MEMBRANE_PX, size)
    difference = like.astype(np.float32) - rgb.astype(np.float32)
    cell = np.asarray(cv2.resize(mask, (small, small), interpolation=cv2.INTER_AREA), np.float32)
    coarse = np.asarray(cv2.resize(difference, (small, small), interpolation=cv2.INTER_AREA), np.float32)
    inner = np.asarray(cell > 0.9 * max(float(cell.max()), 1e-3), np.uint8)
    edge = np.asarray(cv2.dilate(inner, np.ones((3, 3), np.uint8)), bool) & ~np.asarray(inner, bool)
    if int(edge.sum()) < 8:
        return rgb
    added = _harmonic(coarse, edge, np.asarray(inner, bool))
    grown = np.asarray(cv2.resize(added, (size, size), interpolation=cv2.INTER_CUBIC), np.float32)
    return np.asarray(np.clip(np.rint(rgb + grown), 0, 255), np.uint8)


def _harmonic(values: NDArray[np.float32], known: NDArray[np.bool_], unknown: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return (s, s, 3): `values` where `known`, harmonic where `unknown`, and elsewhere what lies nearest."""
    field: NDArray[np.float32] = _pulled(np.where(known[..., None], values, 0), known.astype(np.float32))
    outside = ~(known | unknown)
    for _ in range(MEMBRANE_ROUNDS):
        mean = np.asarray(cv2.blur(field, (3, 3), borderType=cv2.BORDER_REPLICATE), np.float32)
        field = np.where(unknown[..., None], mean, np.where(known[..., None], values, field))
    return np.asarray(
        np.where(outside[..., None], _pulled(field * ~outside[..., None], 1.0 - outside), field), np.float32
    )


def _pulled(weighted: NDArray[np.floating], weights: NDArray[np.floating]) -> NDArray[np.float32]:
    """Fill what has no weight from what has, over ever larger distances (pull and push, Gortler et al. 1996)."""
    size = weights.shape[0]
    small, share = np.asarray(weighted, np.float32), np.asarray(weights, np.float32)
    own = small / np.maximum(share, 1e-6)[..., None]
    if size <= 1 or bool((share > 0).all()):
        return np.asarray(own, np.float32)
    half = (size + 1) // 2
    below = cv2.resize(small, (half, half), interpolation=cv2.INTER_AREA).reshape(half, half, 3)
    below_share = cv2.resize(share, (half, half), interpolation=cv2.INTER_AREA)
    filled = _pulled(np.asarray(below), np.asarray(below_share))
    grown = cv2.resize(filled.reshape(half, half, 3), (size, size), interpolation=cv2.INTER_LINEAR)
    trust = np.minimum(share, 1)[..., None]
    return np.asarray(trust * own + (1 - trust) * grown, np.float32)


def sharpened(rgb: Picture, amount: float) -> Picture:
    """Return the picture with its fine detail strengthened by `amount` (0: as it is; below 0: softer)."""
    if amount == 0:
        return rgb
    soft = cv2.GaussianBlur(rgb, (0, 0), max(rgb.shape[0] / 128, 0.6)).astype(np.float32)
    return np.asarray(np.clip(np.rint(rgb + amount * (rgb.astype(np.float32) - soft)), 0, 255), np.uint8)


def motion_blurred(rgb: Picture, path_px: NDArray[np.floating]) -> Picture:
    """Return the picture as a shutter sees it that is open while everything moves by `path_px` (2,), x and y."""
    longest = LONGEST_BLUR_SHARE * rgb.shape[0]
    length = float(np.hypot(*path_px))
    if length < SHORTEST_BLUR_PX:
        return rgb
    path = np.asarray(path_px, np.float64) * min(1.0, longest / length)
    kernel = _line_kernel(path)
    return np.asarray(cv2.filter2D(rgb, -1, kernel, borderType=cv2.BORDER_REPLICATE), np.uint8)


def _line_kernel(path_px: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return an odd square of sum 1: a line through its middle, as long and steep as `path_px`, spread over pixels."""
    half = int(np.ceil(np.abs(path_px).max() / 2)) + 1
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float64)
    for share in np.linspace(-0.5, 0.5, 8 * half + 1):
        x, y = half + share * path_px
        x0, y0 = int(np.floor(x)), int(np.floor(y))
        for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
            weight = (1 - abs(x - x0 - dx)) * (1 - abs(y - y0 - dy))
            if weight > 0:
                kernel[y0 + dy, x0 + dx] += weight
    return np.asarray(kernel / kernel.sum(), np.float32)


def laid_over(
    frame_rgb: Picture, crop_rgb: Picture, crop_mask: Mask, frame_to_crop: NDArray[np.floating]
) -> tuple[Picture, NDArray[np.float32]]:
    """Return the frame with a crop laid over it, and the box (4,) that holds all that changed.

    Args:
        frame_rgb: (H, W, 3); it stays as it is.
        crop_rgb: (S, S, 3).
        crop_mask: (S, S) how much of the crop shows; 0 at its edges. Where it is 0 the frame is kept bit by bit.
        frame_to_crop: (2, 3), pixels of the frame to those of the crop.
    """
    height, width = frame_rgb.shape[:2]
    matrix = np.asarray(frame_to_crop, np.float64)
    box = _shown_box(crop_mask, matrix, width, height)
    if box is None:
        return frame_rgb, np.zeros(4, np.float32)
    x0, y0, x1, y1 = box
    local = np.column_stack([matrix[:, :2], matrix[:, 2] + matrix[:, :2] @ (x0, y0)])
    size = (x1 - x0, y1 - y0)
    back = cv2.WARP_INVERSE_MAP
    face = cv2.warpAffine(crop_rgb, local, size, flags=cv2.INTER_CUBIC | back, borderMode=cv2.BORDER_REPLICATE)
    share = cv2.warpAffine(crop_mask, local, size, flags=cv2.INTER_LINEAR | back)[..., None]
    out = frame_rgb.copy()
    below = out[y0:y1, x0:x1]
    mixed = below + share * (face.astype(np.float32) - below)
    below[:] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    return out, np.array(box, np.float32)


def _shown_box(mask: Mask, matrix: NDArray[np.float64], width: int, height: int) -> tuple[int, int, int, int] | None:
    """The box of the frame's pixels that the shown part of a crop touches; None when it lies outside."""
    shown = np.argwhere(mask > 0)
    if not len(shown):
        return None
    (top, left), (bottom, right) = shown.min(axis=0) - 1.0, shown.max(axis=0) + 1.0
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    placed = (corners - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
    x0, y0 = np.clip(np.floor(placed.min(axis=0)).astype(int), 0, (width, height))
    x1, y1 = np.clip(np.ceil(placed.max(axis=0)).astype(int) + 1, 0, (width, height))
    return (int(x0), int(y0), int(x1), int(y1)) if x1 > x0 and y1 > y0 else None
