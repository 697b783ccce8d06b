"""Smoothing calms what stands still, and does not hold back what moves."""

from __future__ import annotations

import numpy as np
import pytest

from core.swap.smooth import OneEuro, eased, faded, lasting, straightened

EVEN = np.arange(60) / 30
UNEVEN = np.cumsum(np.tile([0.02, 0.05, 0.033, 0.041], 15))


@pytest.mark.parametrize("times", [EVEN, UNEVEN])
def test_a_still_face_trembles_less(times):
    rng = np.random.default_rng(1)
    noisy = 200 + rng.normal(0, 1, (len(times), 468, 2))
    smooth = straightened(times, noisy, 0.3)
    assert smooth.shape == noisy.shape
    assert np.diff(smooth, axis=0).std() < 0.4 * np.diff(noisy, axis=0).std()
    assert (smooth - 200).std() < 0.6


@pytest.mark.parametrize("times", [EVEN, UNEVEN])
def test_an_even_motion_is_not_held_back_even_at_the_ends(times):
    ramp = np.outer(times, [120.0, -35.0]) + 50
    np.testing.assert_allclose(straightened(times, ramp, 0.3), ramp, atol=1e-9)


def test_a_step_is_neither_early_nor_late():
    step = np.where(EVEN >= 1.0, 1.0, 0.0)
    smooth = straightened(EVEN, step, 0.3)
    crossing = np.interp(0.5, smooth, EVEN)
    assert crossing == pytest.approx(1.0 - 0.5 / 30, abs=0.004)


def test_a_window_shorter_than_three_frames_changes_nothing():
    values = np.random.default_rng(0).normal(0, 1, (60, 2))
    np.testing.assert_array_equal(straightened(EVEN, values, 0.02), values)


def test_a_fade_is_done_where_nothing_may_be_drawn():
    most = np.ones(60)
    most[30:40] = 0
    strength = faded(EVEN, most, 0.3)
    assert (strength <= most).all()
    assert np.abs(np.diff(strength)).max() <= 1 / 30 / 0.3 + 1e-9
    assert strength[20] == 1 and strength[50] == 1
    assert strength[29] == pytest.approx(1 / 9) and strength[40] == pytest.approx(1 / 9)


def test_fading_takes_as_long_at_any_frame_rate():
    most = np.where(UNEVEN < 1.0, 1.0, 0.0)
    strength = faded(UNEVEN, most, 0.4)
    first_dark = UNEVEN[most == 0][0]
    np.testing.assert_allclose(strength, np.clip((first_dark - UNEVEN) / 0.4, 0, 1), atol=1e-9)


@pytest.mark.parametrize("times", [EVEN, UNEVEN])
def test_what_may_be_drawn_for_a_moment_only_is_not_drawn(times):
    most = np.where((times > 0.5) & (times < 0.6), 1.0, 0.0) + np.where(times > 1.0, 1.0, 0.0)
    held = lasting(times, most, 0.4)
    assert not held[times < 1.0].any()
    np.testing.assert_array_equal(held[times > 1.0], 1)
    rng = np.random.default_rng(0)
    noisy = rng.uniform(0, 1, len(times))
    assert (lasting(times, noisy, 0.3) <= noisy).all()


def test_no_fade_is_no_fade():
    most = np.array([0, 1, 0.3, 1])
    np.testing.assert_array_equal(faded(EVEN[:4], most, 0.0), most)


def test_easing_has_flat_ends():
    assert eased(0.1, 0.1, 0.4) == 0
    assert eased(0.4, 0.1, 0.4) == 1
    assert eased(0.25, 0.1, 0.4) == pytest.approx(0.5)
    assert eased(0.11, 0.1, 0.4) < 0.01


def test_the_live_filter_calms_a_still_face_and_follows_a_fast_one():
    rng = np.random.default_rng(2)
    calm, out = OneEuro(), []
    for time in np.arange(0, 4, 1 / 30):
        out.append(calm.step(time, 200 + rng.normal(0, 1, (468, 2))))
    assert np.diff(out[30:], axis=0).std() < 0.35 * np.sqrt(2)
    quick = OneEuro()
    behind = [100 + 400 * time - quick.step(time, np.full((468, 2), 100 + 400 * time)).mean() for time in EVEN]
    assert max(behind) < 400 * 0.1  # a tenth of a second
    slow = OneEuro(per_speed=0.0)
    held = [100 + 400 * time - slow.step(time, np.full((468, 2), 100 + 400 * time)).mean() for time in EVEN]
    assert max(behind[-20:]) < 0.6 * max(held[-20:])


def test_the_live_filter_begins_anew_after_a_reset():
    calm = OneEuro()
    calm.step(0.0, np.zeros(3))
    calm.reset()
    np.testing.assert_array_equal(calm.step(0.1, np.full(3, 9.0)), np.full(3, 9.0))
