"""Neighbouring cells agree where they were drawn together, and not where a camera filmed them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.signals.agreement import cell_agreement, neighbour_agreement
from core.signals.resample import even_trace
from core.types import RoiTrace
from tests.synth.clips import BLOOD_VOLUME_VECTOR, even_times
from tests.synth.traces import REGIONS, Skin, skin_trace

NOISY = Skin(bpm=72, pulse=0.002, noise=0.002)


def drawn_together(trace: RoiTrace, size: float, seed: int = 5) -> RoiTrace:
    """Add slow changes of colour that spread over neighbouring cells, as of a picture made from fewer pixels."""
    rng = np.random.default_rng(seed)
    cells = [i for i, name in enumerate(trace.region_names) if name.startswith("cell_")]
    coarse = rng.normal(size=(2, 4, len(trace.times_s), 3))
    fine = np.repeat(np.repeat(coarse, 2, axis=0), 2, axis=1).reshape(32, len(trace.times_s), 3)
    rgb = np.array(trace.rgb)
    rgb[cells] *= 1 + size * fine
    return RoiTrace(0, trace.region_names, trace.times_s, rgb, trace.pixels, trace.clipped)


@pytest.mark.parametrize("rate", [25.0, 29.97, 50.0])
def test_cells_drawn_together_agree_more_than_filmed_ones(rate: float) -> None:
    filmed = skin_trace(NOISY, even_times(rate, 8))
    real, swapped = (cell_agreement(even_trace(t)) for t in (filmed, drawn_together(filmed, 0.01)))
    assert real is not None
    assert swapped is not None
    for name in ("chrom", "pos", "fast"):
        assert getattr(swapped, name) > getattr(real, name) + 0.15, name


def test_light_and_shadow_over_the_whole_face_are_not_agreement() -> None:
    found = cell_agreement(even_trace(skin_trace(Skin(bpm=None, drift=0.02, noise=0.002), even_times(30, 8))))
    assert found is not None
    assert abs(found.pos) < 0.15
    assert abs(found.fast) < 0.1


def test_a_frozen_picture_agrees_with_nothing() -> None:
    still = skin_trace(Skin(bpm=None, drift=0, motion=0, breath=0, noise=0), even_times(25, 4))
    found = cell_agreement(even_trace(still))
    assert found is not None
    assert abs(found.chrom) < 1e-6
    assert abs(found.fast) < 1e-6


def test_slow_clips_have_no_fast_agreement_but_the_others() -> None:
    found = cell_agreement(even_trace(skin_trace(NOISY, even_times(15, 8))))
    assert found is not None
    assert np.isnan(found.fast)
    assert np.isfinite(found.chrom + found.pos)


def test_too_little_gives_nothing() -> None:
    assert cell_agreement(even_trace(skin_trace(NOISY, even_times(25, 1.5)))) is None
    no_cells = skin_trace(NOISY, even_times(25, 6), region_names=REGIONS[:3])
    assert cell_agreement(even_trace(no_cells)) is None


def test_cells_out_of_sight_are_left_out_and_too_few_give_nothing() -> None:
    trace = skin_trace(NOISY, even_times(25, 6))
    rgb = np.array(trace.rgb)
    rgb[3:7, 60:] = np.nan
    fewer = RoiTrace(0, trace.region_names, trace.times_s, rgb, trace.pixels, trace.clipped)
    whole, part = cell_agreement(even_trace(trace)), cell_agreement(even_trace(fewer))
    assert whole is not None
    assert part is not None
    assert part.pairs == whole.pairs - 8 < whole.pairs == 52
    rgb[3:27, 60:] = np.nan
    assert (
        cell_agreement(even_trace(RoiTrace(0, trace.region_names, trace.times_s, rgb, trace.pixels, trace.clipped)))
        is None
    )


def test_cells_that_share_a_wave_agree_with_their_neighbours_and_others_do_not() -> None:
    times = np.arange(300) / 30
    skin = Skin(bpm=None, motion=0.0, drift=0.0, breath=0.0, noise=0.0003)
    trace = skin_trace(skin, times)
    shared = 1 + 0.01 * np.sin(2 * np.pi * 1.3 * times)[None, :, None] * BLOOD_VOLUME_VECTOR
    rgb = trace.rgb.copy()
    top = [i for i, name in enumerate(trace.region_names) if name.startswith("cell_") and int(name[5:]) < 16]
    rgb[top] *= shared
    found = neighbour_agreement(even_trace(replace(trace, rgb=rgb)))
    assert found is not None
    assert found[:8].min() > 0.7
    assert np.abs(found[24:]).max() < 0.3


def test_a_short_trace_has_no_agreement_by_cell() -> None:
    assert neighbour_agreement(even_trace(skin_trace(Skin(), np.arange(40) / 30))) is None
