"""The caption that is burned into every frame of a demo: what it is, its id, and the same as a code for machines.

One plate wanders along the picture's lower edge and one over the edge of each drawn face, so that no fixed crop or
blur takes both away. Where a plate stands depends only on the time and the face, so live pictures and files look alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from core.watermark.code import code_picture

LINES = ("AI-made face swap", "demo {id}")
MIN_SIDE_PX = 240
"""Of a picture that can carry the plates and leave something to see."""
CORNER_PERIOD_S, FACE_PERIOD_S = 23.0, 11.0
MAX_FACES = 3
OVERLAP = 0.2
"""The share of a face's height that its plate may cover: the lower lip ends there, and what is said can be seen."""
_PLATE_DARKNESS = 0.72
_FONT = cv2.FONT_HERSHEY_DUPLEX


@dataclass(frozen=True, slots=True)
class _Plate:
    """A picture (h, w, 3) uint8 and how much of it shows (h, w, 1), 0..1; both read-only."""

    rgb: NDArray[np.uint8]
    opacity: NDArray[np.float32]


def burn(
    rgb: NDArray[np.uint8], time_s: float, demo_id: str, swapped_xyxy_px: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Return the picture (H, W, 3) with the caption in it.

    Args:
        rgb: the picture, which stays as it is; no side shorter than 240 px.
        time_s: when it is shown: decides where the plates stand.
        demo_id: 8 hexadecimal digits.
        swapped_xyxy_px: (F, 4) boxes of the drawn faces; the three largest get a plate each, and where there is none
            the plate stands in the middle of the picture.

    Raises:
        ValueError: the picture is too small.
    """
    height, width = rgb.shape[:2]
    if min(height, width) < MIN_SIDE_PX:
        raise ValueError(f"a captioned picture has at least {MIN_SIDE_PX} px on each side")
    plate = _plate(demo_id, module_px(height, width), width)
    out = rgb.copy()
    for corner in _places(plate, time_s, height, width, np.asarray(swapped_xyxy_px, np.float32).reshape(-1, 4)):
        _lay(out, plate, *corner)
    return out


def module_px(height_px: int, width_px: int) -> int:
    """Return how many pixels a square of the code has on each side in a picture of that size."""
    return max(3, round(min(height_px, width_px) / 180))


def _places(plate: _Plate, time_s: float, height: int, width: int, boxes: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Where the plates' left upper corners are: (y, x)."""
    h, w = plate.rgb.shape[:2]
    margin = max(4, round(0.02 * min(height, width)))
    swing = 0.5 - 0.5 * math.cos(2 * math.pi * time_s / CORNER_PERIOD_S)
    along = margin + swing * max(0, width - w - 2 * margin)
    rise = 0.04 * height * (0.5 + 0.5 * math.sin(2 * math.pi * time_s / 7.0))
    places = [(height - h - margin - rise, along)]
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    largest = boxes[np.argsort(-areas)][:MAX_FACES]
    places += [_on_face(box, plate, time_s) for box in largest] or [_in_middle(plate, time_s, height, width)]
    return [(_inside(y, h, height), _inside(x, w, width)) for y, x in places]


def _on_face(box: NDArray[np.float32], plate: _Plate, time_s: float) -> tuple[float, float]:
    """On the lower edge of a face, wandering from cheek to cheek: it covers chin, never lips."""
    x0, _, x1, y1 = (float(value) for value in box)
    h, w = plate.rgb.shape[:2]
    swing = math.sin(2 * math.pi * time_s / FACE_PERIOD_S)
    middle = (x0 + x1) / 2 + swing * 0.25 * (x1 - x0)
    overlap = min(0.6 * h, OVERLAP * (y1 - float(box[1])) * (0.8 + 0.2 * math.cos(2 * math.pi * time_s / 5.0)))
    return y1 - overlap, middle - w / 2


def _in_middle(plate: _Plate, time_s: float, height: int, width: int) -> tuple[float, float]:
    h, w = plate.rgb.shape[:2]
    angle = 2 * math.pi * time_s / FACE_PERIOD_S
    return (
        (height - h) / 2 + 0.08 * height * math.sin(2 * angle),
        (width - w) / 2 + 0.12 * width * math.sin(angle),
    )


def _inside(start: float, length: int, whole: int) -> int:
    return int(min(max(round(start), 0), max(0, whole - length)))


def _lay(rgb: NDArray[np.uint8], plate: _Plate, y: int, x: int) -> None:
    height, width = rgb.shape[:2]
    h, w = min(plate.rgb.shape[0], height - y), min(plate.rgb.shape[1], width - x)
    below = rgb[y : y + h, x : x + w]
    shown, opacity = plate.rgb[:h, :w], plate.opacity[:h, :w]
    below[:] = np.rint(below + (shown - below.astype(np.float32)) * opacity)


@lru_cache(maxsize=8)
def _plate(demo_id: str, module: int, width: int) -> _Plate:
    """Code at the left, two lines of white text on dark glass beside it; at most as wide as the picture."""
    code = code_picture(demo_id, module)
    side = code.shape[0]
    lines = [line.format(id=demo_id) for line in LINES]
    gap = max(4, side // 12)
    scale, thick = _text_scale(lines, side, width - side - 3 * gap)
    sizes = [cv2.getTextSize(line, _FONT, scale, thick)[0] for line in lines]
    text_width = max(size[0] for size in sizes)
    rgb = np.full((side, side + text_width + 2 * gap, 3), 16, np.uint8)
    rgb[:, :side] = code[..., None]
    for i, line in enumerate(lines):
        middle = side * (0.32 + 0.4 * i)
        at = (side + gap, round(middle + sizes[i][1] / 2))
        cv2.putText(rgb, line, at, _FONT, scale, (255, 255, 255), thick, cv2.LINE_AA)
    opacity = np.full((*rgb.shape[:2], 1), _PLATE_DARKNESS, np.float32)
    opacity[:, :side] = 1
    opacity[:, side:] = np.maximum(opacity[:, side:], (rgb[:, side:, :1].astype(np.float32) - 16) / 239)
    rgb.flags.writeable = opacity.flags.writeable = False
    return _Plate(rgb, opacity)


def _text_scale(lines: list[str], side: int, room: int) -> tuple[float, int]:
    """A font scale that gives capitals of a fifth of the code's side, less where the picture has no room."""
    scale = side / 5 / 21  # capitals of this font have 21 px at scale 1
    thick = max(1, round(scale * 1.3))
    widest = max(cv2.getTextSize(line, _FONT, scale, thick)[0][0] for line in lines)
    return (scale if widest <= room else scale * room / widest), thick
