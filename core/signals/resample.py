"""From uneven timestamps to an even grid, without inventing what was not filmed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from core.types import RoiTrace

LONGEST_BRIDGE_S = 0.25
"""Longer stretches without a picture are not filled in: a quarter of a second is half a beat at 120 bpm."""
HIGHEST_RATE_HZ = 40.0
"""Faster clips are brought down by averaging: nothing above 4 Hz is pulse."""


@dataclass(frozen=True, slots=True)
class EvenTrace:
    """A trace on an even grid.

    `rgb` (R, N, 3) linear light, finite everywhere; `seen` (R, N) False where the region was not seen for longer than
    `LONGEST_BRIDGE_S`, so that the value there only fills the place (NaN-free input for filters) and is not to be
    read. `gaps_s` are the stretches in which the whole face was not seen. `source_times_s` are the pictures' times.
    """

    region_names: tuple[str, ...]
    times_s: NDArray[np.float64]
    rgb: NDArray[np.float64]
    seen: NDArray[np.bool_]
    rate_hz: float
    gaps_s: tuple[tuple[float, float], ...]
    source_times_s: NDArray[np.float64]

    def stretches(self) -> list[slice]:
        """The parts of the grid between the gaps, in order."""
        cut = np.zeros(len(self.times_s), bool)
        for start, end in self.gaps_s:
            cut |= (self.times_s > start + 1e-9) & (self.times_s < end - 1e-9)
        edges = np.flatnonzero(np.diff(np.concatenate([[1], cut.astype(int), [1]])))
        return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def median_rate_hz(times_s: NDArray[np.float64]) -> float:
    """The usual number of pictures a second, from the times themselves; 0 for fewer than two."""
    return 0.0 if len(times_s) < 2 else float(1 / np.median(np.diff(times_s)))


def even_trace(trace: RoiTrace, rate_hz: float | None = None) -> EvenTrace:
    """Put a trace on an even grid by cubic splines.

    Args:
        trace: at least two samples.
        rate_hz: of the grid; by default the clip's own median rate, divided by a whole number if it is over 40.

    Raises:
        ValueError: fewer than two samples.
    """
    times = trace.times_s
    if len(times) < 2:
        raise ValueError("a trace of fewer than two samples has no rate")
    own_rate = median_rate_hz(times)
    rate = rate_hz or own_rate / max(np.ceil(own_rate / HIGHEST_RATE_HZ - 0.01), 1.0)
    grid = times[0] + np.arange(int((times[-1] - times[0]) * rate + 1e-6) + 1) / rate
    rgb, known = _without_nan(times, trace.rgb)
    smooth = _averaged(rgb, round(own_rate / rate))
    flat = np.moveaxis(smooth, 0, 1).reshape(len(times), -1)
    values = CubicSpline(times, flat)(grid) if len(times) > 3 else _linear(grid, times, flat)
    values = values.reshape(len(grid), len(trace.region_names), 3).transpose(1, 0, 2)
    # A spline overshoots in long gaps; nothing is brighter or darker than what was seen there.
    low, high = rgb.min(axis=1, keepdims=True), rgb.max(axis=1, keepdims=True)
    seen = np.stack([_near(grid, times[row]) for row in known]) if known.size else np.zeros((0, len(grid)), bool)
    return EvenTrace(
        region_names=trace.region_names,
        times_s=grid,
        rgb=np.clip(values, low, high),
        seen=seen,
        rate_hz=float(rate),
        gaps_s=_gaps(times[known.any(axis=0)], times[0], times[-1]),
        source_times_s=times,
    )


def _without_nan(times: NDArray[np.float64], rgb: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Fill NaN samples linearly from their neighbours; also return (R, N) True where there was a value."""
    known = np.asarray(np.isfinite(rgb).all(axis=2), dtype=np.bool_)
    filled: NDArray[np.float64] = np.array(rgb)
    for r in np.flatnonzero(~known.all(axis=1)):
        if not known[r].any():
            filled[r] = 1.0  # any constant: no pulse method finds anything in it
            continue
        hole = ~known[r]
        for c in range(3):
            filled[r, hole, c] = np.interp(times[hole], times[known[r]], rgb[r, known[r], c])
    return filled, known


def _averaged(rgb: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Centred mean of `width` samples along time (an even width counts its end samples half)."""
    if width < 2:
        return rgb
    kernel = np.ones(width) if width % 2 else np.concatenate([[0.5], np.ones(width - 1), [0.5]])
    half = len(kernel) // 2
    padded = np.pad(rgb, ((0, 0), (half, half), (0, 0)), mode="edge")
    views = np.lib.stride_tricks.sliding_window_view(padded, len(kernel), axis=1)
    return np.asarray(views @ (kernel / kernel.sum()))


def _linear(grid: NDArray[np.float64], times: NDArray[np.float64], flat: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([np.interp(grid, times, column) for column in flat.T], axis=1)


def _near(grid: NDArray[np.float64], known_times: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which grid times lie on a sample, or between two that are at most `LONGEST_BRIDGE_S` apart."""
    if len(known_times) == 0:
        return np.zeros(len(grid), bool)
    after = np.searchsorted(known_times, grid - 1e-9)
    following = known_times[np.minimum(after, len(known_times) - 1)]
    before = known_times[np.maximum(np.searchsorted(known_times, grid + 1e-9) - 1, 0)]
    touching = np.minimum(np.abs(following - grid), np.abs(grid - before)) < 2e-9
    inside = (grid >= known_times[0] - 1e-9) & (grid <= known_times[-1] + 1e-9)
    return np.asarray(inside & (touching | (following - before <= LONGEST_BRIDGE_S)))


def _gaps(known_times: NDArray[np.float64], first: float, last: float) -> tuple[tuple[float, float], ...]:
    """Stretches longer than `LONGEST_BRIDGE_S` between samples of the face, the ends of the trace included."""
    stops = np.concatenate([[first], known_times, [last]])
    return tuple(
        (float(stops[i]), float(stops[i + 1])) for i in np.flatnonzero(np.diff(stops) > LONGEST_BRIDGE_S + 1e-9)
    )
