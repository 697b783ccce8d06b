from __future__ import annotations

import numpy as np
import pytest

from core.evaluation.bootstrap import cluster_bootstrap


def test_rows_of_one_person_do_not_make_the_interval_narrower() -> None:
    rng = np.random.default_rng(3)
    of_people = rng.normal(size=8)
    once = cluster_bootstrap(range(8), lambda rows: float(of_people[rows].mean()))
    people = np.repeat(np.arange(8), 50)
    repeated = of_people[people]
    fifty = cluster_bootstrap(people.tolist(), lambda rows: float(repeated[rows].mean()))
    alone = cluster_bootstrap(range(400), lambda rows: float(repeated[rows].mean()))
    assert (fifty.low, fifty.high) == pytest.approx((once.low, once.high))
    assert alone.high - alone.low < 0.4 * (fifty.high - fifty.low)


def test_a_person_comes_whole_or_not_at_all() -> None:
    people = ["a", "b", "a", "b", "b"]
    rows_of = {"a": {0, 2}, "b": {1, 3, 4}}

    def check(rows: np.ndarray) -> float:
        counts = np.bincount(rows, minlength=5)
        for members in rows_of.values():
            assert len({counts[i] for i in members}) == 1
        return 0.0

    cluster_bootstrap(people, check, draws=50)


def test_the_interval_covers_the_mean_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(11)
    hits = 0
    for _ in range(100):
        values = rng.normal(5.0, 1.0, 30)
        found = cluster_bootstrap(range(30), lambda rows, values=values: float(values[rows].mean()), draws=300)
        hits += found.low <= 5.0 <= found.high
    assert 86 <= hits <= 100


def test_equal_seeds_give_equal_intervals_and_others_do_not() -> None:
    values = np.random.default_rng(0).normal(size=12)

    def run(seed: int) -> tuple[float, float]:
        found = cluster_bootstrap(range(12), lambda rows: float(values[rows].mean()), draws=200, seed=seed)
        return found.low, found.high

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_one_person_has_no_spread_and_undefined_draws_are_left_out() -> None:
    one = cluster_bootstrap(["a"] * 3, lambda rows: float(len(rows)))
    assert (one.value, one.low, one.high) == (3, 3, 3)
    values = np.array([1.0, np.nan])
    some = cluster_bootstrap(["a", "b"], lambda rows: float(values[rows].mean()), draws=100)
    assert np.isnan(some.value)
    assert (some.low, some.high) == (1.0, 1.0)
    never = cluster_bootstrap(["a", "b"], lambda rows: float("nan"), draws=10)
    assert np.isnan([never.low, never.high]).all()


def test_no_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        cluster_bootstrap([], lambda rows: 0.0)
