"""Filters along the last axis that shift nothing in time."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded
from scipy.signal import butter, sosfiltfilt

PULSE_BAND_HZ = (0.65, 4.0)
"""39 to 240 per minute: the pulse (42 to 180) with its second harmonic up to 120 bpm."""


def band_pass(
    values: NDArray[np.float64],
    rate_hz: float,
    band_hz: tuple[float, float] = PULSE_BAND_HZ,
    order: int = 3,
) -> NDArray[np.float64]:
    """Butterworth band-pass forwards and backwards: (..., N) to (..., N), phase 0, attenuation twice that of `order`.

    Raises:
        ValueError: the band does not fit below half of `rate_hz`.
    """
    low, high = band_hz[0], min(band_hz[1], 0.49 * rate_hz)
    if not 0 < low < high:
        raise ValueError(f"a band of {band_hz} Hz does not fit in {rate_hz} samples a second")
    sections = _butterworth(order, low, high, rate_hz)
    length = values.shape[-1]
    padding = min(length - 1, int(1.5 * rate_hz / low))
    return np.asarray(sosfiltfilt(sections, values, axis=-1, padlen=max(padding, 0)), dtype=np.float64)


@lru_cache(maxsize=32)
def _butterworth(order: int, low_hz: float, high_hz: float, rate_hz: float) -> NDArray[np.float64]:
    return np.asarray(butter(order, (low_hz, high_hz), btype="bandpass", fs=rate_hz, output="sos"), dtype=np.float64)


def detrend(values: NDArray[np.float64], rate_hz: float, cutoff_hz: float) -> NDArray[np.float64]:
    """Take away what is slower than `cutoff_hz` by smoothness priors: (..., N) to (..., N).

    Tarvainen, Ranta-aho and Karjalainen 2002, "An advanced detrending method with application to HRV analysis",
    eq. 17, with lambda set from the frequency at which half is left; solved as a banded system.
    """
    length = values.shape[-1]
    if length < 3:
        return np.asarray(values - values.mean(axis=-1, keepdims=True))
    weight = (2 - 2 * np.cos(2 * np.pi * cutoff_hz / rate_hz)) ** -2
    bands = np.zeros((3, length))
    bands[2] = 1 + weight * _squares(length, (1, -2, 1), (1, -2, 1), 0)
    bands[1, 1:] = weight * _squares(length, (1, -2, 1), (1, -2, 1), 1)[:-1]
    bands[0, 2:] = weight
    flat = values.reshape(-1, length).T
    trend = solveh_banded(bands, flat)
    return np.asarray(values - trend.T.reshape(values.shape))


def _squares(length: int, left: tuple[int, ...], right: tuple[int, ...], offset: int) -> NDArray[np.float64]:
    """Diagonal `offset` of D'D, where the rows of D are the second differences."""
    diagonal: NDArray[np.float64] = np.zeros(length)
    for i in range(3 - offset):
        diagonal[i : length - 2 + i] += left[i] * right[i + offset]
    return diagonal
