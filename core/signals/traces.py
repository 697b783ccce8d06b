"""From pictures to colour over time: the mean linear-light colour of each skin region, frame by frame."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from core.types import FaceObservation, Frame, RoiTrace

PATCH_PX = 200
"""Larger faces are averaged down to this side before the regions are drawn."""
MIN_PIXELS = 12
"""Fewer pixels than this give no mean: one of them moving in or out would look like a heartbeat."""


class RegionMasks(Protocol):
    """Draws the skin regions of one face on a patch of the frame."""

    def __call__(
        self,
        landmarks_px: NDArray[np.float32],
        origin_xy: tuple[float, float],
        shape_hw: tuple[int, int],
        scale: float,
    ) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """Return two label maps of `shape_hw` int16, big regions and cells; -1 where there is none.

        `landmarks_px` (468, 2) are in pixels of the frame, `origin_xy` is the frame pixel of the patch's corner and
        `scale` is patch / frame size.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Sample:
    time_s: float
    rgb: NDArray[np.float64]  # (R, 3)
    pixels: NDArray[np.float64]  # (R,)
    clipped: NDArray[np.float64]  # (R,)


class TraceRecorder:
    """Sees every frame once with every face in it and keeps only a few numbers of each.

    Args:
        region_names: R names; the values of the label maps are indices into them.
        region_masks: draws the label maps of a face.
        reach: how far the regions reach beyond the landmarks' bounds, as a share of the larger side of the bounds.
    """

    def __init__(self, region_names: Sequence[str], region_masks: RegionMasks, reach: float = 0.0) -> None:
        self._names = tuple(region_names)
        self._masks = region_masks
        self._reach = reach
        self._samples: defaultdict[int, list[_Sample]] = defaultdict(list)

    def add(self, frame: Frame, observation: FaceObservation) -> None:
        """Measure the regions of one face in one frame; a face wholly outside the picture adds an empty sample."""
        left, top, right, bottom = _patch_box(observation.landmarks_px, frame.rgb.shape[:2], self._reach)
        count = len(self._names)
        if right - left < 2 or bottom - top < 2:
            empty = np.full((count, 3), np.nan)
            sample = _Sample(observation.time_s, empty, np.zeros(count), np.zeros(count))
        else:
            linear, unclipped, scale = linear_patch(frame.rgb[top:bottom, left:right])
            height, width = unclipped.shape
            labels = self._masks(observation.landmarks_px, (float(left), float(top)), (height, width), scale)
            rgb, pixels, clipped = region_means(linear, unclipped, labels, count)
            sample = _Sample(observation.time_s, rgb, pixels / scale**2, clipped)
        self._samples[observation.track_id].append(sample)

    def finish(self, final_ids: Mapping[int, int]) -> dict[int, RoiTrace]:
        """Return one trace for each face.

        Args:
            final_ids: the id under which a face was observed -> its final id. Several may share a final id (one
                person found again); those left out are dropped.
        """
        merged: defaultdict[int, dict[float, _Sample]] = defaultdict(dict)
        for seen, final in final_ids.items():
            for sample in self._samples.get(seen, []):
                merged[final].setdefault(sample.time_s, sample)
        return {final: self._trace(final, by_time) for final, by_time in sorted(merged.items())}

    def _trace(self, track_id: int, by_time: Mapping[float, _Sample]) -> RoiTrace:
        samples = [by_time[t] for t in sorted(by_time)]
        pixels = np.stack([s.pixels for s in samples], axis=1)
        rgb = np.stack([s.rgb for s in samples], axis=1)
        rgb[pixels < MIN_PIXELS] = np.nan
        return RoiTrace(
            track_id=track_id,
            region_names=self._names,
            times_s=np.array([s.time_s for s in samples]),
            rgb=rgb,
            pixels=pixels.astype(np.float32),
            clipped=np.stack([s.clipped for s in samples], axis=1).astype(np.float32),
        )


def linear_light_table() -> NDArray[np.float32]:
    """The inverse of the sRGB transfer curve (IEC 61966-2-1) for 0..255: (256,) float32 in 0..1."""
    value = np.arange(256) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


_LINEAR = linear_light_table()


def linear_patch(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.uint8], float]:
    """Return a patch in linear light, no side over `PATCH_PX`.

    The curve is undone before anything is averaged: the mean of gamma-coded values depends on their spread, so a
    moving texture would look like a change of colour.

    Args:
        rgb: (h, w, 3) uint8.

    Returns:
        linear (H, W, 3) float32 in 0..1; unclipped (H, W) uint8, 255 where no channel is at 0 or 255; the scale H / h,
        one over a whole number (up to that number less one of rows and columns at the right and below are left out).
    """
    factor = max(1, -(-max(rgb.shape[:2]) // PATCH_PX))
    height, width = rgb.shape[0] // factor, rgb.shape[1] // factor
    source = np.ascontiguousarray(rgb[: height * factor, : width * factor])
    linear: NDArray[Any] = cv2.LUT(source, _LINEAR)
    unclipped: NDArray[Any] = cv2.inRange(source, np.array([1.0] * 3), np.array([254.0] * 3))
    if factor > 1:  # a whole factor, so that every pixel counts the same
        linear = cv2.resize(linear, (width, height), interpolation=cv2.INTER_AREA)
        unclipped = cv2.resize(unclipped, (width, height), interpolation=cv2.INTER_AREA)
    return linear, unclipped, 1 / factor


def region_means(
    linear: NDArray[np.float32],
    unclipped: NDArray[np.uint8],
    labels: tuple[NDArray[np.int16], NDArray[np.int16]],
    count: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return mean colour (count, 3), NaN for empty regions, number of pixels (count,), share clipped (count,).

    Both label maps are summed in one pass, by the pair of labels that a pixel has.
    """
    big, cell = labels
    base = count + 1
    pair = ((big.astype(np.int32) + 1) * base + (cell + 1)).ravel()
    inside = np.flatnonzero(pair)
    pair = pair[inside]
    colours = linear.reshape(-1, 3)[inside]
    weights = [None, colours[:, 0], colours[:, 1], colours[:, 2], unclipped.ravel()[inside]]
    tables = np.stack([np.bincount(pair, w, minlength=base * base) for w in weights]).reshape(5, base, base)
    sums = tables.sum(axis=2)[:, 1:] + tables.sum(axis=1)[:, 1:]
    pixels = sums[0]
    safe = np.where(pixels > 0, pixels, np.nan)
    clipped = np.where(pixels > 0, 1 - sums[4] / np.maximum(pixels, 1) / 255, 0.0)
    return (sums[1:4] / safe).T, pixels, np.clip(clipped, 0, 1)


def _patch_box(
    landmarks_px: NDArray[np.float32], shape_hw: tuple[int, ...], reach: float = 0.0
) -> tuple[int, int, int, int]:
    """The landmarks' bounds, `reach` wider on every side, inside the picture: left, top, right, bottom."""
    height, width = shape_hw[:2]
    low, high = landmarks_px.min(axis=0), landmarks_px.max(axis=0)
    margin = reach * float((high - low).max())
    left, top = np.floor(low - margin).astype(int)
    right, bottom = np.ceil(high + margin).astype(int) + 1
    return max(int(left), 0), max(int(top), 0), min(int(right), width), min(int(bottom), height)
