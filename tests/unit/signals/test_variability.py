from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.signals.variability import accepted_intervals, beat_times_s, disagreement_ms, variability

RATE_HZ = 30.0


def beating(intervals_s: NDArray[np.float64], noise: float = 0.05, seed: int = 0) -> NDArray[np.float64]:
    """Two waves (2, N) whose phase goes once round in each interval, the second 20 ms later."""
    rng = np.random.default_rng(seed)
    beats_s = np.concatenate([[0.0], np.cumsum(intervals_s)])
    t = np.arange(0, beats_s[-1], 1 / RATE_HZ)
    turns = np.stack([np.interp(t - delay_s, beats_s, np.arange(len(beats_s))) for delay_s in (0.0, 0.02)])
    phase = 2 * np.pi * turns
    return np.asarray(np.cos(phase) + 0.3 * np.cos(2 * phase - 0.9) + noise * rng.normal(size=phase.shape))


def breathing_intervals(mean_s: float, swing_s: float, beats: int = 80) -> NDArray[np.float64]:
    return np.asarray(mean_s + swing_s * np.sin(2 * np.pi * np.arange(beats) / 5.3))


@pytest.mark.parametrize(("mean_s", "swing_s"), [(0.8, 0.07), (0.6, 0.05), (1.0, 0.1)])
def test_known_intervals_come_back(mean_s: float, swing_s: float) -> None:
    intervals_s = breathing_intervals(mean_s, swing_s)
    wave = beating(intervals_s)
    found_s = np.diff(beat_times_s(wave[0], RATE_HZ, 60 / mean_s))
    assert found_s[2:-2].mean() == pytest.approx(intervals_s.mean(), abs=0.01)
    measured = variability(wave, RATE_HZ, 60 / mean_s, 0.9)
    truth_ms = 1000 * intervals_s.std(ddof=1)
    assert measured.sdnn_ms == pytest.approx(truth_ms, abs=max(5, 0.15 * truth_ms))


def test_steady_pulse_varies_little() -> None:
    measured = variability(beating(np.full(60, 0.8)), RATE_HZ, 75, 0.9)
    assert measured.sdnn_ms is not None
    assert measured.sdnn_ms < 12


def test_more_variation_gives_more_of_both_figures() -> None:
    little = variability(beating(breathing_intervals(0.8, 0.03)), RATE_HZ, 75, 0.9)
    much = variability(beating(breathing_intervals(0.8, 0.09)), RATE_HZ, 75, 0.9)
    assert (much.sdnn_ms or 0) > (little.sdnn_ms or 0)
    assert (much.rmssd_ms or 0) > (little.rmssd_ms or 0)


@pytest.mark.parametrize(
    ("seconds", "bpm", "clearness", "words"),
    [(20, 75.0, 0.9, "only 20 s"), (60, None, 0.9, "no pulse"), (60, 75.0, 0.3, "not clear enough")],
)
def test_it_says_why_there_is_no_figure(seconds: float, bpm: float | None, clearness: float, words: str) -> None:
    wave = beating(np.full(100, 0.8))[:, : int(seconds * RATE_HZ)]
    measured = variability(wave, RATE_HZ, bpm, clearness)
    assert measured.sdnn_ms is None
    assert words in (measured.because or "")


def test_noise_has_no_beats_to_time() -> None:
    rng = np.random.default_rng(3)
    answers = [variability(rng.normal(size=(2, 1800)), RATE_HZ, 75, 0.9).sdnn_ms for _ in range(20)]
    assert answers.count(None) >= 19


def test_missed_beat_is_left_out() -> None:
    intervals_s = np.full(20, 0.8)
    intervals_s[10] = 1.6
    _, accepted = accepted_intervals(intervals_s)
    assert list(np.flatnonzero(~accepted)) == [10]


def test_beats_that_the_parts_of_the_face_time_differently_give_no_figure() -> None:
    intervals_s = breathing_intervals(0.8, 0.05)
    noisy = beating(intervals_s, noise=1.5)
    measured = variability(noisy, RATE_HZ, 75, 0.9)
    assert measured.sdnn_ms is None
    assert "agree" in (measured.because or "")


def test_steady_delay_between_the_parts_is_no_disagreement() -> None:
    beats_s = np.arange(50) * 0.8
    assert disagreement_ms(beats_s, beats_s + 0.04, 0.8) == pytest.approx(0, abs=1e-6)
    jitter_s = np.random.default_rng(0).normal(0, 0.03, 50)
    assert disagreement_ms(beats_s, beats_s + jitter_s, 0.8) == pytest.approx(30, rel=0.3)
