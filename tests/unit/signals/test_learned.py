from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import WeightsError
from core.signals import learned
from core.signals.learned import learned_readings, learned_wave, load_reader
from core.signals.pulse import read_pulse
from core.signals.resample import even_trace
from core.signals.swings import slow_swing
from core.types import RoiTrace
from models.pulse_wave import read_wave
from models.registry import WeightFileError
from tests.synth.clips import even_times
from tests.synth.traces import Skin, skin_trace


def swinging(trace: RoiTrace, per_minute: float, percent: float) -> RoiTrace:
    swing = 1 + percent / 100 * np.sin(2 * np.pi * per_minute / 60 * trace.times_s)
    return replace(trace, rgb=trace.rgb * swing[None, :, None])


@pytest.mark.parametrize("rate_hz", [15, 25, 60])
def test_a_clear_pulse_is_read_at_any_frame_rate(rate_hz: float) -> None:
    trace = skin_trace(Skin(bpm=97), even_times(rate_hz, 12))
    (reading,) = learned_readings(trace, [(0.0, 12.0)], load_reader())
    assert reading is not None
    assert reading.sure
    assert reading.bpm == pytest.approx(97, abs=1.5)


def test_a_long_wave_in_parts_is_the_wave_of_the_whole() -> None:
    even = even_trace(skin_trace(Skin(bpm=80), even_times(30, 100)), 30.0)
    whole = read_wave(even.rgb)
    parts = learned_wave(even, slice(0, even.rgb.shape[1]), load_reader()).values
    assert len(parts) == len(whole)
    assert np.corrcoef(parts, whole)[0, 1] > 0.99


def test_regions_that_were_hidden_have_no_say() -> None:
    trace = skin_trace(Skin(bpm=80), even_times(30, 12))
    rgb = np.array(trace.rgb)
    rgb[:, 100:110] *= 3  # not skin at all
    rgb[3:, 100:200] = np.nan
    rgb[:3] = trace.rgb[:3]
    (reading,) = learned_readings(replace(trace, rgb=rgb), [(0.0, 12.0)], load_reader())
    assert reading is not None
    assert reading.bpm == pytest.approx(80, abs=1.5)


def test_a_window_in_a_gap_of_the_face_is_not_read() -> None:
    times = even_times(30, 20)
    trace = skin_trace(Skin(bpm=80), times[(times < 8) | (times > 11)])
    readings = learned_readings(trace, [(0.0, 7.9), (5.0, 12.0), (11.1, 19.9)], load_reader())
    assert [reading is not None for reading in readings] == [True, False, True]


@pytest.mark.parametrize("percent", [1.0, 3.0, 5.0])
def test_a_swing_of_the_light_is_not_read_as_its_overtone(percent: float) -> None:
    calm = Skin(bpm=None, drift=0.001, motion=0.0, breath=0.0)
    for per_minute in (20.0, 27.0, 36.0):
        trace = swinging(skin_trace(calm, even_times(30, 10)), per_minute, percent)
        assert read_pulse(trace)[1].bpm is None


def test_a_swing_is_measured_in_percent_and_in_times_a_minute() -> None:
    trace = swinging(skin_trace(Skin(bpm=None, drift=0, motion=0, breath=0), even_times(30, 15)), 24.0, 2.0)
    swing = slow_swing(trace.rgb, 30.0)
    assert swing.per_minute == pytest.approx(24, abs=0.5)
    assert swing.percent == pytest.approx(2, rel=0.1)
    assert swing.share > 0.9
    assert swing.explains(72)
    assert not swing.explains(90)


def test_light_that_only_wanders_explains_no_rate() -> None:
    trace = skin_trace(Skin(bpm=None, drift=0.01, motion=0.01, breath=0), even_times(30, 15), seed=1)
    assert not slow_swing(trace.rgb, 30.0).strong


def test_another_rate_of_samples_is_refused() -> None:
    even = even_trace(skin_trace(Skin(), even_times(25, 6)))
    with pytest.raises(ValueError, match="30 Hz"):
        learned_wave(even, slice(0, 150), load_reader())


def test_altered_weights_are_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def altered() -> None:
        raise WeightFileError("pulse-reader", "missing", "restore it")

    monkeypatch.setattr(learned, "reader_weights", altered)
    with pytest.raises(WeightsError, match="The weights pulse-reader are missing; restore it"):
        read_pulse(skin_trace(Skin(), even_times(25, 12)))


def test_the_learned_reader_alone_can_be_asked_for_and_is_named() -> None:
    _, reading = read_pulse(skin_trace(Skin(bpm=110), even_times(25, 12)), "learned")
    assert reading.method == "learned"
    assert reading.bpm == pytest.approx(110, abs=1.5)


def test_a_window_without_an_answer_still_has_a_best_guess() -> None:
    _, reading = read_pulse(skin_trace(Skin(bpm=None, noise=0.002), even_times(25, 12), seed=3))
    assert all(window.bpm is None and window.best_guess_bpm is not None for window in reading.windows)
    assert max(window.confidence for window in reading.windows) < 0.66
