"""A plot drawn in a process of its own: the one that people talk to loads no plotting library and is never held up."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date

from core.errors import OutputError

MOST_BARS = 62
LONGEST_S = 60.0


def is_weekly(days: Sequence[date]) -> bool:
    """Return whether there are so many days that a bar of the plot is a week."""
    return len(days) > MOST_BARS


def plot_apart(days: Sequence[date], counts: Mapping[str, Sequence[int]], colours: Sequence[str], title: str) -> bytes:
    """Return what `core.report.statistics.checks_by_day` draws. Waits for a second or two: not on an event loop.

    Raises:
        OutputError: it cannot be drawn.
    """
    asked = {
        "days": [day.isoformat() for day in days],
        "counts": {name: list(row) for name, row in counts.items()},
        "colours": list(colours),
        "title": title,
    }
    command = [sys.executable, "-P", "-m", "core.report.statistics"]
    try:
        drawn = subprocess.run(  # noqa: S603 - our own module
            command, input=json.dumps(asked).encode(), capture_output=True, check=True, timeout=LONGEST_S
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise OutputError("The plot cannot be drawn.") from error
    return drawn.stdout
