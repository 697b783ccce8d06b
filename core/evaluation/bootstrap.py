"""Intervals for what was measured on a few people many times: whole people are drawn again, not their windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SEED = 20200723
DRAWS = 2000
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A value measured on all clusters and the percentile interval around it; NaN where nothing could be measured."""

    value: float
    low: float
    high: float


def cluster_bootstrap(
    clusters: Sequence[object],
    statistic: Callable[[NDArray[np.intp]], float],
    *,
    draws: int = DRAWS,
    level: float = LEVEL,
    seed: int = SEED,
) -> Interval:
    """Return `statistic` of all rows with its interval by resampling clusters.

    The rows of one person are alike: resampling rows would make the interval too narrow by about the square root of
    the rows a person has. Draws for which the statistic is not finite are left out.

    Args:
        clusters: (N,) the cluster of each row, such as the person.
        statistic: takes row indices (M,), repeated when a cluster was drawn twice.
        draws: how many times all clusters are drawn.
        level: share of the draws inside the interval.
        seed: of the draws; the same seed gives the same interval.

    Raises:
        ValueError: there are no rows.
    """
    return cluster_bootstrap_many(
        clusters, lambda rows: np.array([statistic(rows)]), draws=draws, level=level, seed=seed
    )[0]


def cluster_bootstrap_many(
    clusters: Sequence[object],
    statistics: Callable[[NDArray[np.intp]], NDArray[np.float64]],
    *,
    draws: int = DRAWS,
    level: float = LEVEL,
    seed: int = SEED,
) -> tuple[Interval, ...]:
    """As `cluster_bootstrap`, for K statistics (K,) that are computed together on the same draws.

    Raises:
        ValueError: there are no rows.
    """
    rows_by_name: dict[object, list[int]] = {}
    for row, name in enumerate(clusters):
        rows_by_name.setdefault(name, []).append(row)
    if not rows_by_name:
        raise ValueError("a bootstrap needs at least one row")
    rows_of = [np.array(rows, np.intp) for rows in rows_by_name.values()]
    rng = np.random.default_rng(seed)
    picks = rng.integers(len(rows_of), size=(draws, len(rows_of)))
    found = np.array([statistics(np.concatenate([rows_of[i] for i in picked])) for picked in picks])
    values = statistics(np.arange(len(clusters)))
    return tuple(_interval(float(value), found[:, k], level) for k, value in enumerate(values))


def _interval(value: float, drawn: NDArray[np.float64], level: float) -> Interval:
    drawn = drawn[np.isfinite(drawn)]
    if len(drawn) == 0:
        return Interval(value, float("nan"), float("nan"))
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high))
