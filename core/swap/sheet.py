"""Pictures of a face set: its faces in an order, and which turns of the head it covers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from core.errors import FaceSetError
from core.report import style
from core.swap.coverage import CELL_DEG, PITCH_EDGES_DEG, YAW_EDGES_DEG, Coverage
from core.swap.face_set import read_picture
from core.types import FaceSet, SwapFace

ORDERS: dict[str, Callable[[SwapFace], Any]] = {
    "yaw": lambda face: face.yaw_deg,
    "pitch": lambda face: face.pitch_deg,
    "sharpness": lambda face: -face.sharpness,
    "size": lambda face: -face.face_px,
    "time": lambda face: (face.source, face.frame_index),
}
"""What faces can be sorted by: from right to left as the person turns, from down to up, sharpest first, largest
first, as they were filmed."""

COLUMNS, ROWS, THUMB_PX, GAP_PX = 12, 6, 96, 2
WIDTH_PX = COLUMNS * THUMB_PX + 48
GRID_TOP_PX, COVERAGE_PX = 44, 440
DRAWN_YAW_DEG, DRAWN_PITCH_DEG = 75.0, 40.0
ASKED_YAW_DEG, ASKED_PITCH_DEG = 45.0, 25.0
"""Turns that most clips have: what a set lacks of these is marked as missing."""
COVERED_COLOUR, MISSING_COLOUR = (0.0, 0.447, 0.698), "#D55E00"


def in_order(face_set: FaceSet, by: str) -> list[SwapFace]:
    """Return the faces of a set sorted by one of `ORDERS`."""
    return sorted(face_set.faces, key=ORDERS[by])


def sheet_png(face_set: FaceSet, by: str = "yaw") -> bytes:
    """Return a PNG of at most 72 faces of a set, evenly picked in their order, over its coverage."""
    faces = in_order(face_set, by)
    some = [faces[i] for i in np.linspace(0, len(faces) - 1, min(len(faces), COLUMNS * ROWS)).round().astype(int)]
    rows = -(-len(some) // COLUMNS)
    figure = style.new_figure(WIDTH_PX, rows * THUMB_PX + GRID_TOP_PX + COVERAGE_PX)
    of = f"{len(some)} of {len(faces)} faces" if len(some) < len(faces) else f"{len(faces)} faces"
    grid = style.add_panel(figure, (24, GRID_TOP_PX, COLUMNS * THUMB_PX, rows * THUMB_PX), f"{of}, by {by}")
    grid.imshow(_tiled(face_set, some, rows), interpolation="none", aspect="auto")
    style.hide_axis(grid)
    _coverage_panel(figure, Coverage.of(face_set), rows * THUMB_PX + GRID_TOP_PX)
    return style.to_png(figure)


def coverage_png(coverage: Coverage) -> bytes:
    """Return a PNG of the turns of the head that were seen, where a network can be trusted, and what is missing."""
    figure = style.new_figure(WIDTH_PX, COVERAGE_PX)
    _coverage_panel(figure, coverage, 0)
    return style.to_png(figure)


def missing(coverage: Coverage) -> str:
    """Return in words which common turns of the head a set lacks; empty where it lacks none."""
    looks = {
        "to the left": (ASKED_YAW_DEG - CELL_DEG / 2, 0.0),
        "to the right": (-ASKED_YAW_DEG + CELL_DEG / 2, 0.0),
        "up": (0.0, ASKED_PITCH_DEG - CELL_DEG / 2),
        "down": (0.0, -ASKED_PITCH_DEG + CELL_DEG / 2),
    }
    return ", ".join(words for words, pose in looks.items() if coverage.at(*pose) < 0.5)


def _coverage_panel(figure: Figure, coverage: Coverage, top_px: float) -> None:
    share = _share(coverage)
    axes = style.add_panel(figure, (96, top_px + 50, WIDTH_PX - 150, 290), f"Turns of the head: {share}")
    _draw(axes, coverage)
    lacks = missing(coverage)
    note = "Numbers are faces in 5° × 5°. Blue: a network can be trusted there. Orange: missing"
    figure.text(
        96 / WIDTH_PX,
        20 / (figure.get_size_inches()[1] * style.DPI),
        f"{note}{f', above all {lacks}' if lacks else ''}.",
        fontsize=style.TEXT_PT,
        color=style.FAINT_INK,
    )


def _draw(axes: Axes, coverage: Coverage) -> None:
    grid = coverage.grid()
    for i, yaw in enumerate(YAW_EDGES_DEG[:-1]):
        for j, pitch in enumerate(PITCH_EDGES_DEG[:-1]):
            _draw_cell(axes, (float(yaw), float(pitch)), float(grid[i, j]), int(coverage.counts[i, j]))
    axes.set_xlim(-DRAWN_YAW_DEG, DRAWN_YAW_DEG)
    axes.set_ylim(-DRAWN_PITCH_DEG, DRAWN_PITCH_DEG)
    axes.set_xticks(np.arange(-75, 76, 15))
    axes.set_yticks(np.arange(-40, 41, 20))
    axes.set_ylabel("down   pitch in degrees   up", fontsize=style.TEXT_PT, color=style.FAINT_INK)
    style.label_x(axes, "to the person's right          yaw in degrees          to the person's left")


def _draw_cell(axes: Axes, corner: tuple[float, float], covered: float, faces: int) -> None:
    yaw, pitch = corner
    if abs(yaw + CELL_DEG / 2) > DRAWN_YAW_DEG or abs(pitch + CELL_DEG / 2) > DRAWN_PITCH_DEG:
        return
    if covered > 0:
        colour: tuple[float, ...] | str = (*COVERED_COLOUR, 0.12 + 0.68 * covered)
        axes.add_patch(Rectangle(corner, CELL_DEG, CELL_DEG, facecolor=colour, edgecolor=style.PAPER, lw=0.6))
    if covered < 0.5 and _is_asked(yaw, pitch):
        axes.add_patch(
            Rectangle(corner, CELL_DEG, CELL_DEG, fill=False, hatch="////", edgecolor=MISSING_COLOUR, lw=0, alpha=0.7)
        )
    if faces:
        ink = "white" if covered > 0.5 else style.INK
        words = str(faces) if faces < 1000 else f"{faces / 1000:.0f}k"
        axes.text(yaw + CELL_DEG / 2, pitch + CELL_DEG / 2, words, ha="center", va="center", fontsize=7.5, color=ink)


def _is_asked(yaw: float, pitch: float) -> bool:
    """Whether a cell lies in the ellipse of common turns."""
    middle = np.array([yaw, pitch]) + CELL_DEG / 2
    return float(np.hypot(*(middle / (ASKED_YAW_DEG, ASKED_PITCH_DEG)))) <= 1


def _share(coverage: Coverage) -> str:
    grid = coverage.grid()
    asked = np.array([[_is_asked(yaw, pitch) for pitch in PITCH_EDGES_DEG[:-1]] for yaw in YAW_EDGES_DEG[:-1]])
    return f"{(grid[asked] >= 0.5).mean():.0%} of the common ones covered"


def _tiled(face_set: FaceSet, faces: Sequence[SwapFace], rows: int) -> NDArray[np.uint8]:
    if not faces:
        raise FaceSetError("There is no face in the set.")
    paper = np.full((rows * THUMB_PX, COLUMNS * THUMB_PX, 3), 252, np.uint8)
    for number, face in enumerate(faces):
        y, x = (part * THUMB_PX for part in divmod(number, COLUMNS))
        small = cv2.resize(
            read_picture(face_set, face), (THUMB_PX - GAP_PX, THUMB_PX - GAP_PX), interpolation=cv2.INTER_AREA
        )
        paper[y : y + THUMB_PX - GAP_PX, x : x + THUMB_PX - GAP_PX] = small
    return paper
