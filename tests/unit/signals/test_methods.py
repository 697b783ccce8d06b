from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.signals.methods import METHODS, pos
from tests.synth.clips import BLOOD_VOLUME_VECTOR, even_times
from tests.synth.traces import SKIN_LINEAR, Skin, skin_trace

RATE_HZ = 30.0


def skin_colour(bpm: float = 72, seconds: float = 10, shading: float = 0.0, seed: int = 0) -> NDArray[np.float64]:
    """(N, 3): a pure pulse tone on skin, and brightness changes common to all colours."""
    t = even_times(RATE_HZ, seconds)
    pulse = 0.005 * np.sin(2 * np.pi * bpm / 60 * t)[:, None] * BLOOD_VOLUME_VECTOR
    light = shading * np.sin(2 * np.pi * 1.9 * t + seed)[:, None]
    return np.asarray(SKIN_LINEAR * (1 + pulse) * (1 + light))


def pos_as_printed(rgb: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Algorithm 1 of the paper, loop and all, divided by the number of windows over each sample."""
    n, width = len(rgb), int(np.ceil(1.6 * rate_hz))
    wave, count = np.zeros(n), np.zeros(n)
    for end in range(width, n + 1):
        window = rgb[end - width : end]
        s = np.array([[0, 1, -1], [-2, 1, 1]]) @ (window / window.mean(axis=0)).T
        h = s[0] + s[0].std() / s[1].std() * s[1]
        wave[end - width : end] += h - h.mean()
        count[end - width : end] += 1
    return np.asarray(wave / count - (wave / count).mean())


def test_pos_is_the_papers_algorithm() -> None:
    rgb = skin_colour(shading=0.02)
    expected = pos_as_printed(rgb, RATE_HZ)
    assert pos(rgb, RATE_HZ) == pytest.approx(expected, abs=1e-9)


def test_pos_fills_the_last_samples() -> None:
    rgb = skin_colour(bpm=75, seconds=10)  # ends in the middle of a swing
    wave = pos(rgb, RATE_HZ)
    tail, body = wave[-48:], wave[48:-48]
    assert tail.std() > 0.7 * body.std()
    assert np.abs(np.diff(wave[-10:])).min() > 0


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_zero_mean_and_leaves_its_input(name: str) -> None:
    rgb = skin_colour(shading=0.01)
    before = rgb.copy()
    wave = METHODS[name](rgb, RATE_HZ)
    assert wave.shape == (len(rgb),)
    assert wave.dtype == np.float64
    assert abs(wave.mean()) < 1e-12
    assert np.array_equal(rgb, before)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_rises_when_the_skin_gets_brighter_in_green(name: str) -> None:
    rgb = skin_colour()
    wave = METHODS[name](rgb, RATE_HZ)
    assert np.corrcoef(wave, rgb[:, 1])[0, 1] > 0.9


@pytest.mark.parametrize("name", ["CHROM", "POS", "LGI", "OMIT"])
def test_brightness_common_to_all_colours_is_suppressed(name: str) -> None:
    rgb = skin_colour(bpm=72, shading=0.01)
    power = np.abs(np.fft.rfft(METHODS[name](rgb, RATE_HZ))) ** 2
    pulse, light = power[12], power[19]
    green_power = np.abs(np.fft.rfft(rgb[:, 1] / rgb[:, 1].mean())) ** 2
    assert green_power[19] > green_power[12]
    assert pulse > 20 * light


@pytest.mark.parametrize("name", METHODS)
def test_regions_are_independent_of_each_other(name: str) -> None:
    rgb = skin_trace(Skin(), even_times(RATE_HZ, 6)).rgb
    together = METHODS[name](rgb, RATE_HZ)
    assert together.shape == rgb.shape[:2]
    assert together[7] == pytest.approx(METHODS[name](rgb[7], RATE_HZ), abs=1e-9)


@pytest.mark.parametrize("name", METHODS)
def test_a_frozen_picture_gives_a_flat_wave(name: str) -> None:
    wave = METHODS[name](np.tile(SKIN_LINEAR, (120, 1)), RATE_HZ)
    assert np.abs(wave).max() < 1e-9


@pytest.mark.parametrize("name", METHODS)
def test_less_than_one_window_is_accepted(name: str) -> None:
    wave = METHODS[name](skin_colour(seconds=1), RATE_HZ)
    assert wave.shape == (30,)
    assert np.isfinite(wave).all()


@pytest.mark.parametrize("name", METHODS)
def test_a_black_region_gives_a_flat_wave(name: str) -> None:
    assert np.allclose(METHODS[name](np.zeros((300, 3)), RATE_HZ), 0)
