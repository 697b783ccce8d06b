"""The trained pulse reader: from an even trace to one wave of the face, and from that to a rate for any window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.errors import WeightsError
from core.signals.decide import Learned
from core.signals.resample import EvenTrace, even_trace
from core.signals.swings import slow_swing
from core.types import RoiTrace
from models.pulse_features import RATE_HZ
from models.pulse_wave import WAVE_RATE_HZ, RateReading, Weights, read_rate, read_wave, reader_weights
from models.registry import WeightFileError

LEARNED = "learned"
BLOCK_S = 30.0
"""Regions come and go: the wave is read in parts of this length, each from the regions seen in nearly all of it."""
MARGIN_S = 3.0
"""A sample of the wave depends on 2.7 s of colour to each side."""
SEEN_SHARE = 0.95
CONTEXT_S = 15.0
"""A shorter window is read from this much around it, as far as the face was seen: more certain, and nearly as local."""
SHORTEST_S = 4.0
SLACK_S = 0.2
"""The grids of the two readers end at other samples."""

__all__ = ["LEARNED", "LearnedWave", "Weights", "learned_readings", "learned_wave", "load_reader"]


def load_reader() -> Weights:
    """Return the trained weights, read and compared with their sha256 once.

    Raises:
        WeightsError: the file is missing or altered.
    """
    try:
        return reader_weights()
    except WeightFileError as error:
        raise WeightsError(str(error)) from error


@dataclass(frozen=True, slots=True)
class LearnedWave:
    """One wave (M,) of the face at 15 Hz, without scale, NaN where no region was seen; sample 0 is at `start_s`."""

    start_s: float
    values: NDArray[np.float64]
    weights: Weights

    def rate(self, start_s: float, end_s: float) -> RateReading | None:
        """Return what the network reads between two times; None where a part of the wave is missing."""
        first = round((start_s - self.start_s) * WAVE_RATE_HZ)
        part = self.values[max(first, 0) : first + round((end_s - start_s) * WAVE_RATE_HZ)]
        whole = len(part) >= SEEN_SHARE * (end_s - start_s) * WAVE_RATE_HZ and np.isfinite(part).all()
        return read_rate(part, self.weights) if whole else None


def learned_readings(trace: RoiTrace, spans_s: Sequence[tuple[float, float]], weights: Weights) -> list[Learned | None]:
    """Read every window (start, end) of a trace with the trained reader; None where the face was not seen enough.

    A reading that the overtones of a slow swing of light explain has confidence 0.
    """
    even = even_trace(trace, RATE_HZ)
    stretches = [s for s in even.stretches() if (s.stop - s.start) / RATE_HZ >= SHORTEST_S - 0.1]
    waves = [learned_wave(even, stretch, weights) for stretch in stretches]
    return [_reading(even, stretches, waves, span) for span in spans_s]


def _reading(
    even: EvenTrace, stretches: list[slice], waves: list[LearnedWave], span_s: tuple[float, float]
) -> Learned | None:
    for stretch, wave in zip(stretches, waves, strict=True):
        first_s, last_s = float(even.times_s[stretch.start]), float(even.times_s[stretch.stop - 1]) + 1 / RATE_HZ
        if first_s - SLACK_S <= span_s[0] and span_s[1] <= last_s + SLACK_S:
            start_s, end_s = _with_context(span_s, first_s, last_s)
            read = wave.rate(start_s, end_s)
            if read is None:
                return None
            part = slice(round((start_s - even.times_s[0]) * RATE_HZ), round((end_s - even.times_s[0]) * RATE_HZ))
            seen = even.seen[:, part].all(axis=1)
            explained = seen.any() and slow_swing(even.rgb[seen, part], RATE_HZ).explains(read.bpm)
            return Learned(read.bpm, 0.0 if explained else read.confidence)
    return None


def _with_context(span_s: tuple[float, float], first_s: float, last_s: float) -> tuple[float, float]:
    """Widen a window to `CONTEXT_S` around its middle, moved so that it stays within what was seen."""
    length = min(max(CONTEXT_S, span_s[1] - span_s[0]), last_s - first_s)
    start_s = min(max((span_s[0] + span_s[1] - length) / 2, first_s), last_s - length)
    return start_s, start_s + length


def learned_wave(even: EvenTrace, stretch: slice, weights: Weights) -> LearnedWave:
    """Read the wave of one stretch without gaps, at least a second long.

    Args:
        even: a trace at 30 Hz.
        stretch: samples of it, as `EvenTrace.stretches` gives them.
        weights: as `load_reader` returns them.

    Raises:
        ValueError: the trace is not at 30 Hz.
    """
    if abs(even.rate_hz - RATE_HZ) > 1e-6:
        raise ValueError(f"the reader knows traces at {RATE_HZ:g} Hz, not {even.rate_hz:g} Hz")
    rgb, seen = even.rgb[:, stretch], even.seen[:, stretch]
    length, margin = rgb.shape[1], round(MARGIN_S * RATE_HZ)
    values = np.full((length + 1) // 2, np.nan)
    for start, stop in _blocks(length):
        low, high = max(start - margin, 0), min(stop + margin, length)
        usable = seen[:, low:high].mean(axis=1) >= SEEN_SHARE
        if usable.any():
            wave = read_wave(rgb[usable, low:high], weights)
            values[start // 2 : (stop + 1) // 2] = wave[(start - low) // 2 : (stop - low + 1) // 2]
    return LearnedWave(float(even.times_s[stretch.start]), values, weights)


def _blocks(length: int) -> list[tuple[int, int]]:
    """Cut N samples into parts of about `BLOCK_S`, all but the last of an even number of samples."""
    count = max(round(length / (BLOCK_S * RATE_HZ)), 1)
    edges = [2 * round(i * length / count / 2) for i in range(count)] + [length]
    return list(pairwise(edges))
