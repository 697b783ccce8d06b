"""From segments to faces, and that a classifier is never asked about what it learned from."""

from __future__ import annotations

import numpy as np
import pytest

from core.evaluation.folds import target_folds
from core.evaluation.pulse_detection import (
    LabelledFaces,
    Segments,
    fake_share,
    figures,
    mean_log_odds,
    out_of_fold,
    shuffled,
)

FACES = LabelledFaces(
    fake=np.arange(24) % 2 == 1,
    persons=tuple(f"p{i // 2}" for i in range(24)),
    targets=tuple(f"t{i // 6}" for i in range(24)),
    pairs=tuple(f"clip{i // 2}" for i in range(24)),
)


def segments(signal: float, seed: int = 0) -> Segments:
    rng = np.random.default_rng(seed)
    face = np.repeat(np.arange(24), 1 + np.arange(24) % 5)
    return Segments((rng.normal(size=len(face)) + signal * FACES.fake[face])[:, None], face)


def nearest_mean(x: np.ndarray, fake: np.ndarray, weights: np.ndarray, test: np.ndarray) -> np.ndarray:
    ours, theirs = (np.average(x[k, 0], weights=weights[k]) for k in (fake, ~fake))
    return 1 / (1 + np.exp(-(ours - theirs) * (test[:, 0] - (ours + theirs) / 2)))


def test_training_never_sees_a_person_or_target_of_the_test() -> None:
    parts = segments(0.0)
    marked = Segments(parts.face[:, None].astype(float), parts.face)

    def spy(x: np.ndarray, fake: np.ndarray, weights: np.ndarray, test: np.ndarray) -> np.ndarray:
        trained, tested = set(x[:, 0].astype(int)), set(test[:, 0].astype(int))
        for of in (FACES.persons, FACES.targets, FACES.pairs):
            assert not {of[i] for i in trained} & {of[i] for i in tested}
        return np.full(len(test), 0.5)

    probability = out_of_fold(marked, FACES, target_folds(FACES.targets, FACES.persons), spy)
    assert np.isfinite(probability).all()


def test_every_face_weighs_the_same_in_training() -> None:
    parts = segments(0.0)
    marked = Segments(parts.face[:, None].astype(float), parts.face)

    def check(x: np.ndarray, fake: np.ndarray, weights: np.ndarray, test: np.ndarray) -> np.ndarray:
        for face in set(x[:, 0]):
            assert weights[x[:, 0] == face].sum() == pytest.approx(1.0)
        return np.full(len(test), 0.5)

    out_of_fold(marked, FACES, target_folds(FACES.targets, FACES.persons), check)


def test_a_signal_is_found_and_noise_is_not() -> None:
    folds = target_folds(FACES.targets, FACES.persons)
    strong = segments(3.0)
    table = figures(out_of_fold(strong, FACES, folds, nearest_mean), strong, FACES)
    assert table.video_auc.low > 0.8
    assert table.paired.value > 0.8
    assert table.segments == len(strong.face)
    nothing = segments(0.0)
    noise = figures(out_of_fold(nothing, FACES, folds, nearest_mean), nothing, FACES)
    assert noise.video_auc.low < 0.5 < noise.video_auc.high


def test_shuffled_labels_keep_pairs_and_lose_the_signal() -> None:
    folds = target_folds(FACES.targets, FACES.persons)
    mixed = shuffled(FACES, seed=0)
    assert all(mixed.fake[i] != mixed.fake[i + 1] for i in range(0, 24, 2))
    assert 0 < (mixed.fake != FACES.fake).sum() < 24
    strong = segments(3.0)
    values = [
        figures(
            out_of_fold(strong, shuffled(FACES, s), folds, nearest_mean), strong, shuffled(FACES, s)
        ).video_auc.value
        for s in range(8)
    ]
    assert abs(np.mean(values) - 0.5) < 0.2


def test_video_answers_are_the_mean_log_odds_and_the_share_over_one_half() -> None:
    p = np.array([0.9, 0.9, 0.2, 0.6])
    face = np.array([0, 0, 2, 2])
    odds = mean_log_odds(p, face, 3)
    assert odds[0] == pytest.approx(np.log(9))
    assert np.isnan(odds[1])
    assert odds[2] == pytest.approx((np.log(0.25) + np.log(1.5)) / 2)
    assert list(fake_share(p, face, 3)[[0, 2]]) == [1.0, 0.5]


def test_certainty_stays_finite() -> None:
    assert np.isfinite(mean_log_odds(np.array([0.0, 1.0]), np.array([0, 1]), 2)).all()
