"""What a swap may leave behind locally, as named numbers of one face, each with the question that it asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.faces.regions import CELL_COLUMNS, CELL_ROWS
from core.faces.surroundings import looks_like_skin
from core.signals.agreement import Agreement, cell_agreement
from core.signals.local import LocalFlow
from core.signals.resample import even_trace
from core.types import RoiTrace

COLUMN = {f"cell_{i:02d}": i % CELL_COLUMNS for i in range(CELL_ROWS * CELL_COLUMNS)}
INNER = tuple(name for name, column in COLUMN.items() if column in {2, 3, 4, 5})
OUTER = tuple(name for name, column in COLUMN.items() if column in {0, 7})
LUMA = np.array([0.2126, 0.7152, 0.0722])

CLUES: dict[str, str] = {
    "inner_coherence": "do the cells of the inner face beat together",
    "inner_outer_coherence": "does the inner face beat with the cells at its edge",
    "inner_forehead_coherence": "does the inner face beat with the forehead",
    "inner_neck_coherence": "does the inner face beat with the neck",
    "forehead_neck_coherence": "does the forehead beat with the neck",
    "inner_phase_spread": "how far apart in phase are the inner cells",
    "inner_forehead_phase": "how far is the inner face from the forehead in phase",
    "inner_neck_phase": "how far is the inner face from the neck in phase",
    "inner_outer_amplitude": "how strong is the inner face's swing against the edge's",
    "inner_forehead_amplitude": "how strong is the inner face's swing against the forehead's",
    "inner_neck_amplitude": "how strong is the inner face's swing against the neck's",
    "inner_green_red": "how much more does green swing than red in the inner face",
    "inner_outer_green_red": "the same, against the edge of the face",
    "inner_green_blue": "how much more does green swing than blue in the inner face",
    "inner_snr": "pulse SNR of the inner cells",
    "inner_outer_snr": "the same, against the edge of the face",
    "inner_forehead_snr": "the same, against the forehead",
    "snr_over_expected": "pulse SNR against what brightness, size and bit rate let expect",
    "inner_noise": "flicker from 7 to 12 Hz in the inner face",
    "inner_outer_noise": "the same, against the edge of the face",
    "inner_forehead_noise": "the same, against the forehead",
    "inner_background_noise": "the same, against the background",
    "inner_noise_alike": "do the inner cells flicker together",
    "inner_outer_noise_alike": "does the inner face flicker with its edge",
    "inner_noise_alike_over_edge": "do they flicker more together than with the edge",
    "inner_noise_green_red": "how much more does green flicker than red in the inner face",
    "neighbours_chrom": "do neighbouring cells' chroma waves agree in the pulse's band (CHROM)",
    "neighbours_pos": "the same by POS",
    "neighbours_fast": "do neighbouring cells' red over green agree above the pulse, from 4 to 8 Hz",
    "distant_pos": "do cells three steps apart agree by POS",
}
"""Every clue that was tried, with the question; a correction for their number counts all of them."""

BACKGROUND_CLUES = ("background_noise", "background_level", "background_green_red")
"""Of what was not swapped: they must not separate the halves of a pair, or the halves differ for another reason."""


@dataclass(frozen=True, slots=True)
class Filming:
    """How well a face was filmed: `brightness` linear luma, `pixels` of an inner cell, coded `bits_per_pixel`."""

    brightness: float
    pixels: float
    bits_per_pixel: float

    def terms(self) -> NDArray[np.float64]:
        """What the expected SNR is linear in: (4,)."""
        logs = np.log(np.maximum([self.brightness, self.pixels, self.bits_per_pixel], 1e-4))
        return np.concatenate([[1.0], logs])


def filming(trace: RoiTrace, bits_per_pixel: float) -> Filming:
    """Measure how the inner face of `trace` was filmed."""
    inner = _indices(trace.region_names, INNER)
    return Filming(float(np.nanmedian(trace.rgb[inner] @ LUMA)), float(np.median(trace.pixels[inner])), bits_per_pixel)


def expected_snr(conditions: Sequence[Filming], snr_db: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least-squares coefficients (4,) of SNR on `Filming.terms`, from real faces only."""
    terms = np.stack([c.terms() for c in conditions])
    return np.asarray(np.linalg.lstsq(terms, snr_db, rcond=None)[0], np.float64)


def inner_snr_db(flow: LocalFlow) -> float:
    """Median SNR of the inner cells."""
    return _median(flow.snr_db[_indices(flow.region_names, INNER)])


def local_clues(
    flow: LocalFlow, trace: RoiTrace, conditions: Filming, coefficients: NDArray[np.float64]
) -> Mapping[str, float]:
    """Return every clue of `CLUES`, NaN where it could not be measured (neck covered, frame rate too low)."""
    names = flow.region_names
    inner, outer, forehead = (_indices(names, part) for part in (INNER, OUTER, ("forehead",)))
    neck = _indices(names, ("neck",)) if _neck_is_skin(trace) else []
    background = _indices(names, ("background",))
    snr = inner_snr_db(flow)
    log_swing, log_noise = np.log(flow.amplitude + 1e-9), np.log(flow.noise + 1e-9)
    found = {
        "inner_coherence": _between(flow.coherence, inner, inner),
        "inner_outer_coherence": _between(flow.coherence, inner, outer),
        "inner_forehead_coherence": _between(flow.coherence, inner, forehead),
        "inner_neck_coherence": _between(flow.coherence, inner, neck),
        "forehead_neck_coherence": _between(flow.coherence, forehead, neck),
        "inner_phase_spread": _between(np.abs(flow.phase), inner, inner),
        "inner_forehead_phase": _between(np.abs(flow.phase), inner, forehead),
        "inner_neck_phase": _between(np.abs(flow.phase), inner, neck),
        "inner_outer_amplitude": _step(log_swing[:, 1], inner, outer),
        "inner_forehead_amplitude": _step(log_swing[:, 1], inner, forehead),
        "inner_neck_amplitude": _step(log_swing[:, 1], inner, neck),
        "inner_green_red": _median((log_swing[:, 1] - log_swing[:, 0])[inner]),
        "inner_outer_green_red": _step(log_swing[:, 1] - log_swing[:, 0], inner, outer),
        "inner_green_blue": _median((log_swing[:, 1] - log_swing[:, 2])[inner]),
        "inner_snr": snr,
        "inner_outer_snr": _step(flow.snr_db, inner, outer),
        "inner_forehead_snr": _step(flow.snr_db, inner, forehead),
        "snr_over_expected": snr - float(conditions.terms() @ coefficients),
        "inner_noise": _median(log_noise[inner, 1]),
        "inner_outer_noise": _step(log_noise[:, 1], inner, outer),
        "inner_forehead_noise": _step(log_noise[:, 1], inner, forehead),
        "inner_background_noise": _step(log_noise[:, 1], inner, background),
        "inner_noise_alike": _between(flow.noise_coherence, inner, inner),
        "inner_outer_noise_alike": _between(flow.noise_coherence, inner, outer),
        "inner_noise_alike_over_edge": _between(flow.noise_coherence, inner, inner)
        - _between(flow.noise_coherence, inner, outer),
        "inner_noise_green_red": _median((log_noise[:, 1] - log_noise[:, 0])[inner]),
        **agreement_clues(cell_agreement(even_trace(trace))),
    }
    return {name: found[name] for name in CLUES}


def agreement_clues(found: Agreement | None) -> dict[str, float]:
    """The clues that do not need the pulse rate."""
    values = (float("nan"),) * 4 if found is None else (found.chrom, found.pos, found.fast, found.distant)
    return dict(zip(("neighbours_chrom", "neighbours_pos", "neighbours_fast", "distant_pos"), values, strict=True))


def background_clues(flow: LocalFlow, trace: RoiTrace) -> Mapping[str, float]:
    """Return the clues of `BACKGROUND_CLUES`."""
    at = _indices(flow.region_names, ("background",))
    log_noise = np.log(flow.noise + 1e-9)[at]
    level = trace.rgb[_indices(trace.region_names, ("background",)), :, 1]
    return {
        "background_noise": _median(log_noise[:, 1]),
        "background_level": _median(np.log(level + 1e-6)),
        "background_green_red": _median(log_noise[:, 1] - log_noise[:, 0]),
    }


def _neck_is_skin(trace: RoiTrace) -> bool:
    neck, cheek = (_indices(trace.region_names, (name,)) for name in ("neck", "left_cheek"))
    other = _indices(trace.region_names, ("right_cheek",))
    if not (neck and cheek and other):
        return False
    return looks_like_skin(trace.rgb[neck[0]], (trace.rgb[cheek[0]] + trace.rgb[other[0]]) / 2)


def _indices(names: tuple[str, ...], wanted: Sequence[str]) -> list[int]:
    return [names.index(name) for name in wanted if name in names]


def _between(square: NDArray[np.float64], rows: list[int], columns: list[int]) -> float:
    """Mean of (R, R) between two groups, without a region against itself; NaN where nothing is known."""
    values = np.array([square[i, j] for i in rows for j in columns if i != j])
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _step(values: NDArray[np.float64], rows: list[int], columns: list[int]) -> float:
    return _median(values[rows]) - _median(values[columns])


def _median(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")
