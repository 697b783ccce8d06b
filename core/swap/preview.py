"""The preview of a training: both people as they are and as they are drawn, the swap, its mask, and the losses.

Every drawn face says on itself that it is drawn, and the file that there are some.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from core.errors import OutputError
from core.swap.augment import Person
from core.swap.history import Row
from core.swap.material import resized
from core.swap.metadata import png_saying
from core.swap.saved import replace
from models.swap_autoencoder import SwapDrawer

Picture = NDArray[np.uint8]
COLUMNS = ("source", "source drawn", "target", "target drawn", "source as target", "its mask")
DRAWN = (False, True, False, True, True, False)
CAPTION = "AI-drawn face"
ROWS, TILE_PX, HEAD_PX, PLOT_PX = 4, 168, 30, 200
_FONT = cv2.FONT_HERSHEY_DUPLEX


def write_preview(
    path: Path, people: tuple[Person, Person], drawer: SwapDrawer, history: Sequence[Row], steps: int
) -> None:
    """Write the preview as PNG, in one step.

    Raises:
        OutputError: it cannot be written.
    """
    done, png = cv2.imencode(".png", cv2.cvtColor(preview(people, drawer, history, steps), cv2.COLOR_RGB2BGR))
    try:
        if not done:
            raise OSError("the picture cannot be encoded")
        replace(path, png_saying(png.tobytes(), "AI-drawn faces: the preview of a training"))
    except OSError as error:
        raise OutputError(f"The preview cannot be written to {path.parent}.") from error


def preview(people: tuple[Person, Person], drawer: SwapDrawer, history: Sequence[Row], steps: int) -> Picture:
    """Return the preview (H, W, 3) RGB: four faces of either person, spread over what they do, and the losses."""
    source, target = (person.rgb[spread_out(person, ROWS)] for person in people)
    source_drawn, target_drawn = drawer.selves(source, target)
    swapped, mask, _ = drawer(source)
    covered = np.repeat(np.rint(255 * mask).astype(np.uint8)[..., None], 3, axis=3)
    columns = (source, source_drawn, target, target_drawn, swapped, covered)
    tiles = np.vstack(
        [
            np.hstack([_tile(column[row], drawn) for column, drawn in zip(columns, DRAWN, strict=True)])
            for row in range(ROWS)
        ]
    )
    return np.vstack([_head(tiles.shape[1]), tiles, _losses(history, steps, tiles.shape[1])])


def spread_out(person: Person, count: int) -> NDArray[np.int64]:
    """Return the numbers of `count` faces from the leftmost turn of the head to the rightmost."""
    order = np.argsort(person.yaw_deg, kind="stable")
    return order[np.linspace(0, len(order) - 1, count).round().astype(np.int64)]


def _tile(face: Picture, drawn: bool) -> Picture:
    tile = np.ascontiguousarray(resized(face, TILE_PX))
    if drawn:
        width = cv2.getTextSize(CAPTION, _FONT, 0.42, 1)[0][0]
        at = ((TILE_PX - width) // 2, TILE_PX - 6)
        tile[TILE_PX - 18 :] = tile[TILE_PX - 18 :] // 3
        cv2.putText(tile, CAPTION, at, _FONT, 0.42, (255, 255, 255), 1, cv2.LINE_AA)
    return tile


def _head(width: int) -> Picture:
    head = np.full((HEAD_PX, width, 3), 255, np.uint8)
    for number, title in enumerate(COLUMNS):
        cv2.putText(head, title, (number * TILE_PX + 6, HEAD_PX - 10), _FONT, 0.45, (40, 40, 40), 1, cv2.LINE_AA)
    return head


def _losses(history: Sequence[Row], steps: int, width: int) -> Picture:
    """The losses of both people over the steps, (PLOT_PX, width, 3)."""
    figure = Figure(figsize=(width / 100, PLOT_PX / 100), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    number, source, target = np.array(history, np.float64).reshape(-1, 3).T
    for losses, name, colour in ((source, "source", "#0072b2"), (target, "target", "#d55e00")):
        axes.plot(
            number, losses, color=colour, linewidth=1.2, label=f"{name} {losses[-1]:.3f}" if len(losses) else name
        )
    if len(number):
        axes.set_yscale("log")
        for which in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
            which("{x:.2g}")
        axes.set_xlim(0, max(float(number[-1]), 1.0))
    axes.set_xlabel("iterations", fontsize=8)
    axes.set_ylabel("loss", fontsize=8)
    axes.set_title(f"{steps:,} iterations", fontsize=9, loc="left")
    axes.tick_params(labelsize=7, which="both")
    axes.grid(True, which="both", alpha=0.25)
    axes.legend(fontsize=8, loc="upper right")
    file = io.BytesIO()
    figure.savefig(file, format="png")
    bgr = cv2.imdecode(np.frombuffer(file.getvalue(), np.uint8), cv2.IMREAD_COLOR)
    plot = np.full((PLOT_PX, width, 3), 255, np.uint8) if bgr is None else np.asarray(bgr[..., ::-1], np.uint8)
    return resized_to(plot, width, PLOT_PX)


def resized_to(picture: NDArray[np.uint8], width: int, height: int) -> Picture:
    """Return the picture cut or filled with white to exactly this size."""
    out = np.full((height, width, 3), 255, np.uint8)
    rows, columns = min(height, picture.shape[0]), min(width, picture.shape[1])
    out[:rows, :columns] = picture[:rows, :columns]
    return out
