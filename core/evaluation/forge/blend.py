"""Faces put over faces: the same one (SBI), another person's (BI), another's inner face or mouth.

SBI: Shiohara and Yamasaki, "Detecting Deepfakes with Self-Blended Images", CVPR 2022. BI: Li et al., "Face X-ray",
CVPR 2020. Ours works in the canonical frame and bends the other face to the landmarks of the first by a smooth field.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.evaluation.forge.faces import SourceFace
from core.evaluation.forge.parts import Mask
from core.faces.landmarks import ibug68

Picture = NDArray[np.uint8]
FIELD_CELLS = 32
NEARNESS_PX = 14.0
"""Width of the weights by which landmarks pull their surroundings along."""


def disturb(rgb: Picture, rng: np.random.Generator) -> Picture:
    """Return the picture (S, S, 3) with other colours and another sharpness: what a generator would not get right."""
    picture: NDArray[Any] = rgb.astype(np.float32)
    picture += rng.uniform(-20, 20, 3).astype(np.float32)
    if rng.random() < 0.5:
        picture = _shift_hue(picture, rng)
    if rng.random() < 0.5:
        picture = (picture - 128) * rng.uniform(0.85, 1.15) + 128 + rng.uniform(-25, 25)
    choice = rng.random()
    if choice < 0.4:
        picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.5, 2.0)))
    elif choice < 0.6:
        picture += rng.uniform(0.3, 1.2) * (picture - cv2.GaussianBlur(picture, (0, 0), 1.2))
    elif choice < 0.8:
        picture = _smaller_and_back(picture, float(rng.uniform(0.25, 0.7)))
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def jitter(rgb: Picture, mask: Mask, rng: np.random.Generator) -> tuple[Picture, Mask]:
    """Return picture and mask shifted by up to 3 % and 1.5 % of the side and scaled by up to 5 %."""
    side = rgb.shape[0]
    scale, middle = rng.uniform(0.95, 1.05), side / 2
    dx, dy = rng.uniform(-0.03, 0.03) * side, rng.uniform(-0.015, 0.015) * side
    matrix = np.array([[scale, 0, middle * (1 - scale) + dx], [0, scale, middle * (1 - scale) + dy]])
    moved = cv2.warpAffine(rgb, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(moved, np.uint8), np.asarray(cv2.warpAffine(mask, matrix, (side, side)), np.float32)


def bent_to(other: SourceFace, landmarks_px: NDArray[np.floating]) -> Picture:
    """Return the other face (S, S, 3) with its landmarks moved to `landmarks_px` (468, 2)."""
    side = other.rgb.shape[0]
    wanted, given = ibug68(landmarks_px), ibug68(other.landmarks_px)
    centres = (np.arange(FIELD_CELLS, dtype=np.float32) + 0.5) * side / FIELD_CELLS
    y, x = np.meshgrid(centres, centres, indexing="ij")
    away = (x.ravel()[:, None] - wanted[:, 0]) ** 2 + (y.ravel()[:, None] - wanted[:, 1]) ** 2
    pull = np.exp(-away / (2 * NEARNESS_PX**2)) + 1e-6
    field = (pull @ (given - wanted)) / pull.sum(axis=1, keepdims=True)
    field = field.reshape(FIELD_CELLS, FIELD_CELLS, 2).astype(np.float32)
    dense = cv2.resize(field, (side, side), interpolation=cv2.INTER_CUBIC)
    grid_y, grid_x = np.mgrid[0:side, 0:side].astype(np.float32)
    moved = cv2.remap(
        other.rgb, grid_x + dense[..., 0], grid_y + dense[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(moved, np.uint8)


def with_colours_of(rgb: Picture, model: Picture, mask: Mask) -> Picture:
    """Return `rgb` with the mean and spread of each Lab channel inside the mask taken from `model`."""
    inside = mask > 0.5
    if not inside.any():
        return rgb
    ours, theirs = (cv2.cvtColor(one, cv2.COLOR_RGB2LAB).astype(np.float32) for one in (rgb, model))
    spread = theirs[inside].std(axis=0) / np.maximum(ours[inside].std(axis=0), 1)
    moved = (ours - ours[inside].mean(axis=0)) * np.clip(spread, 0.6, 1.6) + theirs[inside].mean(axis=0)
    return np.asarray(cv2.cvtColor(np.clip(moved, 0, 255).astype(np.uint8), cv2.COLOR_LAB2RGB), np.uint8)


def pasted(under: Picture, over: Picture, mask: Mask) -> Picture:
    """Return `over` laid on `under` where the mask (S, S) in 0..1 shows it."""
    share = mask[..., None]
    mixed = under.astype(np.float32) * (1 - share) + over.astype(np.float32) * share
    return np.asarray(np.round(mixed), np.uint8)


def _shift_hue(picture: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    hsv = cv2.cvtColor(np.clip(picture, 0, 255) / np.float32(255), cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0] + rng.uniform(-12, 12)) % 360
    hsv[..., 1] = np.clip(hsv[..., 1] * rng.uniform(0.7, 1.3), 0, 1)
    return np.asarray(255 * cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.float32)


def _smaller_and_back(picture: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    side = picture.shape[0]
    small = cv2.resize(picture, (round(side * share),) * 2, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)
