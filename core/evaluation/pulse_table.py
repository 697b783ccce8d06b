"""Tables of pulse rates read by several readers on the same windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.evaluation.bootstrap import Interval, cluster_bootstrap
from core.evaluation.metrics import answered, coverage_curve, mae, pearson, rmse, share_within

CONFIDENCE_EDGES = (0.4, 0.6, 0.8)


@dataclass(frozen=True, slots=True)
class RateReading:
    """What one reader said of one window: `bpm` None where it abstained; `confidence` in the reader's own scale."""

    reader: str
    subject: str
    start_s: float
    truth_bpm: float
    bpm: float | None
    confidence: float


@dataclass(frozen=True, slots=True)
class ReaderSummary:
    """One reader over all windows; intervals by resampling subjects."""

    reader: str
    windows: int
    answered: Interval
    mae_bpm: Interval
    rmse_bpm: Interval
    within_5_bpm: Interval
    correlation: Interval
    mae_by_subject_bpm: dict[str, float]


def summarise(readings: Sequence[RateReading], **bootstrap: int) -> ReaderSummary:
    """Return the figures of one reader.

    Args:
        readings: of one reader, at least one.
        bootstrap: `draws` and `seed` of the intervals.

    Raises:
        ValueError: none, or of several readers.
    """
    readers = {one.reader for one in readings}
    if len(readers) != 1:
        raise ValueError("a summary is of one reader")
    error, read, truth = errors(readings)
    subjects = [one.subject for one in readings]

    def interval(statistic: Callable[[NDArray[np.intp]], float]) -> Interval:
        return cluster_bootstrap(subjects, statistic, **bootstrap)

    return ReaderSummary(
        reader=readers.pop(),
        windows=len(readings),
        answered=interval(lambda rows: answered(error[rows])),
        mae_bpm=interval(lambda rows: mae(error[rows])),
        rmse_bpm=interval(lambda rows: rmse(error[rows])),
        within_5_bpm=interval(lambda rows: share_within(error[rows])),
        correlation=interval(lambda rows: pearson(read[rows], truth[rows])),
        mae_by_subject_bpm={
            name: mae(error[[subject == name for subject in subjects]]) for name in dict.fromkeys(subjects)
        },
    )


def errors(
    readings: Sequence[RateReading],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return read minus true, read, and true rates (N,) each; NaN where nothing was read."""
    read = np.array([np.nan if one.bpm is None else one.bpm for one in readings])
    truth = np.array([one.truth_bpm for one in readings])
    return read - truth, read, truth


def overall_table(summaries: Sequence[ReaderSummary]) -> str:
    """Return a Markdown table, one row a reader, with 95 % intervals."""
    head = ["reader", "windows", "answered", "MAE, bpm", "RMSE, bpm", "within 5 bpm", "correlation"]
    rows = [
        [
            one.reader,
            str(one.windows),
            _percent(one.answered),
            _number(one.mae_bpm),
            _number(one.rmse_bpm),
            _percent(one.within_5_bpm),
            _number(one.correlation, 2),
        ]
        for one in summaries
    ]
    return _markdown(head, rows)


def subject_table(summaries: Sequence[ReaderSummary]) -> str:
    """Return a Markdown table of mean absolute errors in bpm: a row a reader, a column a subject, and their mean."""
    subjects = list(dict.fromkeys(name for one in summaries for name in one.mae_by_subject_bpm))
    rows = []
    for one in summaries:
        values = [one.mae_by_subject_bpm.get(name, float("nan")) for name in subjects]
        known = [value for value in values if np.isfinite(value)]
        mean = float(np.mean(known)) if known else float("nan")
        rows.append([one.reader, *(_plain(value) for value in (*values, mean))])
    return _markdown(["reader", *subjects, "mean"], rows)


def coverage_table(by_reader: dict[str, Sequence[RateReading]]) -> str:
    """Return a Markdown table: the error of each reader's most trusted readings, by share of all windows."""
    rows = []
    for reader, readings in by_reader.items():
        confidence = np.array([one.confidence for one in readings])
        if np.isfinite(confidence).all():
            points = coverage_curve(errors(readings)[0], confidence)
            rows.append([reader, ", ".join(f"{p.coverage:.0%}: {p.mae_bpm:.1f}" for p in points) or "–"])
    return _markdown(["reader", "share of windows: MAE, bpm"], rows)


def difference_table(by_reader: Mapping[str, Sequence[RateReading]], ours: str) -> str:
    """Return a Markdown table: the error of `ours` less that of each other reader, where both answered.

    Below 0 ours is nearer to the truth. Intervals by resampling subjects.

    Raises:
        ValueError: a reader was not given the same windows as `ours`.
    """
    windows = [(one.subject, one.start_s) for one in by_reader[ours]]
    own = np.abs(errors(by_reader[ours])[0])
    rows = []
    for reader, readings in by_reader.items():
        if [(one.subject, one.start_s) for one in readings] != windows:
            raise ValueError("readers are compared on the same windows")
        less = own - np.abs(errors(readings)[0])
        both = np.flatnonzero(np.isfinite(less))
        if reader != ours and len(both):
            found = cluster_bootstrap([windows[i][0] for i in both], partial(_mean_of, less[both]))
            rows.append([reader, str(len(both)), _number(found)])
    return _markdown(["reader", "windows", f"error of {ours} less its own, bpm"], rows)


def confidence_table(readings: Sequence[RateReading], edges: Sequence[float] = CONFIDENCE_EDGES) -> str:
    """Return a Markdown table: windows, share within 5 bpm and error of a reader by its confidence of 0 to 1."""
    error = errors(readings)[0]
    confidence = np.array([one.confidence for one in readings])
    rows = []
    for low, high in pairwise((-np.inf, *edges, np.inf)):
        inside = (confidence >= low) & (confidence < high) & np.isfinite(error)
        if inside.any():
            between = f"under {high:g}" if low < 0 else f"{low:g} and over" if high > 1 else f"{low:g} to {high:g}"
            within = f"{share_within(error[inside]):.0%}"
            rows.append(
                [between, str(inside.sum()), within, _plain(mae(error[inside])), _plain(confidence[inside].mean(), 2)]
            )
    return _markdown(["confidence", "windows", "within 5 bpm", "MAE, bpm", "mean confidence"], rows)


def _mean_of(values: NDArray[np.float64], rows: NDArray[np.intp]) -> float:
    return float(values[rows].mean())


def _plain(value: float, digits: int = 1) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else "–"


def _number(interval: Interval, digits: int = 1) -> str:
    if not np.isfinite(interval.value):
        return "–"
    return f"{interval.value:.{digits}f} ({_plain(interval.low, digits)} to {_plain(interval.high, digits)})"


def _percent(interval: Interval) -> str:
    if not np.isfinite(interval.value):
        return "–"
    return f"{interval.value:.0%} ({interval.low:.0%} to {interval.high:.0%})"


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"
