from __future__ import annotations

import numpy as np
import pytest

from core.evaluation.metrics import (
    Window,
    answered,
    coverage_curve,
    mae,
    pearson,
    rmse,
    share_within,
    truth_rate,
    windows_of_clip,
)
from tests.synth.clips import uneven_times
from tests.unit.evaluation.trees import pulse

NAN = float("nan")


def test_windows_end_within_the_clip() -> None:
    assert windows_of_clip(27.0, 15, 5) == [Window(0, 15), Window(5, 20), Window(10, 25)]
    assert windows_of_clip(30.0, 15, 5)[-1] == Window(15, 30)
    assert windows_of_clip(15.0, 15, 5) == [Window(0, 15)]
    assert windows_of_clip(14.9, 15, 5) == []


@pytest.mark.parametrize("bpm", [45, 60, 77, 103, 142, 175])
def test_both_ways_of_counting_find_the_rate_of_a_finger(bpm: float) -> None:
    times = uneven_times(40, seed=int(bpm))
    rate = truth_rate(times, 300 + 40 * pulse(times, bpm), Window(10, 25))
    assert rate is not None
    assert rate.spectral_bpm == pytest.approx(bpm, abs=0.6)
    assert rate.beats_bpm == pytest.approx(bpm, abs=1.0)


def test_the_truth_is_that_of_the_window() -> None:
    times = np.arange(0, 60, 1 / 30)
    wave = np.where(times < 30, np.sin(2 * np.pi * times), np.sin(2 * np.pi * 1.5 * times))
    early, late = truth_rate(times, wave, Window(5, 20)), truth_rate(times, wave, Window(40, 55))
    assert early is not None
    assert late is not None
    assert (early.spectral_bpm, late.spectral_bpm) == pytest.approx((60, 90), abs=0.3)


def test_a_device_that_fell_silent_gives_no_truth() -> None:
    times = np.arange(0, 30, 1 / 30)
    wave = pulse(times)
    gap = (times < 10) | (times > 11.2)
    assert truth_rate(times[gap], wave[gap], Window(5, 20)) is None
    assert truth_rate(times[gap], wave[gap], Window(12, 27)) is not None
    assert truth_rate(times, wave, Window(20, 35)) is None
    assert truth_rate(times, np.full(len(times), 7.0), Window(5, 20)) is None


def test_a_beat_that_the_device_lost_does_not_change_the_count() -> None:
    times = np.arange(0, 30, 1 / 30)
    held = (times < 8.6) | (times > 9.4)
    wave = np.interp(times, times[held], pulse(times, 72)[held])
    rate = truth_rate(times, wave, Window(2, 17))
    assert rate is not None
    assert rate.beats_bpm == pytest.approx(72, abs=1.0)
    assert rate.spectral_bpm == pytest.approx(72, abs=1.0)


def test_a_rate_that_wanders_is_counted_as_its_mean() -> None:
    times = np.arange(0, 30, 1 / 60)
    bpm = 80 + 15 * np.sin(2 * np.pi * times / 12)
    phase = 2 * np.pi * np.cumsum(bpm / 60) / 60
    rate = truth_rate(times, np.sin(phase), Window(3, 15))
    assert rate is not None
    assert rate.beats_bpm == pytest.approx(80, abs=1.5)


def test_errors_are_those_of_the_windows_that_were_read() -> None:
    error = np.array([3.0, -4.0, NAN, 5.0])
    assert mae(error) == pytest.approx(4.0)
    assert rmse(error) == pytest.approx(np.sqrt(50 / 3))
    assert share_within(error) == 1.0
    assert share_within(error, 4.5) == pytest.approx(2 / 3)
    assert answered(error) == 0.75


def test_nothing_read_is_not_a_number_rather_than_perfect() -> None:
    nothing = np.full(3, NAN)
    assert np.isnan([mae(nothing), rmse(nothing), share_within(nothing), pearson(nothing, np.arange(3.0))]).all()
    assert answered(nothing) == 0.0


def test_correlation_skips_what_was_not_read_and_needs_change() -> None:
    truth = np.array([60.0, 70.0, 80.0, 90.0])
    assert pearson(np.array([61.0, 71.0, NAN, 91.0]), truth) == pytest.approx(1.0)
    assert pearson(-truth, truth) == pytest.approx(-1.0)
    assert np.isnan(pearson(np.full(4, 72.0), truth))


def test_a_reader_that_knows_errs_less_where_it_trusts_itself_more() -> None:
    error = np.array([8.0, -1.0, 4.0, 2.0])
    points = coverage_curve(error, confidence=np.array([0.1, 0.9, 0.4, 0.6]))
    assert [(p.coverage, p.mae_bpm) for p in points] == [
        (0.25, 1.0),
        (0.5, 1.5),
        (0.75, pytest.approx(7 / 3)),
        (1.0, 3.75),
    ]
    assert points[0].least_confidence == 0.9


def test_coverage_counts_the_windows_that_were_not_read() -> None:
    points = coverage_curve(np.array([1.0, 3.0, NAN, NAN]), np.array([0.9, 0.8, 1.0, 1.0]))
    assert [(p.coverage, p.mae_bpm) for p in points] == [(0.25, 1.0), (0.5, 2.0)]
    assert coverage_curve(np.full(3, NAN), np.ones(3)) == []


def test_equal_confidences_are_not_told_apart() -> None:
    (point,) = coverage_curve(np.array([0.0, 2.0, 4.0, 6.0]), np.full(4, 0.5))
    assert (point.coverage, point.mae_bpm) == (1.0, 3.0)
