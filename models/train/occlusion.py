"""Training of the occlusion network: pictures and what of each can be seen in, a network that sees it out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from models.occlusion import OcclusionNet

Batch = tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]
"""Pictures (B, S, S, 3), what of them can be seen (B, S, S) in 0..1, and where that counts (B, S, S) in 0..1."""
AVERAGE = 0.98
"""The network that is kept is a running mean of the one that is trained; this much of it stays at each step."""


@dataclass(frozen=True, slots=True)
class OcclusionConfig:
    """How the network is trained; equal configs and faces give equal networks on one kind of device."""

    steps: int = 1500
    faces: int = 8
    """Pictures in a batch."""
    learning_rate: float = 3e-3
    overlap: float = 0.5
    """Weight of the overlap (Milletari et al. 2016, "V-Net") beside the cross entropy of single pixels."""
    seed: int = 0
    device: str = "cpu"

    def __post_init__(self) -> None:
        if min(self.steps, self.faces) < 1:
            raise ValueError("steps and faces are at least 1")


def train_occlusion(
    batch: Callable[[int], Batch],
    config: OcclusionConfig,
    progress: Callable[[int, float], None] = lambda step, loss: None,
) -> OcclusionNet:
    """Return a trained network.

    Args:
        batch: returns the pictures of a step, which is counted from 0.
        config: how.
        progress: told the number of each step, from 1, and its loss; what it raises ends the training.
    """
    torch.manual_seed(config.seed)
    network = OcclusionNet().to(config.device)
    kept = OcclusionNet().to(config.device)
    kept.load_state_dict(network.state_dict())
    optimiser = torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=1e-3)
    network.train()
    for step in range(config.steps):
        for group in optimiser.param_groups:
            group["lr"] = config.learning_rate * _pace(step, config.steps)
        loss = _loss(network, batch(step), config)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        _follow(kept, network, min(AVERAGE, step / (step + 10)))
        progress(step + 1, float(loss.detach()))
    return kept.eval()


def _loss(network: OcclusionNet, given: Batch, config: OcclusionConfig) -> Tensor:
    pictures = torch.from_numpy(given[0]).to(config.device).permute(0, 3, 1, 2).float() / 255
    seen, counts = (torch.from_numpy(one).to(config.device) for one in given[1:])
    logits = network(pictures)
    pixels = functional.binary_cross_entropy_with_logits(logits, seen, counts, reduction="sum") / (counts.sum() + 1)
    shares = torch.sigmoid(logits)
    both = _overlap(shares, seen, counts) + _overlap(1 - shares, 1 - seen, counts)
    return pixels + config.overlap * (1 - both / 2)


def _overlap(shares: Tensor, truth: Tensor, counts: Tensor) -> Tensor:
    """Twice what both have over what either has, the mean of all faces, 0..1."""
    shared = (counts * shares * truth).sum((1, 2))
    return ((2 * shared + 10) / ((counts * (shares + truth)).sum((1, 2)) + 10)).mean()


def _pace(step: int, steps: int) -> float:
    """A short rise and a long fall, as half a wave (Loshchilov and Hutter 2017)."""
    rise = min((step + 1) / max(0.04 * steps, 1), 1.0)
    return rise * 0.5 * (1 + math.cos(math.pi * step / steps))


@torch.no_grad()
def _follow(kept: OcclusionNet, network: OcclusionNet, share: float) -> None:
    for mean, now in zip(kept.parameters(), network.parameters(), strict=True):
        mean.lerp_(now, 1 - share)
