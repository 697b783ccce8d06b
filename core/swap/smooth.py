"""Calm without lag: landmarks smoothed over time, and strengths that fade in and out and never pop.

For files both directions of time are at hand, so nothing lags; live there is only the past (`OneEuro`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def straightened(times_s: NDArray[np.floating], values: NDArray[np.floating], window_s: float) -> Floats:
    """Return values (N, …) each replaced by that of a line fitted through its neighbours in time.

    Args:
        times_s: (N,), increasing, however uneven.
        values: (N, …).
        window_s: neighbours further away than half of it do not count, nearer ones the more (tricube weights, as
            in Cleveland 1979, "Robust Locally Weighted Regression and Smoothing Scatterplots").

    What moves evenly is left as it is, at the ends too: a line is fitted, not a mean. Trembling is averaged out.
    """
    times = np.asarray(times_s, np.float64)
    flat = np.asarray(values, np.float64).reshape(len(times), -1)
    out: Floats = flat.copy()
    half = window_s / 2
    first = np.searchsorted(times, times - half, side="right")
    last = np.searchsorted(times, times + half, side="left")
    for row, (low, high) in enumerate(zip(first, last, strict=True)):
        if high - low >= 3:
            out[row] = _line_at(times[low:high] - times[row], flat[low:high], half)
    return np.asarray(out.reshape(np.shape(values)), np.float64)


def _line_at(from_here_s: Floats, values: Floats, half_s: float) -> Floats:
    """The weighted least-squares line through values (M, C) at distances (M,) in time, where the distance is 0."""
    weights = (1 - np.abs(from_here_s / half_s) ** 3) ** 3
    total, first, second = weights.sum(), weights @ from_here_s, weights @ from_here_s**2
    spread = total * second - first**2
    if spread < 1e-12:
        return np.asarray(values[int(np.argmax(weights))], np.float64)
    shares: Floats = weights * (second - first * from_here_s) / spread
    return np.asarray(shares @ values, np.float64)


def faded(times_s: NDArray[np.floating], most: NDArray[np.floating], fade_s: float) -> Floats:
    """Return the largest strengths (N,) that never exceed `most` (N,) and take `fade_s` from 0 to 1 and back.

    A fade ends where there may be nothing and begins where there may be something: it is never late.
    """
    times, out = np.asarray(times_s, np.float64), np.asarray(most, np.float64).copy()
    if fade_s <= 0:
        return out
    steps = np.diff(times) / fade_s
    for row in range(1, len(out)):
        out[row] = min(out[row], out[row - 1] + steps[row - 1])
    for row in range(len(out) - 2, -1, -1):
        out[row] = min(out[row], out[row + 1] + steps[row])
    return out


def lasting(times_s: NDArray[np.floating], most: NDArray[np.floating], window_s: float) -> Floats:
    """Return `most` (N,) without what rises for less than `window_s`: it never exceeds it.

    A head that trembles at the edge of what may be drawn does not flicker (morphological opening, Serra 1982).
    """
    times, given = np.asarray(times_s, np.float64), np.asarray(most, np.float64)
    first = np.searchsorted(times, times - window_s / 2 - 1e-9)
    last = np.searchsorted(times, times + window_s / 2 + 1e-9, side="right")
    least = np.array([given[low:high].min() for low, high in zip(first, last, strict=True)])
    return np.array([least[low:high].max() for low, high in zip(first, last, strict=True)])


def eased(share: float, low: float, high: float) -> float:
    """Return 0 up to `low`, 1 from `high` on, and a smooth rise between."""
    x = min(max((share - low) / max(high - low, 1e-9), 0.0), 1.0)
    return x * x * (3 - 2 * x)


@dataclass(slots=True)
class OneEuro:
    """Smooths values as they come: still ones much, moving ones hardly (Casiez, Roussel and Vogel 2012, "1€ Filter").

    `still_hz` is the cut-off for what stands still; it grows with `per_speed` for each unit of speed. Values may be
    arrays; speed is then their root mean square, so that all parts lag alike.
    """

    still_hz: float = 1.5
    per_speed: float = 0.02
    speed_hz: float = 1.0
    _time_s: float | None = field(default=None, init=False)
    _values: Floats = field(default_factory=lambda: np.zeros(0), init=False)
    _speed: Floats = field(default_factory=lambda: np.zeros(0), init=False)

    def step(self, time_s: float, values: NDArray[np.floating]) -> Floats:
        """Return the smoothed values at `time_s`; time that does not go on begins anew."""
        given = np.asarray(values, np.float64)
        if self._time_s is None or time_s <= self._time_s or given.shape != self._values.shape:
            self._values, self._speed = given, np.zeros_like(given)
        else:
            pause_s = time_s - self._time_s
            speed = (given - self._values) / pause_s
            self._speed = self._speed + _share(self.speed_hz, pause_s) * (speed - self._speed)
            cut_off_hz = self.still_hz + self.per_speed * float(np.sqrt(np.mean(self._speed**2)))
            self._values = self._values + _share(cut_off_hz, pause_s) * (given - self._values)
        self._time_s = time_s
        return self._values

    def reset(self) -> None:
        """Forget what was: another scene begins."""
        self._time_s = None


def _share(cut_off_hz: float, pause_s: float) -> float:
    """How much of a new value counts after a pause, for a first-order low pass."""
    turn = 2 * np.pi * cut_off_hz * pause_s
    return float(turn / (turn + 1))
