"""How well a number separates fakes from real clips, with intervals that know that clips of a person are alike."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from core.evaluation.bootstrap import Interval

REPEATS = 2000


def auc(scores: NDArray[np.float64], fake: NDArray[np.bool_]) -> float:
    """Share of pairs of a fake and a real in which the fake has the higher score, ties counted half.

    Raises:
        ValueError: there are not both fakes and reals.
    """
    return auc_interval(scores, fake, [str(i) for i in range(len(scores))], repeats=0).value


def auc_interval(
    scores: NDArray[np.float64],
    fake: NDArray[np.bool_],
    persons: Sequence[str],
    *,
    repeats: int = REPEATS,
    seed: int = 0,
) -> Interval:
    """AUC with its bootstrap: persons are drawn with replacement, each with all that was filmed of them.

    Raises:
        ValueError: there are not both fakes and reals, or a score is not finite.
    """
    fake = np.asarray(fake, bool)
    if not np.isfinite(scores).all():
        raise ValueError("every score is finite")
    if fake.all() or not fake.any():
        raise ValueError("an AUC needs fakes and reals")
    who, owner = np.unique(np.array(persons), return_inverse=True)
    wins = np.zeros((len(who), len(who)))
    above, below = np.flatnonzero(fake), np.flatnonzero(~fake)
    won = np.sign(scores[above][:, None] - scores[below][None]) / 2 + 0.5
    np.add.at(wins, (owner[above][:, None], owner[below][None]), won)
    fakes = np.bincount(owner[above], minlength=len(who)).astype(float)
    reals = np.bincount(owner[below], minlength=len(who)).astype(float)
    value = float(wins.sum() / (fakes.sum() * reals.sum()))
    counts = _draws(len(who), repeats, seed)
    pairs = (counts @ fakes) * (counts @ reals)
    sampled = np.einsum("bp,pq,bq->b", counts, wins, counts)[pairs > 0] / pairs[pairs > 0]
    return _interval(value, sampled)


def share_interval(
    won: NDArray[np.float64], persons: Sequence[str], *, repeats: int = REPEATS, seed: int = 0
) -> Interval:
    """Mean of `won` (P,) with its bootstrap over persons.

    Raises:
        ValueError: there is nothing to average.
    """
    if len(won) == 0:
        raise ValueError("a share needs at least one pair")
    who, owner = np.unique(np.array(persons), return_inverse=True)
    sums = np.bincount(owner, won, minlength=len(who))
    sizes = np.bincount(owner, minlength=len(who)).astype(float)
    counts = _draws(len(who), repeats, seed)
    return _interval(float(np.mean(won)), (counts @ sums) / (counts @ sizes))


def paired_wins(
    scores: NDArray[np.float64], fake: NDArray[np.bool_], pairs: Sequence[str]
) -> tuple[NDArray[np.float64], list[str]]:
    """For each pair with one fake and one real: 1 where the fake has the higher score, .5 for a tie; and its name."""
    names, won = [], []
    pair_of = np.array(pairs)
    for pair in sorted(set(pairs)):
        ours, theirs = scores[(pair_of == pair) & fake], scores[(pair_of == pair) & ~np.asarray(fake, bool)]
        if len(ours) == 1 and len(theirs) == 1 and np.isfinite(ours[0] - theirs[0]):
            names.append(pair)
            won.append(float(np.sign(ours[0] - theirs[0]) / 2 + 0.5))
    return np.array(won), names


def sign_test_p(won: NDArray[np.float64]) -> float:
    """Two-sided probability of a split at least as uneven if fake and real were alike; ties are left out."""
    decided = won[won != 0.5]
    n, k = len(decided), int(max((decided > 0.5).sum(), (decided < 0.5).sum()))
    return 1.0 if n == 0 else min(1.0, 2 * sum(comb(n, i) for i in range(k, n + 1)) / 2**n)


def holm(p_values: Sequence[float]) -> NDArray[np.float64]:
    """Holm's correction (1979) for having tried them all: adjusted probabilities in the order given."""
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p)
    adjusted = np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order])
    result = np.empty(len(p))
    result[order] = np.minimum(adjusted, 1.0)
    return result


def _draws(persons: int, repeats: int, seed: int) -> NDArray[np.float64]:
    """How often each person was drawn (repeats, persons)."""
    return np.random.default_rng(seed).multinomial(persons, np.full(persons, 1 / persons), repeats).astype(float)


def _interval(value: float, sampled: NDArray[np.float64]) -> Interval:
    low, high = np.percentile(sampled, (2.5, 97.5)) if len(sampled) else (value, value)
    return Interval(value, float(low), float(high))


def flip_test(
    values: NDArray[np.float64], fake: NDArray[np.bool_], pairs: Sequence[str], *, repeats: int = REPEATS, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Test the AUC of each of K numbers (F, K) by exchanging fake and real within pairs at random.

    Returns:
        The two-sided probability of each alone (K,), and corrected for all K by the greatest standardised difference
        of each exchange (Westfall and Young 1993), which knows how alike the numbers are. NaN are left out.
    """
    pair_of = np.unique(np.array(pairs), return_inverse=True)[1]
    rng = np.random.default_rng(seed)
    known = np.isfinite(values)
    ranks = [rankdata(values[k, i]) for i, k in enumerate(known.T)]

    def areas(labels: NDArray[np.bool_]) -> NDArray[np.float64]:
        found = []
        for rank, k in zip(ranks, known.T, strict=True):
            ours = labels[k]
            n = int(ours.sum())
            found.append((rank[ours].sum() - n * (n + 1) / 2) / max(n * (len(ours) - n), 1))
        return np.array(found) - 0.5

    drawn = np.stack([areas(fake ^ (rng.random(pair_of.max() + 1) < 0.5)[pair_of]) for _ in range(repeats)])
    observed, spread = np.abs(areas(np.asarray(fake, bool))), np.maximum(drawn.std(axis=0), 1e-12)
    greatest = (np.abs(drawn) / spread).max(axis=1)
    alone = (1 + (np.abs(drawn) >= observed).sum(axis=0)) / (repeats + 1)
    corrected = (1 + (greatest[:, None] >= observed / spread).sum(axis=0)) / (repeats + 1)
    return np.asarray(alone), np.asarray(corrected)
