"""A few numbers of the lips and of the parts of the face around them, from every frame."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from core.faces.landmarks import LEFT_EYE, LIPS, RIGHT_EYE
from core.faces.pose import canonical_mesh
from core.faces.regions import REGION_CORNERS
from core.faces.warp import cut
from core.types import MESH_POINTS, FaceObservation, Frame, MouthTrace

Floats = NDArray[np.float64]
Image = NDArray[np.float32]

SIDE_PX = 160
FACE_SHARE = 0.86
"""Height of the mean face in its cut: what is outside of the mesh is not looked at."""
STEADY_POINTS = (33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 1, 98, 327)
"""Corners of the eyes and the nose: what a mouth does not move."""
SCALES_PX = (3, 7, 15)
FEWEST_PIXELS = 30
SUBPIXEL_BITS = 4

Polygons = tuple[tuple[tuple[int, ...], float], ...]
"""Landmarks of each outline, and how far from its middle it is spread; below zero it is a hole."""


def _skin(*names: str) -> Polygons:
    return tuple((tuple(i for corner in REGION_CORNERS[name] for i in corner), 1.0) for name in names)


OUTLINE: dict[str, Polygons] = {
    "lips": ((LIPS, 1.0),),
    "ring": ((LIPS, 1.75), (LIPS, -1.1)),
    "chin": _skin("chin"),
    "cheeks": _skin("left_cheek", "right_cheek"),
    "nose": _skin("nose"),
    "eyes": ((RIGHT_EYE, 1.25), (LEFT_EYE, 1.25)),
}
REGION_NAMES: tuple[str, ...] = tuple(OUTLINE)
OUTLINES = tuple(OUTLINE.values())


@dataclass(frozen=True, slots=True)
class _Sample:
    time_s: float
    numbers: NDArray[np.float32]  # (R, 8)


@dataclass(frozen=True, slots=True)
class _Last:
    """What the next frame is compared with: fine detail and coarse brightness."""

    frame_index: int
    fine: Image
    coarse: Image


class MouthRecorder:
    """Sees every frame once with every face in it and keeps eight numbers of each region; see `MouthTrace`."""

    def __init__(self) -> None:
        self._samples: defaultdict[int, list[_Sample]] = defaultdict(list)
        self._last: dict[int, _Last] = {}

    def add(self, frame: Frame, observation: FaceObservation) -> None:
        """Measure the regions of one face in one frame."""
        matrix = _steady_map(observation.landmarks_px)
        ycc = cv2.cvtColor(cut(frame.rgb, matrix, SIDE_PX), cv2.COLOR_RGB2YCrCb)
        planes = np.empty((8, SIDE_PX, SIDE_PX), np.float32)
        planes[:3] = ycc.transpose(2, 0, 1)
        layers = [planes[0], *(np.asarray(cv2.blur(planes[0], (side, side)), np.float32) for side in SCALES_PX)]
        for i, (one, other) in enumerate(pairwise(layers)):
            cv2.absdiff(one, other, dst=planes[3 + i])
        now = _Last(frame.index, layers[0] - layers[1], layers[2])
        last = self._last.get(observation.track_id)
        self._last[observation.track_id] = now
        known = last is not None and last.frame_index == frame.index - 1
        cv2.absdiff(now.fine, last.fine if known and last else now.fine, dst=planes[6])
        cv2.absdiff(now.coarse, last.coarse if known and last else now.coarse, dst=planes[7])
        numbers = _means(planes, _masks(observation.landmarks_px, matrix, frame.rgb.shape[:2]))
        if not known:
            numbers[:, 6:] = np.nan
        self._samples[observation.track_id].append(_Sample(observation.time_s, numbers))

    def finish(self, final_ids: Mapping[int, int]) -> dict[int, MouthTrace]:
        """Return one trace for each face; `final_ids` is the tracker's, several ids may be one face."""
        merged: defaultdict[int, dict[float, _Sample]] = defaultdict(dict)
        for seen, final in final_ids.items():
            for sample in self._samples.get(seen, []):
                merged[final].setdefault(sample.time_s, sample)
        return {final: _trace(final, by_time) for final, by_time in sorted(merged.items())}


def _trace(track_id: int, by_time: Mapping[float, _Sample]) -> MouthTrace:
    times = sorted(by_time)
    numbers = np.stack([by_time[time].numbers for time in times], axis=1)
    return MouthTrace(track_id, REGION_NAMES, np.array(times), numbers[..., 3:6], numbers[..., :3], numbers[..., 6:])


def _steady_map(landmarks_px: NDArray[np.float32]) -> Floats:
    """The map (2, 3) that turns a face upright and to one size by its eyes and nose."""
    rows = list(STEADY_POINTS)
    source, target = landmarks_px[rows, :2].astype(np.float64) @ [1, 1j], _canonical()[rows] @ [1, 1j]
    spread = source - source.mean()
    turn = np.vdot(spread, target - target.mean()) / max(np.vdot(spread, spread).real, 1e-9)
    shift = target.mean() - turn * source.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


@cache
def _canonical() -> Floats:
    """The mean frontal face (468, 2) where it lies in the cut."""
    flat = canonical_mesh()[:, :2]
    low, high = flat.min(axis=0), flat.max(axis=0)
    return np.asarray((flat - (low + high) / 2) * (SIDE_PX * FACE_SHARE / (high[1] - low[1])) + SIDE_PX / 2)


def _masks(landmarks_px: NDArray[np.float32], matrix: Floats, shape_hw: tuple[int, ...]) -> Image:
    """One where a region is (R, S, S): nowhere where one of its outlines leaves the picture."""
    masks = np.zeros((len(REGION_NAMES), SIDE_PX, SIDE_PX), np.float32)
    weights, pieces = _corners()
    points = landmarks_px[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    fixed = np.rint((weights @ points) * (1 << SUBPIXEL_BITS)).astype(np.int32)
    limit = (shape_hw[1], shape_hw[0])
    whole = bool(np.all((landmarks_px[:, :2] >= 0) & (landmarks_px[:, :2] <= limit)))
    for mask, polygons, region in zip(masks, OUTLINES, pieces, strict=True):
        if not whole and not all(_inside(landmarks_px, rows, limit) for rows, _ in polygons):
            continue
        for (_, reach), piece in zip(polygons, region, strict=True):
            cv2.fillPoly(mask, [fixed[piece]], float(reach > 0), shift=SUBPIXEL_BITS)
    return masks


def _inside(landmarks_px: NDArray[np.float32], rows: tuple[int, ...], limit: tuple[int, int]) -> bool:
    return bool(np.all((landmarks_px[list(rows), :2] >= 0) & (landmarks_px[list(rows), :2] <= limit)))


@cache
def _corners() -> tuple[Floats, list[list[slice]]]:
    """What each landmark counts in each corner of all outlines (C, 468), and where each outline's corners are."""
    weights, pieces, last = [], [], 0
    for polygons in OUTLINES:
        pieces.append([slice(last, last := last + len(rows)) for rows, _ in polygons])
        for rows, reach in polygons:
            own = np.eye(MESH_POINTS)[list(rows)]
            middle = own.mean(axis=0)
            weights.append(middle + abs(reach) * (own - middle))
    return np.concatenate(weights), pieces


def _means(planes: Image, masks: Image) -> Image:
    """Means (R, 8) of the planes (8, S, S) within the masks (R, S, S); NaN where a mask has but a few pixels."""
    count = masks.sum(axis=(1, 2))
    sums = masks.reshape(len(masks), -1) @ planes.reshape(len(planes), -1).T
    return np.where(count[:, None] >= FEWEST_PIXELS, sums / np.maximum(count, 1)[:, None], np.nan).astype(np.float32)
