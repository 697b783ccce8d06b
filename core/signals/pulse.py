"""From a trace to a pulse rate, or to the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.signals.decide import Classical, Decision, Learned, decide, joint_confidence
from core.signals.filters import band_pass
from core.signals.learned import LEARNED, Weights, learned_readings, load_reader
from core.signals.methods import METHODS
from core.signals.quality import confidence, gate_db, region_weights, snr_db
from core.signals.resample import EvenTrace, even_trace, median_rate_hz
from core.signals.spectrum import fundamental_hz, power_spectrum, refined_hz, whitened
from core.signals.swings import LOW_END_BPM, slow_swing
from core.types import PulseReading, PulseSignal, PulseWindow, RoiTrace

CANDIDATES = ("POS", "CHROM", "G")
"""Where the camera moves or the light changes POS and CHROM are best; compression hurts colour more than brightness,
so that green alone is best in strongly compressed clips."""
LETS_LIGHT_THROUGH = ("G",)
SMALLEST_FACE_PX = 40.0
LOWEST_RATE_HZ = 12.0
SEEN_SHARE = 0.95
"""Share of a window in which a region must have been seen to have a say in it."""
ANSWERED_SHARE = 0.25
"""Share of the windows that must be read before the clip as a whole has a rate: one lucky stretch is not a pulse."""
COARSE_BIN_HZ = 0.05
"""Fine enough to tell noise from pulse, and five times faster than what a rate is read from."""
CELL_PREFIX = "cell_"
SINGLE_PICTURE = "a single picture has no pulse"


@dataclass(frozen=True, slots=True)
class _Windows:
    """What was measured in W windows of one length within one stretch."""

    start_s: NDArray[np.float64]  # (W,)
    seconds: float
    hz: NDArray[np.float64]
    snr: NDArray[np.float64]
    seen: NDArray[np.bool_]

    def spans(self) -> list[tuple[float, float]]:
        """Return start and end of each window, in seconds."""
        return [(float(start), float(start) + self.seconds) for start in self.start_s]

    def votes(self, method: str) -> list[Classical | None]:
        """Return what the method says of each window; None where no region was seen."""
        gate = gate_db(self.seconds, method)
        sure = confidence(self.snr, gate)
        return [
            Classical(float(60 * self.hz[i]), float(self.snr[i] - gate), float(sure[i])) if self.seen[i] else None
            for i in range(len(self.hz))
        ]


@dataclass(frozen=True, slots=True)
class _Heard:
    """What one classical method made of all stretches."""

    signal: PulseSignal
    measured: list[_Windows]

    def votes(self) -> list[Classical | None]:
        return [vote for measured in self.measured for vote in measured.votes(self.signal.method)]

    def standing_out(self, learned: list[Learned | None]) -> float:
        """The mean confidence of its rates, more where the learned reader agrees."""
        pairs = zip(self.votes(), learned, strict=True)
        return float(np.mean([0.0 if vote is None else joint_confidence(vote, heard) for vote, heard in pairs]))


def read_pulse(
    trace: RoiTrace,
    method: str | None = None,
    *,
    window_s: float = 10.0,
    step_s: float = 1.0,
    min_window_s: float = 4.0,
    face_size_px: float | None = None,
    weights: Weights | None = None,
) -> tuple[PulseSignal | None, PulseReading]:
    """Read the pulse of one face.

    Args:
        trace: colour of its regions over time.
        method: a name in `METHODS` for that method alone, or `LEARNED` for the trained reader alone; None reads with
            the trained reader and with each of `CANDIDATES`, keeps the one of these that stands out most, and
            decides between the two in each window.
        window_s, step_s: length and distance of the windows; a stretch shorter than `window_s` is one window.
        min_window_s: nothing is read from less.
        face_size_px: larger side of the face box; None if not known.
        weights: of the trained reader; those shipped, by default.

    Returns:
        The wave of every region by the classical method, NaN where it was not seen for a while (None when there is
        too little to compute one), and the reading, which has a rate of 40 to 180 per minute or says why not. Breath
        is not in it: `core.signals.vital_signs.with_respiration` adds that.

    Raises:
        WeightsError: the trained reader is wanted and its file is missing or altered.
    """
    alone = (method,) if method in METHODS else CANDIDATES
    reason = _too_little(trace, min_window_s, face_size_px)
    if reason is not None:
        return None, _silent(trace, method or alone[0], reason)
    even = even_trace(trace)
    stretches = [s for s in even.stretches() if (s.stop - s.start) / even.rate_hz >= min_window_s - 1e-6]
    if not stretches:
        longest = max((s.stop - s.start for s in even.stretches()), default=0) / even.rate_hz
        return None, _silent(trace, method or alone[0], f"only {longest:.1f} s of face without interruption")
    heard: list[_Heard] = []
    for name in alone:
        signal = pulse_signal(even, name, stretches)
        heard.append(_Heard(signal, [_measure(even, signal, s, window_s, step_s) for s in stretches]))
    spans = [span for measured in heard[0].measured for span in measured.spans()]
    learned: list[Learned | None] = [None] * len(spans)
    if method not in METHODS:
        learned = learned_readings(trace, spans, weights or load_reader())
    voice = max(heard, key=lambda one: one.standing_out(learned))
    windows, name = _decided(voice, learned, with_classical=method != LEARNED)
    return voice.signal, _conclude(trace, name, windows)


def pulse_signal(even: EvenTrace, method: str, stretches: list[slice] | None = None) -> PulseSignal:
    """The band-passed wave of every region, stretch by stretch; NaN between stretches and where a region was unseen."""
    values = np.full(even.seen.shape, np.nan)
    for s in even.stretches() if stretches is None else stretches:
        values[:, s] = band_pass(METHODS[method](even.rgb[:, s], even.rate_hz), even.rate_hz)
    values[~even.seen] = np.nan
    return PulseSignal(even.region_names, even.times_s, values, even.rate_hz, method)


def voting_regions(region_names: tuple[str, ...]) -> NDArray[np.intp]:
    """Indices of the big regions, or of all where there are only cells."""
    big = [i for i, name in enumerate(region_names) if not name.startswith(CELL_PREFIX)]
    return np.array(big or range(len(region_names)), dtype=np.intp)


def windows_of(values: NDArray[np.float64], size: int, step: int) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Cut (R, N) into (R, W, size); also the first sample (W,) of each. The last window ends with the last sample."""
    starts = np.arange(0, values.shape[1] - size + 1, step)
    if starts[-1] != values.shape[1] - size and values.shape[1] - size - starts[-1] >= step / 2:
        starts = np.append(starts, values.shape[1] - size)
    return np.lib.stride_tricks.sliding_window_view(values, size, axis=1)[:, starts], starts


def _too_little(trace: RoiTrace, min_window_s: float, face_size_px: float | None) -> str | None:
    if len(trace.times_s) == 1:
        return SINGLE_PICTURE
    if face_size_px is not None and face_size_px < SMALLEST_FACE_PX:
        return f"face too small: {face_size_px:.0f} px"
    seen = np.isfinite(trace.rgb).all(axis=2).any(axis=0)
    times = trace.times_s[seen]
    rate = median_rate_hz(times)
    seconds = float(times[-1] - times[0]) + 1 / rate if rate > 0 else 0.0
    if seconds < min_window_s - 1e-6:
        return f"only {seconds:.1f} s of face"
    return f"frame rate {rate:.0f}/s is too low" if rate < LOWEST_RATE_HZ else None


def _measure(even: EvenTrace, signal: PulseSignal, stretch: slice, window_s: float, step_s: float) -> _Windows:
    rate = even.rate_hz
    size = min(round(window_s * rate), stretch.stop - stretch.start)
    step = max(round(step_s * rate), 1)
    waves, starts = windows_of(np.nan_to_num(signal.values[:, stretch]), size, step)
    seen, _ = windows_of(even.seen[:, stretch].astype(float), size, step)
    usable = seen.mean(axis=2) >= SEEN_SHARE  # (R, W)
    weights = region_weights(whitened(power_spectrum(waves * usable[..., None], rate, bin_hz=COARSE_BIN_HZ)))
    plain = power_spectrum(np.einsum("rw,rwn->wn", weights, waves), rate)
    spectrum = whitened(plain)
    hz = refined_hz(plain, fundamental_hz(spectrum))
    clear = usable.any(axis=0)
    if signal.method in LETS_LIGHT_THROUGH:
        clear &= ~_spilled(even.rgb[:, stretch], rate, starts, size, hz)
    start_s = even.times_s[stretch.start + starts]
    return _Windows(start_s, size / rate, hz, snr_db(spectrum, hz), clear)


def _spilled(
    rgb: NDArray[np.float64], rate_hz: float, starts: NDArray[np.intp], size: int, hz: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """In which windows (W,) the rate is at the low end and may be the flank of a slow swing of light."""
    low = 60 * hz <= LOW_END_BPM
    for i in np.flatnonzero(low):
        low[i] = slow_swing(rgb[:, starts[i] : starts[i] + size], rate_hz).spills_over(float(60 * hz[i]))
    return np.asarray(low, np.bool_)


def _decided(
    voice: _Heard, learned: list[Learned | None], *, with_classical: bool
) -> tuple[tuple[PulseWindow, ...], str]:
    """Decide in each window, and name who read the clip: the method, the learned reader, or both with a plus."""
    votes = voice.votes() if with_classical else [None] * len(learned)
    decisions = [decide(vote, heard) for vote, heard in zip(votes, learned, strict=True)]
    each = [(measured, i) for measured in voice.measured for i in range(len(measured.hz))]
    windows = tuple(_window(m, i, decision) for (m, i), decision in zip(each, decisions, strict=True))
    by = [LEARNED] * any(d.by_learned for d in decisions)
    by += [voice.signal.method] * any(d.by_classical for d in decisions)
    return windows, "+".join(by) or (voice.signal.method if with_classical else LEARNED)


def _window(m: _Windows, i: int, decision: Decision) -> PulseWindow:
    return PulseWindow(
        start_s=float(m.start_s[i]),
        end_s=float(m.start_s[i] + m.seconds),
        bpm=decision.bpm,
        snr_db=float(m.snr[i]),
        respiration_bpm=None,
        confidence=decision.confidence,
        best_guess_bpm=decision.best_guess_bpm,
    )


def _conclude(trace: RoiTrace, method: str, windows: tuple[PulseWindow, ...]) -> PulseReading:
    read = [w for w in windows if w.bpm is not None]
    enough = len(read) >= max(1, ANSWERED_SHARE * len(windows))
    return PulseReading(
        track_id=trace.track_id,
        method=method,
        windows=windows,
        bpm=_weighted_median([w.bpm or 0.0 for w in read], [w.confidence for w in read]) if enough else None,
        snr_db=float(np.median([w.snr_db for w in windows])),
        respiration_bpm=None,
        abstained_because=None if enough else "no pulse found above the noise",
    )


def _silent(trace: RoiTrace, method: str, reason: str) -> PulseReading:
    return PulseReading(trace.track_id, method, (), None, None, None, reason)


def _weighted_median(values: list[float], weights: list[float]) -> float:
    """The value at which half of the weight is reached, between the two neighbours."""
    order = np.argsort(values)
    sorted_values, sorted_weights = np.asarray(values)[order], np.asarray(weights)[order]
    middle = (np.cumsum(sorted_weights) - sorted_weights / 2) / sorted_weights.sum()
    return float(np.interp(0.5, middle, sorted_values))
