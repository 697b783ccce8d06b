from pathlib import Path

import cv2
import numpy as np
import pytest

from core.evaluation.rendered_faces import HEIGHT_PX, WIDTH_PX, pulse_wave, render
from core.evaluation.rendered_motion import draw_motion, smooth_noise
from core.faces.pose import canonical_mesh
from core.settings import VideoLimits
from core.video import open_clip
from tests.synth.clips import PORTRAIT_FACE_CENTRE, PORTRAIT_FACE_PX, portrait

TIMES = np.arange(420) / 30


def portrait_landmarks() -> np.ndarray:
    flat = canonical_mesh()[:, :2]
    return (flat - flat.mean(axis=0)) / np.ptp(flat[:, 1]) * PORTRAIT_FACE_PX + PORTRAIT_FACE_CENTRE


def rendered(path: Path, seed: int) -> tuple[list[np.ndarray], object]:
    picture = np.asarray(cv2.resize(portrait(), (384, 384)))
    truth = render(path, picture, portrait_landmarks() * 384 / 512, picture, seed=seed, duration_s=1)
    with open_clip(path, VideoLimits()) as clip:
        return [frame.rgb.copy() for frame in clip], truth


@pytest.mark.parametrize("bpm", [50.0, 90.0, 150.0])
def test_a_pulse_wave_has_the_rate_that_was_asked_for(bpm):
    wave = pulse_wave(TIMES, bpm, np.random.default_rng(1))
    power = np.abs(np.fft.rfft(wave, 1 << 14)) ** 2
    assert 60 * np.argmax(power) * 30 / (1 << 14) == pytest.approx(bpm, rel=0.07)
    assert wave.std() == pytest.approx(1)


def test_smooth_noise_of_longer_hold_changes_more_slowly():
    quick, slow = (smooth_noise(TIMES, hold, np.random.default_rng(0)) for hold in (0.1, 2.0))
    assert np.abs(np.diff(slow)).mean() < 0.2 * np.abs(np.diff(quick)).mean()


def test_motion_is_that_of_its_seed():
    first, again, other = (draw_motion(TIMES, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first.turn, again.turn)
    assert not np.array_equal(first.turn, other.turn)


def test_a_rendered_clip_has_a_picture_for_every_sample_of_its_truth(tmp_path):
    frames, truth = rendered(tmp_path / "face.mp4", seed=1)
    assert len(frames) == len(truth.times_s) == len(truth.wave)
    assert frames[0].shape == (HEIGHT_PX, WIDTH_PX, 3)


def test_a_clip_without_pulse_says_so(tmp_path):
    seed = next(s for s in range(100) if _has_no_pulse(s))
    _, truth = rendered(tmp_path / "face.mp4", seed=seed)
    assert truth.bpm is None
    assert not truth.wave.any()
    assert truth.strength_percent == 0


def _has_no_pulse(seed: int) -> bool:
    rng = np.random.default_rng(seed)
    rng.choice(4, p=(0.5, 0.15, 0.2, 0.15))
    return bool(rng.random() < 0.12)
