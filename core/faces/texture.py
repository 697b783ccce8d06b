"""What the inner face of aligned crops looks like against what surrounds it, and how that changes through a clip."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from core.types import AlignedFaces

Floats = NDArray[np.float64]

INNER = (0.5, 0.54, 0.15, 0.2)
"""Middle (x, y) and half axes of the inner face, in sides of the crop."""
EDGE = (1.25, 1.7)
OUTSIDE = 2.1
"""In half axes: the ring where a pasted face meets the filmed one, and where hair and background begin."""
FEWEST_CROPS = 4
TINY = 1e-3


def texture(crops: AlignedFaces) -> dict[str, float]:
    """Return named numbers; {} for fewer than `FEWEST_CROPS` crops."""
    if len(crops.times_s) < FEWEST_CROPS:
        return {}
    each = np.array([_of_crop(rgb) for rgb in crops.rgb])
    middle, spread = np.nanmedian(each, axis=0), np.nanstd(each, axis=0)
    found = dict(zip(NAMES, middle.tolist(), strict=True))
    found |= {f"{name}_unrest": float(value) for name, value in zip(NAMES, spread, strict=True)}
    return found | _through_time(crops.rgb)


NAMES = (
    *("sharp_edge", "sharp_outside", "fine_edge", "fine_outside"),
    *("noise_edge", "noise_outside", "step_light", "step_colour"),
)


def _of_crop(rgb: NDArray[np.uint8]) -> list[float]:
    """Logs of the inner face's sharpness, fine detail and noise over those of ring and outside; colour steps."""
    inner, edge, outside = _masks(rgb.shape[0])
    outside = outside & (rgb.max(axis=2) > 0)  # outside the picture a crop is black
    grey = rgb.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    coarse = np.abs(cv2.Laplacian(cv2.GaussianBlur(grey, (0, 0), 2.0), cv2.CV_32F))
    fine = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 1.0))
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB).astype(np.float32)
    step = np.median(lab[inner], axis=0) - np.median(lab[edge], axis=0)
    detail = [
        np.log10((fine[m].mean() + TINY) / (coarse[m].mean() + TINY)) if m.any() else np.nan
        for m in (inner, edge, outside)
    ]
    ratios = []
    for picture, reduce in ((coarse, np.mean), (fine, np.median)):
        values = [np.log10(reduce(picture[m]) + TINY) if m.any() else np.nan for m in (inner, edge, outside)]
        ratios.append((values[0] - values[1], values[0] - values[2]))
    (sharp_edge, sharp_out), (noise_edge, noise_out) = ratios
    return [
        *(float(v) for v in (sharp_edge, sharp_out, detail[0] - detail[1], detail[0] - detail[2])),
        *(float(v) for v in (noise_edge, noise_out, step[0], np.hypot(step[1], step[2]))),
    ]


def _through_time(rgb: NDArray[np.uint8]) -> dict[str, float]:
    """How much the parts change from crop to crop, the inner face against the others."""
    inner, edge, outside = _masks(rgb.shape[1])
    small = np.stack([cv2.GaussianBlur(one, (0, 0), 2.0)[::4, ::4] for one in rgb]).astype(np.float32)
    change = np.abs(np.diff(small, axis=0)).mean(axis=(0, 3))
    levels = [float(np.log10(change[mask[::4, ::4]].mean() + TINY)) for mask in (inner, edge, outside)]
    return {
        "change_edge": levels[0] - levels[1],
        "change_outside": levels[0] - levels[2],
        "change_surroundings": levels[2],
    }


@cache
def _masks(size: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """The inner face, the ring at its edge, and the outside of a crop."""
    y, x = np.mgrid[:size, :size] / size
    cx, cy, a, b = INNER
    far = np.hypot((x - cx) / a, (y - cy) / b)
    return far < 1, (far > EDGE[0]) & (far < EDGE[1]), far > OUTSIDE
