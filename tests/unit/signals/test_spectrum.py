from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.signals.filters import band_pass, detrend
from core.signals.quality import region_weights, snr_db
from core.signals.spectrum import Spectrum, fundamental_hz, peak_hz, power_spectrum
from tests.synth.clips import even_times

RATE_HZ = 30.0


def tone(hz: float, seconds: float = 10, phase: float = 0.4) -> NDArray[np.float64]:
    return np.asarray(np.sin(2 * np.pi * hz * even_times(RATE_HZ, seconds) + phase))


@pytest.mark.parametrize("hz", [0.8, 0.8333, 1.2047, 1.9, 2.5])
def test_a_tone_between_the_bins_is_found_within_a_tenth_of_a_beat(hz: float) -> None:
    found = peak_hz(power_spectrum(tone(hz), RATE_HZ))
    assert 60 * abs(float(found) - hz) < 0.1


def test_the_parabola_beats_the_nearest_bin() -> None:
    coarse = power_spectrum(tone(1.2345), RATE_HZ, bin_hz=0.1)
    nearest = coarse.frequencies_hz[np.argmax(coarse.power)]
    assert abs(float(peak_hz(coarse)) - 1.2345) < 0.2 * abs(nearest - 1.2345)


def test_the_peak_outside_the_band_is_not_taken() -> None:
    values = 5 * tone(0.3) + tone(1.5)
    assert float(peak_hz(power_spectrum(values, RATE_HZ))) == pytest.approx(1.5, abs=0.01)


def test_a_beat_weaker_than_its_harmonic_is_still_the_beat() -> None:
    spectrum = power_spectrum(0.8 * tone(0.9) + tone(1.8), RATE_HZ)
    assert float(peak_hz(spectrum)) == pytest.approx(1.8, abs=0.01)
    assert float(fundamental_hz(spectrum)) == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize("hz", [0.8, 1.2, 1.7, 2.5])
def test_a_lone_tone_is_not_halved(hz: float) -> None:
    noise = np.random.default_rng(1).normal(0, 0.2, 300)
    assert float(fundamental_hz(power_spectrum(tone(hz) + noise, RATE_HZ))) == pytest.approx(hz, abs=0.02)


def test_noise_at_another_low_rate_is_not_taken_for_the_beat() -> None:
    spectrum = power_spectrum(tone(1.8) + 0.9 * tone(1.15), RATE_HZ)
    assert float(fundamental_hz(spectrum)) == pytest.approx(1.8, abs=0.02)


def test_many_windows_are_treated_as_each_alone() -> None:
    values = np.stack([tone(hz) for hz in (0.9, 1.4, 2.2)])
    spectrum = power_spectrum(values, RATE_HZ)
    alone = [float(peak_hz(power_spectrum(v, RATE_HZ))) for v in values]
    assert peak_hz(spectrum) == pytest.approx(alone)
    assert snr_db(spectrum, peak_hz(spectrum)).shape == (3,)


def test_snr_falls_by_three_decibel_when_noise_has_twice_the_power() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(200, 300))
    quiet = power_spectrum(tone(1.2) + noise, RATE_HZ)
    loud = power_spectrum(tone(1.2) + np.sqrt(2) * noise, RATE_HZ)
    at = np.full(200, 1.2)
    assert np.median(snr_db(quiet, at)) - np.median(snr_db(loud, at)) == pytest.approx(3, abs=0.5)


def test_the_second_harmonic_counts_as_signal() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 300)
    with_harmonic = power_spectrum(tone(1.2) + 0.5 * tone(2.4) + noise, RATE_HZ)
    with_stranger = power_spectrum(tone(1.2) + 0.5 * tone(1.9) + noise, RATE_HZ)
    at = np.array(1.2)
    assert snr_db(with_harmonic, at) > snr_db(with_stranger, at) + 5


def test_noisy_regions_weigh_less_and_dead_ones_nothing() -> None:
    noise = np.random.default_rng(0).normal(size=(3, 1, 300))
    waves = tone(1.2) + noise * np.array([0.3, 3.0, 0.3])[:, None, None]
    waves[2] = 0
    weights = region_weights(power_spectrum(waves, RATE_HZ))[:, 0]
    assert weights.sum() == pytest.approx(1)
    assert weights[0] > 10 * weights[1]
    assert weights[2] == 0


def test_all_regions_dead_gives_no_weight() -> None:
    spectrum = Spectrum(np.arange(300) * 0.02, np.zeros((2, 1, 300)), 10.0)
    assert region_weights(spectrum).tolist() == [[0.0], [0.0]]


def test_the_band_pass_shifts_nothing_and_stops_what_is_outside() -> None:
    t = even_times(RATE_HZ, 20)
    pulse = np.sin(2 * np.pi * 1.2 * t)
    passed = band_pass(pulse + np.sin(2 * np.pi * 0.2 * t) + np.sin(2 * np.pi * 8 * t), RATE_HZ)
    assert np.abs(passed - pulse)[60:-60].max() < 0.03


def test_the_band_pass_does_not_change_its_input() -> None:
    values = tone(1.2)
    before = values.copy()
    band_pass(values, RATE_HZ)
    detrend(values, RATE_HZ, 0.3)
    assert np.array_equal(values, before)


def test_a_band_above_half_the_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        band_pass(np.zeros(50), 1.0)


def test_detrending_keeps_the_fast_and_drops_the_slow() -> None:
    t = even_times(RATE_HZ, 20)
    fast = np.sin(2 * np.pi * 1.2 * t)
    rest = detrend(fast + 3 * t + np.sin(2 * np.pi * 0.03 * t), RATE_HZ, cutoff_hz=0.3)
    assert np.abs(rest - fast)[60:-60].max() < 0.03


def test_detrending_leaves_half_at_its_cutoff() -> None:
    t = even_times(RATE_HZ, 60)
    kept = detrend(np.sin(2 * np.pi * 0.3 * t), RATE_HZ, cutoff_hz=0.3)[300:-300]
    assert np.abs(kept).max() == pytest.approx(0.5, abs=0.03)
