"""Photo-to-video by mesh warp: a photograph that is moved by another person's landmarks.

What talking heads have in common is made here in the simplest way: one picture, whose skin has no pulse and whose
surroundings do not live, follows a motion that was filmed elsewhere. No generator is imitated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator
from scipy.ndimage import gaussian_filter1d

GRID = 48
"""The warp is computed on a grid of this many points a side."""
MOST_SHIFT, MOST_TURN, MOST_EXPRESSION = 0.12, 0.06, 0.06
"""Farthest that landmarks go (98th percentile), in widths of the face: beyond, a flat warp folds over itself."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Animation:
    """How a photograph is moved: the driver's landmarks smoothed over `smooth_frames`, drawn at `drawn_px`."""

    smooth_frames: float = 0.7
    drawn_px: int = 224


def animate(
    photo: NDArray[np.uint8], landmarks_px: Floats, driver_px: Floats, how: Animation
) -> Iterator[NDArray[np.uint8]]:
    """Yield one picture (S, S, 3) for each frame of the driver.

    Args:
        photo: (S, S, 3) uint8.
        landmarks_px: (468, 2) of the photo.
        driver_px: (N, 468, 2) landmarks of another person over time, any scale.
        how: see there.
    """
    size = photo.shape[0]
    motion = damped_motion(driver_px, how.smooth_frames) * np.ptp(landmarks_px[:, 0])
    edge = np.array([[x, y] for x in (0, size / 2, size - 1) for y in (0, size / 2, size - 1)], np.float64)
    edge = np.delete(edge, 4, axis=0)  # all but the middle
    for shift in motion:
        warped = moved_points(photo, np.vstack([landmarks_px, edge]), np.vstack([landmarks_px + shift, edge]))
        if how.drawn_px < size:
            small = cv2.resize(warped, (how.drawn_px, how.drawn_px), interpolation=cv2.INTER_AREA)
            warped = np.asarray(cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC), np.uint8)
        yield warped


def damped_motion(driver_px: Floats, smooth_frames: float) -> Floats:
    """Return (N, 468, 2): how landmarks move away from where they were in the first frame, in face widths."""
    points = gaussian_filter1d(driver_px, smooth_frames, axis=0) if smooth_frames > 0 else driver_px
    points = points / np.ptp(points[0, :, 0])
    centre = points.mean(axis=1, keepdims=True)
    shape = points - centre
    flat = np.column_stack([shape[0], np.ones(shape.shape[1])])
    local = shape - shape[0]
    turn = np.einsum("ij,tjk->tik", flat @ np.linalg.pinv(flat), local)
    parts = ((centre - centre[0], MOST_SHIFT), (turn, MOST_TURN), (local - turn, MOST_EXPRESSION))
    return np.asarray(sum((_damped(part, most) for part, most in parts), np.zeros_like(local)))


def _damped(part: Floats, most: float) -> Floats:
    return part * min(1.0, most / max(float(np.quantile(np.abs(part), 0.98)), 1e-9))


def moved_points(photo: NDArray[np.uint8], source: Floats, target: Floats) -> NDArray[np.uint8]:
    """Move points `source` (P, 2) of a square picture (S, S, 3) to `target`, the rest linearly between them."""
    size = photo.shape[0]
    centres = (np.arange(GRID) + 0.5) * size / GRID - 0.5  # where cv2.resize takes the samples to lie
    x, y = np.meshgrid(centres, centres)
    coarse = LinearNDInterpolator(target, source)(x, y)
    here = np.stack([x, y], axis=-1)
    away = np.where(np.isfinite(coarse), coarse - here, 0).astype(np.float32)
    fine = cv2.resize(away, (size, size), interpolation=cv2.INTER_LINEAR)
    pixels = np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=-1).astype(np.float32) + fine
    warped = cv2.remap(photo, pixels[..., 0], pixels[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8)
