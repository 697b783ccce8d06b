"""Blinks: short dips in how far both eyes are open.

Each eye is compared with how far it is usually open in the seconds around, for people squint and look down. A blink is
a dip of both eyes that is deep, stands out from its surroundings and lasts as long as blinks do (0.1 to 0.4 s in
most people: Caffier et al. 2003, "Experimental evaluation of eye-blink parameters as a drowsiness measure").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks, peak_widths

from core.types import EyeTrace

Floats = NDArray[np.float64]

MIN_FACE_PX = 64.0
MAX_YAW_DEG = 35.0
"""A face that is smaller shows too little of its lids; one turned further hides an eye behind the nose."""
SHORTEST_S = 8.0
SLOWEST_HZ = 15.0
SEEN_SHARE = 0.5
"""Least share of the time in which both eyes must be seen."""
GAP_S = 0.2
"""Time without an eye after which the series begins anew."""
USUAL_S = 4.0
"""An eye's usual opening is taken over this time around each moment…"""
USUAL_PERCENTILE = 70.0
"""…as this percentile, so that it stays that of the open eye when blinks take up a good part of the time."""
SHUT, SHUT_WHEN_STEADY = 0.65, 0.78
"""Both eyes' mean opening in a blink, as a share of the usual, is below the first, or, where the eyes are otherwise so
steady that it is `CLEAR_OF_NOISE` standard deviations from the usual, below the second: thick frames and hard
compression make blinks shallow."""
CLEAR_OF_NOISE = 6.0
EACH_SHUT = 0.85
"""And each eye's below this: one eye alone is a wink or a mistake."""
LEAST_DEPTH = 0.3
"""A dip reaches at least so far below its own surroundings, as a share of the usual opening."""
SHORTEST_BLINK_S, LONGEST_BLINK_S = 0.05, 0.5
"""Width of a dip at half its depth."""
KNOT_S = 0.25


@dataclass(frozen=True, slots=True)
class Blinks:
    """When a face blinked: middles `times_s` (B,) and `durations_s` (B,) at half depth, in `seen_s` of open view.

    `abstained_because` says why blinks could not be counted; then there are none, and `per_min` is None.
    """

    times_s: Floats
    durations_s: Floats
    seen_s: float
    abstained_because: str | None = None

    @property
    def per_min(self) -> float | None:
        """Blinks a minute of the time in which the eyes were seen."""
        return None if self.abstained_because else 60 * len(self.times_s) / self.seen_s


def count_blinks(eyes: EyeTrace | None, face_size_px: float) -> Blinks:
    """Return the blinks of a face of that median size, or the reason why they cannot be counted."""
    if eyes is None:
        return _none("the eyes were not looked at")
    if face_size_px < MIN_FACE_PX:
        return _none(f"the face is only {face_size_px:.0f} px large; blinks need {MIN_FACE_PX:.0f} px")
    return find_blinks(eyes.times_s, eyes.openness)


def find_blinks(times_s: NDArray[np.floating], openness: NDArray[np.floating]) -> Blinks:
    """Find the blinks in how far two eyes are open.

    Args:
        times_s: (N,) rising; steps may differ.
        openness: (2, N) in any unit; NaN where the eyes were not seen.

    A dip that the clip's ends or a gap cut off is not counted, for nobody saw how long it took; nor are eyes that stay
    shut. Only stretches of view long enough to hold a blink count as seen.
    """
    times, opening = np.asarray(times_s, np.float64), np.asarray(openness, np.float64)
    seen: NDArray[np.bool_] = np.asarray(np.isfinite(opening).all(axis=0))
    stretches = _stretches(times, seen)
    seen_s = float(sum(times[part[-1]] - times[part[0]] for part in stretches))
    because = _why_not(times, seen, seen_s)
    if because:
        return _none(because)
    found = [_dips(times[part], _relative(times[part], opening[:, part])) for part in stretches if len(part) > 2]
    when = np.concatenate([dips[0] for dips in found] or [np.zeros(0)])
    long = np.concatenate([dips[1] for dips in found] or [np.zeros(0)])
    return Blinks(when, long, seen_s)


def _why_not(times: Floats, seen: NDArray[np.bool_], seen_s: float) -> str | None:
    whole_s = float(times[-1] - times[0]) if len(times) else 0.0
    if whole_s < SHORTEST_S:
        shown_s = int(10 * whole_s) / 10  # cut, not rounded: "only 8.0 s" where 8 s are enough would puzzle people
        return f"only {shown_s:.1f} s of face; blinks need {SHORTEST_S:.0f} s"
    if seen_s < max(SEEN_SHARE * whole_s, SHORTEST_S):
        return "both eyes were in view for too little of the time"
    rate_hz = 1 / float(np.median(np.diff(times[seen])))
    if rate_hz < SLOWEST_HZ:
        return f"only {rate_hz:.0f} pictures a second; blinks need {SLOWEST_HZ:.0f}"
    return None


def _stretches(times: Floats, seen: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """Return the samples of each stretch in which no gap is longer than `GAP_S`."""
    samples = np.flatnonzero(seen)
    if len(samples) == 0:
        return []
    return np.split(samples, np.flatnonzero(np.diff(times[samples]) > GAP_S) + 1)


def _relative(times: Floats, opening: Floats) -> Floats:
    """Return each eye's opening (2, N) as a share of what is usual around that time."""
    knots = np.linspace(times[0], times[-1], max(int((times[-1] - times[0]) / KNOT_S), 1) + 1)
    first = np.searchsorted(times, knots - USUAL_S / 2)
    last = np.searchsorted(times, knots + USUAL_S / 2, side="right")
    usual = np.stack(
        [np.percentile(opening[:, a:b], USUAL_PERCENTILE, axis=1) for a, b in zip(first, last, strict=True)], axis=1
    )
    around = np.stack([np.interp(times, knots, eye) for eye in usual])
    return np.asarray(opening / np.maximum(around, 1e-6))


def _dips(times: Floats, relative: Floats) -> tuple[Floats, Floats]:
    """Return the middles and the widths of the blinks among the dips of the mean of two eyes (2, N), in seconds."""
    both = relative.mean(axis=0)
    lows, shape = find_peaks(-both, height=-_shut_below(both), prominence=LEAST_DEPTH)
    each = np.array([relative[:, low - 1 : low + 2].min(axis=1).max() for low in lows])
    shut = each < EACH_SHUT
    if not shut.any():
        return np.zeros(0), np.zeros(0)
    bases = (shape["prominences"][shut], shape["left_bases"][shut], shape["right_bases"][shut])
    _, _, left, right = peak_widths(-both, lows[shut], rel_height=0.5, prominence_data=bases)
    rows = np.arange(len(times))
    begins, ends = _joined(np.interp(left, rows, times), np.interp(right, rows, times))
    width = ends - begins
    is_blink = (width >= SHORTEST_BLINK_S) & (width <= LONGEST_BLINK_S)
    return ((begins + ends) / 2)[is_blink], width[is_blink]


def _shut_below(both: Floats) -> float:
    """Return the opening below which both eyes count as shut: where they are steady a shallower dip is enough."""
    noise = 1.4826 * float(np.median(np.abs(both - np.median(both))))
    return float(np.clip(1 - CLEAR_OF_NOISE * noise, SHUT, SHUT_WHEN_STEADY))


def _joined(begins: Floats, ends: Floats) -> tuple[Floats, Floats]:
    """Return spans (B,) without overlap: lids that tremble while shut make one blink."""
    order = np.argsort(begins)
    begins, ends = begins[order], np.maximum.accumulate(ends[order])
    first = np.concatenate([[True], begins[1:] > ends[:-1]])
    return begins[first], ends[np.concatenate([first[1:], [True]])]


def _none(because: str) -> Blinks:
    return Blinks(np.zeros(0), np.zeros(0), 0.0, because)
