"""Training of the pulse reader on regions' colours with a known pulse."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from models.pulse_features import RATE_HZ, features
from models.pulse_reader import HIGHEST_BPM, LOWEST_BPM, STRIDE, PulseReader, ReaderShape, rate_power


@dataclass(frozen=True, slots=True)
class TrainingClip:
    """One face: `rgb` (R, N, 3) linear light and `wave` (N,) of a sensor, both at 30 Hz; `wave` None without pulse.

    `share` is how often it is drawn against the others.
    """

    rgb: NDArray[np.float32]
    wave: NDArray[np.float32] | None
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How to train; the defaults are those of the shipped weights."""

    seed: int = 0
    steps: int = 3000
    batch: int = 8
    window_s: float = 10.0
    regions: int = 24
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    slowest: float = 0.6
    fastest: float = 1.7
    lag_s: float = 0.5
    rate_weight: float = 0.5
    save_every: int = 500
    shape: ReaderShape = field(default_factory=ReaderShape)


Step = Callable[[int, int, float], None]
"""Called with the steps done, the steps to do and the mean loss since the last call."""


def train(
    clips: Sequence[TrainingClip],
    config: TrainingConfig,
    *,
    start: PulseReader | None = None,
    checkpoint: Path | None = None,
    progress: Step | None = None,
    device: str = "cpu",
) -> PulseReader:
    """Return a trained network.

    Args:
        clips: at least one with a wave.
        start: weights to begin with; fresh ones by default.
        checkpoint: written every `config.save_every` steps and gone on from where it exists.
        progress: told every 50 steps.
    """
    torch.manual_seed(config.seed)
    net = PulseReader(config.shape).to(device)
    if start is not None:
        net.load_state_dict(start.state_dict())
    optimiser = torch.optim.AdamW(net.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.learning_rate, total_steps=config.steps, pct_start=0.1)
    done = _resume(checkpoint, (net, optimiser, plan), config)
    draws = batches(clips, config, first=done)
    losses: list[float] = []
    for step in range(done + 1, config.steps + 1):
        seen, wave, has_pulse = (torch.from_numpy(a).to(device) for a in next(draws))
        loss = reading_loss(net, seen, wave, has_pulse, config)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        plan.step()
        losses.append(float(loss.detach()))
        if progress is not None and step % 50 == 0:
            progress(step, config.steps, float(np.mean(losses)))
            losses.clear()
        if checkpoint is not None and (step % config.save_every == 0 or step == config.steps):
            _save(checkpoint, (net, optimiser, plan), step, config)
    return net.eval()


def batches(
    clips: Sequence[TrainingClip], config: TrainingConfig, first: int = 0
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]]:
    """Yield (B, R, 11, T), waves (B, T) and which have a pulse (B,), for ever; batch k depends on seed and k only."""
    share = np.array([clip.share for clip in clips])
    step = first
    while True:
        rng = np.random.default_rng((config.seed, step))
        chosen = rng.choice(len(clips), config.batch, p=share / share.sum())
        drawn = [draw(clips[i], config, rng) for i in chosen]
        yield (
            features(np.stack([d[0] for d in drawn])),
            np.stack([d[1] for d in drawn]),
            np.array([d[2] for d in drawn]),
        )
        step += 1


def draw(
    clip: TrainingClip, config: TrainingConfig, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32], bool]:
    """One window of a clip, slower or faster than it was, with other colour, light, noise and fewer regions.

    Returns:
        rgb (R', T, 3), wave (T,) of mean 0 and spread 1 (zeros without pulse), and whether there is a pulse.
    """
    length = round(config.window_s * RATE_HZ)
    available = clip.rgb.shape[1]
    pace = float(np.exp(rng.uniform(np.log(config.slowest), np.log(config.fastest))))
    if clip.wave is not None:
        pace = _keep_in_band(pace, clip.wave, config, rng)
    pace = min(pace, (available - 2) / length)
    at = rng.uniform(0, available - 1 - pace * (length - 1)) + pace * np.arange(length)
    low = np.clip(at.astype(int), 0, available - 2)
    part = (at - low).astype(np.float32)
    pool = np.arange(clip.rgb.shape[0])
    if rng.random() < 0.3:  # sometimes little is seen
        pool = rng.choice(pool, max(len(pool) // 4, 1), replace=False)
    few = rng.choice(pool, config.regions, replace=len(pool) < config.regions)
    rgb = clip.rgb[few][:, low] * (1 - part)[:, None] + clip.rgb[few][:, low + 1] * part[:, None]
    rgb = _disturb(rgb, rng)
    if clip.wave is None:
        return rgb, np.zeros(length, np.float32), False
    wave = clip.wave[low] * (1 - part) + clip.wave[low + 1] * part
    return rgb, ((wave - wave.mean()) / (wave.std() + 1e-6)).astype(np.float32), True


def _keep_in_band(pace: float, wave: NDArray[np.float32], config: TrainingConfig, rng: np.random.Generator) -> float:
    """Draw the pace so that the pulse ends up anywhere between 45 and 165 per minute, evenly."""
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 8192)) ** 2
    hz = np.arange(len(power)) * RATE_HZ / 8192
    band = (hz > 0.6) & (hz < 3.3)
    own = 60 * hz[np.argmax(np.where(band, power + 0.5 * np.interp(2 * hz, hz, power), 0))]
    slow, fast = max(config.slowest, 45 / own), min(config.fastest, 165 / own)
    return float(rng.uniform(slow, fast)) if slow < fast else pace


def _disturb(rgb: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Other camera, other light: gain by channel, a common slow drift, white noise by region, steps."""
    regions, length = rgb.shape[:2]
    gain = np.exp(rng.normal(0, [0.3, 0.3, 0.3]) * 0.5 + rng.normal(0, 0.3))
    out = rgb * gain.astype(np.float32)
    if rng.random() < 0.5:
        hz, phase = rng.uniform(0.05, 0.6, 3), rng.uniform(0, 2 * np.pi, 3)
        drift = np.sin(2 * np.pi * hz * np.arange(length)[:, None] / RATE_HZ + phase) @ rng.normal(size=3)
        colour = 1 + rng.normal(0, 0.15, 3)
        out = out * (1 + rng.uniform(0, 0.01) * drift[:, None] * colour).astype(np.float32)
    if rng.random() < 0.5:
        out = out * (1 + rng.normal(0, rng.uniform(0, 0.004), (regions, length, 3))).astype(np.float32)
    if rng.random() < 0.3:
        step = (np.arange(length) >= rng.integers(length))[:, None] * rng.normal(0, 0.01, (regions, 1, 3))
        out = out * (1 + step).astype(np.float32)
    return np.asarray(out, np.float32)


def reading_loss(net: PulseReader, seen: Tensor, wave: Tensor, has_pulse: Tensor, config: TrainingConfig) -> Tensor:
    """1 - best correlation within `lag_s`, plus cross-entropy over the rates; without pulse every rate is as likely."""
    read = net(seen)
    truth = functional.avg_pool1d(wave[:, None], STRIDE)[:, 0][:, : read.shape[-1]]
    likeness = best_correlation(read, truth, round(config.lag_s * RATE_HZ / STRIDE))
    target = rate_target(truth, has_pulse)
    surprise = -(target * torch.log_softmax(net.rate_logits(read), dim=-1)).sum(dim=-1)
    alike = torch.where(has_pulse, 1 - likeness, torch.zeros_like(likeness))
    return (alike + config.rate_weight * surprise).mean()


def best_correlation(read: Tensor, truth: Tensor, reach: int) -> Tensor:
    """Largest correlation of two (B, T) when one is moved by at most `reach` samples: (B,)."""
    a = functional.normalize(read - read.mean(dim=-1, keepdim=True), dim=-1, eps=1e-6)
    b = functional.normalize(truth - truth.mean(dim=-1, keepdim=True), dim=-1, eps=1e-6)
    moved = [(a * torch.roll(b, k, dims=-1)).sum(dim=-1) for k in range(-reach, reach + 1)]
    return torch.stack(moved).amax(dim=0)


def rate_target(truth: Tensor, has_pulse: Tensor, spread_bpm: float = 2.0) -> Tensor:
    """The rates 40..180 as a bell around the truth's, or all alike: (B, 141)."""
    bpm = torch.arange(LOWEST_BPM, HIGHEST_BPM + 1, device=truth.device)
    power = rate_power(truth)
    twice = 2 * bpm
    second = torch.where(twice <= HIGHEST_BPM, power[:, (twice - LOWEST_BPM).clamp(max=power.shape[1] - 1)], 0.0)
    centre = bpm[(power + 0.8 * second).argmax(dim=-1)]  # a pulse may be stronger in its second harmonic
    bell = torch.softmax(-0.5 * ((bpm - centre[:, None]) / spread_bpm) ** 2, dim=-1)
    return torch.where(has_pulse[:, None], bell, torch.full_like(bell, 1 / len(bpm)))


_Parts = tuple[Any, ...]
"""The network, its optimiser and the plan of the learning rate: all that has a `state_dict`."""


def _save(path: Path, parts: _Parts, step: int, config: TrainingConfig) -> None:
    """Write beside and rename, so that a crash leaves the last good one."""
    beside = path.with_suffix(".new")
    states = [part.state_dict() for part in parts]
    torch.save({"parts": states, "step": step, "config": asdict(config)}, beside)
    beside.replace(path)


def _resume(path: Path | None, parts: _Parts, config: TrainingConfig) -> int:
    """Put the states of a checkpoint into `parts`; return the steps it had done, 0 where there is none."""
    if path is None or not path.is_file():
        return 0
    saved = torch.load(path, map_location="cpu", weights_only=True)
    if saved["config"] != asdict(config):
        raise ValueError("the checkpoint was written with another configuration")
    for part, state in zip(parts, saved["parts"], strict=True):
        part.load_state_dict(state)
    return int(saved["step"])
