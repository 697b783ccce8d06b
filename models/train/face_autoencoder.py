"""Training of the face autoencoder: real faces in, a network that draws them anew out.

First the picture alone counts (grey levels and their slopes), then a small critic of patches asks for texture:
drawn faces are then as sharp, and as faultily sharp, as those of generators trained so (Isola et al. 2017).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from models.face_autoencoder import DECODERS, STRIDE, FaceAutoencoder


@dataclass(frozen=True, slots=True)
class AutoencoderConfig:
    """How the autoencoder is trained; equal configs and faces give equal networks on one kind of device."""

    steps: int = 900
    faces: int = 24
    """Pictures in a batch."""
    side_px: int = 96
    learning_rate: float = 1e-3
    critic_from: float = 0.5
    """Share of the steps after which the critic of patches joins in."""
    critic: float = 0.015
    """Weight of its opinion beside the difference of the pictures."""
    seed: int = 0
    device: str = "cpu"

    def __post_init__(self) -> None:
        if min(self.steps, self.faces) < 1 or self.side_px < STRIDE or self.side_px % STRIDE:
            raise ValueError(f"steps and faces are at least 1, side_px is a multiple of {STRIDE}")


class Critic(nn.Module):
    """Pictures (B, 3, H, W) in 0..1 to one opinion a patch: positive where it looks filmed."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Sequential(
            nn.Conv2d(3, 32, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(32, 64, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(64, 64, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(64, 1, 3, padding=1),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """Return opinions (B, 1, H/4, W/4)."""
        opinions: Tensor = self.patches(pictures * 2 - 1)
        return opinions


def train_autoencoder(
    faces: Sequence[NDArray[np.uint8]],
    config: AutoencoderConfig,
    progress: Callable[[int, int, float], None] | None = None,
) -> FaceAutoencoder:
    """Train on real faces (256, 256, 3) and return the network.

    Args:
        faces: at least one.
        config: see there.
        progress: called after each step with its number from 1, of how many, and the difference of the pictures.
    """
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    device = torch.device(config.device)
    network, critic = FaceAutoencoder().to(device), Critic().to(device)
    drawer = torch.optim.Adam(network.parameters(), config.learning_rate, betas=(0.5, 0.99))
    judge = torch.optim.Adam(critic.parameters(), config.learning_rate / 2, betas=(0.5, 0.99))
    joins = round(config.critic_from * config.steps)
    for number in range(config.steps):
        for group in drawer.param_groups:
            group["lr"] = config.learning_rate * min(1.0, 4 * (1 - number / config.steps) + 0.05)
        batch = _batch(faces, config, rng).to(device)
        drawn = network(batch, DECODERS[number % len(DECODERS)])
        loss = difference = picture_loss(drawn, batch)
        if number >= joins:
            loss = difference - config.critic * critic(drawn).mean()
        drawer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        drawer.step()
        if number >= joins - 50:  # it learns a little before it is heard
            _judge_step(critic, judge, batch, drawn.detach())
        if progress is not None:
            progress(number + 1, config.steps, float(difference.detach()))
    return network.cpu().eval()


def picture_loss(drawn: Tensor, given: Tensor) -> Tensor:
    """Return the mean difference of grey levels and of their slopes; both pictures (B, 3, H, W) in 0..1."""
    apart = drawn - given
    slopes = (apart[..., 1:] - apart[..., :-1]).abs().mean() + (apart[..., 1:, :] - apart[..., :-1, :]).abs().mean()
    return apart.abs().mean() + slopes


def _judge_step(critic: Critic, judge: torch.optim.Optimizer, real: Tensor, drawn: Tensor) -> None:
    """Hinge loss (Lim and Ye 2017)."""
    loss = functional.relu(1 - critic(real)).mean() + functional.relu(1 + critic(drawn)).mean()
    judge.zero_grad()
    torch.autograd.backward(loss)
    judge.step()


def _batch(faces: Sequence[NDArray[np.uint8]], config: AutoencoderConfig, rng: np.random.Generator) -> Tensor:
    """Random faces, each a random square of its crop, perhaps mirrored."""
    made = []
    for pick in rng.integers(len(faces), size=config.faces):
        face = faces[int(pick)]
        side = int(rng.integers(face.shape[0] // 2, face.shape[0] + 1))
        top, left = (int(rng.integers(0, face.shape[0] - side + 1)) for _ in range(2))
        part = cv2.resize(
            face[top : top + side, left : left + side], (config.side_px,) * 2, interpolation=cv2.INTER_AREA
        )
        made.append(part[:, ::-1] if rng.random() < 0.5 else part)
    return torch.from_numpy(np.stack(made)).permute(0, 3, 1, 2).float() / 255
