"""How far read pulse rates are from the truth, and whether the reader knew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

from core.signals.filters import band_pass
from core.signals.spectrum import RATE_BAND_HZ, fundamental_hz, power_spectrum

TRUTH_RATE_HZ = 64.0
CLOSE_BPM = 5.0
LONGEST_TRUTH_GAP_S = 1.0
"""A window in which the truth has no sample for longer has no truth; one beat lost hardly moves its peak."""
REGULAR_BEAT = (0.6, 1.5)
"""Intervals outside this range of the median are a beat missed or one too many; breath moves them by a third."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a clip, in seconds from its first frame."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class TruthRate:
    """The pulse rate of one window of a PPG: by its spectral peak, and by counting beats (NaN with fewer than three).

    They differ where the rate itself wanders within the window, as it does with the breath of young people: the peak
    is then the rate that was held longest, the count is the mean rate.
    """

    spectral_bpm: float
    beats_bpm: float


@dataclass(frozen=True, slots=True)
class CoveragePoint:
    """Of the readings that the reader trusts most: `coverage` is their share of all windows, `mae_bpm` their error."""

    coverage: float
    mae_bpm: float
    least_confidence: float


def windows_of_clip(duration_s: float, window_s: float, step_s: float) -> list[Window]:
    """Return windows from 0 on that end before `duration_s`; none if the clip is shorter than one."""
    count = int((duration_s - window_s) / step_s + 1e-6) + 1 if duration_s >= window_s - 1e-6 else 0
    return [Window(i * step_s, i * step_s + window_s) for i in range(count)]


def truth_rate(times_s: NDArray[np.float64], ppg: NDArray[np.float64], window: Window) -> TruthRate | None:
    """Return the rate of a PPG within a window, or None where the device was silent.

    Args:
        times_s: (N,) increasing, on the clip's clock.
        ppg: (N,) any unit.
        window: where.

    The wave is put on an even grid of `TRUTH_RATE_HZ`; the peak is looked for in the band of the readers.
    """
    inside = (times_s >= window.start_s - LONGEST_TRUTH_GAP_S) & (times_s <= window.end_s + LONGEST_TRUTH_GAP_S)
    times, values = times_s[inside], ppg[inside]
    edges = np.concatenate([[window.start_s], times, [window.end_s]])
    if len(times) < 4 or np.diff(edges).max() > LONGEST_TRUTH_GAP_S or np.ptp(values) == 0:
        return None
    grid = np.arange(window.start_s, window.end_s, 1 / TRUTH_RATE_HZ)
    wave = band_pass(np.interp(grid, times, values), TRUTH_RATE_HZ)
    spectrum = power_spectrum(wave, TRUTH_RATE_HZ)
    return TruthRate(60 * float(fundamental_hz(spectrum)), beats_bpm(wave, TRUTH_RATE_HZ))


def beats_bpm(wave: NDArray[np.float64], rate_hz: float) -> float:
    """Return beats per minute of a band-passed wave (N,): 60 over the mean regular interval between its beats, in s.

    A beat is a maximum at least 0.8 of the shortest beat after the one before, and a third of the usual height above
    its surroundings, so that dicrotic bumps are not beats. NaN for fewer than three.
    """
    apart = max(1, int(0.8 * rate_hz / RATE_BAND_HZ[1]))
    usual = float(np.quantile(wave, 0.95) - np.quantile(wave, 0.05))
    peaks, _ = find_peaks(wave, distance=apart, prominence=max(usual / 3, 1e-12))
    if len(peaks) < 3:
        return float("nan")
    between = np.diff(peaks) / rate_hz
    usual_s = float(np.median(between))
    regular = between[(between >= REGULAR_BEAT[0] * usual_s) & (between <= REGULAR_BEAT[1] * usual_s)]
    return float(60 / regular.mean())


def mae(error: NDArray[np.float64]) -> float:
    """Return the mean absolute error of the finite entries; NaN if there are none."""
    kept = error[np.isfinite(error)]
    return float(np.abs(kept).mean()) if len(kept) else float("nan")


def rmse(error: NDArray[np.float64]) -> float:
    """Return the root mean square of the finite entries; NaN if there are none."""
    kept = error[np.isfinite(error)]
    return float(np.sqrt((kept**2).mean())) if len(kept) else float("nan")


def share_within(error: NDArray[np.float64], bpm: float = CLOSE_BPM) -> float:
    """Return the share of the finite entries no farther off than `bpm`; NaN if there are none."""
    kept = error[np.isfinite(error)]
    return float((np.abs(kept) <= bpm).mean()) if len(kept) else float("nan")


def answered(error: NDArray[np.float64]) -> float:
    """Return the share of windows that were read at all; NaN if there are none."""
    return float(np.isfinite(error).mean()) if len(error) else float("nan")


def pearson(read: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Return the correlation over the windows that were read; NaN for fewer than three, or if either never changes."""
    both = np.isfinite(read) & np.isfinite(truth)
    a, b = read[both], truth[both]
    if len(a) < 3 or np.ptp(a) < 1e-9 or np.ptp(b) < 1e-9:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def coverage_curve(
    error: NDArray[np.float64],
    confidence: NDArray[np.float64],
    coverages: tuple[float, ...] = (0.25, 0.5, 0.75, 1.0),
) -> list[CoveragePoint]:
    """Return the error of the most trusted readings, for growing shares of all windows.

    Args:
        error: (N,) read minus true rate, NaN where nothing was read.
        confidence: (N,) any order of trust; equal ones enter together.
        coverages: wanted shares of all N windows. The shares that come back are those reached: at least as large,
            except where fewer windows were read. A share that adds nothing to the one before is left out.
    """
    read = np.flatnonzero(np.isfinite(error))
    points: list[CoveragePoint] = []
    for wanted in coverages:
        count = min(max(int(np.ceil(wanted * len(error) - 1e-9)), 1), len(read))
        if count == 0:
            break
        least = float(np.sort(confidence[read])[::-1][count - 1])
        kept = read[confidence[read] >= least]
        point = CoveragePoint(len(kept) / len(error), mae(error[kept]), least)
        if not points or point.coverage > points[-1].coverage:
            points.append(point)
    return points
