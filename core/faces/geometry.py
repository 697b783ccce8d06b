"""Boxes and square regions of a picture: small pure functions shared by the finder, the mesh and the tracker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RotatedSquare:
    """A square cut from a picture: centre and side in pixels, turned clockwise as seen by `angle_rad`."""

    x_px: float
    y_px: float
    side_px: float
    angle_rad: float = 0.0

    def to_crop(self, size_px: int) -> NDArray[np.float64]:
        """Return the affine map (2, 3) from picture pixels to those of a crop of `size_px`."""
        scale = size_px / self.side_px
        cos, sin = scale * np.cos(self.angle_rad), scale * np.sin(self.angle_rad)
        half = size_px / 2
        return np.array(
            [
                [cos, sin, half - cos * self.x_px - sin * self.y_px],
                [-sin, cos, half + sin * self.x_px - cos * self.y_px],
            ]
        )


def bounding_box(points_px: NDArray[np.floating]) -> FloatArray:
    """Return the box (4,) x1, y1, x2, y2 around points (N, 2+)."""
    x, y = points_px[:, 0], points_px[:, 1]
    return np.array([x.min(), y.min(), x.max(), y.max()], np.float32)


def side_px(box_xyxy: NDArray[np.floating]) -> float:
    """Return the larger side of a box."""
    return float(max(box_xyxy[2] - box_xyxy[0], box_xyxy[3] - box_xyxy[1]))


def centre_px(box_xyxy: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the centre (2,) of a box."""
    return (box_xyxy[:2] + box_xyxy[2:]) / 2


def overlaps(box_xyxy: NDArray[np.floating], boxes_xyxy: NDArray[np.floating]) -> tuple[FloatArray, FloatArray]:
    """Compare one box with many (N, 4).

    Returns:
        Intersection over union (N,), and intersection over the smaller of the two areas (N,).
    """
    low = np.maximum(box_xyxy[:2], boxes_xyxy[:, :2])
    high = np.minimum(box_xyxy[2:], boxes_xyxy[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    area = np.prod(box_xyxy[2:] - box_xyxy[:2])
    areas = np.prod(boxes_xyxy[:, 2:] - boxes_xyxy[:, :2], axis=1)
    union = np.maximum(area + areas - shared, 1e-9)
    smaller = np.maximum(np.minimum(area, areas), 1e-9)
    return (shared / union).astype(np.float32), (shared / smaller).astype(np.float32)


def iou(one_xyxy: NDArray[np.floating], other_xyxy: NDArray[np.floating]) -> float:
    """Return intersection over union of two boxes (4,)."""
    return float(overlaps(one_xyxy, other_xyxy[None])[0][0])


def suppress(boxes_xyxy: FloatArray, scores: FloatArray, max_iou: float, max_inside: float) -> NDArray[np.intp]:
    """Non-maximum suppression: return the indices kept, best score first.

    A box goes when it overlaps a better one by more than `max_iou`, or when the smaller of the two lies inside
    the larger by more than `max_inside` (a part of a face, seen in another tile).
    """
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while order.size:
        best, order = int(order[0]), order[1:]
        kept.append(best)
        shared, inside = overlaps(boxes_xyxy[best], boxes_xyxy[order])
        order = order[(shared <= max_iou) & (inside <= max_inside)]
    return np.array(kept, np.intp)
