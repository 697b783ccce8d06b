from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from core.signals.methods import METHODS
from core.signals.pulse import read_pulse
from tests.synth.clips import even_times, uneven_times
from tests.synth.traces import BIG_REGIONS, CELLS, Skin, skin_trace

TIMES = {
    "25": even_times(25, 12),
    "29.97": even_times(Fraction(30000, 1001), 10),
    "variable": uneven_times(15),
}


@pytest.mark.parametrize("rate", TIMES)
@pytest.mark.parametrize("method", METHODS)
def test_a_known_pulse_is_read_within_one_beat(method: str, rate: str) -> None:
    calm = Skin(drift=0.001, motion=0.001)  # green alone has nothing against light and movement
    for bpm in (48, 57, 66, 75, 84, 97, 111, 130, 150):
        skin = replace(calm, bpm=bpm)
        _, reading = read_pulse(skin_trace(skin, TIMES[rate], seed=bpm), method)
        assert reading.bpm is not None, (bpm, reading.snr_db)
        assert reading.bpm == pytest.approx(bpm, abs=1.0)


@pytest.mark.parametrize("rate", TIMES)
def test_pos_reads_through_movement_and_changing_light(rate: str) -> None:
    for bpm in (48, 72, 110, 150):
        skin = Skin(bpm=bpm, drift=0.01, motion=0.02, breath=0.01, noise=0.0008)
        _, reading = read_pulse(skin_trace(skin, TIMES[rate], seed=bpm))
        assert reading.bpm == pytest.approx(bpm, abs=1.0)


def noise_only(rng: np.random.Generator) -> Skin:
    """Any mixture of sensor noise, drifting light, movement and breathing; no pulse."""
    return Skin(
        bpm=None,
        noise=10 ** rng.uniform(-4, -2.6),
        drift=rng.choice([0, 10 ** rng.uniform(-3, -1.5)]),
        motion=rng.choice([0, 10 ** rng.uniform(-3, -1.3)]),
        breath=rng.choice([0, 10 ** rng.uniform(-3, -1.7)]),
        respiration_bpm=rng.uniform(8, 28),
    )


@pytest.mark.parametrize("seconds", [4.5, 10, 20])
def test_fewer_than_two_in_a_hundred_clips_without_pulse_are_read(seconds: float) -> None:
    rng = np.random.default_rng(7)
    read = 0
    for i in range(150):
        times = even_times(rng.choice([15, 25, 30]), seconds) if i % 3 else uneven_times(seconds, seed=i)
        _, reading = read_pulse(skin_trace(noise_only(rng), times, seed=1000 + i, region_names=BIG_REGIONS))
        read += reading.bpm is not None
        if reading.bpm is None:
            assert reading.abstained_because == "no pulse found above the noise"
    assert read / 150 < 0.02


def test_snr_rises_with_the_strength_of_the_pulse() -> None:
    snr = [
        read_pulse(skin_trace(Skin(pulse=pulse), TIMES["25"], seed=3))[1].snr_db or -99
        for pulse in (0.0002, 0.001, 0.002, 0.005)
    ]
    assert snr == sorted(snr)
    assert snr[-1] > snr[0] + 10


def test_windows_are_ten_seconds_one_second_apart_and_reach_the_end() -> None:
    _, reading = read_pulse(skin_trace(Skin(), even_times(25, 20.6)))
    starts = [w.start_s for w in reading.windows]
    assert np.diff(starts)[:-1] == pytest.approx(1.0)
    assert all(w.end_s - w.start_s == pytest.approx(10) for w in reading.windows)
    assert reading.windows[-1].end_s == pytest.approx(20.6, abs=0.05)
    assert all(0 <= w.confidence <= 1 for w in reading.windows)


def test_a_rate_that_changes_is_followed_by_the_windows() -> None:
    times = even_times(25, 40)
    slow, fast = skin_trace(Skin(bpm=60), times), skin_trace(Skin(bpm=90), times)
    rgb = np.where((times < 20)[:, None], slow.rgb, fast.rgb)
    _, reading = read_pulse(replace(slow, rgb=rgb))
    assert reading.windows[0].bpm == pytest.approx(60, abs=1)
    assert reading.windows[-1].bpm == pytest.approx(90, abs=1)


def test_one_lucky_stretch_is_not_a_pulse_of_the_clip() -> None:
    times = even_times(25, 60)
    without = skin_trace(Skin(bpm=None, noise=0.002), times)
    with_pulse = skin_trace(Skin(bpm=72, noise=0.002), times)
    rgb = np.where((times < 11)[:, None], with_pulse.rgb, without.rgb)
    _, reading = read_pulse(replace(without, rgb=rgb))
    assert reading.windows[0].bpm == pytest.approx(72, abs=1)
    assert reading.bpm is None


def test_a_hidden_region_has_no_say_and_breaks_nothing() -> None:
    trace = skin_trace(Skin(bpm=80), even_times(25, 12))
    rgb = np.array(trace.rgb)
    rgb[0, 40:200] = np.nan
    rgb[2] = np.nan
    signal, reading = read_pulse(replace(trace, rgb=rgb))
    assert reading.bpm == pytest.approx(80, abs=1)
    assert signal is not None
    assert np.isnan(signal.values[0, 50:190]).all()
    assert np.isnan(signal.values[2]).all()
    assert np.isfinite(signal.values[1]).all()


def test_a_gap_in_the_face_divides_the_reading() -> None:
    times = even_times(25, 20)
    times = times[(times < 9) | (times > 11)]
    signal, reading = read_pulse(skin_trace(Skin(bpm=66), times))
    assert reading.bpm == pytest.approx(66, abs=1)
    assert all(w.end_s <= 9.05 or w.start_s >= 10.95 for w in reading.windows)
    assert signal is not None
    assert np.isnan(signal.values[0, (signal.times_s > 9.1) & (signal.times_s < 10.9)]).all()


def test_cells_alone_can_be_read() -> None:
    _, reading = read_pulse(skin_trace(Skin(bpm=80), even_times(25, 12), region_names=CELLS))
    assert reading.bpm == pytest.approx(80, abs=1)


@pytest.mark.parametrize(
    ("times_s", "face_size_px", "sentence"),
    [
        (even_times(25, 1.8), None, "only 1.8 s of face"),
        (even_times(8, 12), None, "frame rate 8/s is too low"),
        (even_times(25, 12), 31.0, "face too small: 31 px"),
        (np.array([0.0]), None, "a single picture has no pulse"),
        (
            np.concatenate([even_times(25, 3), 4 + even_times(25, 3), 8 + even_times(25, 3)]),
            None,
            "only 3.0 s of face without interruption",
        ),
    ],
)
def test_too_little_is_said_in_words(times_s: NDArray[np.float64], face_size_px: float | None, sentence: str) -> None:
    signal, reading = read_pulse(skin_trace(Skin(), times_s), face_size_px=face_size_px)
    assert signal is None
    assert reading.bpm is None
    assert reading.abstained_because == sentence


def test_the_trace_is_not_changed() -> None:
    trace = skin_trace(Skin(), even_times(25, 12))
    before = trace.rgb.copy()
    read_pulse(trace)
    assert np.array_equal(trace.rgb, before)


def test_the_method_that_stands_out_most_is_taken_and_named() -> None:
    trace = skin_trace(Skin(bpm=72, noise=0.0002, drift=0.03, motion=0.001), TIMES["25"], seed=4)
    signal, reading = read_pulse(trace)
    assert signal is not None
    assert reading.bpm == pytest.approx(72, abs=1)
    assert signal.method in reading.method.split("+")
    assert signal.method != "G"  # the light changes by three percent
    alone = read_pulse(trace, signal.method)[1]
    assert reading.windows[0].snr_db == alone.windows[0].snr_db
