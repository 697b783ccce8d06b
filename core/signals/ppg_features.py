"""Numbers that describe the pulse of a stretch of face, for a classical classifier.

The kinds are those of Ciftci, Demir and Yin 2020 ("FakeCatcher", section 4.2): spread, successive differences,
one-second windows, autocorrelation, entropy, wavelet energies and spectral peaks of G-PPG and Chrom-PPG from left
cheek, right cheek and mid face and of the differences between regions, and cross spectral densities of pairs. The
paper's list has 126 numbers and is not given with every constant; this one has 126 of the same kinds, on logarithmic
scales where they are amplitudes, and is not the same list.
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import csd

from core.signals.filters import PULSE_BAND_HZ, band_pass
from core.signals.methods import METHODS
from core.signals.pulse import CELL_PREFIX, windows_of
from core.signals.quality import snr_db
from core.signals.resample import even_trace
from core.signals.spectrum import peak_hz, power_spectrum
from core.types import RoiTrace

RATE_HZ = 30.0
SIDES = ("left_cheek", "right_cheek")
FEATURES = 126
TINY = 1e-12
SEEN_SHARE = 0.9


class FeatureSegments(NamedTuple):
    """`values` (S, 126); `start_s` (S,) when each segment begins."""

    values: NDArray[np.float64]
    start_s: NDArray[np.float64]


def ppg_features(trace: RoiTrace, omega: int = 128, stride: int = 64) -> FeatureSegments:
    """Describe all segments of `omega` samples at 30 Hz, `stride` apart, in which both cheeks and cells were seen.

    Raises:
        ValueError: the trace lacks a cheek or the cells.
    """
    names = trace.region_names
    cells = [i for i, name in enumerate(names) if name.startswith(CELL_PREFIX)]
    if not cells or not set(SIDES) <= set(names):
        raise ValueError("the trace has not both cheeks and the cells of the mid face")
    values, starts = [np.zeros((0, FEATURES))], [np.zeros(0)]
    if len(trace.times_s) < 2:
        return FeatureSegments(values[0], starts[0])
    even = even_trace(trace, RATE_HZ)
    for s in even.stretches():
        if s.stop - s.start < omega:
            continue
        sides = [even.rgb[names.index(name), s] for name in SIDES]
        rgb = np.stack([*sides, even.rgb[cells, s].mean(axis=0)])
        waves = np.concatenate([band_pass(METHODS[m](rgb, RATE_HZ), RATE_HZ) for m in ("G", "CHROM")])
        rows, first = windows_of(waves, omega, stride)  # (6, S, omega)
        sides_seen = np.stack([even.seen[names.index(name), s] for name in SIDES]).all(axis=0)
        everywhere = np.asarray(sides_seen & even.seen[cells, s].any(axis=0), np.float64)
        seen, _ = windows_of(everywhere[None], omega, stride)
        keep = seen[0].mean(axis=1) >= SEEN_SHARE
        if keep.any():
            values.append(_describe(rows.transpose(1, 0, 2)[keep]))
            starts.append(even.times_s[s.start + first][keep])
    return FeatureSegments(np.concatenate(values), np.concatenate(starts))


def _describe(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """(S, 6, N) waves, three of G and three of CHROM, to (S, 126)."""
    g, c = rows[:, :3], rows[:, 3:]
    between = np.stack([c[:, a] - c[:, b] for a, b in combinations(range(3), 2)], axis=1)
    nine = np.concatenate([rows, between], axis=1)
    each = np.concatenate([_spreads(nine), _repeats(nine), _wavelets(nine), _spectral(nine)], axis=2)  # (S, 9, 12)
    crossed = np.concatenate([_crossed(g), _crossed(c)], axis=1)  # (S, 12)
    spectrum = power_spectrum(rows, RATE_HZ)
    snr = snr_db(spectrum, peak_hz(spectrum))  # (S, 6)
    return np.concatenate([each.reshape(len(rows), 108), crossed, snr], axis=1)


def _spreads(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spread, RMS and spread of successive differences, mean and spread of the spread in seconds: (..., 5)."""
    step = np.diff(x, axis=-1)
    second = round(RATE_HZ)
    whole = x[..., : x.shape[-1] // second * second].reshape(*x.shape[:-1], -1, second).std(axis=-1)
    numbers = (x.std(axis=-1), np.sqrt((step**2).mean(axis=-1)), step.std(axis=-1), whole.mean(-1), whole.std(-1))
    return np.log(np.stack(numbers, axis=-1) + TINY)


def _repeats(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean autocorrelation up to two seconds, and its highest at the lag of a beat (0.33 to 1.4 s): (..., 2)."""
    power = np.abs(np.fft.rfft(x - x.mean(axis=-1, keepdims=True), 2 * x.shape[-1], axis=-1)) ** 2
    auto = np.fft.irfft(power, axis=-1)[..., : x.shape[-1]]
    auto = auto / (auto[..., :1] + TINY)
    return np.stack([auto[..., 8 : min(60, auto.shape[-1])].mean(-1), auto[..., 10:43].max(-1)], axis=-1)


def _wavelets(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log energy of Haar details at three scales (4 to 15 Hz and two octaves below): (..., 3)."""
    found, rest = [], x
    for _ in range(3):
        rest = rest[..., : rest.shape[-1] // 2 * 2]
        even, odd = rest[..., ::2], rest[..., 1::2]
        found.append(np.log(((even - odd) ** 2).mean(axis=-1) / 2 + TINY))
        rest = (even + odd) / np.sqrt(2)
    return np.stack(found, axis=-1)


def _spectral(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Entropy of the power in the pulse's band, and the highest peak's frequency: (..., 2)."""
    spectrum = power_spectrum(x, RATE_HZ, bin_hz=0.05)
    hz = spectrum.frequencies_hz
    inside = (hz >= PULSE_BAND_HZ[0]) & (hz <= PULSE_BAND_HZ[1])
    share = spectrum.power[..., inside] + TINY**2
    share = share / share.sum(axis=-1, keepdims=True)
    return np.stack([-(share * np.log(share)).sum(axis=-1), peak_hz(spectrum)], axis=-1)


def _crossed(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log of mean and highest cross spectral density of each of three pairs: (S, 3, N) to (S, 6)."""
    numbers = []
    for a, b in combinations(range(3), 2):
        _, density = csd(x[:, a], x[:, b], fs=RATE_HZ, nperseg=min(64, x.shape[-1]), axis=-1)
        numbers += [np.abs(density).mean(axis=-1), np.abs(density).max(axis=-1)]
    return np.log(np.stack(numbers, axis=-1) + TINY**2)
