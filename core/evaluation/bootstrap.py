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
    names = list(dict.fromkeys(clusters))
    if not names:
        raise ValueError("a bootstrap needs at least one row")
    rows_of = [np.flatnonzero([cluster == name for cluster in clusters]) for name in names]
    rng = np.random.default_rng(seed)
    drawn = (
        np.concatenate([rows_of[i] for i in picked]) for picked in rng.integers(len(names), size=(draws, len(names)))
    )
    found = np.array([statistic(rows) for rows in drawn])
    found = found[np.isfinite(found)]
    value = statistic(np.arange(len(clusters)))
    if len(found) == 0:
        return Interval(value, float("nan"), float("nan"))
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high))
