from __future__ import annotations

from fractions import Fraction

import pytest

from core.video.timing import Clock, expected_frames, plausible_rate

MS = Fraction(1, 1000)


def placed(*pts: int | None, rate: int = 25) -> list[float | None]:
    clock = Clock(MS, Fraction(rate))
    return [clock.place(p) for p in pts]


def test_times_count_from_the_first_timestamp() -> None:
    assert placed(5000, 5040, 5100) == [0.0, 0.04, 0.1]


def test_a_repeated_or_stray_timestamp_is_left_out() -> None:
    assert placed(0, 40, 40, 20, 80) == [0.0, 0.04, None, None, 0.08]


def test_a_missing_timestamp_is_one_period_after_the_last() -> None:
    assert placed(0, None, 80) == [0.0, 0.04, 0.08]


def test_a_stream_without_timestamps_runs_at_its_rate() -> None:
    assert placed(None, None, None) == pytest.approx([0.0, 0.04, 0.08])


def test_a_first_timestamp_that_comes_late_continues_the_time() -> None:
    assert placed(None, None, 700, 740) == pytest.approx([0.0, 0.04, 0.08, 0.12])


def test_a_restarted_clock_goes_on_from_the_last_frame() -> None:
    assert placed(0, 5000, 0, 40) == pytest.approx([0.0, 5.0, 5.04, 5.08])


def test_without_a_rate_missing_timestamps_still_move_on() -> None:
    assert placed(None, None, rate=0) == pytest.approx([0.0, 0.04])


def test_the_first_plausible_rate_is_taken() -> None:
    assert plausible_rate(None, Fraction(90_000), Fraction(30_000, 1001)) == Fraction(30_000, 1001)
    assert plausible_rate(None, Fraction(0)) == 0


@pytest.mark.parametrize(
    ("count", "duration_s", "rate", "expected"),
    [(50, 2.0, 25, 50), (None, 2.0, 25, 50), (0, None, 25, None), (48, None, 0, 48), (50, 28_800.0, 25, None)],
)
def test_expected_frames_come_from_the_count_unless_it_contradicts_the_duration(
    count: int | None, duration_s: float | None, rate: int, expected: int | None
) -> None:
    assert expected_frames(count, duration_s, Fraction(rate)) == expected
