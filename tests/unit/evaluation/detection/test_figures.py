import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.evaluation.detection import figures

FAKE = np.array([False] * 4 + [True] * 4)


def test_auc_is_that_of_scikit_learn_with_ties() -> None:
    rng = np.random.default_rng(1)
    scores, fake = rng.integers(0, 6, 60).astype(float), rng.random(60) < 0.4

    assert figures.auc_of(figures.roc(scores, fake)) == pytest.approx(roc_auc_score(fake, scores))


def test_scores_that_separate_have_no_equal_error_and_find_every_fake() -> None:
    curve = figures.roc(np.array([0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9]), FAKE)

    assert figures.auc_of(curve) == 1
    assert figures.eer_of(curve) == 0
    assert figures.tpr_of(curve, 0.01) == 1


def test_one_score_for_everything_is_chance_and_finds_nothing() -> None:
    curve = figures.roc(np.full(8, 0.5), FAKE)

    assert figures.auc_of(curve) == 0.5
    assert figures.eer_of(curve) == 0.5
    assert figures.tpr_of(curve, 0.01) == 0


def test_equal_error_rate_is_where_one_of_four_errs_on_each_side() -> None:
    curve = figures.roc(np.array([0.1, 0.2, 0.3, 0.7, 0.4, 0.8, 0.9, 0.95]), FAKE)

    assert figures.eer_of(curve) == pytest.approx(0.25)


def test_with_few_reals_the_threshold_is_above_all_of_them() -> None:
    curve = figures.roc(np.array([0.1, 0.2, 0.3, 0.85, 0.6, 0.7, 0.8, 0.9]), FAKE)

    assert figures.tpr_of(curve, 0.01) == 0.25


def test_brier_and_ece_are_nought_for_the_truth_and_large_for_its_contrary() -> None:
    truth = FAKE.astype(float)

    assert figures.brier(truth, FAKE) == figures.ece(truth, FAKE) == 0
    assert figures.brier(1 - truth, FAKE) == figures.ece(1 - truth, FAKE) == 1


def test_ece_of_a_constant_is_its_distance_from_the_base_rate() -> None:
    assert figures.ece(np.full(8, 0.8), FAKE) == pytest.approx(0.3)
    assert [(b.count, b.fakes) for b in figures.reliability(np.full(8, 0.8), FAKE)] == [(8, 4)]


def test_clopper_pearson_is_exact_at_the_ends_and_as_tabled_between() -> None:
    none = figures.clopper_pearson(0, 10)

    assert (none.value, none.low) == (0, 0)
    assert none.high == pytest.approx(0.3085, abs=1e-4)
    assert figures.clopper_pearson(1, 10).low == pytest.approx(0.0025, abs=1e-4)
    assert figures.clopper_pearson(0, 0).high == 1


def test_figures_of_reals_alone_are_not_defined_rather_than_flattering() -> None:
    found = figures.method_figures(
        np.array([0.1, 0.2]), np.array([False, False]), ["A", "B"], probability=True, draws=20, seed=0
    )

    assert math.isnan(found.auc.value)
    assert found.accuracy.value == 1


def test_intervals_are_drawn_over_persons_so_that_clips_of_one_person_do_not_narrow_them() -> None:
    rng = np.random.default_rng(0)
    scores, fake = rng.random(12), np.arange(12) % 2 == 0
    persons = [str(i // 2) for i in range(12)]

    once = figures.auc_interval_of(scores, fake, persons, draws=400, seed=3)
    often = figures.auc_interval_of(
        np.repeat(scores, 5), np.repeat(fake, 5), np.repeat(persons, 5).tolist(), draws=400, seed=3
    )

    assert (often.value, often.low, often.high) == pytest.approx((once.value, once.low, once.high))
