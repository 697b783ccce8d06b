from __future__ import annotations

import pytest

from core.evaluation.pulse_table import (
    RateReading,
    coverage_table,
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
