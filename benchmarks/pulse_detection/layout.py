"""How the tables of classifiers look."""

from __future__ import annotations

from rich.table import Table as RichTable

from core.evaluation.bootstrap import Interval
from core.evaluation.pulse_detection import Table


def empty(title: str) -> RichTable:
    """Return a table for the figures of classifiers."""
    names = ("", "segments", "faces", "AUC segment", "AUC video", "AUC majority", "accuracy", "by majority", "paired")
    return RichTable(*names, title=title)


def add(table: RichTable, name: str, t: Table) -> None:
    """Add the line of one classifier."""
    intervals = (t.segment_auc, t.video_auc, t.majority_auc, t.accuracy, t.majority_accuracy, t.paired)
    table.add_row(name, f"{t.segments}", f"{t.faces}", *(told(interval) for interval in intervals))


def told(interval: Interval) -> str:
    """Return a figure with its interval, without the zeros before the points."""
    return f"{interval.value:.2f} [{interval.low:.2f}, {interval.high:.2f}]".replace("0.", ".")
