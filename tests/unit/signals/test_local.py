"""The flow by region: strength, delay and agreement that were put in come out."""

from __future__ import annotations

import numpy as np
import pytest

from core.signals.local import local_flow
from core.signals.resample import even_trace
from core.types import RoiTrace
from tests.synth.clips import even_times

NAMES = ("forehead", "near", "late", "weak", "still")
HZ = 1.2


def trace(rate: float = 30.0, seconds: float = 12.0, noise: float = 1e-4) -> RoiTrace:
    """A steady 72 bpm: `late` a quarter beat behind, `weak` with half the swing, `still` with none."""
    times = even_times(rate, seconds)
    rng = np.random.default_rng(0)
    swing = np.array([0.01, 0.01, 0.01, 0.005, 0.0])[:, None]
    delay = np.array([0.0, 0.0, 0.25, 0.0, 0.0])[:, None]
    green = swing * np.sin(2 * np.pi * (HZ * times - delay))
    relative = green[..., None] * np.array([0.4, 1.0, 0.7]) + noise * rng.normal(size=(5, len(times), 3))
    shape = (5, len(times))
    return RoiTrace(0, NAMES, times, np.array([0.4, 0.25, 0.2]) * np.exp(relative), np.full(shape, 99), np.zeros(shape))


@pytest.mark.parametrize("rate", [25.0, 29.97, 60.0])
def test_strength_colour_and_delay_are_those_put_in(rate: float) -> None:
    flow = local_flow(even_trace(trace(rate)))
    assert flow is not None
    assert flow.hz == pytest.approx(HZ, abs=0.02)
    assert flow.amplitude[0, 1] == pytest.approx(0.01, rel=0.06)
    assert flow.amplitude[3, 1] / flow.amplitude[0, 1] == pytest.approx(0.5, rel=0.05)
    assert flow.amplitude[0, 0] / flow.amplitude[0, 1] == pytest.approx(0.4, rel=0.05)
    assert flow.phase[0, 2] == pytest.approx(np.pi / 2, abs=0.1)
    assert flow.phase[2, 0] == pytest.approx(-np.pi / 2, abs=0.1)


def test_regions_with_the_pulse_are_coherent_and_one_without_is_not() -> None:
    flow = local_flow(even_trace(trace(noise=3e-4)), HZ)
    assert flow is not None
    assert flow.coherence[0, 1] > 0.98
    assert flow.coherence[0, 4] < 0.6
    assert flow.snr_db[0] > 10 > 0 > flow.snr_db[4]


def test_noise_is_told_from_pulse() -> None:
    quiet, loud = (local_flow(even_trace(trace(noise=n)), HZ) for n in (1e-4, 4e-4))
    assert quiet is not None
    assert loud is not None
    assert loud.noise[0, 1] / quiet.noise[0, 1] == pytest.approx(4, rel=0.1)


def test_slow_clips_have_no_noise_band() -> None:
    flow = local_flow(even_trace(trace(15.0)), HZ)
    assert flow is not None
    assert np.isnan(flow.noise).all()
    assert np.isfinite(flow.amplitude).all()


def test_short_stretches_have_no_coherence_and_shorter_ones_nothing() -> None:
    short = local_flow(even_trace(trace(seconds=3.0)), HZ)
    assert short is not None
    assert np.isnan(short.coherence).all()
    assert np.isfinite(short.amplitude).all()
    assert local_flow(even_trace(trace(seconds=2.0)), HZ) is None


def test_a_region_out_of_sight_is_not_known() -> None:
    whole = trace()
    rgb = np.array(whole.rgb)
    rgb[1, :100] = np.nan
    flow = local_flow(even_trace(RoiTrace(0, NAMES, whole.times_s, rgb, whole.pixels, whole.clipped)), HZ)
    assert flow is not None
    assert np.isnan(flow.amplitude[1]).all()
    assert np.isnan(flow.coherence[0, 1])
    assert np.isfinite(flow.coherence[0, 2])
