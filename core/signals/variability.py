"""How much the time between heartbeats varies: SDNN and RMSSD from the pulse wave of the face.

Beats are the peaks of the wave around its own rate, placed between samples by a parabola (Task Force of the ESC and
NASPE 1996 for the definitions). An error in timing the beats adds to both figures, and in compressed video it is larger
than what is to be measured: on the UBFC-rPPG copies compressed to 75 to 210 kb/s the figures came out two to four times
too high. So the face is read in two parts, and figures are given only where these agree on when the heart beats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, find_peaks, sosfiltfilt

SHORTEST_S = 30.0
CLEAR = 0.6
"""Least mean confidence of the pulse windows."""
ODD_SHARE = 0.25
"""An interval further than this share from the median of its neighbours is an artefact, not a beat."""
MIN_ACCEPTED = 0.8
MAX_DISAGREEMENT_MS = 25.0
"""Root mean square of the difference between the beats of the two parts; the error of their mean is half of it."""
BAND = (0.6, 1.6)
"""The wave is looked at within this range of its rate: beats come early or late, but no second harmonic is a beat."""


@dataclass(frozen=True, slots=True)
class Variability:
    """`sdnn_ms`, `rmssd_ms`: both None with the reason why not."""

    sdnn_ms: float | None
    rmssd_ms: float | None
    beats: int
    because: str | None


def variability(waves: NDArray[np.float64], rate_hz: float, bpm: float | None, clearness: float = 1.0) -> Variability:
    """Measure the variability of one face's pulse.

    Args:
        waves: (2, N) the pulse wave of two parts of the face; 0 or NaN where it was not seen.
        rate_hz: samples a second.
        bpm: the pulse rate that was read; None if none was.
        clearness: mean confidence 0..1 of the windows it was read from.
    """
    seconds = waves.shape[1] / rate_hz
    if bpm is None:
        return _none("no pulse was read")
    if seconds < SHORTEST_S:
        return _none(f"only {seconds:.0f} s of face; variability needs {SHORTEST_S:.0f} s")
    if clearness < CLEAR:
        return _none("the pulse is not clear enough to time single beats")
    waves = np.nan_to_num(waves)
    parts = [beat_times_s(wave, rate_hz, bpm) for wave in waves]
    beats_s = beat_times_s(_sum(waves), rate_hz, bpm)
    intervals_s, accepted = accepted_intervals(np.diff(beats_s))
    if len(intervals_s) == 0 or accepted.mean() < MIN_ACCEPTED or not all(len(part) for part in parts):
        return _none("too few beats could be timed")
    if disagreement_ms(parts[0], parts[1], 60 / bpm) > MAX_DISAGREEMENT_MS:
        return _none("the parts of the face do not agree closely enough on when the heart beats")
    both = accepted[1:] & accepted[:-1]
    steps_s = np.diff(intervals_s)[both]
    sdnn_ms = float(1000 * intervals_s[accepted].std(ddof=1))
    rmssd_ms = float(1000 * np.sqrt(np.mean(steps_s**2)))
    return Variability(sdnn_ms, rmssd_ms, len(beats_s), None)


def disagreement_ms(first_s: NDArray[np.float64], second_s: NDArray[np.float64], beat_s: float) -> float:
    """Return how far the beats (A,) lie from the nearest of (B,): root mean square, less their steady delay.

    Blood reaches the parts of the face at different times, which is no error. A beat without a partner within a
    quarter of `beat_s` counts as that quarter.
    """
    nearest = second_s[np.abs(second_s[None] - first_s[:, None]).argmin(axis=1)]
    apart = first_s - nearest
    apart -= np.median(apart)
    return float(1000 * np.sqrt(np.mean(np.clip(apart, -beat_s / 4, beat_s / 4) ** 2)))


def _sum(waves: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((waves / np.maximum(waves.std(axis=1, keepdims=True), 1e-12)).sum(axis=0))


def beat_times_s(wave: NDArray[np.float64], rate_hz: float, bpm: float) -> NDArray[np.float64]:
    """Return the times (B,) of the beats, in seconds from the first sample."""
    around = butter(2, [BAND[0] * bpm / 60, min(BAND[1] * bpm / 60, 0.45 * rate_hz)], "band", fs=rate_hz, output="sos")
    narrow = sosfiltfilt(around, wave)
    peaks, _ = find_peaks(narrow, distance=max(round(0.5 * 60 / bpm * rate_hz), 1), prominence=0.3 * narrow.std())
    peaks = peaks[(peaks > 0) & (peaks < len(narrow) - 1)]
    left, middle, right = narrow[peaks - 1], narrow[peaks], narrow[peaks + 1]
    bend = left - 2 * middle + right
    shift = np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, -1.0), 0.0)
    return np.asarray((peaks + shift) / rate_hz)


def accepted_intervals(intervals_s: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the intervals (M,) and which of them are near the median of the five around them."""
    if len(intervals_s) < 5:
        return intervals_s[:0], np.zeros(0, bool)
    padded = np.pad(intervals_s, 2, mode="reflect")
    median = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)
    return intervals_s, np.abs(intervals_s - median) <= ODD_SHARE * median


def _none(because: str) -> Variability:
    return Variability(None, None, 0, because)
