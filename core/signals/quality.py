"""How far a pulse stands out: SNR, the gate below which nothing is read, and the weight of each region."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.signals.filters import PULSE_BAND_HZ
from core.signals.spectrum import Spectrum

GATE_SECONDS = np.array([4.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0])
GATE_SNR_DB = np.array([7.0, 3.6, 1.7, 0.4, -1.4, -1.9, -2.8])
"""SNR that at most 1 in 200 windows without pulse pass, by the window's length: docs/decisions/0004."""
METHOD_MARGIN_DB = {"G": 2.0}
"""Green alone lets light and movement through, so that its noise is more often tone-like."""
CONFIDENCE_STEP_DB = 1.5


def snr_db(spectrum: Spectrum, hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Energy around `hz` and its second harmonic over all other energy of the pulse band, in dB: (...) to (...).

    De Haan and Jeanne 2013, eq. 20, with the width of the spectrum's own main lobe in place of a fixed one.
    """
    power, frequencies = spectrum.power, spectrum.frequencies_hz
    inside = (frequencies >= PULSE_BAND_HZ[0]) & (frequencies <= PULSE_BAND_HZ[1])
    power, frequencies = power[..., inside], frequencies[inside]
    near = np.abs(frequencies - hz[..., None]) <= spectrum.half_width_hz
    near |= np.abs(frequencies - 2 * hz[..., None]) <= spectrum.half_width_hz
    signal = (power * near).sum(axis=-1)
    rest = (power * ~near).sum(axis=-1)
    tiny = 1e-30
    return np.asarray(10 * np.log10((signal + tiny) / (rest + tiny)))


def gate_db(seconds: float, method: str = "POS") -> float:
    """The lowest SNR at which a window of this length is read."""
    return float(np.interp(seconds, GATE_SECONDS, GATE_SNR_DB)) + METHOD_MARGIN_DB.get(method, 0.0)


def confidence(snr: NDArray[np.float64], gate: float) -> NDArray[np.float64]:
    """0..1, 0.5 at the gate (in dB): an order of trust for weighing windows, not a probability."""
    return np.asarray(1 / (1 + np.exp(-(snr - gate) / CONFIDENCE_STEP_DB)))


def region_weights(spectra: Spectrum) -> NDArray[np.float64]:
    """Weights (R, W) that sum to 1 over regions, for waves with one pulse in common and noise of their own.

    The best sum of such waves weighs each by the inverse of its noise power, taken as the energy of the pulse band
    away from the frequency on which the regions agree best.

    Args:
        spectra: power (R, W, F) of R regions in W windows; a region without any power gets no weight.
    """
    power, frequencies = spectra.power, spectra.frequencies_hz
    inside = (frequencies >= PULSE_BAND_HZ[0]) & (frequencies <= PULSE_BAND_HZ[1])
    power, frequencies = power[..., inside], frequencies[inside]
    energy = power.sum(axis=-1, keepdims=True)
    common = (power / np.maximum(energy, 1e-30)).mean(axis=0)  # (W, F)
    best = frequencies[np.argmax(common, axis=-1)]
    near = np.abs(frequencies - best[:, None]) <= spectra.half_width_hz
    near |= np.abs(frequencies - 2 * best[:, None]) <= spectra.half_width_hz
    noise = (power * ~near).sum(axis=-1)
    inverse = np.where(energy[..., 0] > 0, 1 / np.maximum(noise, 1e-30), 0.0)
    total = inverse.sum(axis=0, keepdims=True)
    return np.asarray(inverse / np.where(total > 0, total, 1.0))
