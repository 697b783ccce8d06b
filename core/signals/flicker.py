"""How the colour of a face flickers, the inner face against what surrounds it, beside and above the pulse."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.signals.resample import EvenTrace
from core.signals.spectrum import power_spectrum

Floats = NDArray[np.float64]

BANDS_HZ = {"slow": (0.2, 0.6), "beat": (0.7, 3.0), "fast": (3.0, 5.5)}
COLUMNS = 8
INNER, OUTER = (2, 3, 4, 5), (0, 7)
SHORTEST_S = 2.0
TINY = 1e-9


def flicker(even: EvenTrace) -> dict[str, float]:
    """Return named numbers on the longest stretch of a trace: {} under 2 s, NaN where a region was not seen."""
    stretch = max(even.stretches(), key=lambda s: s.stop - s.start, default=slice(0, 0))
    if (stretch.stop - stretch.start) / even.rate_hz < SHORTEST_S:
        return {}
    colour = np.log(np.maximum(even.rgb[:, stretch], 1e-5))
    seen = even.seen[:, stretch].mean(axis=1) > 0.8
    groups = {name: [i for i in rows if seen[i]] for name, rows in _groups(even.region_names).items()}
    return {**_strengths(colour, even.rate_hz, groups), **_together(colour, groups["cells"]), **_repeats(colour, seen)}


def _groups(names: tuple[str, ...]) -> dict[str, list[int]]:
    cell = {i: int(name.removeprefix("cell_")) for i, name in enumerate(names) if name.startswith("cell_")}
    return {
        "inner": [i for i, number in cell.items() if number % COLUMNS in INNER],
        "outer": [i for i, number in cell.items() if number % COLUMNS in OUTER],
        "forehead": [i for i, name in enumerate(names) if name == "forehead"],
        "chin": [i for i, name in enumerate(names) if name == "chin"],
        "cells": list(cell),
    }


def _strengths(colour: Floats, rate_hz: float, groups: dict[str, list[int]]) -> dict[str, float]:
    """Log10 of band power of brightness and of red over green: of the inner face, and against each other group."""
    found: dict[str, float] = {}
    for kind, signal in (("light", colour[..., 1]), ("hue", colour[..., 0] - colour[..., 1])):
        spectrum = power_spectrum(signal - signal.mean(axis=1, keepdims=True), rate_hz)
        for band, (low, high) in BANDS_HZ.items():
            inside = (spectrum.frequencies_hz >= low) & (spectrum.frequencies_hz < high)
            level = np.log10(spectrum.power[:, inside].mean(axis=1) + TINY**2) if inside.any() else None
            if level is None:
                continue
            of = {name: float(np.mean(level[rows])) if rows else float("nan") for name, rows in groups.items()}
            found |= {f"{kind}_{band}_{name}": of["inner"] - of[name] for name in ("outer", "forehead", "chin")}
            found[f"{kind}_{band}"] = of["inner"]
    return found


def _together(colour: Floats, cells: list[int]) -> dict[str, float]:
    """Share of what changes from frame to frame that all cells have in common."""
    found = {}
    for kind, signal in (("light", colour[..., 1]), ("hue", colour[..., 0] - colour[..., 1])):
        step = np.diff(signal[cells], axis=1)
        variance = float((step**2).sum())
        found[f"{kind}_common"] = len(cells) * float((step.mean(axis=0) ** 2).sum()) / max(variance, TINY**2)
    return found


def _repeats(colour: Floats, seen: NDArray[np.bool_]) -> dict[str, float]:
    """Share of frames in which the skin changes next to nothing: repeated pictures, or a face that stands still."""
    change = np.abs(np.diff(colour[seen], axis=1)).mean(axis=(0, 2))
    usual = float(np.median(change))
    return {
        "repeats": float((change < 0.2 * usual + TINY).mean()),
        "change": float(np.log10(usual + TINY)),
        "jumps": float(np.log10(np.quantile(change, 0.98) / max(usual, TINY))),
    }
