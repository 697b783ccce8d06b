from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.signals.ppg_map import HIGHEST_HZ, ppg_map, ppg_segments
from tests.synth.clips import even_times, uneven_times
from tests.synth.traces import BIG_REGIONS, Skin, skin_trace


@pytest.mark.parametrize("omega", [64, 128])
def test_every_row_runs_from_0_to_255(omega: int) -> None:
    picture = ppg_map(skin_trace(Skin(), even_times(25, 10)), omega)
    assert picture is not None
    assert picture.shape == (64, omega)
    assert picture.dtype == np.uint8
    assert (picture.min(axis=1) == 0).all()
    assert (picture.max(axis=1) == 255).all()


@pytest.mark.parametrize("rate", [25, 30, 60])
def test_the_spectra_peak_at_the_pulse_whatever_the_clips_rate(rate: float) -> None:
    picture = ppg_map(skin_trace(Skin(bpm=90, pulse=0.01), even_times(rate, 10)))
    assert picture is not None
    peaks = picture[32:].argmax(axis=1) * HIGHEST_HZ / 127
    assert np.median(np.abs(peaks - 1.5)) < 0.06


def test_a_cell_that_was_hidden_is_black() -> None:
    trace = skin_trace(Skin(), uneven_times(10))
    rgb = np.array(trace.rgb)
    hidden = trace.region_names.index("cell_05")
    rgb[hidden] = np.nan
    picture = ppg_map(replace(trace, rgb=rgb))
    assert picture is not None
    assert picture[[5, 37]].max() == 0
    assert picture[[4, 6, 36, 38]].max(axis=1).tolist() == [255] * 4


def test_the_segment_with_most_cells_is_taken() -> None:
    trace = skin_trace(Skin(), even_times(30, 12))
    rgb = np.array(trace.rgb)
    rgb[3:15, 150:] = np.nan  # from the middle on, twelve cells are hidden
    picture = ppg_map(replace(trace, rgb=rgb))
    assert picture is not None
    assert (picture.max(axis=1) == 255).all()


def test_there_is_no_map_of_a_short_clip_or_of_half_a_face() -> None:
    assert ppg_map(skin_trace(Skin(), even_times(30, 4))) is None
    trace = skin_trace(Skin(), even_times(30, 10))
    rgb = np.array(trace.rgb)
    rgb[3:20] = np.nan
    assert ppg_map(replace(trace, rgb=rgb)) is None


def test_segments_are_stride_apart_and_never_span_a_gap() -> None:
    times = even_times(30, 20)
    times = times[(times < 9) | (times > 11)]
    segments = ppg_segments(skin_trace(Skin(), times), omega=128, stride=64)
    assert segments.maps.shape == (len(segments.start_s), 64, 128)
    ends = segments.start_s + 127 / 30
    assert ((ends <= 9.05) | (segments.start_s >= 10.95)).all()
    assert np.diff(segments.start_s[:2]) == pytest.approx(64 / 30)
    assert (segments.cells == 32).all()


def test_a_trace_without_cells_is_refused() -> None:
    with pytest.raises(ValueError, match="cell_00"):
        ppg_map(skin_trace(Skin(), even_times(30, 10), region_names=BIG_REGIONS))
