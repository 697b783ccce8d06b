"""Breath is read where movement, light and pulse agree on it, and not where they do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from core.signals import read_pulse
from core.signals.respiration import LIGHT, MOTION, PULSE, BreathSource, fused_bpm
from core.signals.vital_signs import with_respiration
from core.types import PulseReading, RoiTrace
from tests.synth.clips import even_times
from tests.synth.traces import BIG_REGIONS, Skin, one_over_f, skin_trace

RATE_HZ = 25.0


def swing(times_s: NDArray[np.float64], per_min: float, wander: float = 0.3, seed: int = 0) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return np.sin(2 * np.pi * per_min / 60 * times_s + 1) + wander * one_over_f(rng, len(times_s))


def head(times_s: NDArray[np.float64], per_min: float | None, seed: int) -> NDArray[np.float64]:
    """Height and size of a head that breathes, or only wanders."""
    rng = np.random.default_rng(seed)
    wander = one_over_f(rng, len(times_s))
    height = wander if per_min is None else swing(times_s, per_min, seed=seed)
    return np.stack([0.01 * height, 1 + 0.002 * one_over_f(rng, len(times_s))])


def breathing(skin: Skin, seconds: float, per_min: float | None, seed: int) -> PulseReading:
    times = even_times(RATE_HZ, seconds)
    trace = skin_trace(skin, times, seed=seed, region_names=BIG_REGIONS)
    motion = head(times, per_min, seed)
    if per_min is None:  # light that changes as the head moves, which is no second witness
        trace = replace(trace, rgb=trace.rgb * (1 + 0.5 * (motion[0] - motion[0].mean()))[None, :, None])
    pulse, reading = read_pulse(trace, "POS")
    return with_respiration(reading, pulse, trace, motion)


def without_motion(trace: RoiTrace) -> PulseReading:
    pulse, reading = read_pulse(trace, "POS")
    return with_respiration(reading, pulse, trace)


@pytest.mark.parametrize("seconds", [20.0, 30.0])
@pytest.mark.parametrize("per_min", [9.0, 12.0, 16.0, 20.0, 24.0])
def test_breath_is_read_within_one_a_minute(per_min: float, seconds: float) -> None:
    skin = Skin(bpm=75, respiration_bpm=per_min, breath=0.004, breath_pulse=0.25, drift=0.001, motion=0.0005)
    reading = breathing(skin, seconds, per_min, seed=round(per_min))
    assert reading.respiration_bpm == pytest.approx(per_min, abs=1.0)
    assert all(w.respiration_bpm == pytest.approx(per_min, abs=1.0) for w in reading.windows)


def test_fewer_than_two_in_a_hundred_wandering_heads_breathe() -> None:
    read = [breathing(Skin(bpm=55 + seed, breath=0.0), 20.0, None, seed).respiration_bpm for seed in range(60)]
    assert sum(bpm is not None for bpm in read) <= 1


def test_light_and_beats_alone_are_two_witnesses() -> None:
    for per_min in (10.0, 15.0, 22.0):
        skin = Skin(respiration_bpm=per_min, breath=0.006, breath_pulse=0.35, drift=0.001, motion=0.0005)
        trace = skin_trace(skin, even_times(RATE_HZ, 30), seed=2)
        assert without_motion(trace).respiration_bpm == pytest.approx(per_min, abs=1.0)


def test_breath_is_seldom_read_where_light_wanders_and_nothing_is_known_of_the_head() -> None:
    skin = Skin(breath=0, motion=0.004, drift=0.004)
    traces = [skin_trace(skin, even_times(15, 30), seed=seed, region_names=BIG_REGIONS) for seed in range(40)]
    assert sum(without_motion(trace).respiration_bpm is not None for trace in traces) <= 1


def test_a_pulse_reading_alone_says_nothing_of_breath() -> None:
    skin = Skin(breath=0.006, breath_pulse=0.35)
    _, reading = read_pulse(skin_trace(skin, even_times(RATE_HZ, 30), region_names=BIG_REGIONS), "POS")
    assert reading.bpm is not None
    assert reading.respiration_bpm is None
    assert all(window.respiration_bpm is None for window in reading.windows)


def test_nothing_is_read_from_less_than_fifteen_seconds() -> None:
    skin = Skin(respiration_bpm=20, breath=0.004, breath_pulse=0.25, drift=0.001, motion=0.0005)
    assert breathing(skin, 14.0, 20.0, seed=1).respiration_bpm is None


@pytest.mark.parametrize("kind", [LIGHT, PULSE])
def test_two_kinds_that_agree_are_believed_and_one_kind_alone_is_not(kind: str) -> None:
    times = even_times(RATE_HZ, 30)
    waves = [swing(times, 14.0, seed=seed) for seed in (1, 2)]
    agreed = fused_bpm([BreathSource(MOTION, waves[0]), BreathSource(kind, waves[1])], RATE_HZ)
    assert agreed == pytest.approx(14.0, abs=0.3)
    assert fused_bpm([BreathSource(MOTION, wave) for wave in waves], RATE_HZ) is None


def test_a_clear_third_source_at_another_rate_silences_two_that_agree() -> None:
    times = even_times(RATE_HZ, 30)
    two = [BreathSource(MOTION, swing(times, 14.0)), BreathSource(LIGHT, swing(times, 14.0, seed=3))]
    assert fused_bpm([*two, BreathSource(PULSE, swing(times, 22.0, seed=4))], RATE_HZ) is None


def test_sources_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        fused_bpm([BreathSource(MOTION, np.ones(600)), BreathSource(LIGHT, np.ones(601))], RATE_HZ)
