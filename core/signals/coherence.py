"""How alike the regions of a face beat: strength, rate and phase of each at the pulse they have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.signals.filters import PULSE_BAND_HZ
from core.signals.pulse import windows_of
from core.signals.quality import region_weights, snr_db
from core.signals.spectrum import fundamental_hz, peak_hz, power_spectrum, whitened
from core.types import PulseSignal

WINDOW_S = 10.0
PHASE_WINDOW_S = 4.0
SAME_RATE_HZ = 0.1
"""Two regions within 6 beats a minute have the same rate."""


@dataclass(frozen=True, slots=True)
class Coherence:
    """Per region (R,), over the windows that could be used; NaN for a region that was never seen well enough.

    `hz`: the common rate, median over windows. `snr_db`: each region's SNR at the common rate. `same_rate`: share of
    windows in which the region's own strongest rate is the common one. `phase_deg`: its lag behind the mean of
    regions, and `phase_lock` (0..1) how steady that lag is.
    """

    hz: float
    snr_db: NDArray[np.float64]
    same_rate: NDArray[np.float64]
    phase_deg: NDArray[np.float64]
    phase_lock: NDArray[np.float64]


def coherence(signal: PulseSignal) -> Coherence | None:
    """Compare the regions of one face; None when no region has one whole window without interruption."""
    rate, length = signal.rate_hz, signal.values.shape[1]
    size = min(round(WINDOW_S * rate), length)
    waves, _ = windows_of(signal.values, size, max(size // 2, 1))
    usable = np.asarray(np.isfinite(waves).all(axis=2), dtype=np.bool_)  # (R, W)
    good = usable.any(axis=0)
    if not good.any():
        return None
    waves, usable = np.nan_to_num(waves[:, good]), usable[:, good]
    spectra = whitened(power_spectrum(waves * usable[..., None], rate))
    together = np.einsum("rw,rwn->wn", region_weights(spectra), waves)
    common = fundamental_hz(whitened(power_spectrum(together, rate)))  # (W,)
    everywhere = np.broadcast_to(common, usable.shape)
    same = np.abs(peak_hz(spectra, PULSE_BAND_HZ) - common) <= SAME_RATE_HZ
    hz = float(np.median(common))
    lag, lock = _phases(signal, hz)
    return Coherence(
        hz=hz,
        snr_db=_over_windows(snr_db(spectra, everywhere), usable),
        same_rate=_over_windows(same.astype(float), usable, mean=True),
        phase_deg=lag,
        phase_lock=lock,
    )


def phase_spread_deg(phase_deg: NDArray[np.float64]) -> float | None:
    """Circular standard deviation of the phases that are known; None for fewer than two."""
    known = phase_deg[np.isfinite(phase_deg)]
    if len(known) < 2:
        return None
    length = np.abs(np.exp(1j * np.deg2rad(known)).mean())
    return float(np.rad2deg(np.sqrt(-2 * np.log(np.clip(length, 1e-6, 1)))))


def _phases(signal: PulseSignal, hz: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean phase (degrees) and phase lock of each region against the mean of all others, (R,) each."""
    rate = signal.rate_hz
    size = min(round(PHASE_WINDOW_S * rate), signal.values.shape[1])
    waves, _ = windows_of(signal.values, size, max(size // 2, 1))
    usable = np.asarray(np.isfinite(waves).all(axis=2), dtype=np.bool_)
    tone = np.exp(-2j * np.pi * hz * np.arange(size) / rate) * np.hanning(size)
    beat = (np.nan_to_num(waves) * usable[..., None]) @ tone  # (R, K)
    unit = np.where(usable, beat / np.maximum(np.abs(beat), 1e-30), 0)
    others = unit.sum(axis=0) - unit
    product = (unit * np.conj(others / np.maximum(np.abs(others), 1e-30))).sum(axis=1)
    count = (usable & (np.abs(others) > 0.5)).sum(axis=1)
    mean = np.where(count > 0, product / np.maximum(count, 1), np.nan)
    return np.rad2deg(np.angle(mean)), np.abs(mean)


def _over_windows(values: NDArray[np.float64], usable: NDArray[np.bool_], mean: bool = False) -> NDArray[np.float64]:
    """Median (or mean) of (R, W) over usable windows; NaN where there is none."""
    known = usable.any(axis=1)
    result = np.full(len(values), np.nan)
    masked = np.where(usable, values, np.nan)[known]
    result[known] = np.nanmean(masked, axis=1) if mean else np.nanmedian(masked, axis=1)
    return result
