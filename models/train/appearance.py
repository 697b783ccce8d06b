"""Training of the appearance network: batches of real faces with their fake twins in, a network out.

Real and fake of a pair are always in one batch, from one picture and damaged alike, and beside the usual loss a
ranking term asks that the fake scores above its own twin: scores then cannot rest on where a picture comes from.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from models.appearance import INPUT_PX, MAP_SIDE, AppearanceNet, laid_out, normalised
from models.efficientnet_lite import EfficientNetLite0, imagenet_backbone


class ResumeError(Exception):
    """A checkpoint cannot be continued; the message says why."""


@dataclass(frozen=True, slots=True)
class AppearanceConfig:
    """How the network is trained; equal configs and batches give equal networks on one kind of device."""

    steps: int = 2000
    pairs: int = 12
    """Pairs in a batch: twice as many pictures."""
    learning_rate: float = 5e-4
    weight_decay: float = 1e-2
    warm_up: int = 100
    frozen_blocks: int = 2
    """Stem and first blocks that keep their ImageNet weights; -1 trains everything."""
    ranking: float = 0.5
    """Weight of the ranking term beside the two classifications."""
    where: float = 0.5
    """Weight of the map of replaced parts."""
    averaging: float = 0.995
    """The network that is returned is the running average over about 1 / (1 - averaging) steps."""
    seed: int = 0
    device: str = "cpu"
    mixed_precision: bool = True
    """bfloat16 where it is fast: on a graphics card only."""
    imagenet_start: bool = True
    keep_every: int = 100

    def __post_init__(self) -> None:
        if min(self.steps, self.pairs, self.keep_every) < 1:
            raise ValueError("steps, pairs and keep_every are at least 1")
        if not (self.learning_rate > 0 and self.weight_decay >= 0 and 0 <= self.averaging < 1):
            raise ValueError("the learning rate is positive, the weight decay not negative, averaging in 0..1")


@dataclass(frozen=True, slots=True)
class PairBatch:
    """Pairs: `real`, `fake` (B, 192, 192, 3) uint8, `replaced` (B, 12, 12) in 0..1.

    `blended`, `synthetic` (B,) are what the fake is: 1, 0, or NaN where it is not known; a row of `replaced` is NaN
    where nobody knows what was replaced.
    """

    real: NDArray[np.uint8]
    fake: NDArray[np.uint8]
    replaced: NDArray[np.float32]
    blended: NDArray[np.float32]
    synthetic: NDArray[np.float32]

    def __post_init__(self) -> None:
        size = len(self.real)
        shapes = (self.real.shape, self.fake.shape, self.replaced.shape, self.blended.shape, self.synthetic.shape)
        picture = (size, INPUT_PX, INPUT_PX, 3)
        if shapes != (picture, picture, (size, MAP_SIDE, MAP_SIDE), (size,), (size,)):
            raise ValueError(f"the arrays of a batch have shapes {shapes}")


@dataclass(frozen=True, slots=True)
class Step:
    """What is told after each step: number from 1, of how many, the loss, and the share of twins ranked right."""

    number: int
    of: int
    loss: float
    ranked_right: float


Batches = Callable[[int], Iterator[PairBatch]]
"""From the number of the first step to come, from 0, to the batches from there on: so that a run can be resumed."""


def train_appearance(
    batches: Batches,
    config: AppearanceConfig,
    *,
    start: AppearanceNet | None = None,
    progress: Callable[[Step], None] | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> AppearanceNet:
    """Train and return the averaged network.

    Args:
        batches: see `Batches`; it gives at least as many as there are steps.
        start: a network to go on from (it is changed); by default a new one on ImageNet weights.
        progress: called after each step; what it raises ends the training, with the last checkpoint kept.
        checkpoint: written every `keep_every` steps and at the end.
        resume: go on from `checkpoint` where there is one.

    Raises:
        ValueError: the batches end too early.
        ResumeError: the checkpoint cannot be read, or is of another config.
        BackboneError: the ImageNet weights are not installed.
    """
    torch.manual_seed(config.seed)
    run = _Run(
        start or AppearanceNet(imagenet_backbone() if config.imagenet_start else EfficientNetLite0(None)), config
    )
    first = run.restore(checkpoint) if resume and checkpoint is not None and checkpoint.exists() else 0
    supply = batches(first)
    for number in range(first, config.steps):
        torch.manual_seed(1_000_003 * (config.seed + 1) + number)
        batch = next(supply, None)
        if batch is None:
            raise ValueError(f"the batches ended after {number} of {config.steps} steps")
        told = run.step(batch, number)
        if checkpoint is not None and ((number + 1) % config.keep_every == 0 or number + 1 == config.steps):
            run.keep(checkpoint, number + 1)
        if progress is not None:
            progress(told)
    return run.average.eval()


class _Run:
    """A network with its average and its optimiser."""

    def __init__(self, network: AppearanceNet, config: AppearanceConfig) -> None:
        self._config, self._device = config, torch.device(config.device)
        self._network = laid_out(network.to(self._device))
        self.average = AppearanceNet().to(self._device)
        self.average.load_state_dict(network.state_dict())
        _freeze(self._network, config.frozen_blocks)
        trained = [p for p in self._network.parameters() if p.requires_grad]
        self._optimiser = torch.optim.AdamW(trained, config.learning_rate, weight_decay=config.weight_decay)

    def step(self, batch: PairBatch, number: int) -> Step:
        config, device = self._config, self._device
        for group in self._optimiser.param_groups:
            group["lr"] = config.learning_rate * _rate_share(number, config)
        pictures = torch.from_numpy(np.concatenate([batch.real, batch.fake])).to(device)
        _train_mode(self._network)
        mixed = config.mixed_precision and device.type == "cuda"
        with torch.autocast(device.type, torch.bfloat16, enabled=mixed):
            logits, where = self._network(normalised(pictures))
        loss = pair_loss(logits.float(), where.float(), batch, config)
        self._optimiser.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self._network.parameters(), 2.0)
        self._optimiser.step()
        self._follow(number)
        return Step(number + 1, config.steps, float(loss.detach()), _ranked_right(logits.detach().float(), batch))

    def keep(self, path: Path, steps_done: int) -> None:
        part = path.with_name(f".{path.name}.part")
        state = {
            "config": _described(self._config),
            "steps_done": steps_done,
            "network": self._network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }
        torch.save(state, part)
        part.replace(path)

    def restore(self, path: Path) -> int:
        try:
            state = torch.load(path, map_location=self._device, weights_only=True)
            same = state["config"] == _described(self._config)
        except Exception as error:  # an altered pickle fails in ways that torch does not list
            raise ResumeError(f"the checkpoint {path.name} cannot be read") from error
        if not same:
            raise ResumeError(f"the checkpoint {path.name} was made with another configuration")
        self._network.load_state_dict(state["network"], strict=True)
        self.average.load_state_dict(state["average"], strict=True)
        self._optimiser.load_state_dict(state["optimiser"])
        return int(state["steps_done"])

    @torch.no_grad()
    def _follow(self, number: int) -> None:
        """Move the average towards the network; in the first steps it follows closely."""
        share = min(self._config.averaging, (number + 1) / (number + 10))
        now = self._network.state_dict()
        for name, value in self.average.state_dict().items():
            if value.is_floating_point():
                value.mul_(share).add_(now[name], alpha=1 - share)


def pair_loss(logits: Tensor, where: Tensor, batch: PairBatch, config: AppearanceConfig) -> Tensor:
    """Return the loss of logits (2B, 2) and maps (2B, 12, 12), real ones first; what is not known counts nothing."""
    device, size = logits.device, len(batch.real)
    known = torch.from_numpy(np.stack([batch.blended, batch.synthetic], axis=1)).to(device)
    real, fake = logits[:size], logits[size:]
    told = functional.binary_cross_entropy_with_logits(real, torch.zeros_like(real))
    told = told + _mean_known(functional.binary_cross_entropy_with_logits, fake, known)
    is_fake = torch.where(known > 0.5, 1.0, torch.nan)
    ranked = _mean_known(lambda x, _, reduction: functional.softplus(-x), fake - real, is_fake)
    replaced = torch.from_numpy(batch.replaced).to(device)
    mapped = functional.binary_cross_entropy_with_logits(where[:size], torch.zeros_like(where[:size]))
    mapped = mapped + _mean_known(functional.binary_cross_entropy_with_logits, where[size:], replaced)
    return told / 2 + config.ranking * ranked + config.where * mapped / 2


def _mean_known(loss: Callable[..., Tensor], values: Tensor, targets: Tensor) -> Tensor:
    """Mean of `loss` over the targets that are not NaN; 0 where there are none."""
    known = torch.isfinite(targets)
    each = loss(values, torch.nan_to_num(targets), reduction="none")
    return (each * known).sum() / known.sum().clamp(min=1)


def _ranked_right(logits: Tensor, batch: PairBatch) -> float:
    size = len(batch.real)
    known = torch.from_numpy(np.stack([batch.blended, batch.synthetic], axis=1) > 0.5)
    above = (logits[size:] > logits[:size]).cpu()
    return float(above[known].float().mean()) if known.any() else math.nan


def _rate_share(number: int, config: AppearanceConfig) -> float:
    """Share of the learning rate: a linear warm-up, then half a cosine down to a fiftieth."""
    if number < config.warm_up:
        return (number + 1) / config.warm_up
    done = (number - config.warm_up) / max(config.steps - config.warm_up, 1)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(done, 1)))


def _freeze(network: AppearanceNet, blocks: int) -> None:
    backbone = network.backbone
    if blocks >= 0:
        for part in (backbone._conv_stem, backbone._bn0, *backbone._blocks[:blocks]):
            part.requires_grad_(False)


def _train_mode(network: AppearanceNet) -> None:
    """Dropout on; the batch norms keep their ImageNet statistics, for a batch of pairs is no sample of the world."""
    network.train()
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.eval()


def _described(config: AppearanceConfig) -> dict[str, Any]:
    return {k: v for k, v in asdict(config).items() if k not in {"device", "keep_every"}}
