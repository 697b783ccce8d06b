"""Where on the face blood flows, how strongly, when and how alike: amplitude, phase and coherence between regions.

A swap replaces the inner face. Its pulse, if it has one, is what the generator let through of the driver's, so
strength, delay, colour or agreement with the skin around it may differ (Seibold et al. 2025 propose to look there).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.signals.filters import PULSE_BAND_HZ, band_pass
from core.signals.methods import METHODS
from core.signals.pulse import windows_of
from core.signals.quality import region_weights
from core.signals.resample import EvenTrace
from core.signals.spectrum import fundamental_hz, power_spectrum, whitened

PART_S = 2.5
"""Spectra are averaged over parts of this length, half overlapping; more parts make coherence less biased."""
FEWEST_PARTS = 3
"""For coherence and phase: over fewer parts anything looks coherent."""
NOISE_BAND_HZ = (7.0, 12.0)
"""Above the pulse and its harmonics, and below half of 25 pictures a second: flicker and coding noise."""
SEEN_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class LocalFlow:
    """The flow in R regions at one pulse rate; NaN for a region that was not seen well enough.

    `amplitude` (R, 3): relative swing of red, green and blue at `hz`, noise included; `phase` (R, R) radians by which
    green of the first region is ahead of the second, and `coherence` (R, R) in 0..1 how steady that is;
    `snr_db` (R,): green's power at `hz` over the rest of the pulse band; `noise` (R, 3): relative RMS from 7 to 12 Hz,
    NaN for clips too slow for it; `noise_coherence` (R, R): correlation of green's noise; `parts` were averaged.
    """

    region_names: tuple[str, ...]
    hz: float
    amplitude: NDArray[np.float64]
    phase: NDArray[np.float64]
    coherence: NDArray[np.float64]
    snr_db: NDArray[np.float64]
    noise: NDArray[np.float64]
    noise_coherence: NDArray[np.float64]
    parts: int


def local_flow(even: EvenTrace, hz: float | None = None) -> LocalFlow | None:
    """Measure the flow on the longest stretch; None under 2.5 s. Coherence and phase need three parts, else NaN.

    Args:
        even: at the clip's own rate, so that noise is not smoothed away.
        hz: pulse rate; by default the one on which the regions agree best.
    """
    stretch = max(even.stretches(), key=lambda s: s.stop - s.start, default=slice(0, 0))
    size = round(PART_S * even.rate_hz)
    if stretch.stop - stretch.start < size:
        return None
    seen = even.seen[:, stretch].mean(axis=1) >= SEEN_SHARE
    if not seen.any():
        return None
    rgb = even.rgb[:, stretch]
    rate_hz = common_hz(rgb[seen], even.rate_hz) if hz is None else hz
    waves = band_pass(np.log(np.maximum(rgb, 1e-6)).transpose(0, 2, 1), even.rate_hz)  # (R, 3, N)
    count, _, length = waves.shape
    parts, _ = windows_of(waves.reshape(-1, length), size, size // 2)
    beat = _beats(parts, rate_hz, even.rate_hz).reshape(count, 3, -1)
    coherence, phase = _crossed(beat[:, 1])
    if beat.shape[2] < FEWEST_PARTS:
        coherence[:], phase[:] = np.nan, np.nan
    amplitude = 2 * np.sqrt((np.abs(beat) ** 2).mean(axis=2))
    snr = _snr_db(parts.reshape(count, 3, -1, size)[:, 1], rate_hz, even.rate_hz)
    noise, alike = _noise(rgb, even.rate_hz)
    for array in (amplitude, phase, coherence, snr, noise, alike):
        array[~seen] = np.nan
    for square in (phase, coherence, alike):
        square[:, ~seen] = np.nan
    return LocalFlow(even.region_names, rate_hz, amplitude, phase, coherence, snr, noise, alike, parts.shape[1])


def common_hz(rgb: NDArray[np.float64], rate_hz: float) -> float:
    """The pulse rate on which the POS waves of all regions (R, N, 3) agree best."""
    waves = band_pass(METHODS["POS"](rgb, rate_hz), rate_hz)
    weights = region_weights(whitened(power_spectrum(waves[:, None], rate_hz)))
    return float(fundamental_hz(whitened(power_spectrum(weights[:, 0] @ waves, rate_hz))))


def _beats(parts: NDArray[np.float64], hz: float, rate_hz: float) -> NDArray[np.complex128]:
    """The complex swing (..., K) of each part (..., K, n) at `hz`; a sine of amplitude 1 has magnitude 1/2."""
    size = parts.shape[-1]
    window = np.hanning(size)
    tone = np.exp(-2j * np.pi * hz * np.arange(size) / rate_hz) * window / window.sum()
    return np.asarray(parts @ tone)


def _crossed(beat: NDArray[np.complex128]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Magnitude-squared coherence (R, R) and phase (R, R) of swings (R, K)."""
    cross = beat @ beat.conj().T
    power = np.maximum(np.real(np.diag(cross)), 1e-30)
    return np.asarray(np.abs(cross) ** 2 / (power[:, None] * power)), np.asarray(np.angle(cross))


def _snr_db(parts: NDArray[np.float64], hz: float, rate_hz: float) -> NDArray[np.float64]:
    """Power within the main lobe of `hz` over the rest of the band, of parts (R, K, n): (R,)."""
    spectrum = power_spectrum(parts, rate_hz, bin_hz=0.05)
    power, found = spectrum.power.mean(axis=1), spectrum.frequencies_hz
    inside = (found >= PULSE_BAND_HZ[0]) & (found <= PULSE_BAND_HZ[1])
    near = np.abs(found - hz) <= spectrum.half_width_hz
    signal, rest = power[:, inside & near].sum(axis=1), power[:, inside & ~near].sum(axis=1)
    return np.asarray(10 * np.log10((signal + 1e-30) / (rest + 1e-30)))


def _noise(rgb: NDArray[np.float64], rate_hz: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Relative RMS (R, 3) and green's correlation (R, R) in the noise band; NaN where the rate is too low for it."""
    count = len(rgb)
    if rate_hz < 2 * NOISE_BAND_HZ[1]:
        return np.full((count, 3), np.nan), np.full((count, count), np.nan)
    fast = band_pass(np.log(np.maximum(rgb, 1e-6)).transpose(0, 2, 1), rate_hz, NOISE_BAND_HZ)
    green = fast[:, 1]
    power = np.sqrt(np.maximum((green**2).sum(axis=1), 1e-30))
    return fast.std(axis=2), np.asarray(green @ green.T / (power[:, None] * power))
