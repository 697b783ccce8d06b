"""How far neighbouring cells of the mid face change colour together.

Skin between two cells shares the pulse, but not the noise of camera and encoder, which is its own in every cell. A
swapped face is drawn as a whole, from fewer pixels than it is shown in, and matched in colour as a whole: the slow
chroma of neighbouring cells then moves together even where no pulse does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.signals.filters import PULSE_BAND_HZ, band_pass
from core.signals.methods import METHODS
from core.signals.pulse import CELL_PREFIX
from core.signals.resample import EvenTrace

CELL_COLUMNS = 8
FAST_BAND_HZ = (4.0, 8.0)
"""Above a pulse and its second harmonic: what agrees here is not blood."""
SEEN_SHARE = 0.9
FEWEST_PAIRS = 20
SHORTEST_S = 2.0
DISTANT = 3
"""Cells this many steps apart or more are not neighbours in any sense."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Mean correlations (-1..1) of pairs of cells over the longest stretch of a track, of `seconds`.

    `chrom`, `pos`: neighbours' pulse waves (0.65 to 4 Hz); `fast`: neighbours' red over green from 4 to 8 Hz, NaN
    under 16 pictures a second; `distant`: pulse waves by POS of cells three steps apart or more.
    """

    chrom: float
    pos: float
    fast: float
    distant: float
    pairs: int
    seconds: float


def cell_agreement(even: EvenTrace) -> Agreement | None:
    """Measure the agreement; None under 2 s without interruption, or with fewer than 20 pairs of cells seen."""
    stretch = max(even.stretches(), key=lambda s: s.stop - s.start, default=slice(0, 0))
    seconds = (stretch.stop - stretch.start) / even.rate_hz
    cells = [i for i, name in enumerate(even.region_names) if name.startswith(CELL_PREFIX)]
    if seconds < SHORTEST_S or not cells:
        return None
    rgb, rate = even.rgb[cells][:, stretch], even.rate_hz
    usable = even.seen[cells][:, stretch].mean(axis=1) >= SEEN_SHARE
    steps = _steps_apart(len(cells))
    both = usable[:, None] & usable & np.triu(np.ones_like(steps, bool), 1)
    neighbours, distant = both & (steps == 1), both & (steps >= DISTANT)
    if neighbours.sum() < FEWEST_PAIRS:
        return None
    waves = {name: band_pass(METHODS[name](rgb, rate), rate, PULSE_BAND_HZ) for name in ("CHROM", "POS")}
    chrom, pos = (_correlation(waves[name]) for name in ("CHROM", "POS"))
    fast = np.full_like(pos, np.nan)
    if rate >= 2 * FAST_BAND_HZ[1]:
        colour = np.log(np.maximum(rgb, 1e-6))
        fast = _correlation(band_pass(colour[..., 0] - colour[..., 1], rate, FAST_BAND_HZ))
    return Agreement(
        float(chrom[neighbours].mean()),
        float(pos[neighbours].mean()),
        float(fast[neighbours].mean()),
        float(pos[distant].mean()) if distant.any() else float("nan"),
        int(neighbours.sum()),
        float(seconds),
    )


def neighbour_agreement(even: EvenTrace) -> NDArray[np.float64] | None:
    """How far each cell's pulse wave (0.65 to 4 Hz) goes with those of the cells beside, above and below it: (32,).

    The mean of CHROM's and POS's correlations, -1..1, over the longest stretch; NaN for a cell that was not seen or
    has no neighbour that was. None where `cell_agreement` is None.
    """
    if cell_agreement(even) is None:
        return None
    stretch = max(even.stretches(), key=lambda s: s.stop - s.start)
    cells = [i for i, name in enumerate(even.region_names) if name.startswith(CELL_PREFIX)]
    rgb, usable = even.rgb[cells][:, stretch], even.seen[cells][:, stretch].mean(axis=1) >= SEEN_SHARE
    waves = [band_pass(METHODS[name](rgb, even.rate_hz), even.rate_hz, PULSE_BAND_HZ) for name in ("CHROM", "POS")]
    together = np.mean([_correlation(wave) for wave in waves], axis=0)
    beside = usable[:, None] & usable & (_steps_apart(len(cells)) == 1)
    count = beside.sum(axis=1)
    return np.where(count > 0, (together * beside).sum(axis=1) / np.maximum(count, 1), np.nan)


def _steps_apart(count: int) -> NDArray[np.intp]:
    """Steps along rows and columns between cells (count, count), laid out in rows of eight."""
    row, column = np.divmod(np.arange(count), CELL_COLUMNS)
    return np.asarray(np.abs(row[:, None] - row) + np.abs(column[:, None] - column))


def _correlation(waves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlation (R, R) of waves (R, N); 0 with a wave that is constant."""
    centred = waves - waves.mean(axis=1, keepdims=True)
    length = np.sqrt((centred**2).sum(axis=1, keepdims=True))
    unit = centred / np.where(length > 1e-12, length, 1.0)
    return np.asarray(unit @ unit.T)
