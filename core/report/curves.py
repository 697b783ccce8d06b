"""The curves of the figures: from the signals of an analysis to what is drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.signals.pulse import voting_regions
from core.signals.spectrum import power_spectrum
from core.types import PulseReading, PulseSignal

SHOWN_PULSE_S = 12.0
"""Longest stretch of a pulse that is drawn: more beats than that cannot be told apart by eye."""
SPECTRUM_SEGMENT_S = 12.0
SPECTRUM_BPM = (40.0, 190.0)


def spectrum(values: NDArray[np.float64], rate_hz: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return rates in beats a minute and their power, the largest 1, of a wave (N,).

    The mean over half-overlapping segments of `SPECTRUM_SEGMENT_S` (Welch 1967), so that a rate that drifts through
    a long clip makes one broad hill and not a row of needles.
    """
    size = min(len(values), max(8, round(SPECTRUM_SEGMENT_S * rate_hz)))
    segments = np.lib.stride_tricks.sliding_window_view(values, size)[:: max(1, size // 2)]
    found = power_spectrum(segments, rate_hz)
    bpm, power = found.frequencies_hz * 60, found.power.mean(axis=0)
    inside = (bpm >= SPECTRUM_BPM[0]) & (bpm <= SPECTRUM_BPM[1])
    return bpm[inside], power[inside] / max(float(power[inside].max(initial=0.0)), 1e-300)


def shown_stretch(pulse: PulseSignal, reading: PulseReading) -> NDArray[np.bool_]:
    """Return which samples (N,) to draw: `SHOWN_PULSE_S` around the window with the best SNR."""
    times_s = pulse.times_s
    best = max(reading.windows, key=lambda window: window.snr_db, default=None)
    centre_s = float(times_s.mean()) if best is None else (best.start_s + best.end_s) / 2
    last_start_s = max(float(times_s[-1]) - SHOWN_PULSE_S, float(times_s[0]))
    start_s = min(max(centre_s - SHOWN_PULSE_S / 2, float(times_s[0])), last_start_s)
    inside: NDArray[np.bool_] = (times_s >= start_s) & (times_s <= start_s + SHOWN_PULSE_S)
    return inside


def pulse_rows(pulse: PulseSignal) -> list[tuple[str, NDArray[np.float64]]]:
    """Return the big regions with their waves (at most four), and the mean of all big ones."""
    big = voting_regions(pulse.region_names)[:4]
    return [*((pulse.region_names[i], pulse.values[i]) for i in big), ("mean", mean_wave(pulse))]


def mean_wave(pulse: PulseSignal) -> NDArray[np.float64]:
    """Return the mean wave (N,) over the big regions that were seen; 0 where none was."""
    waves = pulse.values[voting_regions(pulse.region_names)]
    seen = np.maximum(np.isfinite(waves).sum(axis=0), 1)
    mean: NDArray[np.float64] = np.nan_to_num(waves).sum(axis=0) / seen
    return mean


def to_unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values around 0 whose 95th percentile of size is 1, kept within ±1.3; NaN stays where it was."""
    if not np.isfinite(values).any():
        return values
    centred = values - np.nanmean(values)
    scale = float(np.nanpercentile(np.abs(centred), 95))
    unit: NDArray[np.float64] = np.clip(centred / scale, -1.3, 1.3) if scale > 0 else centred
    return unit


def with_gaps(
    times_s: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the line with a NaN wherever half a second or more is missing, so that it is not drawn across."""
    breaks = np.flatnonzero(np.diff(times_s) > 0.5) + 1
    return np.asarray(np.insert(times_s, breaks, times_s[breaks])), np.asarray(np.insert(values, breaks, np.nan))
