from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from core.signals.resample import even_trace, median_rate_hz
from core.types import RoiTrace
from tests.synth.clips import even_times, uneven_times
from tests.synth.traces import BIG_REGIONS, Skin, skin_trace


def tone_trace(times_s: NDArray[np.float64], hz: float) -> RoiTrace:
    wave = 0.3 + 0.01 * np.sin(2 * np.pi * hz * times_s)
    rgb = np.repeat(np.stack([wave, wave])[..., None], 3, axis=2)
    return RoiTrace(0, ("a", "b"), times_s, rgb, np.ones(rgb.shape[:2]), np.zeros(rgb.shape[:2]))


def test_a_tone_sampled_unevenly_comes_out_even_and_true() -> None:
    even = even_trace(tone_trace(uneven_times(10), 2.5))
    assert np.diff(even.times_s) == pytest.approx(1 / even.rate_hz)
    truth = 0.3 + 0.01 * np.sin(2 * np.pi * 2.5 * even.times_s)
    assert np.abs(even.rgb[0, 5:-5, 1] - truth[5:-5]).max() < 0.0003


def test_an_even_trace_is_left_as_it_is() -> None:
    trace = skin_trace(Skin(), even_times(Fraction(30000, 1001), 5), region_names=BIG_REGIONS)
    even = even_trace(trace)
    assert even.rate_hz == pytest.approx(30000 / 1001)
    assert even.rgb == pytest.approx(trace.rgb, rel=1e-6)
    assert even.gaps_s == ()
    assert even.seen.all()
    assert np.array_equal(even.source_times_s, trace.times_s)


def test_fast_clips_are_averaged_down() -> None:
    trace = skin_trace(Skin(bpm=None, drift=0, motion=0, breath=0), even_times(120, 5), region_names=BIG_REGIONS)
    even = even_trace(trace)
    assert even.rate_hz == pytest.approx(40)
    assert even.rgb[0, :, 1].std() < 0.7 * trace.rgb[0, :, 1].std()


def test_a_long_gap_is_reported_and_not_read() -> None:
    times = even_times(25, 10)
    times = times[(times <= 4.0) | (times >= 5.0)]
    even = even_trace(tone_trace(times, 1.2))
    assert len(even.gaps_s) == 1
    assert even.gaps_s[0] == pytest.approx((4.0, 5.0))
    assert not even.seen[0, (even.times_s > 4.01) & (even.times_s < 4.99)].any()
    assert even.seen[0, even.times_s <= 4.0].all()
    first, second = even.stretches()
    assert even.times_s[first][-1] == pytest.approx(4.0)
    assert even.times_s[second][0] == pytest.approx(5.0)


def test_two_gaps_leave_three_stretches() -> None:
    times = even_times(25, 12)
    times = times[~((times > 3) & (times < 4)) & ~((times > 7) & (times < 8))]
    assert len(even_trace(tone_trace(times, 1.2)).stretches()) == 3


def test_a_short_gap_is_bridged() -> None:
    times = even_times(25, 10)
    times = times[(times <= 4.0) | (times >= 4.2)]
    even = even_trace(tone_trace(times, 1.2))
    assert even.gaps_s == ()
    assert even.seen.all()


def test_a_region_that_was_hidden_is_filled_but_marked_unseen() -> None:
    trace = tone_trace(even_times(25, 10), 1.2)
    rgb = np.array(trace.rgb)
    rgb[1, 50:100] = np.nan
    even = even_trace(replace(trace, rgb=rgb))
    assert np.isfinite(even.rgb).all()
    assert even.seen[0].all()
    assert not even.seen[1, 55:95].any()
    assert even.seen[1, :50].all()
    assert even.gaps_s == ()


def test_a_region_never_seen_is_never_seen() -> None:
    trace = tone_trace(even_times(25, 3), 1.2)
    rgb = np.array(trace.rgb)
    rgb[0] = np.nan
    even = even_trace(replace(trace, rgb=rgb))
    assert not even.seen[0].any()
    assert np.isfinite(even.rgb).all()


def test_the_rate_is_that_of_the_timestamps() -> None:
    assert median_rate_hz(even_times(Fraction(30000, 1001), 3)) == pytest.approx(29.97, abs=0.001)
    assert median_rate_hz(np.array([1.0])) == 0


def test_one_sample_has_no_rate() -> None:
    with pytest.raises(ValueError, match="two samples"):
        even_trace(tone_trace(np.array([0.0]), 1.0))
