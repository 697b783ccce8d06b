"""The reliability plot: how often a clip was fake when its probability was said to be so."""

from __future__ import annotations

from typing import Any

from core.evaluation.detection.figures import BINS, clopper_pearson
from core.evaluation.detection.units import CONSTANT, FUSED
from core.report.style import FAINT_INK, GRID, INK, TEXT_PT, add_panel, face_colour, new_figure, to_png

WIDTH_PX, HEIGHT_PX = 900, 760


def reliability_png(methods: dict[str, Any]) -> bytes:
    """Return the plot of every method whose scores are probabilities, as PNG.

    Args:
        methods: the part of that name of the table. The fused verdict has exact 95 % intervals, by clips.
    """
    shown = {name: one["reliability"] for name, one in methods.items() if one["reliability"] and name != CONSTANT}
    figure = new_figure(WIDTH_PX, HEIGHT_PX)
    axes = add_panel(figure, (80, 60, 780, 430), "Was it fake as often as was said?")
    counts = add_panel(figure, (80, 570, 780, 120), "Clips by score")
    axes.plot([0, 1], [0, 1], color=FAINT_INK, linewidth=1, linestyle=(0, (4, 3)), label="as often as said")
    for position, (name, bins) in enumerate(shown.items()):
        colour = face_colour(position)
        said = [one["mean_score"] for one in bins]
        was = [clopper_pearson(one["fakes"], one["count"]) for one in bins]
        axes.plot(said, [w.value for w in was], "o-", color=colour, linewidth=1.6, markersize=5, label=name)
        if name == FUSED:
            axes.vlines(said, [w.low for w in was], [w.high for w in was], color=colour, linewidth=1)
        width = 0.8 / len(shown) / BINS
        offset = (position - (len(shown) - 1) / 2) * width
        centres = [(min(int(one["mean_score"] * BINS), BINS - 1) + 0.5) / BINS + offset for one in bins]
        counts.bar(centres, [one["count"] for one in bins], width=width, color=colour)
    if not shown:
        axes.text(0.5, 0.5, "No method gave a probability.", ha="center", color=INK, fontsize=TEXT_PT)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.set_ylabel("share of clips that were fake", color=INK, fontsize=TEXT_PT)
    axes.grid(color=GRID)
    axes.legend(loc="upper left", frameon=False, fontsize=TEXT_PT - 1)
    counts.set(xlim=(-0.02, 1.02))
    counts.set_xlabel("said: probability of being fake", color=INK, fontsize=TEXT_PT)
    return to_png(figure)
