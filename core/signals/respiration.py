"""Breaths per minute, from what breathing does to the light on the face and to the pulse wave."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.signal import hilbert

from core.signals.filters import band_pass, detrend
from core.signals.spectrum import Spectrum, peak_hz, power_spectrum

BREATH_BAND_HZ = (0.1, 0.5)
SHORTEST_S = 15.0
AGREE_BPM = 2.0
SHARE_TO_BELIEVE = 0.55
"""Share of the breathing band's energy that must lie in one peak for a source to have a say."""


def respiration_bpm(
    brightness: NDArray[np.float64],
    wave: NDArray[np.float64],
    rate_hz: float,
    pulse_hz: float | None,
) -> float | None:
    """Return breaths per minute, or None when it is not sure.

    Three sources have a say: the slow brightness of the face (the head moves with the breath), the strength of the
    beats, and their rate (respiratory sinus arrhythmia). Two must agree within 2 a minute.

    Args:
        brightness: (N,) mean colour of the skin on an even grid.
        wave: (N,) pulse wave, band-passed.
        rate_hz: of both.
        pulse_hz: the pulse rate; None leaves the brightness alone, and with it no second source.
    """
    if len(wave) / rate_hz < SHORTEST_S or pulse_hz is None:
        return None
    beats = band_pass(wave, rate_hz, (max(0.65, 0.6 * pulse_hz), 1.4 * pulse_hz), order=2)
    analytic = hilbert(beats)
    phase = np.unwrap(np.angle(analytic))
    sources = (brightness, np.abs(analytic), np.gradient(phase) * rate_hz / (2 * np.pi))
    found = [bpm for source in sources if (bpm := _breath_peak_bpm(np.asarray(source), rate_hz)) is not None]
    found.sort()
    pairs = [(b - a, (a + b) / 2) for a, b in pairwise(found)]
    close = min(pairs, default=None)
    return None if close is None or close[0] > AGREE_BPM else close[1]


def _breath_peak_bpm(source: NDArray[np.float64], rate_hz: float) -> float | None:
    edge = round(rate_hz)  # the first and last second of an analytic signal are not to be trusted
    slow = detrend(source[edge:-edge], rate_hz, cutoff_hz=0.08)
    spectrum = power_spectrum(slow, rate_hz, bin_hz=0.005)
    hz = float(peak_hz(spectrum, BREATH_BAND_HZ))
    share = _share_in_peak(spectrum, hz)
    at_edge = hz <= BREATH_BAND_HZ[0] + 0.01 or hz >= BREATH_BAND_HZ[1] - 0.01
    return None if at_edge or share < SHARE_TO_BELIEVE else 60 * hz


def _share_in_peak(spectrum: Spectrum, hz: float) -> float:
    frequencies = spectrum.frequencies_hz
    band = (frequencies >= 0.05) & (frequencies <= 0.7)
    near = band & (np.abs(frequencies - hz) <= 1.25 / spectrum.duration_s)
    total = float(spectrum.power[band].sum())
    return float(spectrum.power[near].sum()) / total if total > 0 else 0.0
