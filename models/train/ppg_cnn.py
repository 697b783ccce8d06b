"""Training of the pulse CNN: arrays in, a network out; interrupted runs go on where they stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.ppg_cnn import PpgCnn


@dataclass(frozen=True, slots=True)
class PpgCnnConfig:
    """How a network is trained; equal configs and data give equal networks on one kind of device."""

    omega: int = 64
    """Samples at 30 Hz in one map."""
    stride: int = 32
    """Samples between the starts of two maps."""
    channels: tuple[int, ...] = (8, 16, 32)
    hidden: int = 64
    dropout: float = 0.5
    epochs: int = 15
    batch: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    seed: int = 0
    device: str = "cpu"

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch, self.omega, self.stride, self.hidden) < 1 or not self.channels:
            raise ValueError("epochs, batch, omega, stride, hidden and channels are at least 1")
        if not (0 <= self.dropout < 1 and self.learning_rate > 0 and self.weight_decay >= 0):
            raise ValueError("dropout is in 0..1, the learning rate positive, the weight decay not negative")


@dataclass(frozen=True, slots=True)
class Epoch:
    """What is told after each epoch: its number from 1, how many there will be, and the mean loss."""

    number: int
    of: int
    loss: float


EpochCallback = Callable[[Epoch], None]


class ResumeError(Exception):
    """A checkpoint cannot be continued; the message says why."""


def device_is_there(name: str) -> bool:
    """Whether PyTorch can compute on `name`: "cpu" always, "cuda" with a graphics card and its driver."""
    return name == "cpu" or (name.split(":", maxsplit=1)[0] == "cuda" and torch.cuda.is_available())


def train_ppg_cnn(
    maps: NDArray[np.uint8],
    fake: NDArray[np.bool_],
    config: PpgCnnConfig,
    *,
    weights: NDArray[np.float64] | None = None,
    progress: EpochCallback | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> PpgCnn:
    """Train on maps (S, 64, omega) with labels (S,) and return the network of the last epoch.

    Args:
        weights: (S,) of each map in the loss, so that long clips need not count more; by default equal.
        progress: called after each epoch; what it raises ends the training, with the checkpoint kept.
        checkpoint: written after each epoch.
        resume: go on from `checkpoint` where there is one; the result is that of an uninterrupted run.

    Raises:
        ValueError: no map, or labels or weights of another length.
        ResumeError: the checkpoint cannot be read, or is of another config.
    """
    if len(maps) == 0 or len(maps) != len(fake) or (weights is not None and len(weights) != len(maps)):
        raise ValueError("training needs at least one map, and a label and weight for each")
    device = torch.device(config.device)
    inputs = torch.from_numpy(np.array(maps))
    targets = torch.from_numpy(np.asarray(fake, np.float32))
    share = torch.from_numpy(np.asarray(np.ones(len(maps)) if weights is None else weights, np.float32))
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(config.seed)
        network = PpgCnn(config.channels, config.hidden, config.dropout).to(device)
        optimiser = torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=config.weight_decay)
        first = _resume(checkpoint, config, network, optimiser) if resume and checkpoint is not None else 0
        for number in range(first, config.epochs):
            # Each epoch has its own seed, so that a resumed run draws what the whole run would have drawn.
            torch.manual_seed(1_000_003 * (config.seed + 1) + number)
            loss = _epoch(network, optimiser, (inputs, targets, share / share.mean()), config)
            if checkpoint is not None:
                _keep(checkpoint, config, network, optimiser, number + 1)
            if progress is not None:
                progress(Epoch(number + 1, config.epochs, loss))
    return network.eval()


def _epoch(
    network: PpgCnn,
    optimiser: torch.optim.Optimizer,
    data: tuple[Tensor, Tensor, Tensor],
    config: PpgCnnConfig,
) -> float:
    """See every map of data (inputs, targets, weights) once in random order; return the mean loss."""
    device = torch.device(config.device)
    inputs, targets, share = data
    network.train()
    total = 0.0
    for picked in torch.split(torch.randperm(len(inputs)), config.batch):
        logits = network(inputs[picked].to(device).float() / 255)
        losses = nn.functional.binary_cross_entropy_with_logits(logits, targets[picked].to(device), reduction="none")
        loss = (losses * share[picked].to(device)).mean()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        total += float(loss.detach()) * len(picked)
    return total / len(inputs)


def _keep(
    path: Path, config: PpgCnnConfig, network: PpgCnn, optimiser: torch.optim.Optimizer, epochs_done: int
) -> None:
    part = path.with_name(f".{path.name}.part")
    state = {
        "config": _described(config),
        "epochs_done": epochs_done,
        "network": network.state_dict(),
        "optimiser": optimiser.state_dict(),
    }
    torch.save(state, part)
    part.replace(path)


def _resume(path: Path, config: PpgCnnConfig, network: PpgCnn, optimiser: torch.optim.Optimizer) -> int:
    """Load the checkpoint if there is one; return how many epochs it has."""
    if not path.exists():
        return 0
    try:
        state = torch.load(path, map_location=config.device, weights_only=True)
        same = state["config"] == _described(config)
    except Exception as error:  # an altered pickle fails in ways that torch does not list
        raise ResumeError(f"the checkpoint {path.name} cannot be read") from error
    if not same:
        raise ResumeError(f"the checkpoint {path.name} was made with another configuration")
    network.load_state_dict(state["network"], strict=True)
    optimiser.load_state_dict(state["optimiser"])
    return int(state["epochs_done"])


def _described(config: PpgCnnConfig) -> dict[str, Any]:
    """Everything that the course of training depends on; a run may be made longer, or moved to another device."""
    return {
        k: list(v) if isinstance(v, tuple) else v for k, v in asdict(config).items() if k not in {"epochs", "device"}
    }
