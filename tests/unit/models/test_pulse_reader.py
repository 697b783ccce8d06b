from pathlib import Path

import numpy as np
import pytest
import torch

from models.pulse_features import CHANNELS, RATE_HZ, features, moving_mean
from models.pulse_reader import PulseReader, rate_power
from models.pulse_wave import WAVE_RATE_HZ, read_rate, read_wave
from models.train.pulse_reader import (
    TrainingClip,
    TrainingConfig,
    batches,
    best_correlation,
    draw,
    rate_target,
    train,
)


def skin(bpm: float | None, seconds: float = 10, regions: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Colour of regions whose green moves most with the pulse, in noise; and the pulse."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    wave = np.zeros(len(time)) if bpm is None else np.sin(2 * np.pi * bpm / 60 * time)
    colour = rng.uniform(0.15, 0.5, (regions, 1, 3))
    rgb = colour * (1 + 0.004 * wave[:, None] * [0.33, 0.77, 0.53] + rng.normal(0, 0.001, (regions, len(time), 3)))
    return rgb.astype(np.float32), wave.astype(np.float32)


def as_numpy(net: PulseReader) -> dict[str, np.ndarray]:
    return {name: value.detach().numpy() for name, value in net.state_dict().items()}


def test_features_do_not_know_how_bright_a_channel_is():
    rgb, _ = skin(72)
    moving = features(rgb)[:, : CHANNELS - 3]
    assert np.allclose(features(rgb * np.array([0.5, 0.8, 0.3]))[:, : CHANNELS - 3], moving, atol=2e-3)


def test_features_leave_their_input_as_it_was():
    rgb, _ = skin(72)
    before = rgb.copy()
    features(rgb)
    assert np.array_equal(rgb, before)


def test_moving_mean_keeps_a_constant_to_the_last_sample():
    assert np.allclose(moving_mean(np.full((2, 50), 3.0, np.float32), 2.0), 3.0)


@pytest.mark.parametrize("samples", [300, 301, 47])
def test_numpy_and_torch_read_the_same_wave(samples):
    torch.manual_seed(1)
    net = PulseReader().eval()
    rgb = skin(80, 11)[0][:, :samples]
    with torch.no_grad():
        expected = net(torch.from_numpy(features(rgb))[None])[0].numpy()
    read = read_wave(rgb, as_numpy(net))
    assert read.shape == ((samples + 1) // 2,)
    assert np.allclose(read, expected, atol=1e-5)


def test_numpy_and_torch_agree_on_the_probability_of_each_rate():
    net = PulseReader().eval()
    wave = np.sin(2 * np.pi * 1.3 * np.arange(150) / WAVE_RATE_HZ) + 0.1
    with torch.no_grad():
        expected = torch.softmax(net.rate_logits(torch.from_numpy(wave).float()[None]), -1)[0].numpy()
    reading = read_rate(wave, as_numpy(net))
    assert np.allclose(reading.probability, expected, atol=1e-4)
    assert reading.bpm == pytest.approx(78, abs=0.5)


def test_the_order_of_the_regions_makes_no_difference():
    weights = as_numpy(PulseReader())
    rgb, _ = skin(80)
    assert np.allclose(read_wave(rgb, weights), read_wave(rgb[::-1], weights), atol=1e-5)


@pytest.mark.parametrize("rgb", [np.ones((0, 300, 3)), np.ones((4, 20, 3)), np.full((4, 300, 3), np.nan)])
def test_what_cannot_be_read_is_refused(rgb):
    with pytest.raises(ValueError, match="cannot be read"):
        read_wave(rgb, as_numpy(PulseReader()))


def test_rate_power_peaks_at_the_rate():
    time = torch.arange(150) / WAVE_RATE_HZ
    power = rate_power(torch.sin(2 * torch.pi * 100 / 60 * time)[None])
    assert int(power.argmax()) + 40 == 100


def test_a_wave_stronger_in_its_second_harmonic_keeps_its_rate():
    phase = 2 * torch.pi * 60 / 60 * torch.arange(150) / WAVE_RATE_HZ
    target = rate_target((torch.sin(phase) + 1.05 * torch.sin(2 * phase))[None], torch.tensor([True]))
    assert int(target.argmax()) + 40 == pytest.approx(60, abs=1)


def test_without_pulse_every_rate_is_as_likely():
    target = rate_target(torch.zeros(1, 150), torch.tensor([False]))
    assert torch.allclose(target, torch.full_like(target, 1 / 141))


def test_a_late_wave_is_as_good_within_the_lag_and_not_beyond():
    rng = np.random.default_rng(0)
    wave = torch.from_numpy(np.convolve(rng.normal(size=200), np.hanning(7), "same"))[None]
    assert best_correlation(torch.roll(wave, 3, -1), wave, 4) > 0.99
    assert best_correlation(torch.roll(wave, 20, -1), wave, 4) < 0.8


def test_a_batch_depends_on_its_number_and_not_on_those_before():
    rgb, wave = skin(70, 20)
    clips = [TrainingClip(rgb, wave), TrainingClip(rgb, None)]
    config = TrainingConfig(batch=2, regions=6)
    many = batches(clips, config)
    next(many)
    assert all(np.array_equal(a, b) for a, b in zip(next(many), next(batches(clips, config, first=1)), strict=True))


def test_a_drawn_window_keeps_its_pulse_between_45_and_165():
    rgb, wave = skin(72, 30)
    rng = np.random.default_rng(0)
    for _ in range(20):
        _, drawn, has_pulse = draw(TrainingClip(rgb, wave), TrainingConfig(regions=6), rng)
        rate = int(rate_power(torch.from_numpy(drawn[::2])[None]).argmax()) + 40
        assert has_pulse
        assert 43 <= rate <= 167


def test_training_lowers_the_loss_and_goes_on_from_a_checkpoint(tmp_path: Path):
    rgb, wave = skin(72, 20)
    clips = [TrainingClip(rgb, wave)]
    config = TrainingConfig(steps=60, batch=4, regions=6, window_s=6, save_every=30)
    losses: list[float] = []
    whole = train(clips, config, checkpoint=tmp_path / "a.pt", progress=lambda *step: losses.append(step[2]))
    again = train(clips, config, checkpoint=tmp_path / "a.pt")
    assert losses[0] < 3.3  # no knowledge at all is 1 + 0.5 ln 141 = 3.5
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), again.parameters(), strict=True))


def test_a_checkpoint_of_another_configuration_is_refused(tmp_path: Path):
    rgb, wave = skin(72, 20)
    clips = [TrainingClip(rgb, wave)]
    train(clips, TrainingConfig(steps=1, batch=1, regions=4, window_s=4), checkpoint=tmp_path / "a.pt")
    with pytest.raises(ValueError, match="another configuration"):
        train(clips, TrainingConfig(steps=2, batch=1, regions=4, window_s=4), checkpoint=tmp_path / "a.pt")


@pytest.mark.parametrize("bpm", [52.0, 75.0, 110.0, 150.0])
def test_the_shipped_weights_read_a_clear_pulse(bpm):
    reading = read_rate(read_wave(skin(bpm, 12, regions=20)[0]))
    assert reading.bpm == pytest.approx(bpm, abs=1.5)
    assert reading.confidence > 0.7


def test_the_shipped_weights_are_not_sure_of_noise():
    sure = [read_rate(read_wave(skin(None, 12, regions=20, seed=seed)[0])).confidence for seed in range(8)]
    assert np.median(sure) < 0.5


def test_the_shipped_weights_read_a_pulse_under_light_that_swings_four_times_as_much():
    rgb, _ = skin(80, 12, regions=20)
    time = np.arange(rgb.shape[1]) / RATE_HZ
    sway = 1 + 0.015 * np.sin(2 * np.pi * 0.45 * time + 1)[:, None]
    assert read_rate(read_wave(rgb * sway)).bpm == pytest.approx(80, abs=1.5)
