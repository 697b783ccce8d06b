"""What a pulse reading does not say: breaths per minute, by window and on the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.signals.pulse import voting_regions
from core.signals.quality import region_weights
from core.signals.resample import EvenTrace, even_trace
from core.signals.respiration import SHORTEST_S, respiration_bpm
from core.signals.spectrum import power_spectrum, whitened
from core.signals.variability import Variability, variability
from core.types import PulseReading, PulseSignal, RoiTrace

RESPIRATION_S = 30.0
"""Breath is read from stretches of up to this length around the middle of each window of the pulse."""
ANSWERED_SHARE = 0.5
"""Share of the windows in which breath must be read before the clip as a whole has a rate."""


def with_respiration(
    reading: PulseReading, pulse: PulseSignal | None, trace: RoiTrace, motion: NDArray[np.float64] | None = None
) -> PulseReading:
    """Return the reading with breaths per minute in each window and on the whole, None where it is not sure.

    Args:
        reading: of the pulse; its windows say when. Where it has no rate, only movement and light have a say.
        pulse: the waves (R, N) that belong to it.
        trace: colour of the face at times (M,).
        motion: (K, M) how the head moves at these times; None leaves it out.
    """
    if pulse is None:
        return replace(
            reading,
            respiration_bpm=None,
            windows=tuple(replace(window, respiration_bpm=None) for window in reading.windows),
        )
    even = even_trace(trace, pulse.rate_hz)
    rows = np.stack([_brightness(even), _on_grid(even, pulse.times_s, mean_wave(pulse))])
    if motion is not None:
        rows = np.concatenate([rows, np.stack([_on_grid(even, trace.times_s, wave) for wave in motion])])
    parts = [_part(even, (window.start_s + window.end_s) / 2) for window in reading.windows]
    pulse_hz = None if reading.bpm is None else reading.bpm / 60
    found = {
        (part.start, part.stop): respiration_bpm(
            rows[0, part], rows[1, part], even.rate_hz, pulse_hz, list(rows[2:, part])
        )
        for part in parts
        if (part.stop - part.start) / even.rate_hz >= SHORTEST_S
    }
    windows = tuple(
        replace(window, respiration_bpm=found.get((part.start, part.stop)))
        for window, part in zip(reading.windows, parts, strict=True)
    )
    breaths = [window.respiration_bpm for window in windows if window.respiration_bpm is not None]
    enough = len(breaths) > 0 and len(breaths) >= ANSWERED_SHARE * len(windows)
    return replace(reading, windows=windows, respiration_bpm=float(np.median(breaths)) if enough else None)


def mean_wave(pulse: PulseSignal) -> NDArray[np.float64]:
    """The wave (N,) of the face: its regions weighted by how little noise each has; 0 where none was seen."""
    waves = np.nan_to_num(pulse.values[voting_regions(pulse.region_names)])
    weights = region_weights(whitened(power_spectrum(waves[:, None], pulse.rate_hz)))[:, 0]
    return np.asarray(weights @ waves)


def pulse_variability(reading: PulseReading, pulse: PulseSignal | None) -> Variability | None:
    """Return how much the time between beats varies, or why that is not known; None where there is no wave."""
    if pulse is None or not reading.windows:
        return None
    voters = voting_regions(pulse.region_names)
    waves = np.nan_to_num(pulse.values)
    parts = np.stack([waves[voters[0::2]].mean(axis=0), waves[voters[1::2]].mean(axis=0)])
    clearness = float(np.mean([window.confidence for window in reading.windows]))
    return variability(parts, pulse.rate_hz, reading.bpm, clearness)


def _brightness(even: EvenTrace) -> NDArray[np.float64]:
    """Mean colour (N,) of the big regions, each in units of its own mean."""
    rgb = even.rgb[voting_regions(even.region_names)]
    own = rgb.mean(axis=(1, 2), keepdims=True)
    return np.asarray((rgb / np.maximum(own, 1e-9)).mean(axis=(0, 2)))


def _on_grid(even: EvenTrace, times_s: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.interp(even.times_s, times_s, values)


def _part(even: EvenTrace, centre_s: float) -> slice:
    """Up to `RESPIRATION_S` around `centre_s`, within the stretch that it lies in; empty in a gap."""
    centre = round((centre_s - float(even.times_s[0])) * even.rate_hz)
    stretch = next((s for s in even.stretches() if s.start <= centre < s.stop), slice(0, 0))
    size = min(round(RESPIRATION_S * even.rate_hz), stretch.stop - stretch.start)
    first = int(np.clip(centre - size // 2, stretch.start, stretch.stop - size))
    return slice(first, first + size)
