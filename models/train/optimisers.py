"""AdaBelief, and the state of any optimiser as named tensors, so that it can be kept in a file that holds no code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, overload

import torch
from torch import Tensor, nn


class AdaBelief(torch.optim.Optimizer):
    """Steps are small where gradients differ from what was expected (Zhuang et al. 2020, without weight decay).

    With `rate_dropout` each step leaves that share of the weights as they are (Lin et al. 2019, "Learning rate
    dropout"); which ones is drawn from torch's own generator.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-12,
        rate_dropout: float = 0.0,
    ) -> None:
        super().__init__(parameters, {"lr": lr, "betas": betas, "eps": eps, "rate_dropout": rate_dropout})

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Move every weight that has a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._move(weight, weight.grad, group)
        return loss

    def _move(self, weight: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if not state:
            state["step"] = torch.zeros(())
            state["mean"], state["surprise"] = torch.zeros_like(weight), torch.zeros_like(weight)
        first, second = group["betas"]
        state["step"] += 1
        count = float(state["step"])
        state["mean"].lerp_(gradient, 1 - first)
        apart = gradient - state["mean"]
        state["surprise"].mul_(second).addcmul_(apart, apart, value=1 - second).add_(group["eps"])
        size = (state["surprise"] / (1 - second**count)).sqrt_().add_(group["eps"])
        change = state["mean"] / (1 - first**count) / size
        if group["rate_dropout"]:
            change *= torch.rand_like(change) >= group["rate_dropout"]
        weight.add_(change, alpha=-group["lr"])


def state_to_tensors(optimiser: torch.optim.Optimizer, start: str = "") -> dict[str, Tensor]:
    """Return what the optimiser knows of each weight, by `start`, the weight's number and the value's name."""
    state = optimiser.state_dict()["state"]
    return {
        f"{start}{number}.{name}": torch.as_tensor(value)
        for number, values in state.items()
        for name, value in values.items()
    }


def state_from_tensors(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Give the optimiser what `state_to_tensors` returned, without its `start`.

    Raises:
        KeyError: a weight is named that the optimiser does not have.
    """
    weights = [weight for group in optimiser.param_groups for weight in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, name = key.split(".", 1)
        if int(number) >= len(weights):
            raise KeyError("the optimiser has no such weight")
        state.setdefault(int(number), {})[name] = _laid_out_as(weights[int(number)], value)
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})


def _laid_out_as(weight: Tensor, value: Tensor) -> Tensor:
    """Return the value in the weight's order in memory: steps of fused optimisers go through both side by side."""
    return torch.empty_like(weight).copy_(value) if value.shape == weight.shape else value
