"""126 numbers a segment, finite, and moved by what they are about."""

from __future__ import annotations

import numpy as np
import pytest

from core.signals.ppg_features import FEATURES, ppg_features
from tests.synth.clips import even_times
from tests.synth.traces import REGIONS, Skin, skin_trace


@pytest.mark.parametrize(("omega", "count"), [(64, 8), (128, 4), (256, 1)])
def test_every_segment_has_126_finite_numbers(omega: int, count: int) -> None:
    found = ppg_features(skin_trace(Skin(), even_times(25, 10)), omega, omega // 2)
    assert found.values.shape == (count, FEATURES)
    assert np.isfinite(found.values).all()
    assert np.all(np.diff(found.start_s) > 0)


def test_a_pulse_shows_in_the_snr_and_the_repeats() -> None:
    beating, dead = (
        ppg_features(skin_trace(Skin(bpm=bpm, noise=0.0003), even_times(30, 10)), 256).values.mean(axis=0)
        for bpm in (72, None)
    )
    assert beating[-3:].mean() > dead[-3:].mean() + 3  # SNR of the Chrom-PPG
    assert beating[6 + 36] > dead[6 + 36]  # highest autocorrelation of the first Chrom-PPG


def test_nothing_comes_from_a_short_trace_or_one_without_regions() -> None:
    assert ppg_features(skin_trace(Skin(), even_times(25, 2)), 128).values.shape == (0, FEATURES)
    with pytest.raises(ValueError, match="cheeks"):
        ppg_features(skin_trace(Skin(), even_times(25, 6), region_names=REGIONS[:1] + REGIONS[3:]))
