"""Training of a swap network: batches of two people's warped faces in, one step after the other.

A warped face goes in and the unwarped one is asked for, of each person by that person's way through the network:
the code then cannot tell the people apart by their geometry, and either's code can be drawn as the other. The loss is
structural dissimilarity (Wang et al. 2004) and absolute difference under the face's mask, more at eyes and mouth,
a little outside, and the difference of the masks. A critic of patches may join in late (Isola et al. 2017).
What is drawn with is the running average of the network, which is ahead of the network itself at any moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from models.swap_autoencoder import Drawn, SwapAutoencoder, SwapShape, channels_last
from models.train.face_autoencoder import Critic
from models.train.optimisers import AdaBelief, state_from_tensors, state_to_tensors

Precision = Literal["auto", "float32", "bfloat16"]
SSIM_WINDOW_SHARE = 1 / 12
"""Side of the window of structural similarity, in sides of the picture."""


class DivergedError(Exception):
    """The loss is no number any more; the network is as it was before the step."""


@dataclass(frozen=True, slots=True)
class SwapConfig:
    """How a swap is trained; equal shapes, configs and batches give equal networks on one kind of device."""

    learning_rate: float = 6e-4
    warm_up: int = 100
    rate_half: int = 20_000
    """The step at which the learning rate is half of that; it goes on falling."""
    optimiser: Literal["adam", "adabelief"] = "adam"
    rate_dropout: float = 0.0
    """Share of the weights that a step leaves as they are; asks for adabelief."""
    averaging: float = 0.998
    structure: float = 1.0
    """Weight of structural dissimilarity beside the absolute difference, which counts 1."""
    priority: float = 2.0
    """What eyes and mouth count more."""
    outside: float = 0.1
    """What a pixel outside of the mask counts."""
    mask: float = 0.5
    critic: float = 0.0
    """Weight of the critic's opinion of the drawn target; 0 is none."""
    critic_from: int = 5000
    """The step from which on it is heard."""
    precision: Precision = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        if not (self.learning_rate > 0 and 0 <= self.averaging < 1 and 0 <= self.rate_dropout < 1):
            raise ValueError("the learning rate is positive, averaging and rate_dropout are in 0..1")
        if self.rate_dropout and self.optimiser != "adabelief":
            raise ValueError("rate_dropout asks for the optimiser adabelief")
        if min(self.structure, self.priority, self.outside, self.mask, self.critic, self.warm_up) < 0:
            raise ValueError("weights of the loss are not negative")
        if self.rate_half < 1:
            raise ValueError("rate_half is at least 1")

    def rate_at(self, step: int) -> float:
        """Return the learning rate of a step, from 0: it needs no planned end."""
        return self.learning_rate * min(1.0, (step + 1) / max(self.warm_up, 1)) / (1 + step / self.rate_half)


@dataclass(frozen=True, slots=True)
class PersonBatch:
    """Faces of one person: `warped`, `asked` (B, S, S, 3) uint8, `mask` and `priority` (B, S, S) uint8, 255 is one."""

    warped: NDArray[np.uint8]
    asked: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    priority: NDArray[np.uint8]

    def __post_init__(self) -> None:
        picture = self.warped.shape
        if self.asked.shape != picture or {self.mask.shape, self.priority.shape} != {picture[:3]}:
            raise ValueError("the arrays of a batch are of one size")


@dataclass(frozen=True, slots=True)
class SwapBatch:
    """What one step is made on."""

    source: PersonBatch
    target: PersonBatch


@dataclass(frozen=True, slots=True)
class Losses:
    """Of one step: how far the drawn source and target are from what was asked."""

    source: float
    target: float


class SwapTrainer:
    """A network, its average, its optimiser; `steps` is how many were made. One thread at a time."""

    def __init__(self, shape: SwapShape, config: SwapConfig, device: str = "cpu") -> None:
        torch.manual_seed(config.seed)
        self.shape, self.config, self.steps = shape, config, 0
        self._device = torch.device(device)
        self._precision = resolved_precision(config.precision, device)
        self.network = channels_last(SwapAutoencoder(shape).to(self._device))
        self.average = channels_last(SwapAutoencoder(shape).to(self._device))
        self.average.load_state_dict(self.network.state_dict())
        self.average.requires_grad_(False).eval()
        self._optimiser = _optimiser(self.network, config)
        self._critic = Critic().to(self._device) if config.critic > 0 else None
        self._judge = None if self._critic is None else torch.optim.Adam(self._critic.parameters(), 2e-4, (0.5, 0.99))

    def step(self, batch: SwapBatch) -> Losses:
        """Train one step and return its losses.

        Raises:
            DivergedError: they are no numbers.
        """
        torch.manual_seed(1_000_003 * (self.config.seed + 1) + self.steps)
        for group in self._optimiser.param_groups:
            group["lr"] = self.config.rate_at(self.steps)
        source, target = _Person.of(batch.source, self._device), _Person.of(batch.target, self._device)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._precision == "bfloat16"):
            drawn_source, drawn_target = self.network(source.warped, target.warped)
        losses = [person_loss(drawn_source, source, self.config), person_loss(drawn_target, target, self.config)]
        total = losses[0] + losses[1]
        judged = self._critic is not None and self.steps >= self.config.critic_from
        if self._critic is not None and judged:
            total = total - self.config.critic * self._critic(drawn_target.rgb * target.mask).mean()
        self._optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(total)
        if not torch.isfinite(nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)):
            raise DivergedError(f"the loss of step {self.steps + 1} is no number")
        self._optimiser.step()
        if judged:
            self._judge_step(target.asked * target.mask, drawn_target.rgb.detach() * target.mask)
        self._follow()
        self.steps += 1
        return Losses(float(losses[0].detach()), float(losses[1].detach()))

    def state(self) -> dict[str, Tensor]:
        """Return all that a run needs to go on as it would have, but the average: copies on the processor."""
        state = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        state |= state_to_tensors(self._optimiser, "optimiser.")
        if self._critic is not None and self._judge is not None:
            state |= {f"critic.{name}": value for name, value in self._critic.state_dict().items()}
            state |= state_to_tensors(self._judge, "judge.")
        return {name: value.detach().cpu().contiguous().clone() for name, value in state.items()}

    def weights(self) -> dict[str, Tensor]:
        """Return the average, which is what is drawn with: copies on the processor."""
        return {name: value.detach().cpu().contiguous().clone() for name, value in self.average.state_dict().items()}

    def restore(self, steps: int, state: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> None:
        """Go on from what `state` and `weights` returned after `steps`.

        Raises:
            ValueError: they are not of this shape and config.
        """
        try:
            self.network.load_state_dict(_part(state, "network."), strict=True)
            self.average.load_state_dict(dict(weights), strict=True)
            state_from_tensors(self._optimiser, _part(state, "optimiser."))
            if self._critic is not None and self._judge is not None and (judged := _part(state, "critic.")):
                self._critic.load_state_dict(judged, strict=True)
                state_from_tensors(self._judge, _part(state, "judge."))
        except (RuntimeError, KeyError) as error:
            raise ValueError("the saved state is not of this network") from error
        self.steps = steps

    def _judge_step(self, filmed: Tensor, drawn: Tensor) -> None:
        """Hinge loss (Lim and Ye 2017)."""
        if self._critic is None or self._judge is None:
            return
        loss = functional.relu(1 - self._critic(filmed)).mean() + functional.relu(1 + self._critic(drawn)).mean()
        self._judge.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        self._judge.step()

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the average towards the network; in the first steps it follows closely."""
        share = min(self.config.averaging, (self.steps + 1) / (self.steps + 10))
        average: list[Tensor] = list(self.average.parameters())
        torch._foreach_lerp_(average, list(self.network.parameters()), 1 - share)


@dataclass(frozen=True, slots=True)
class _Person:
    """A batch of one person on the device: pictures (B, 3, S, S), `mask` and `priority` (B, 1, S, S), in 0..1."""

    warped: Tensor
    asked: Tensor
    mask: Tensor
    priority: Tensor

    @classmethod
    def of(cls, batch: PersonBatch, device: torch.device) -> _Person:
        warped, asked = (_pictures(values, device) for values in (batch.warped, batch.asked))
        mask, priority = (
            torch.from_numpy(values).to(device)[:, None].float() / 255 for values in (batch.mask, batch.priority)
        )
        return cls(warped, asked, mask, priority)


def person_loss(drawn: Drawn, asked: _Person, config: SwapConfig) -> Tensor:
    """Return the loss of one person's faces."""
    counts = (config.outside + (1 - config.outside) * asked.mask) * (1 + config.priority * asked.priority)
    counts = counts / counts.mean()
    apart = ((drawn.rgb - asked.asked).abs() * counts).mean()
    window = max(3, round(drawn.rgb.shape[-1] * SSIM_WINDOW_SHARE) | 1)
    unlike = (dissimilarity(drawn.rgb, asked.asked, window) * counts[..., ::2, ::2]).mean()
    return apart + config.structure * unlike + config.mask * (drawn.mask - asked.mask).abs().mean()


def dissimilarity(a: Tensor, b: Tensor, window: int) -> Tensor:
    """Return (1 - SSIM) / 2 of pictures (B, 3, H, W) in 0..1 over even windows at every second pixel; edges repeat."""
    stacked = torch.cat([a, b, a * a + b * b, a * b], dim=1)
    edge = window // 2
    means = functional.avg_pool2d(functional.pad(stacked, (edge,) * 4, mode="replicate"), window, stride=2)
    mean_a, mean_b, squares, product = means.chunk(4, dim=1)
    spread = squares - mean_a.square() - mean_b.square()
    together = product - mean_a * mean_b
    alike = (2 * mean_a * mean_b + 0.01**2) * (2 * together + 0.03**2)
    alike = alike / ((mean_a.square() + mean_b.square() + 0.01**2) * (spread.clamp(min=0) + 0.03**2))
    return (1 - alike) / 2


def resolved_precision(wished: Precision, device: str) -> Precision:
    """Return float32 or bfloat16: `auto` is the half one where the device computes with it faster."""
    if wished != "auto":
        return wished
    fast = device.startswith("cuda") or bool(torch.cpu.get_capabilities().get("avx512_bf16", False))
    return "bfloat16" if fast else "float32"


def device_is_there(device: str) -> bool:
    """Whether PyTorch can use it."""
    return device == "cpu" or (device.startswith("cuda") and torch.cuda.is_available())


def _optimiser(network: nn.Module, config: SwapConfig) -> torch.optim.Optimizer:
    if config.optimiser == "adabelief":
        return AdaBelief(network.parameters(), config.learning_rate, rate_dropout=config.rate_dropout)
    return torch.optim.Adam(network.parameters(), config.learning_rate, betas=(0.9, 0.99), fused=True)


def _pictures(values: NDArray[np.uint8], device: torch.device) -> Tensor:
    return torch.from_numpy(values).to(device).permute(0, 3, 1, 2).float() / 255  # stays channels-last


def _part(state: Mapping[str, Tensor], start: str) -> dict[str, Tensor]:
    return {name.removeprefix(start): value for name, value in state.items() if name.startswith(start)}
