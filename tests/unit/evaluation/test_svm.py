"""The classical baselines."""

from __future__ import annotations

import numpy as np

from core.evaluation.separation import auc
from core.evaluation.svm import logistic_probabilities, svm_probabilities


def ring(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    fake = np.arange(200) % 2 == 1
    angle, radius = rng.uniform(0, 6.28, 200), np.where(fake, 2.0, 0.7) + 0.2 * rng.normal(size=200)
    return np.stack([radius * np.cos(angle), 1000 * radius * np.sin(angle)], axis=1), fake


def test_the_svm_bends_around_a_ring_whatever_the_units() -> None:
    (x, fake), (unseen, truth) = ring(0), ring(1)
    assert auc(svm_probabilities(x, fake, np.ones(200), unseen), truth) > 0.95
    assert abs(auc(logistic_probabilities(x, fake, np.ones(200), unseen), truth) - 0.5) < 0.15


def test_what_is_not_known_takes_the_usual_value() -> None:
    fake = np.arange(60) % 2 == 1
    x = np.stack([fake + 0.1 * np.random.default_rng(0).normal(size=60), np.ones(60)], axis=1)
    x[::7, 1] = np.nan
    asked = np.array([[1.0, np.nan], [0.0, np.nan], [np.nan, 1.0]])
    high, low, unknown = logistic_probabilities(x, fake, np.ones(60), asked)
    assert high > unknown > low
