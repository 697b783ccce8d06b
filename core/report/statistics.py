"""How many clips were checked day by day or week by week, by what was found, as a picture.

Run as a program it reads what to draw as JSON and writes the PNG: see `core.report.plot_apart`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from core.report.plot_apart import is_weekly
from core.report.style import FAINT_INK, GRID, TEXT_PT, add_panel, new_figure, to_png

WIDTH_PX, HEIGHT_PX = 900, 380
MOST_DATES = 7
WEEK = 7
HATCHES = ("", "///", "...", "xx", "\\\\\\", "++")
"""Besides their colours the parts of a bar differ in these, for who does not see the colours apart."""


def checks_by_day(
    days: Sequence[date], counts: Mapping[str, Sequence[int]], colours: Sequence[str], title: str
) -> bytes:
    """Return a PNG with one stacked bar a day (N days), or a week that ends on the day below it (`is_weekly`).

    Takes a few tenths of a second: not for an event loop.

    Args:
        days: one after another, each once.
        counts: name of what was found -> its number on each day (N,), in the order from the bottom of the bars.
        colours: one for each name, "#RRGGBB".
        title: what stands above.

    Raises:
        ValueError: a row of counts has not one number a day, or the colours are too few.
    """
    if any(len(row) != len(days) for row in counts.values()) or len(colours) < len(counts):
        raise ValueError("one number a day and one colour a name are needed")
    width = WEEK if is_weekly(days) else 1
    ends = list(days[::-1][::width][::-1])
    figure = new_figure(WIDTH_PX, HEIGHT_PX)
    axes = add_panel(figure, (60, 44, WIDTH_PX - 84, HEIGHT_PX - 140), title)
    below = np.zeros(len(ends))
    for (name, row), colour, hatch in zip(counts.items(), colours, HATCHES, strict=False):
        height = _summed(row, width)
        axes.bar(np.arange(len(ends)), height, 0.85, below, label=name, color=colour, hatch=hatch,
                 edgecolor="white", linewidth=0.4)  # fmt: skip
        below += height
    axes.set_xlim(-0.6, max(len(ends), WEEK) - 0.4)
    axes.set_ylim(0, max(1.0, float(below.max(initial=0)) * 1.08))
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.grid(axis="y", color=GRID)
    axes.set_axisbelow(True)
    step = -(-len(ends) // MOST_DATES) or 1
    axes.set_xticks(range(0, len(ends), step), [day.isoformat() for day in ends[::step]])
    figure.legend(loc="lower left", bbox_to_anchor=(0.05, 0.0), ncols=2, frameon=False, fontsize=TEXT_PT,
                  labelcolor=FAINT_INK)  # fmt: skip
    return to_png(figure)


def _summed(row: Sequence[int], width: int) -> NDArray[np.int64]:
    """Return sums over `width` days each, the last one whole."""
    padded = [0] * (-len(row) % width) + list(row)
    return np.asarray(np.array(padded, np.int64).reshape(-1, width).sum(1))


def main() -> None:
    """Draw what standard input says."""
    asked = json.load(sys.stdin)
    days = [date.fromisoformat(day) for day in asked["days"]]
    sys.stdout.buffer.write(checks_by_day(days, asked["counts"], asked["colours"], asked["title"]))


if __name__ == "__main__":
    main()
