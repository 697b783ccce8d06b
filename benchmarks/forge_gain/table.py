"""What the arms differ by, with intervals: people are drawn again, the same for both arms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.forge_gain.arms import Job
from benchmarks.forge_gain.scores import Row
from core.evaluation.bootstrap import Interval, cluster_bootstrap_many

DRAWS = 1000
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scored:
    """The rows (N,) that all networks scored, and what each says: blending and raw (S, N), S seeds."""

    rows: tuple[Row, ...]
    blending: Floats
    raw: Floats

    def drawn(self, picked: NDArray[np.intp], seed: int) -> Drawn:
        """Return the rows of a draw as one seed's network scored them."""
        return Drawn(tuple(self.rows[i] for i in picked), self.blending[seed, picked], self.raw[seed, picked])


@dataclass(frozen=True, slots=True)
class Drawn:
    """Rows with one network's scores (N,)."""

    rows: tuple[Row, ...]
    blending: Floats
    raw: Floats

    def where(self, kinds: tuple[str, ...], *, fake: bool) -> NDArray[np.bool_]:
        """Which rows are of one of the kinds, and fakes or not."""
        return np.array([row.kind in kinds and row.fake is fake for row in self.rows], bool)


LEVELS = (("own swap", True), ("own swap", False), ("their swap", True), ("their swap", False), ("real", False))
Figure = Callable[[Drawn], float]
FILMED = ("real", "their swap")
"""Kinds whose real rows are filmed faces of the collection, each once."""


def against_twins(kind: str, drawn: Drawn) -> float:
    """AUC of blending of the fakes of a kind against what they were made from."""
    return _auc(drawn.blending[drawn.where((kind,), fake=True)], drawn.blending[drawn.where((kind,), fake=False)])


def above_twin(kind: str, drawn: Drawn) -> float:
    """Share of the fakes of a kind whose blending is above that of their own twin."""
    twins = {row.pair: score for row, score in zip(drawn.rows, drawn.blending, strict=True) if _is(row, kind, False)}
    won = [
        float(score > twins[row.pair])
        for row, score in zip(drawn.rows, drawn.blending, strict=True)
        if _is(row, kind, True) and row.pair in twins
    ]
    return float(np.mean(won)) if won else float("nan")


def against_real_clips(kind: str, drawn: Drawn) -> float:
    """AUC of blending of the fakes of a kind against other filmed clips."""
    return _auc(drawn.blending[drawn.where((kind,), fake=True)], drawn.blending[drawn.where(("real",), fake=False)])


def raw_against_filmed(kind: str, drawn: Drawn) -> float:
    """AUC of the raw score of the fakes of a kind against all filmed faces."""
    return _auc(drawn.raw[drawn.where((kind,), fake=True)], drawn.raw[drawn.where(FILMED, fake=False)])


def found(kind: str, share: float, drawn: Drawn) -> float:
    """Share of the fakes of a kind whose raw score is above that of all but a share of the filmed faces."""
    filmed, fakes = drawn.raw[drawn.where(FILMED, fake=False)], drawn.raw[drawn.where((kind,), fake=True)]
    return float((fakes > np.quantile(filmed, 1 - share)).mean()) if len(filmed) and len(fakes) else float("nan")


FIGURES: dict[str, Figure] = {
    "their swaps against own twins, blending": partial(against_twins, "their swap"),
    "their swaps above their twin": partial(above_twin, "their swap"),
    "their swaps against real clips, blending": partial(against_real_clips, "their swap"),
    "their swaps against all filmed faces, raw": partial(raw_against_filmed, "their swap"),
    "their swaps found where 1 % of filmed faces pass": partial(found, "their swap", 0.01),
    "their swaps found where 5 % pass": partial(found, "their swap", 0.05),
    "own swaps against own twins, blending": partial(against_twins, "own swap"),
    "own swaps above their twin": partial(above_twin, "own swap"),
    "own swaps against real clips, blending": partial(against_real_clips, "own swap"),
    "own swaps against all filmed faces, raw": partial(raw_against_filmed, "own swap"),
    "other fakes against all filmed faces, raw": partial(raw_against_filmed, "other fake"),
    "pairs of pictures against twins, blending": partial(against_twins, "pair"),
    "pairs of pictures above their twin": partial(above_twin, "pair"),
}


def lines(done: Mapping[Job, list[Row]], *, least_px: float) -> Iterator[str]:
    """Yield the lines of the tables: one for the arms without the collection's swaps, one for those with them."""
    fine = any(job.fine for job in done)
    for swaps in (False, True):
        seeds = _whole_seeds(done, swaps=swaps)
        if not seeds:
            continue
        without, with_own = (scored(done, studio, swaps, seeds, least_px) for studio in (False, True))
        arms = [Job(studio, swaps, 0, 0, fine and studio).arm for studio in (False, True)]
        yield f"\n{arms[0]}  against  {arms[1]}; {len(seeds)} seeds; {least_px:.0f} px and more: {_counts(without)}"
        yield from _table(without, with_own)


def scored(done: Mapping[Job, list[Row]], studio: bool, swaps: bool, seeds: list[int], least_px: float) -> Scored:
    """Return the scores of an arm; what both halves' networks scored has the mean of both."""
    by_seed, fine = [], studio and any(job.fine for job in done)
    for seed in seeds:
        told: dict[tuple[str, bool, str], list[Row]] = {}
        for half in (0, 1):
            for row in done[Job(studio, swaps, half, seed, fine)]:
                if not row.face_px < least_px:  # pairs of pictures have no size
                    told.setdefault((row.kind, row.fake, row.name), []).append(row)
        by_seed.append(dict(sorted(told.items())))
    rows = tuple(same[0] for same in by_seed[0].values())
    blending = [[np.mean([one.blending for one in same]) for same in told.values()] for told in by_seed]
    raw = [[np.mean([max(one.blending, one.synthesis) for one in same]) for same in told.values()] for told in by_seed]
    return Scored(rows, np.array(blending), np.array(raw))


def differences(without: Scored, with_own: Scored) -> list[tuple[Interval, Interval, Interval]]:
    """Return each figure of both arms and of their difference, means over the seeds, people drawn together."""

    def statistics(picked: NDArray[np.intp]) -> Floats:
        values = np.array([_means(arm, picked) for arm in (without, with_own)])
        return np.concatenate([values[0], values[1], values[1] - values[0]])

    intervals = cluster_bootstrap_many([row.person for row in without.rows], statistics, draws=DRAWS)
    count = len(FIGURES)
    return list(zip(intervals[:count], intervals[count : 2 * count], intervals[2 * count :], strict=True))


def _table(without: Scored, with_own: Scored) -> Iterator[str]:
    everything = np.arange(len(without.rows))
    yield f"{'':50}{'without':>22}{'with own swaps':>22}{'difference':>26}   by seed"
    for name, (with_none, with_some, apart) in zip(FIGURES, differences(without, with_own), strict=True):
        by_seed = [
            FIGURES[name](with_own.drawn(everything, seed)) - FIGURES[name](without.drawn(everything, seed))
            for seed in range(len(without.raw))
        ]
        told = "  ".join(f"{value:+.3f}" for value in by_seed)
        yield f"{name:50}{_words(with_none):>22}{_words(with_some):>22}{_words(apart, '+'):>26}   {told}"
    for kind, fake in LEVELS:
        rows = without.drawn(everything, 0).where((kind,), fake=fake)
        one, two = (float(np.median(arm.blending[:, rows])) for arm in (without, with_own))
        what = kind if fake else f"{kind}, filmed"
        yield f"log-odds of blending, {what}: {one:.2f} and {two:.2f} in the middle"


def _means(arm: Scored, picked: NDArray[np.intp]) -> Floats:
    each = [[figure(drawn) for figure in FIGURES.values()] for drawn in _seeds(arm, picked)]
    return np.asarray(np.mean(each, axis=0))


def _seeds(arm: Scored, picked: NDArray[np.intp]) -> list[Drawn]:
    return [arm.drawn(picked, seed) for seed in range(len(arm.raw))]


def _whole_seeds(done: Mapping[Job, list[Row]], *, swaps: bool) -> list[int]:
    seeds, fine = sorted({job.seed for job in done}), any(job.fine for job in done)
    return [
        seed
        for seed in seeds
        if all(Job(studio, swaps, half, seed, fine and studio) in done for studio in (False, True) for half in (0, 1))
    ]


def _counts(arm: Scored) -> str:
    drawn = arm.drawn(np.arange(len(arm.rows)), 0)
    numbers = [
        (int(drawn.where((kind,), fake=fake).sum()), words)
        for kind, fake, words in (
            ("their swap", True, "of their swaps"),
            ("own swap", True, "own swaps"),
            ("other fake", True, "other fakes"),
            ("pair", True, "pairs"),
        )
    ]
    filmed = int(drawn.where(FILMED, fake=False).sum())
    return ", ".join(f"{number} {words}" for number, words in (*numbers, (filmed, "filmed faces")))


def _is(row: Row, kind: str, fake: bool) -> bool:
    return row.kind == kind and row.fake is fake


def _auc(above: Floats, below: Floats) -> float:
    if not len(above) or not len(below):
        return float("nan")
    return float((np.sign(above[:, None] - below[None]) / 2 + 0.5).mean())


def _words(one: Interval, sign: str = "") -> str:
    return f"{one.value:{sign}.3f} [{one.low:{sign}.2f}, {one.high:{sign}.2f}]"
