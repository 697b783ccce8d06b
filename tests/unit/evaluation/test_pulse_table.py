from __future__ import annotations

import pytest

from core.evaluation.pulse_table import (
    RateReading,
    confidence_table,
    coverage_table,
    difference_table,
    overall_table,
    subject_table,
    summarise,
)


def readings(reader: str, by_subject: dict[str, list[float | None]], truth_bpm: float = 70) -> list[RateReading]:
    """Rates as errors against a truth of 70, 72, 74, … bpm; confidence falls with the window's number."""
    return [
        RateReading(
            reader, subject, 5.0 * i, truth_bpm + 2 * i, None if off is None else truth_bpm + 2 * i + off, 1 - i / 10
        )
        for subject, offs in by_subject.items()
        for i, off in enumerate(offs)
    ]


def test_a_summary_has_the_figures_of_its_readings() -> None:
    one = summarise(readings("POS", {"a": [1, -1, 1, None], "b": [10, 10, 10, 10]}), draws=100)
    assert one.windows == 8
    assert one.answered.value == pytest.approx(7 / 8)
    assert one.mae_bpm.value == pytest.approx(43 / 7)
    assert one.within_5_bpm.value == pytest.approx(3 / 7)
    assert one.mae_by_subject_bpm == {"a": pytest.approx(1.0), "b": pytest.approx(10.0)}
    assert (one.mae_bpm.low, one.mae_bpm.high) == pytest.approx((1.0, 10.0))


def test_a_summary_is_of_one_reader() -> None:
    both = readings("POS", {"a": [1]}) + readings("G", {"a": [1]})
    with pytest.raises(ValueError, match="one reader"):
        summarise(both)


def test_the_tables_say_what_was_measured_and_leave_blank_what_was_not() -> None:
    read = readings("POS", {"a": [1, -1, 1], "b": [9, 9, 9]})
    silent = readings("silent", {"a": [None] * 3, "b": [None] * 3})
    summaries = [summarise(read, draws=100), summarise(silent, draws=100)]
    overall = overall_table(summaries).splitlines()
    assert overall[2].startswith("| POS | 6 | 100% (100% to 100%) | 5.0 (1.0 to 9.0) |")
    assert overall[3] == "| silent | 6 | 0% (0% to 0%) | – | – | – | – |"
    by_subject = subject_table(summaries).splitlines()
    assert by_subject[0] == "| reader | a | b | mean |"
    assert by_subject[2:] == ["| POS | 1.0 | 9.0 | 5.0 |", "| silent | – | – | – |"]


def test_the_coverage_table_leaves_out_readers_without_confidence() -> None:
    sure = readings("POS", {"a": [1, 2, 3, 4]})
    unsure = [RateReading("own", "a", 0.0, 70, 71, float("nan"))]
    table = coverage_table({"POS": sure, "own": unsure})
    assert "| POS | 25%: 1.0, 50%: 1.5, 75%: 2.0, 100%: 2.5 |" in table
    assert "own" not in table


def test_readers_are_compared_where_both_answered_and_less_is_nearer_to_the_truth() -> None:
    by_reader = {
        "ours": readings("ours", {"a": [1, 1, None], "b": [-2, 2, 2]}),
        "POS": readings("POS", {"a": [4, None, 40], "b": [5, 5, 5]}),
    }
    table = difference_table(by_reader, "ours").splitlines()
    assert table[2:] == ["| POS | 4 | -3.0 (-3.0 to -3.0) |"]


def test_readers_of_other_windows_are_not_compared() -> None:
    by_reader = {"ours": readings("ours", {"a": [1, 1]}), "POS": readings("POS", {"a": [1]})}
    with pytest.raises(ValueError, match="same windows"):
        difference_table(by_reader, "ours")


def test_the_confidence_table_has_a_row_for_each_range_that_occurs() -> None:
    read = readings("learned", {"a": [1, -1, 2, None, 30, 3, 9]})  # confidence from 1 down to .4
    table = confidence_table(read, (0.45, 0.75)).splitlines()
    assert table[2:] == [
        "| under 0.45 | 1 | 0% | 9.0 | 0.40 |",
        "| 0.45 to 0.75 | 2 | 50% | 16.5 | 0.55 |",
        "| 0.75 and over | 3 | 100% | 1.3 | 0.90 |",
    ]
