"""One look for every figure: paper, ink, colours that stay apart for colour-blind eyes, words instead of symbols.

Figures carry their own light paper, so they read the same on a dark page and on a light one. Only matplotlib's
objects are used, never its global state: figures can be made in any thread or process.
"""

from __future__ import annotations

import io
import textwrap

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

PAPER = "#FCFCFA"
INK = "#1F2933"
FAINT_INK = "#5F6B7A"
GRID = "#E3E6EA"

# Okabe and Ito's palette ("Color Universal Design", 2008), the members with enough contrast on paper first.
FACE_COLOURS = ("#0072B2", "#D55E00", "#007A5A", "#B0568A", "#8A6100", "#3A3A3A")

DPI = 100
TITLE_PT = 14.0
TEXT_PT = 11.5


def face_colour(position: int) -> str:
    """Return the colour of the face at `position` in the report; they repeat after six."""
    return FACE_COLOURS[position % len(FACE_COLOURS)]


def new_figure(width_px: int, height_px: int) -> Figure:
    """Return an empty figure of that size with its own canvas."""
    figure = Figure(figsize=(width_px / DPI, height_px / DPI), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    return figure


def to_png(figure: Figure, scale: float = 1.0) -> bytes:
    """Return the figure as PNG bytes, `scale` times its size in pixels."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI * scale, facecolor=PAPER, pil_kwargs={"compress_level": 4})
    return buffer.getvalue()


def add_panel(figure: Figure, box_px: tuple[float, float, float, float], title: str) -> Axes:
    """Return axes at `box_px` (left, top, width, height; from the top left corner) under a title in words."""
    width_px, height_px = (float(side) * DPI for side in figure.get_size_inches())
    left, top, width, height = box_px
    axes = figure.add_axes((left / width_px, 1 - (top + height) / height_px, width / width_px, height / height_px))
    axes.set_facecolor(PAPER)
    axes.set_title(title, loc="left", fontsize=TITLE_PT, color=INK, pad=9, fontweight="bold")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT_INK)
    axes.tick_params(colors=FAINT_INK, labelsize=TEXT_PT, length=3)
    return axes


def label_x(axes: Axes, words: str) -> None:
    """Write what runs from left to right."""
    axes.set_xlabel(words, fontsize=TEXT_PT, color=FAINT_INK)


def hide_axis(axes: Axes) -> None:
    """Leave the title and what is drawn, without ticks and lines."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def say(axes: Axes, sentence: str, characters: int = 58, height: float = 0.5) -> None:
    """Write a sentence at a share of the axes' height, in place of a curve or over a faint one."""
    axes.text(
        0.5,
        height,
        "\n".join(textwrap.wrap(sentence, characters)),
        transform=axes.transAxes,
        ha="center",
        va="center",
        fontsize=TEXT_PT + 1,
        color=INK,
        linespacing=1.45,
        bbox={"boxstyle": "round,pad=0.7", "facecolor": "#EEF0F3", "edgecolor": GRID},
        zorder=10,
    )


def say_instead(axes: Axes, sentence: str, characters: int = 58) -> None:
    """Say why there is nothing to draw, instead of empty axes."""
    hide_axis(axes)
    say(axes, sentence, characters)
