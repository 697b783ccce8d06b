"""Figures of scores against the truth. Higher scores mean fake; every score is finite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from core.evaluation.bootstrap import Interval, cluster_bootstrap_many

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FALSE_POSITIVES = 0.01
BINS = 10
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class MethodFigures:
    """Of one method over the clips that it scored; NaN where a figure is not defined."""

    auc: Interval
    eer: Interval
    tpr_at_fpr: Interval
    accuracy: Interval
    brier: Interval
    ece: Interval


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin of a reliability plot: of `count` clips with this mean score, `fakes` were fake."""

    mean_score: float
    count: int
    fakes: int


def method_figures(
    scores: Floats, fake: Bools, persons: Sequence[str], *, probability: bool, draws: int, seed: int
) -> MethodFigures:
    """Return every figure with its 95 % interval by drawing persons.

    Args:
        scores, fake, persons: (N,) each; N may be 0.
        probability: whether scores are probabilities of being fake; else only their order counts.
        draws, seed: of the bootstrap.
    """
    if len(scores) == 0:
        return MethodFigures(*[Interval(NAN, NAN, NAN)] * 6)

    def all_figures(rows: NDArray[np.intp]) -> Floats:
        s, f = scores[rows], fake[rows]
        order = roc(s, f)
        ranks = [auc_of(order), eer_of(order), tpr_of(order, FALSE_POSITIVES)]
        return np.array([*ranks, accuracy(s, f), brier(s, f), ece(s, f)] if probability else [*ranks, NAN, NAN, NAN])

    return MethodFigures(*cluster_bootstrap_many(persons, all_figures, draws=draws, seed=seed))


def auc_interval_of(scores: Floats, fake: Bools, persons: Sequence[str], *, draws: int, seed: int) -> Interval:
    """Return the AUC alone with its interval; NaN unless there are fakes and reals."""
    if len(scores) == 0 or fake.all() or not fake.any():
        return Interval(NAN, NAN, NAN)
    return cluster_bootstrap_many(
        persons, lambda rows: np.array([auc_of(roc(scores[rows], fake[rows]))]), draws=draws, seed=seed
    )[0]


def roc(scores: Floats, fake: Bools) -> tuple[Floats, Floats]:
    """Return false and true positive rates (T,) from (0, 0) to (1, 1), one step for all clips of one score.

    Both are NaN (1,) unless there are fakes and reals.
    """
    fakes, reals = int(fake.sum()), int((~fake).sum())
    if fakes == 0 or reals == 0:
        return np.full(1, NAN), np.full(1, NAN)
    order = np.argsort(-scores, kind="stable")
    last_of_score = np.append(np.diff(scores[order]) != 0, True)
    found = np.cumsum(fake[order])[last_of_score]
    called = np.flatnonzero(last_of_score) + 1
    return np.append(0.0, (called - found) / reals), np.append(0.0, found / fakes)


def auc_of(curve: tuple[Floats, Floats]) -> float:
    """Area under a ROC: the share of pairs in which the fake has the higher score, ties counted half."""
    fpr, tpr = curve
    return float(np.trapezoid(tpr, fpr)) if np.isfinite(fpr).all() else NAN


def eer_of(curve: tuple[Floats, Floats]) -> float:
    """Rate at which reals called fake and fakes called real are equally many, between two steps by a line."""
    fpr, tpr = curve
    if not np.isfinite(fpr).all():
        return NAN
    gap = fpr - (1 - tpr)  # rises from -1 to 1
    after = int(np.argmax(gap >= 0))
    share = -gap[after - 1] / (gap[after] - gap[after - 1])
    return float(fpr[after - 1] + share * (fpr[after] - fpr[after - 1]))


def tpr_of(curve: tuple[Floats, Floats], false_positives: float) -> float:
    """Share of fakes found by a threshold that at most this share of reals passes; with few reals, none of them."""
    fpr, tpr = curve
    return float(tpr[fpr <= false_positives + 1e-12].max()) if np.isfinite(fpr).all() else NAN


def accuracy(probability: Floats, fake: Bools) -> float:
    """Share of clips that p >= .5 calls rightly."""
    return float(((probability >= 0.5) == fake).mean())


def brier(probability: Floats, fake: Bools) -> float:
    """Mean squared distance of the probability from the truth (Brier 1950): 0 is best, .25 says .5 to everything."""
    return float(((probability - fake) ** 2).mean())


def ece(probability: Floats, fake: Bools) -> float:
    """Expected calibration error (Naeini, Cooper and Hauskrecht 2015), in `BINS` bins of equal width.

    The mean distance between what was said and how often it was so, weighed by the clips in each bin.
    """
    places = _bin_of(probability)
    said = np.bincount(places, probability, BINS)
    was = np.bincount(places, fake.astype(float), BINS)
    return float(np.abs(said - was).sum() / len(probability))


def reliability(probability: Floats, fake: Bools) -> tuple[Bin, ...]:
    """Return the bins that `ece` uses, those without a clip left out."""
    places = _bin_of(probability)
    return tuple(
        Bin(float(probability[places == b].mean()), int((places == b).sum()), int(fake[places == b].sum()))
        for b in range(BINS)
        if (places == b).any()
    )


def clopper_pearson(events: int, trials: int, level: float = 0.95) -> Interval:
    """Return a share with its exact two-sided interval (Clopper and Pearson 1934); NaN and 0 to 1 without trials."""
    if trials == 0:
        return Interval(NAN, 0.0, 1.0)
    tail = (1 - level) / 2
    low = 0.0 if events == 0 else float(beta.ppf(tail, events, trials - events + 1))
    high = 1.0 if events == trials else float(beta.ppf(1 - tail, events + 1, trials - events))
    return Interval(events / trials, low, high)


def _bin_of(probability: Floats) -> NDArray[np.intp]:
    return np.clip((probability * BINS).astype(np.intp), 0, BINS - 1)
