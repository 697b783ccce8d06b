"""Spectra of short waves and the frequency of their peak, between the bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len, rfft
from scipy.signal.windows import hann

RATE_BAND_HZ = (42 / 60, 180 / 60)
"""Where a pulse rate is looked for."""
BIN_HZ = 0.01
HALF_RATE_SHARE = 0.4
"""A peak at half of the strongest frequency with this share of its power is the beat, the stronger its harmonic."""


@dataclass(frozen=True, slots=True)
class Spectrum:
    """`power` (..., F) at `frequencies_hz` (F,), of a stretch of `duration_s`."""

    frequencies_hz: NDArray[np.float64]
    power: NDArray[np.float64]
    duration_s: float

    @property
    def half_width_hz(self) -> float:
        """How far the energy of one steady tone reaches to each side of its peak (98 % of it)."""
        return max(0.1, 1.25 / self.duration_s)


def power_spectrum(values: NDArray[np.float64], rate_hz: float, bin_hz: float = BIN_HZ) -> Spectrum:
    """Periodogram with a Hann window, padded with zeros to bins of at most `bin_hz`: (..., N) to (..., F)."""
    length = values.shape[-1]
    size = next_fast_len(max(length, int(np.ceil(rate_hz / bin_hz))), real=True)
    window = hann(length, sym=False)
    centred = values - values.mean(axis=-1, keepdims=True)
    power = np.abs(rfft(centred * window, n=size, axis=-1)) ** 2 / (window**2).sum()
    frequencies = np.arange(size // 2 + 1) * rate_hz / size
    return Spectrum(frequencies, np.asarray(power, dtype=np.float64), length / rate_hz)


def whitened(spectrum: Spectrum) -> Spectrum:
    """Weigh power by frequency: what movement and compression leave behind falls off as 1/f, a pulse does not.

    Without this, on strongly compressed clips, the strongest peak is often the lower end of the band.
    """
    return Spectrum(spectrum.frequencies_hz, spectrum.power * spectrum.frequencies_hz, spectrum.duration_s)


def peak_hz(spectrum: Spectrum, band_hz: tuple[float, float] = RATE_BAND_HZ) -> NDArray[np.float64]:
    """The frequency of the strongest bin in the band, refined by a parabola through three log powers: (...)."""
    frequencies, power = spectrum.frequencies_hz, spectrum.power
    inside = np.flatnonzero((frequencies >= band_hz[0]) & (frequencies <= band_hz[1]))
    best = inside[0] + np.argmax(power[..., inside], axis=-1)
    return _between_bins(spectrum, best)


def refined_hz(spectrum: Spectrum, hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """The peak next to `hz` (...), which was found in another view of the same waves, such as the whitened one: (...).

    Whitening tilts a peak's top towards higher rates, by 0.3 beats a minute at 48.
    """
    return _between_bins(spectrum, np.rint(hz / spectrum.frequencies_hz[1]).astype(int), most=1.5)


def _between_bins(spectrum: Spectrum, bins: NDArray[np.intp], most: float = 0.5) -> NDArray[np.float64]:
    """The top of the parabola through the log powers at `bins` (...) and their neighbours, at most `most` bins away."""
    frequencies, power = spectrum.frequencies_hz, spectrum.power
    best = np.clip(bins, 1, len(frequencies) - 2)
    around = np.stack([np.take_along_axis(power, (best + k)[..., None], -1)[..., 0] for k in (-1, 0, 1)])
    left, mid, right = np.log(np.maximum(around, 1e-300))
    curve = left - 2 * mid + right
    shift = np.where(curve < 0, 0.5 * (left - right) / np.where(curve < 0, curve, -1.0), 0.0)
    return np.asarray((best + np.clip(shift, -most, most)) * frequencies[1])


def power_at(spectrum: Spectrum, hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """The power at the bin nearest to `hz` (...): (...); 0 outside the spectrum."""
    bins = np.rint(hz / spectrum.frequencies_hz[1]).astype(int)
    last = len(spectrum.frequencies_hz) - 1
    found = np.take_along_axis(spectrum.power, np.clip(bins, 0, last)[..., None], -1)[..., 0]
    return np.where((bins >= 0) & (bins <= last), found, 0.0)


def fundamental_hz(spectrum: Spectrum, band_hz: tuple[float, float] = RATE_BAND_HZ) -> NDArray[np.float64]:
    """The peak, or half of it when there is a beat at half whose second harmonic is the peak: (...).

    A dicrotic pulse can be stronger in its second harmonic. Half is taken only where a peak really lies there: within
    a quarter of the main lobe, and with `HALF_RATE_SHARE` of the power.
    """
    top = peak_hz(spectrum, band_hz)
    lobe = spectrum.half_width_hz
    frequencies = spectrum.frequencies_hz
    near_half = np.abs(frequencies - top[..., None] / 2) <= lobe
    masked = Spectrum(frequencies, np.where(near_half, spectrum.power, 0.0), spectrum.duration_s)
    half = peak_hz(masked, band_hz)
    is_peak = np.abs(2 * half - top) <= lobe / 2
    strong = power_at(spectrum, half) >= HALF_RATE_SHARE * power_at(spectrum, top)
    fits = top / 2 >= band_hz[0]
    return np.where(fits & is_peak & strong, half, top)
