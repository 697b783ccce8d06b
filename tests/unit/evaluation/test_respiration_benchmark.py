"""The benchmark of breath calls a truth what two ways of reading the finger agree on, and knows it from chance."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.respiration import Read, agreed, people_table


def test_two_ways_that_are_near_are_a_truth_and_others_are_none() -> None:
    assert agreed((12.0, None, 12.8)) == pytest.approx(12.4)
    assert agreed((12.0, 20.0, 21.2)) == pytest.approx(20.6)
    assert agreed((12.0, 15.0, 21.0)) is None
    assert agreed((12.0, None, None)) is None


def test_the_table_tells_known_rates_from_chance_and_guesses_from_the_median() -> None:
    rng = np.random.default_rng(1)
    rates = rng.uniform(8, 28, 60)
    rows = [
        Read(f"person{i % 6}", (rate, rate + 0.4, None), rate + 0.2, rate if i < 3 else None, {"light": rate - 1.0})
        for i, rate in enumerate(rates)
    ]
    table = people_table(rows)
    assert table.startswith("6 people, 60 windows; truth in 60, by chance in ")
    assert int(table.split("by chance in ")[1].split(";")[0]) < 20
    assert "answered in 3, of these with a truth 3." in table
    assert "| light | 60 | 1.2 | 100% |" in table


def test_without_any_truth_there_are_no_errors() -> None:
    table = people_table([Read("a", (10.0, None, 20.0), None, None, {"light": 9.0})])
    assert "truth in 0" in table
    assert "light" not in table
