"""When each frame is shown, from timestamps that may be missing, repeated or restarted."""

from __future__ import annotations

import math
from fractions import Fraction

RESTART_S = 1.0
"""A step back of more than this is a clock that was restarted (joined recordings); a smaller one is a stray frame."""

FALLBACK_RATE = Fraction(25)


class Clock:
    """Turns presentation timestamps into seconds from the first frame, strictly increasing."""

    def __init__(self, time_base: Fraction, rate: Fraction) -> None:
        self._time_base = time_base
        self._step_s = float(1 / (rate if rate > 0 else FALLBACK_RATE))
        self._first_pts: int | None = None
        self._shift_s = 0.0
        self._last_s: float | None = None

    def place(self, pts: int | None) -> float | None:
        """Return the time of the next frame in seconds, or None when it must be left out.

        A frame without a timestamp comes one frame period after the last. One that does not come after the last
        is left out, unless the clock was restarted: then time goes on from the last frame.
        """
        time_s = self._next_s() if pts is None else self._read(pts)
        if self._last_s is not None and time_s <= self._last_s:
            return None
        self._last_s = time_s
        return time_s

    def _next_s(self) -> float:
        return 0.0 if self._last_s is None else self._last_s + self._step_s

    def _read(self, pts: int) -> float:
        if self._first_pts is None:  # frames without a timestamp may have come before
            self._first_pts = pts
            self._shift_s = self._next_s()
        time_s = float((pts - self._first_pts) * self._time_base) + self._shift_s
        if self._last_s is not None and time_s < self._last_s - RESTART_S:
            self._shift_s += self._next_s() - time_s
            time_s = self._next_s()
        return time_s


def plausible_rate(*candidates: Fraction | None) -> Fraction:
    """The first rate that a camera or screen could have (0.1 to 1000 Hz), else 0 for unknown."""
    for rate in candidates:
        if rate is not None and Fraction(1, 10) <= rate <= 1000:
            return rate
    return Fraction(0)


def expected_frames(frame_count: int | None, duration_s: float | None, rate: Fraction) -> int | None:
    """How many frames to expect, for progress only: the header's count, or duration × rate where that is absent.

    A count that disagrees with the duration by more than a factor of four is not believed.
    """
    by_duration = math.ceil(duration_s * rate) if duration_s and rate > 0 else None
    if frame_count is None or frame_count <= 0:
        return by_duration
    if by_duration and not by_duration / 4 <= frame_count <= by_duration * 4:
        return None
    return frame_count
