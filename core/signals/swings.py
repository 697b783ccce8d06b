"""Slow swings of the light, whose overtones a reader can take for a pulse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.signals.spectrum import peak_hz, power_spectrum

SLOW_BAND_HZ = (0.1, 0.9)
ALL_HZ = (0.1, 3.5)
SLOWEST_BPM = 13.0
"""Below this the overtones lie under every pulse rate, but for ever weaker ones."""
STRONG_PERCENT = 0.4
PURE_SHARE = 0.75
"""A head that moves freely puts a third to two thirds of the light's changes into its strongest swing, a lamp or a
breath that swings evenly nearly all."""
OVERTONES = (1, 2, 3, 5)
"""The swing itself, and what bending its wave by asinh makes of it; the second is of waves that are no sines."""
NEAR_BPM = 4.0
LOW_END_BPM = 46.0
SPILLS_FROM = 0.6
NEAR_SHARE = 0.06


@dataclass(frozen=True, slots=True)
class Swing:
    """The strongest slow swing of light: its rate, its size in percent of the light, and its share of all changes."""

    per_minute: float
    percent: float
    share: float

    @property
    def strong(self) -> bool:
        """Whether it is large and even enough to leave overtones."""
        return self.percent >= STRONG_PERCENT and self.share >= PURE_SHARE and self.per_minute >= SLOWEST_BPM

    def spills_over(self, bpm: float) -> bool:
        """Return whether `bpm`, at the low end of the band, may be the flank of this swing just below."""
        return self.strong and bpm <= LOW_END_BPM and self.per_minute >= SPILLS_FROM * bpm

    def explains(self, bpm: float) -> bool:
        """Return whether a pulse of `bpm` may be no more than an overtone of this swing."""
        if not self.strong:
            return False
        near = max(NEAR_BPM, NEAR_SHARE * bpm)
        return any(abs(bpm - n * self.per_minute) <= near for n in OVERTONES)


def slow_swing(rgb: NDArray[np.float64], rate_hz: float) -> Swing:
    """Find the strongest swing of 6 to 54 a minute in the brightness of R regions (R, N, 3), at least 4 s of it."""
    light = np.log(np.maximum(rgb, 1e-4)).mean(axis=(0, 2))
    time = np.arange(len(light)) / rate_hz
    light = light - np.polyval(np.polyfit(time, light, 1), time)
    spectrum = power_spectrum(light, rate_hz)
    hz = float(peak_hz(spectrum, SLOW_BAND_HZ))
    frequencies = spectrum.frequencies_hz
    inside = (frequencies >= ALL_HZ[0]) & (frequencies <= ALL_HZ[1])
    near = inside & (np.abs(frequencies - hz) <= spectrum.half_width_hz)
    phase = 2 * np.pi * hz * time
    parts = np.linalg.lstsq(np.stack([np.cos(phase), np.sin(phase), np.ones_like(phase)], axis=1), light, rcond=None)[0]
    share = spectrum.power[near].sum() / max(spectrum.power[inside].sum(), 1e-30)
    return Swing(60 * hz, float(100 * np.hypot(parts[0], parts[1])), float(share))
