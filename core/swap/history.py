"""The losses of a training, a line every so many steps, for its preview and its page."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean

from core.errors import OutputError
from core.swap.saved import replace

EVERY = 20
"""Steps that one row is the mean of."""
Row = tuple[int, float, float]
"""Step, loss of the source, loss of the target."""


class History:
    """Grows with each step; `keep` writes it. Rows of steps that were lost when a process was killed are dropped."""

    def __init__(self, path: Path, steps: int) -> None:
        self._path = path
        self._rows = [row for row in read_history(path) if row[0] <= steps]
        self._pending: list[tuple[float, float]] = []

    def add(self, step: int, source: float, target: float) -> None:
        """Count one step's losses."""
        self._pending.append((source, target))
        if step % EVERY == 0:
            of_source, of_target = zip(*self._pending, strict=True)
            self._rows.append((step, fmean(of_source), fmean(of_target)))
            self._pending.clear()

    def rows(self) -> list[Row]:
        """Return all rows."""
        return list(self._rows)

    def keep(self) -> None:
        """Write the rows.

        Raises:
            OutputError: they cannot be written.
        """
        lines = (json.dumps({"step": n, "source": round(s, 5), "target": round(t, 5)}) for n, s, t in self._rows)
        try:
            replace(self._path, "".join(f"{line}\n" for line in lines).encode())
        except OSError as error:
            raise OutputError(f"The losses of the training cannot be written to {self._path.parent}.") from error


def read_history(path: Path) -> list[Row]:
    """Return the rows of a training's history; none where there is none, and none of a damaged line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []
    rows: list[Row] = []
    for line in lines:
        try:
            values = json.loads(line)
            rows.append((int(values["step"]), float(values["source"]), float(values["target"])))
        except (ValueError, KeyError, TypeError):
            continue
    return rows
