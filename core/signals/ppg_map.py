"""The PPG map: where on the face blood flows, and how alike, as a picture for a network to look at.

Ciftci, Demir and Yin 2020, "FakeCatcher", section 4.3: the mid face in 32 cells, each cell's Chrom-PPG over omega
pictures as one row, then each cell's power spectrum as one row. Our time runs on an even grid of 30 Hz whatever the
clip's rate, and our spectra span 0 to 5 Hz, since the waves have nothing above 4.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.signals.methods import METHODS
from core.signals.pulse import CELL_PREFIX, windows_of
from core.signals.resample import EvenTrace, even_trace
from core.types import RoiTrace

CELLS = 32
RATE_HZ = 30.0
HIGHEST_HZ = 5.0
SEEN_SHARE = 0.9
FEWEST_CELLS = 16
METHOD = "CHROM"


class PpgSegments(NamedTuple):
    """`maps` (S, 64, omega) uint8; `start_s` (S,) when each begins; `cells` (S,) how many of 32 were seen in it."""

    maps: NDArray[np.uint8]
    start_s: NDArray[np.float64]
    cells: NDArray[np.intp]


def ppg_map(trace: RoiTrace, omega: int = 128) -> NDArray[np.uint8] | None:
    """Return the map (64, omega) of the segment with most cells seen, of these the one nearest the middle of the clip.

    Rows 0 to 31 are waves, 32 to 63 their power spectra, each scaled to 0..255 by its own least and greatest value;
    the rows of a cell that was not seen are 0. None when no segment of omega samples at 30 Hz shows half of the cells.
    """
    segments = ppg_segments(trace, omega, stride=max(omega // 8, 1))
    if len(segments.start_s) == 0:
        return None
    middle = (trace.times_s[0] + trace.times_s[-1] - omega / RATE_HZ) / 2
    best = np.lexsort((np.abs(segments.start_s - middle), -segments.cells))[0]
    return np.asarray(segments.maps[best])


def ppg_segments(trace: RoiTrace, omega: int = 128, stride: int = 64) -> PpgSegments:
    """Return the maps of all segments of `omega` samples at 30 Hz, `stride` apart, that show half of the cells.

    Raises:
        ValueError: the trace has not the 32 cells, named `cell_00` to `cell_31`.
    """
    names = [f"{CELL_PREFIX}{i:02d}" for i in range(CELLS)]
    if missing := sorted(set(names) - set(trace.region_names)):
        raise ValueError(f"the trace has no region {missing[0]}")
    cells = [trace.region_names.index(name) for name in names]
    nothing = PpgSegments(np.zeros((0, 2 * CELLS, omega), np.uint8), np.zeros(0), np.zeros(0, np.intp))
    if len(trace.times_s) < 2:
        return nothing
    even = even_trace(trace, RATE_HZ)
    parts = [_stretch_maps(even, s, cells, omega, stride) for s in even.stretches() if s.stop - s.start >= omega]
    return PpgSegments(*(np.concatenate(column) for column in zip(*parts, strict=True))) if parts else nothing


def _stretch_maps(even: EvenTrace, stretch: slice, cells: list[int], omega: int, stride: int) -> PpgSegments:
    waves = METHODS[METHOD](even.rgb[cells, stretch], RATE_HZ)
    rows, starts = windows_of(waves, omega, stride)  # (32, S, omega)
    seen, _ = windows_of(even.seen[cells, stretch].astype(float), omega, stride)
    visible = seen.mean(axis=2) >= SEEN_SHARE  # (32, S)
    both = np.concatenate([_to_bytes(rows), _to_bytes(_spectra(rows, omega))])
    both[~np.concatenate([visible, visible])] = 0
    counts = visible.sum(axis=0)
    keep = counts >= FEWEST_CELLS
    return PpgSegments(both.transpose(1, 0, 2)[keep], even.times_s[stretch.start + starts][keep], counts[keep])


def _spectra(rows: NDArray[np.float64], omega: int) -> NDArray[np.float64]:
    """Power (..., omega) at omega frequencies from 0 to 5 Hz of Hann-windowed rows (..., omega)."""
    hz = np.linspace(0, HIGHEST_HZ, omega)
    waves = np.exp(-2j * np.pi * np.arange(omega)[:, None] / RATE_HZ * hz) * np.hanning(omega)[:, None]
    return np.asarray(np.abs((rows - rows.mean(axis=-1, keepdims=True)) @ waves) ** 2)


def _to_bytes(rows: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Each row (..., N) from its least to its greatest value as 0 to 255; a constant row is 0."""
    low = rows.min(axis=-1, keepdims=True)
    span = rows.max(axis=-1, keepdims=True) - low
    return np.asarray(np.rint(255 * (rows - low) / np.where(span > 0, span, 1)), dtype=np.uint8)
