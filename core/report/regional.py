"""Maps on the face itself: which places change colour together, and how clear the pulse is in each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import Normalize
from numpy.typing import NDArray

from core.detectors.cell_agreement import LIMITS
from core.detectors.gates import quality_gates, refusal
from core.faces.regions import CELL_NAMES, region_polygons
from core.report.curves import mean_wave
from core.report.panels import NamedFace
from core.report.style import FAINT_INK, INK, TEXT_PT, hide_axis
from core.signals.agreement import neighbour_agreement
from core.signals.quality import snr_db
from core.signals.resample import even_trace
from core.signals.spectrum import fundamental_hz, power_spectrum, whitened
from core.types import FaceMaterial, PulseSignal

AGREEMENT_RANGE = (0.1, 0.8)
"""The same for every clip, so that two reports can be held side by side; filmed faces have about 0.35 on average."""
STRENGTH_RANGE_DB = (-12.0, 6.0)
FILMED = "filmed faces have about 0.35, many face swaps over 0.5"
"""The middle of the real and of the swapped halves in docs/research/0003."""
OVER_THE_CELLS = ("forehead",)
"""The large regions that no cell covers, and so show what lies above the part that a swap replaces."""


@dataclass(frozen=True, slots=True)
class RegionalMaps:
    """What is drawn on the picture `rgb` (S, S, 3): `agreement` of the cells and `strength_db` by region."""

    rgb: NDArray[np.uint8]
    outlines: dict[str, NDArray[np.float32]]
    agreement: dict[str, float]
    strength_db: dict[str, float]

    @property
    def mean_agreement(self) -> float:
        """Over the cells that have one."""
        return float(np.mean(list(self.agreement.values())))


def regional_maps(face: FaceMaterial) -> RegionalMaps | None:
    """Return the maps of a face; None without a picture of it, or where too little of the mid face was seen."""
    if face.crops is None or len(face.crops.times_s) == 0 or len(face.trace.times_s) < 2:
        return None
    agreement = neighbour_agreement(even_trace(face.trace))
    if agreement is None or len(agreement) != len(CELL_NAMES):
        return None
    crop = _most_frontal(face)
    row = int(np.argmin(np.abs(face.track.times_s - face.crops.times_s[crop])))
    to_crop = face.crops.frame_to_crop[crop]
    landmarks = face.track.landmarks_px[row] @ to_crop[:, :2].T + to_crop[:, 2]
    found = {name: float(value) for name, value in zip(CELL_NAMES, agreement, strict=True) if np.isfinite(value)}
    strength = {} if face.pulse is None else region_strength_db(face.pulse, face.reading.bpm)
    return RegionalMaps(face.crops.rgb[crop], region_polygons(landmarks), found, strength)


def region_strength_db(pulse: PulseSignal, bpm: float | None) -> dict[str, float]:
    """Return the SNR of each region that was seen throughout, at the face's rate or at the strongest of its mean."""
    seen = np.isfinite(pulse.values).mean(axis=1) >= 0.9
    waves = np.nan_to_num(pulse.values)
    mean = whitened(power_spectrum(mean_wave(pulse), pulse.rate_hz))
    hz = fundamental_hz(mean) if bpm is None else np.asarray(bpm / 60)
    values = snr_db(whitened(power_spectrum(waves, pulse.rate_hz)), np.full(len(waves), float(hz)))
    return {name: float(value) for name, value, was in zip(pulse.region_names, values, seen, strict=True) if was}


def draw_agreement(axes: Axes, maps: RegionalMaps) -> None:
    """Draw how far each of the 32 cells changes colour with its neighbours, on the face."""
    _draw_map(axes, maps, maps.agreement, AGREEMENT_RANGE, ("apart", "together"))


def draw_strength(axes: Axes, maps: RegionalMaps) -> None:
    """Draw how clear the pulse is in the forehead and the cells, on the face."""
    shown = {name: value for name, value in maps.strength_db.items() if name in (*OVER_THE_CELLS, *CELL_NAMES)}
    _draw_map(axes, maps, shown, STRENGTH_RANGE_DB, ("none", "clear"))


def agreement_words(face: NamedFace, maps: RegionalMaps) -> str:
    """Return what the map shows; where the clip is not good enough to compare, why not instead of a comparison."""
    told = f"Neighbouring places of {face.name} change colour together: {maps.mean_agreement:.2f} of 1"
    closed = refusal(quality_gates(face.material, LIMITS))
    return f"{told}; this says little here: {closed}." if closed else f"{told} ({FILMED})."


def strength_words(face: NamedFace) -> str:
    """Return at which rate the clearness of the pulse is drawn; where none was read, that it may be noise."""
    bpm = face.material.reading.bpm
    if bpm is not None:
        return f"The pulse is drawn at {bpm:.0f} beats a minute."
    return "No pulse was read, so its map may show noise."


def _draw_map(
    axes: Axes, maps: RegionalMaps, values: dict[str, float], limits: tuple[float, float], ends: tuple[str, str]
) -> None:
    hide_axis(axes)
    axes.imshow(np.repeat(maps.rgb.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2))
    names = list(values)
    scale = Normalize(*limits)
    axes.add_collection(
        PolyCollection(
            [maps.outlines[name] for name in names],
            array=np.array([values[name] for name in names]),
            cmap="cividis",
            norm=scale,
            alpha=0.8,
            edgecolors="#FCFCFA80",
            linewidths=0.6,
        )
    )
    left, top, right, bottom = _shown_box(maps)
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    figure = axes.figure
    bar = figure.colorbar(ScalarMappable(scale, "cividis"), ax=axes, fraction=0.05, pad=0.03, ticks=limits)
    bar.ax.set_yticklabels(ends, fontsize=TEXT_PT, color=INK)
    bar.outline.set_edgecolor(FAINT_INK)


def _shown_box(maps: RegionalMaps) -> tuple[float, float, float, float]:
    """The part of the picture that the regions fill, with a margin: left, top, right, bottom."""
    points = np.concatenate(list(maps.outlines.values()))
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    half = 0.6 * float(max(right - left, bottom - top))
    x, y, size = float(left + right) / 2, float(top + bottom) / 2, float(maps.rgb.shape[0])
    return max(x - half, 0.0), max(y - half, 0.0), min(x + half, size), min(y + half, size)


def _most_frontal(face: FaceMaterial) -> int:
    if face.crops is None:
        return 0
    yaw = np.interp(face.crops.times_s, face.track.times_s, face.track.yaw_deg)
    return int(np.argmin(np.abs(yaw)))
