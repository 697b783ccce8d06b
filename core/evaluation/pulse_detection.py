"""Cross-validation of a classifier of pulse segments: from segments to one answer a face, and the figures of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.evaluation.bootstrap import Interval
from core.evaluation.folds import Fold
from core.evaluation.separation import auc_interval, paired_wins, share_interval

SMALLEST = 1e-4
"""Probabilities are kept this far from 0 and 1 before their log-odds are taken."""

Array = NDArray[Any]
FitPredict = Callable[[Array, NDArray[np.bool_], NDArray[np.float64], Array], NDArray[np.float64]]
"""(training inputs, fake, weights, test inputs) -> probability of fake for each test input."""


@dataclass(frozen=True, slots=True)
class LabelledFaces:
    """Who and what each of F faces is. `pairs` are equal for a fake and the real clip that it was made from."""

    fake: NDArray[np.bool_]
    persons: tuple[str, ...]
    targets: tuple[str, ...]
    pairs: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.fake)


@dataclass(frozen=True, slots=True)
class Segments:
    """`inputs` (S, ...) of a classifier, and the index `face` (S,) of the face that each was cut from."""

    inputs: Array
    face: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Table:
    """Figures of one classifier on faces that it was not trained on; `majority` is by the share of segments over .5."""

    segments: int
    faces: int
    segment_auc: Interval
    video_auc: Interval
    majority_auc: Interval
    accuracy: Interval
    majority_accuracy: Interval
    paired: Interval


def out_of_fold(
    segments: Segments, faces: LabelledFaces, folds: Sequence[Fold], fit_predict: FitPredict
) -> NDArray[np.float64]:
    """Return the probability (S,) of each segment, by a classifier that saw neither its person nor its target.

    Every face has the same weight in training, however many segments it has.
    """
    probability = np.full(len(segments.face), np.nan)
    for fold in folds:
        train, test = np.isin(segments.face, fold.train), np.isin(segments.face, fold.test)
        if not test.any():
            continue
        owner = segments.face[train]
        weights = 1 / np.bincount(owner, minlength=len(faces))[owner]
        probability[test] = fit_predict(segments.inputs[train], faces.fake[owner], weights, segments.inputs[test])
    return probability


def mean_log_odds(probability: NDArray[np.float64], face: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    """Mean over segments of log(p / (1 - p)) for each of `count` faces; NaN for a face without segments."""
    p = np.clip(probability, SMALLEST, 1 - SMALLEST)
    return _means(np.log(p / (1 - p)), face, count)


def fake_share(probability: NDArray[np.float64], face: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    """Share of segments called fake (p > .5) for each of `count` faces; NaN for a face without segments."""
    return _means((probability > 0.5).astype(float), face, count)


def figures(probability: NDArray[np.float64], segments: Segments, faces: LabelledFaces, seed: int = 0) -> Table:
    """Return every figure with its interval; faces without a segment are left out of those by video.

    `paired` is the share of pairs in which the fake has the higher mean log-odds; chance is .5.
    """
    odds = mean_log_odds(probability, segments.face, len(faces))
    share = fake_share(probability, segments.face, len(faces))
    known = np.isfinite(odds)
    who = [p for p, k in zip(faces.persons, known, strict=True) if k]
    fake = faces.fake[known]
    won, pairs = paired_wins(odds, faces.fake, faces.pairs)
    owner = dict(zip(faces.pairs, faces.persons, strict=True))
    return Table(
        segments=len(segments.face),
        faces=int(known.sum()),
        segment_auc=auc_interval(
            probability, faces.fake[segments.face], [faces.persons[i] for i in segments.face], seed=seed
        ),
        video_auc=auc_interval(odds[known], fake, who, seed=seed),
        majority_auc=auc_interval(share[known], fake, who, seed=seed),
        accuracy=share_interval(((odds[known] > 0) == fake).astype(float), who, seed=seed),
        majority_accuracy=share_interval(((share[known] > 0.5) == fake).astype(float), who, seed=seed),
        paired=share_interval(won, [owner[pair] for pair in pairs], seed=seed),
    )


def shuffled(faces: LabelledFaces, seed: int) -> LabelledFaces:
    """The same faces with labels exchanged at random within pairs: what is learned from them is nothing."""
    rng = np.random.default_rng(seed)
    fake = np.array(faces.fake)
    pair_of = np.array(faces.pairs)
    for pair in sorted(set(faces.pairs)):
        if rng.random() < 0.5:
            fake[pair_of == pair] = ~fake[pair_of == pair]
    return LabelledFaces(fake, faces.persons, faces.targets, faces.pairs)


def _means(values: NDArray[np.float64], face: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    sizes = np.bincount(face, minlength=count)
    sums = np.bincount(face, values, minlength=count)
    return np.where(sizes > 0, sums / np.maximum(sizes, 1), np.nan)
