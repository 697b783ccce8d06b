"""Breaths per minute, from what breathing does to the head, to the light on the face and to the pulse wave.

Each source alone is easily fooled: a head that sways, a lamp that flickers slowly. So sources of different kinds have
to agree on one rate, and one of them has to show it almost alone. A source that breath does not reach, such as a
pulse wave without modulation, has no say; two that clearly show different rates are a disagreement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import hilbert

from core.signals.filters import band_pass, detrend
from core.signals.spectrum import Spectrum, peak_hz, power_spectrum, refined_hz, whitened

BREATH_BAND_HZ = (0.1, 0.5)
"""6 to 30 per minute."""
WIDE_BAND_HZ = (0.06, 0.75)
"""Energy here that is not in the peak speaks against it."""
SHORTEST_S = 15.0
AGREE_BPM = 1.0
SECONDS = (15.0, 20.0, 25.0, 30.0)
CLEAR_SHARE = (0.92, 0.84, 0.77, 0.71)
"""By duration, the share of energy in the peak that 1 of 200 stretches that wander (power 1/f²) without breath pass."""
SUPPORTING_SHARE = (0.78, 0.68, 0.60, 0.53)
"""The same for 1 in 12: what a source of another kind must show at the same rate."""
MOTION, LIGHT, PULSE = "motion", "light", "pulse"


@dataclass(frozen=True, slots=True)
class BreathSource:
    """One wave (N,) that may go with the breath; sources of the same `kind` count once."""

    kind: str
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BreathPeak:
    """The strongest rate of a source, and its `share` of all that the source changes at 4 to 45 a minute."""

    kind: str
    bpm: float
    share: float


def respiration_bpm(
    brightness: NDArray[np.float64],
    wave: NDArray[np.float64],
    rate_hz: float,
    pulse_hz: float | None,
    motion: Sequence[NDArray[np.float64]] = (),
) -> float | None:
    """Return breaths per minute, or None when it is not sure.

    Args:
        brightness: (N,) mean colour of the skin on an even grid.
        wave: (N,) pulse wave, band-passed.
        rate_hz: of all.
        pulse_hz: the pulse rate; None leaves the pulse wave out.
        motion: waves (N,) of how the head moves: its height in the picture, its size.
    """
    sources = [BreathSource(LIGHT, brightness), *(BreathSource(MOTION, values) for values in motion)]
    if pulse_hz is not None:
        sources += pulse_sources(wave, rate_hz, pulse_hz)
    return fused_bpm(sources, rate_hz)


def pulse_sources(wave: NDArray[np.float64], rate_hz: float, pulse_hz: float) -> list[BreathSource]:
    """Return how the strength and the rate of the beats change (respiratory sinus arrhythmia), both (N,).

    The band leaves 40 % of the rate to each side, which is room for every modulation by breath slower than that.
    """
    beats = band_pass(wave, rate_hz, (max(0.5, 0.6 * pulse_hz), 1.4 * pulse_hz), order=2)
    analytic = hilbert(beats)
    phase = np.unwrap(np.angle(analytic))
    rate = np.gradient(phase) * rate_hz / (2 * np.pi)
    return [BreathSource(PULSE, np.asarray(np.abs(analytic))), BreathSource(PULSE, np.asarray(rate))]


def fused_bpm(sources: Sequence[BreathSource], rate_hz: float) -> float | None:
    """Return the rate on which sources of two kinds agree, weighted by how clearly each shows it; None if none do.

    Raises:
        ValueError: two sources differ in length.
    """
    if len({len(source.values) for source in sources}) > 1:
        raise ValueError("sources of breath are of one length")
    if not sources or len(sources[0].values) / rate_hz < SHORTEST_S - 0.5 / rate_hz:
        return None
    seconds = len(sources[0].values) / rate_hz
    clear, supporting = (float(np.interp(seconds, SECONDS, shares)) for shares in (CLEAR_SHARE, SUPPORTING_SHARE))
    peaks = [peak for source in sources if (peak := breath_peak(source, rate_hz)) and peak.share >= supporting]
    best = max(peaks, key=lambda peak: peak.share, default=None)
    if best is None or best.share < clear:
        return None
    agreeing = [peak for peak in peaks if abs(peak.bpm - best.bpm) <= AGREE_BPM]
    against = [peak for peak in peaks if peak.share >= clear and abs(peak.bpm - best.bpm) > AGREE_BPM]
    if against or len({peak.kind for peak in agreeing}) < 2:
        return None
    weights = [1 / (1.02 - peak.share) for peak in agreeing]
    return float(np.average([peak.bpm for peak in agreeing], weights=weights))


def breath_peak(source: BreathSource, rate_hz: float) -> BreathPeak | None:
    """Return the strongest rate of a source; None when it does not change, or only drifts."""
    edge = round(rate_hz)  # the first and last second of an analytic signal are not to be trusted
    values = source.values[edge:-edge]
    if np.ptp(values) <= 1e-12 * max(float(np.abs(values).max()), 1e-30):
        return None
    plain = power_spectrum(detrend(values, rate_hz, cutoff_hz=0.06), rate_hz, bin_hz=0.005)
    spectrum = whitened(plain)
    hz = refined_hz(plain, peak_hz(spectrum, BREATH_BAND_HZ))
    at_edge = hz <= BREATH_BAND_HZ[0] + 0.01 or hz >= BREATH_BAND_HZ[1] - 0.005
    return None if at_edge else BreathPeak(source.kind, 60 * float(hz), _share_in_peak(spectrum, float(hz)))


def _share_in_peak(spectrum: Spectrum, hz: float) -> float:
    frequencies = spectrum.frequencies_hz
    band = (frequencies >= WIDE_BAND_HZ[0]) & (frequencies <= WIDE_BAND_HZ[1])
    near = band & (np.abs(frequencies - hz) <= 1.5 / spectrum.duration_s)
    total = float(spectrum.power[band].sum())
    return float(spectrum.power[near].sum()) / total if total > 0 else 0.0
