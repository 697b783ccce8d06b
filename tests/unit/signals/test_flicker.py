from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.signals.flicker import flicker
from core.signals.resample import even_trace
from core.types import RoiTrace
from tests.synth.clips import even_times
from tests.synth.traces import CELLS

REGIONS = ("forehead", "left_cheek", "right_cheek", "nose", "chin", *CELLS)
SKIN = np.array([0.42, 0.24, 0.17])


def trace(change: NDArray[np.float64], times_s: NDArray[np.float64]) -> RoiTrace:
    """Skin whose colour changes by `change` (R, N) or (R, N, 3) of itself."""
    each = change[..., None] * np.ones(3) if change.ndim == 2 else change
    r, n = each.shape[:2]
    return RoiTrace(0, REGIONS, times_s, SKIN * (1 + each), np.full((r, n), 200.0), np.zeros((r, n)))


def noise(n: int, size: float = 0.002, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(0, size, (len(REGIONS), n, 3))


def test_flicker_of_the_inner_face_alone_is_told_from_that_of_the_whole() -> None:
    times = even_times(25, 8)
    wave = 0.01 * np.sin(2 * np.pi * 4 * times)
    inner = np.array([name.startswith("cell_") and int(name[5:]) % 8 in (2, 3, 4, 5) for name in REGIONS])
    base = noise(len(times))
    whole = flicker(even_trace(trace(base + wave[None, :, None], times)))
    only = flicker(even_trace(trace(base + (inner[:, None] * wave)[..., None], times)))
    assert only["light_fast_outer"] > 1 > 0.3 > abs(whole["light_fast_outer"])
    assert only["light_fast_forehead"] > 1


def test_what_cells_have_in_common_is_a_share() -> None:
    times = even_times(25, 8)
    alone = flicker(even_trace(trace(noise(len(times)), times)))
    shared = np.random.default_rng(1).normal(0, 0.01, (1, len(times), 1)) * np.array([1.0, 0, 0])
    together = flicker(even_trace(trace(noise(len(times)) + shared, times)))
    assert alone["hue_common"] == pytest.approx(1 / 32, abs=0.01), "cells that share nothing"
    assert together["hue_common"] > 0.8


def test_repeated_pictures_are_counted() -> None:
    times = even_times(25, 6)
    base = noise(len(times))
    base[:, 1::5] = base[:, :-1:5]
    assert flicker(even_trace(trace(base, times)))["repeats"] == pytest.approx(0.2, abs=0.03)


def test_a_short_or_interrupted_trace_gives_nothing() -> None:
    times = even_times(25, 1.5)
    assert flicker(even_trace(trace(noise(len(times)), times))) == {}


def test_a_region_that_was_never_seen_gives_nan_and_no_error() -> None:
    times = even_times(25, 6)
    hidden = trace(noise(len(times)), times)
    rgb = hidden.rgb.copy()
    rgb[REGIONS.index("forehead")] = np.nan
    found = flicker(even_trace(RoiTrace(0, REGIONS, times, rgb, hidden.pixels, hidden.clipped)))
    assert np.isnan(found["light_fast_forehead"])
    assert np.isfinite(found["light_fast_outer"])
