"""Finding faces in one picture: the RFB-320 detector on the whole picture and on overlapping tiles.

The network sees 320×240 pixels and finds faces from about 16 px there. The whole picture is enough for large
faces; tiles of about 640×480 to 736×552 find a 48-px face in a 1280×720 picture (22 px to the network).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.faces.geometry import FloatArray, suppress
from core.onnx import onnxruntime

INPUT_SIZE = (320, 240)
"""Width and height of the network's picture."""
MEAN, SPREAD = 127.0, 128.0
TILE_SIZE = (736, 552)
"""Largest tile: a 48-px face is 21 px to the network."""
TILE_OVERLAP_PX = 120
"""A face that is larger than this may be cut by a tile, and is found in the whole picture."""
MIN_SCORE = 0.5
MIN_FACE_PX = 24.0
"""Nothing can be measured on a smaller face, and the mesh does not hold on it."""
EDGE_PX = 3.0
MARGIN = 0.92
"""Share of the network's picture that is filled: a face that fills the frame needs surroundings."""
WIDE_MARGIN = 0.6


@dataclass(frozen=True, slots=True)
class Detections:
    """Faces of one picture, best first: `boxes_xyxy_px` (N, 4), `scores` (N,) in 0..1."""

    boxes_xyxy_px: FloatArray
    scores: FloatArray


@dataclass(frozen=True, slots=True)
class _View:
    """A part of the picture as the network sees it: network pixel = scale × picture pixel + shift."""

    x0: int
    y0: int
    x1: int
    y1: int
    fill: float


class FaceFinder:
    """Boxes of all faces of a picture; one instance is used by one thread at a time."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def find(self, rgb: NDArray[np.uint8]) -> Detections:
        """Return the faces in a picture (H, W, 3) of any size."""
        height, width = rgb.shape[:2]
        halvings = _halvings(rgb)
        views = [_View(0, 0, width, height, MARGIN), *_tiles(width, height)]
        found = self._look(halvings, views)
        if len(found.scores) == 0:  # perhaps a face larger than the frame
            found = self._look(halvings, [_View(0, 0, width, height, WIDE_MARGIN)])
        return found

    def _look(self, halvings: list[NDArray[np.uint8]], views: list[_View]) -> Detections:
        parts = [self._look_at(halvings, view) for view in views]
        boxes = np.concatenate([part.boxes_xyxy_px for part in parts])
        scores = np.concatenate([part.scores for part in parts])
        kept = suppress(boxes, scores, max_iou=0.35, max_inside=0.7)
        return Detections(boxes[kept], scores[kept])

    def _look_at(self, halvings: list[NDArray[np.uint8]], view: _View) -> Detections:
        picture, scale, shift = _network_picture(halvings, view)
        (output,) = self._session.run(None, {self._input: picture[None]})
        columns: FloatArray = output[0]  # (4420, 6): background, face, x1, y1, x2, y2 in 0..1
        likely = columns[columns[:, 1] >= MIN_SCORE]
        boxes = (likely[:, 2:] * np.array(INPUT_SIZE * 2, np.float32) - np.tile(shift, 2)) / scale
        boxes += np.array([view.x0, view.y0] * 2, np.float32)
        whole = _uncut(boxes, view, halvings[0].shape[1], halvings[0].shape[0])
        large = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0) >= MIN_FACE_PX
        return Detections(boxes[whole & large].astype(np.float32), likely[whole & large, 1])


def _tiles(width: int, height: int) -> list[_View]:
    columns = _spans(width, TILE_SIZE[0])
    rows = _spans(height, TILE_SIZE[1])
    if len(columns) == len(rows) == 1:
        return []
    return [_View(x0, y0, x1, y1, 1.0) for y0, y1 in rows for x0, x1 in columns]


def _spans(length: int, longest: int) -> list[tuple[int, int]]:
    """Cut a side into equal overlapping spans of at most `longest`."""
    count = max(1, ceil((length - TILE_OVERLAP_PX) / (longest - TILE_OVERLAP_PX)))
    size = ceil((length + (count - 1) * TILE_OVERLAP_PX) / count)
    starts = np.linspace(0, length - size, count).round().astype(int)
    return [(int(start), int(start) + size) for start in starts]


def _halvings(rgb: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Return the picture, its half, its quarter, …: averaging by two is fast, by any other factor it is not."""
    pictures = [rgb]
    while min(pictures[-1].shape[1] // INPUT_SIZE[0], pictures[-1].shape[0] // INPUT_SIZE[1]) >= 1:
        even = pictures[-1][: pictures[-1].shape[0] // 2 * 2, : pictures[-1].shape[1] // 2 * 2]
        half = (even.shape[1] // 2, even.shape[0] // 2)
        pictures.append(np.asarray(cv2.resize(even, half, interpolation=cv2.INTER_AREA), np.uint8))
    return pictures


def _network_picture(halvings: list[NDArray[np.uint8]], view: _View) -> tuple[FloatArray, float, FloatArray]:
    width, height = view.x1 - view.x0, view.y1 - view.y0
    scale = view.fill * min(INPUT_SIZE[0] / width, INPUT_SIZE[1] / height)
    level = min(max(int(-np.log2(scale)), 0), len(halvings) - 1)
    part = halvings[level][view.y0 >> level : view.y1 >> level, view.x0 >> level : view.x1 >> level]
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    small = cv2.resize(part, size, interpolation=cv2.INTER_LINEAR)
    left, top = (INPUT_SIZE[0] - size[0]) // 2, (INPUT_SIZE[1] - size[1]) // 2
    picture = np.zeros((INPUT_SIZE[1], INPUT_SIZE[0], 3), np.float32)
    filled = picture[top : top + size[1], left : left + size[0]]
    np.multiply(small, np.float32(1 / SPREAD), out=filled)
    filled -= np.float32(MEAN / SPREAD)
    return picture, scale, np.array([left, top], np.float32)


def _uncut(boxes: FloatArray, view: _View, width: int, height: int) -> NDArray[np.bool_]:
    """Tell which boxes do not touch an edge of the tile that lies inside the picture."""
    whole = np.ones(len(boxes), bool)
    for axis, (low, high, end) in enumerate(((view.x0, view.x1, width), (view.y0, view.y1, height))):
        if low > 0:
            whole &= boxes[:, axis] > low + EDGE_PX
        if high < end:
            whole &= boxes[:, axis + 2] < high - EDGE_PX
    return whole
