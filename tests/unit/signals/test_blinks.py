"""Blinks put into a series of lid openings are found where they are, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.signals.blinks import Blinks, count_blinks, find_blinks
from core.types import EyeTrace
from tests.synth.blinking import eyes
from tests.synth.clips import even_times, uneven_times

BLINKS_S = (1.3, 4.0, 4.6, 9.25, 15.0, 21.7, 28.2)
CLOCKS = {
    "25": even_times(25, 30),
    "29.97": even_times(30000 / 1001, 30),
    "15": even_times(15, 30),
    "uneven": uneven_times(30, seed=3),
}


def at(*times_s: float) -> object:
    return pytest.approx(np.array(times_s), abs=0.05)


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_blinks_are_found_at_any_frame_rate_and_timed(clock: str, noise: float) -> None:
    times = CLOCKS[clock]

    found = find_blinks(times, eyes(times, BLINKS_S, noise=noise))

    assert found.times_s == at(*BLINKS_S)
    assert found.durations_s == pytest.approx(0.2, abs=0.07)
    assert found.per_min == pytest.approx(60 * len(BLINKS_S) / (times[-1] - times[0]))


@pytest.mark.parametrize("seed", range(20))
def test_noise_does_not_blink(seed: int) -> None:
    times = uneven_times(30, seed=seed)

    assert find_blinks(times, eyes(times, noise=0.03, seed=seed)).per_min == 0


def test_the_input_is_not_changed_and_the_unit_does_not_matter() -> None:
    times = CLOCKS["25"]
    opening = eyes(times, BLINKS_S)
    before = opening.copy()

    found = find_blinks(times, opening)

    assert np.array_equal(opening, before)
    assert find_blinks(times + 100, 40 * opening).times_s == pytest.approx(found.times_s + 100)


def test_one_eye_alone_winks() -> None:
    times = CLOCKS["25"]
    opening = np.stack([eyes(times, BLINKS_S)[0], eyes(times)[1]])

    assert len(find_blinks(times, opening).times_s) == 0


def test_a_squint_and_lids_that_sink_slowly_are_no_blinks_but_hide_none() -> None:
    times = CLOCKS["25"]
    squint = 1 - 0.45 / (1 + np.exp(-(times - 8) * 4)) + 0.45 / (1 + np.exp(-(times - 18) * 4))
    sinking = np.linspace(1, 0.75, len(times))

    assert len(find_blinks(times, eyes(times) * squint).times_s) == 0
    assert find_blinks(times, eyes(times, BLINKS_S) * squint * sinking).times_s == at(*BLINKS_S)


def test_eyes_that_stay_shut_are_no_blink() -> None:
    times = CLOCKS["25"]

    assert find_blinks(times, eyes(times, (5.0, 12.0), long_s=0.9)).per_min == 0


def test_lids_that_tremble_while_shut_make_one_blink() -> None:
    times = CLOCKS["29.97"]

    found = find_blinks(times, eyes(times, (10.0, 10.17), noise=0.0))

    assert found.times_s == at(10.085)
    assert found.durations_s == pytest.approx(0.37, abs=0.05)


def test_a_shallow_dip_counts_only_where_the_eyes_are_steady() -> None:
    times, at_s = CLOCKS["25"], (2.5, 8.5, 14.5, 22.5)
    steady = eyes(times, at_s, depth=0.31, noise=0.002)
    wandering = 1 + 0.1 * np.sin(np.pi * times)  # as when somebody looks up and down; at its height at these times

    assert find_blinks(times, steady).times_s == at(*at_s)
    assert len(find_blinks(times, steady * wandering).times_s) == 0


@pytest.mark.parametrize("cut_off_s", [0.0, 29.96])
def test_a_blink_that_the_clip_cuts_off_is_not_counted(cut_off_s: float) -> None:
    times = CLOCKS["25"]

    assert find_blinks(times, eyes(times, (cut_off_s, 15.0))).times_s == at(15.0)


def test_the_last_whole_blink_is_counted() -> None:
    times = CLOCKS["25"]

    assert find_blinks(times, eyes(times, (29.75,))).times_s == at(29.75)


def test_gaps_hide_blinks_and_do_not_count_as_seen() -> None:
    times = CLOCKS["25"]
    opening = eyes(times, BLINKS_S)
    opening[0, (times > 9) & (times < 12)] = np.nan

    found = find_blinks(times, opening)

    assert found.times_s == at(1.3, 4.0, 4.6, 15.0, 21.7, 28.2)
    assert found.seen_s == pytest.approx(times[-1] - 3, abs=0.1)
    absent = (times <= 9) | (times >= 12)
    same = find_blinks(times[absent], opening[:, absent])
    assert same.seen_s == pytest.approx(found.seen_s)
    assert same.times_s == pytest.approx(found.times_s)


def test_one_frame_without_eyes_is_no_gap() -> None:
    times = CLOCKS["25"]
    opening = eyes(times, BLINKS_S)
    opening[:, ::9] = np.nan

    assert len(find_blinks(times, opening).times_s) >= len(BLINKS_S) - 1


def seen(times: NDArray[np.float64], *, size_px: float = 200.0, hidden: float = 0.0) -> Blinks:
    opening = eyes(times, (4.0,))
    opening[:, times > times[-1] * (1 - hidden)] = np.nan
    return count_blinks(EyeTrace(0, times, opening), size_px)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (seen(even_times(25, 7.9)), "only 7.8 s of face; blinks need 8 s"),
        (seen(even_times(25, 8.0)), "only 7.9 s of face; blinks need 8 s"),
        (seen(even_times(12, 20)), "only 12 pictures a second; blinks need 15"),
        (seen(even_times(25, 20), size_px=63), "the face is only 63 px large; blinks need 64 px"),
        (seen(even_times(25, 30), hidden=0.6), "both eyes were in view for too little of the time"),
        (seen(even_times(25, 9), hidden=0.3), "both eyes were in view for too little of the time"),
        (seen(even_times(25, 20), hidden=1.0), "both eyes were in view for too little of the time"),
        (count_blinks(None, 200.0), "the eyes were not looked at"),
        (count_blinks(EyeTrace(0, np.zeros(1), np.full((2, 1), 0.3)), 200.0), "only 0.0 s of face; blinks need 8 s"),
    ],
)
def test_what_is_not_good_enough_is_told(found: Blinks, why: str) -> None:
    assert found.abstained_because == why
    assert found.per_min is None
    assert len(found.times_s) == len(found.durations_s) == 0
