"""AUC, intervals and tests against cases that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.evaluation.separation import auc, auc_interval, holm, paired_wins, share_interval, sign_test_p


def test_auc_is_the_share_of_pairs_won_with_ties_halved() -> None:
    assert auc(np.array([3.0, 1.0, 2.0, 1.0]), np.array([True, True, False, False])) == pytest.approx(2.5 / 4)


def test_auc_wants_both_kinds_and_finite_scores() -> None:
    with pytest.raises(ValueError, match="fakes and reals"):
        auc(np.array([1.0, 2.0]), np.array([True, True]))
    with pytest.raises(ValueError, match="finite"):
        auc(np.array([1.0, np.nan]), np.array([True, False]))


def test_the_interval_of_noise_holds_one_half_and_that_of_a_signal_does_not() -> None:
    rng = np.random.default_rng(0)
    fake = np.arange(80) % 2 == 1
    persons = [str(i // 2) for i in range(80)]
    noise = auc_interval(rng.normal(size=80), fake, persons)
    assert noise.low < 0.5 < noise.high
    signal = auc_interval(rng.normal(size=80) + 1.5 * fake, fake, persons)
    assert 0.5 < signal.low < signal.value < signal.high <= 1


def test_clips_of_one_person_make_the_interval_wider_than_as_many_strangers() -> None:
    rng = np.random.default_rng(1)
    fake = np.arange(120) % 2 == 1
    of_person = np.repeat(rng.normal(size=12), 10)
    scores = of_person + 0.1 * rng.normal(size=120) + 0.5 * fake * np.repeat(rng.normal(size=12), 10)
    together = auc_interval(scores, fake, [str(i // 10) for i in range(120)])
    apart = auc_interval(scores, fake, [str(i) for i in range(120)])
    assert together.value == apart.value
    assert together.high - together.low > apart.high - apart.low


def test_intervals_repeat_with_the_seed() -> None:
    scores, fake = np.arange(10.0), np.arange(10) % 3 == 0
    persons = list("aabbccddee")
    assert auc_interval(scores, fake, persons, seed=1) == auc_interval(scores, fake, persons, seed=1)
    assert auc_interval(scores, fake, persons, seed=1) != auc_interval(scores, fake, persons, seed=2)


def test_pairs_without_both_halves_are_left_out() -> None:
    scores = np.array([1.0, 2.0, 5.0, 4.0, 7.0, 0.0, np.nan])
    fake = np.array([False, True, False, True, True, False, True])
    won, names = paired_wins(scores, fake, ["p", "p", "q", "q", "r", "s", "s"])
    assert names == ["p", "q"]
    assert list(won) == [1.0, 0.0]


def test_the_sign_test_counts_both_tails() -> None:
    assert sign_test_p(np.array([1.0] * 6)) == pytest.approx(2 / 64)
    assert sign_test_p(np.array([0.0] * 6)) == pytest.approx(2 / 64)
    assert sign_test_p(np.array([1.0, 0.0])) == 1.0
    assert sign_test_p(np.array([0.5, 0.5])) == 1.0


def test_holm_multiplies_the_smallest_by_all_and_never_reverses_the_order() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == pytest.approx([1.0, 1.0])


def test_a_share_of_persons_who_agree_has_no_width() -> None:
    interval = share_interval(np.ones(6), list("aabbcc"))
    assert (interval.value, interval.low, interval.high) == (1.0, 1.0, 1.0)
    with pytest.raises(ValueError, match="at least one"):
        share_interval(np.zeros(0), [])
