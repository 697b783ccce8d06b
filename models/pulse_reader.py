"""A small network that reads the pulse wave from the colour of skin regions over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.pulse_features import CHANNELS, RATE_HZ

LOWEST_BPM, HIGHEST_BPM = 40, 180
STRIDE = 2
"""The network works at 15 Hz: nothing above 4 Hz is pulse."""


@dataclass(frozen=True, slots=True)
class ReaderShape:
    """Widths of the network: channels of a region, attention heads, channels of the face as a whole."""

    region_channels: int = 24
    heads: int = 3
    face_channels: int = 32


class PulseReader(nn.Module):
    """Regions through shared convolutions that also see the mean of all; attention over regions; one wave.

    No layer knows which region is which or how many there are, so any set of skin regions may be given.
    """

    def __init__(self, shape: ReaderShape | None = None) -> None:
        super().__init__()
        s = shape or ReaderShape()
        wide = s.region_channels
        self.shape = s
        self.first = nn.Conv1d(CHANNELS, wide, 7, stride=STRIDE, padding=3)
        self.second = nn.Conv1d(2 * wide, wide, 5, padding=2)
        self.third = nn.Conv1d(2 * wide, wide, 5, padding=4, dilation=2)
        self.score = nn.Conv1d(2 * wide, s.heads, 1)
        self.enter = nn.Conv1d(s.heads * wide, s.face_channels, 5, padding=2)
        self.face = nn.ModuleList(
            nn.Conv1d(s.face_channels, s.face_channels, 5, padding=2 * d, dilation=d) for d in (1, 2, 4, 8)
        )
        self.leave = nn.Conv1d(s.face_channels, 1, 5, padding=2)
        self.sharpness = nn.Parameter(torch.tensor([1.0]))

    def forward(self, seen: Tensor) -> Tensor:
        """Read waves: (B, R, 11, T) to (B, ceil(T / 2)), at 15 Hz."""
        b, r = seen.shape[:2]
        x = functional.elu(self.first(seen.flatten(0, 1)))
        x = x + functional.elu(self.second(self._with_mean(x, b, r)))
        x = x + functional.elu(self.third(self._with_mean(x, b, r)))
        score = self.score(self._with_mean(x, b, r))
        weight = torch.softmax(score.reshape(b, r, *score.shape[1:]), dim=1)  # (B, R, heads, T)
        pooled = torch.einsum("brht,brct->bhct", weight, x.reshape(b, r, *x.shape[1:])).flatten(1, 2)
        y = functional.elu(self.enter(pooled))
        for layer in self.face:
            y = y + functional.elu(layer(y))
        return cast(Tensor, self.leave(y)[:, 0])

    def rate_logits(self, wave: Tensor) -> Tensor:
        """Log-odds of every rate of 40..180 per minute: waves (B, T) at 15 Hz to (B, 141)."""
        return functional.softplus(self.sharpness) * torch.log(rate_power(wave) + 1e-6)

    @staticmethod
    def _with_mean(x: Tensor, b: int, r: int) -> Tensor:
        mean = x.reshape(b, r, *x.shape[1:]).mean(dim=1, keepdim=True).expand(-1, r, -1, -1).flatten(0, 1)
        return torch.cat([x, mean], dim=1)


def rate_power(wave: Tensor, rate_hz: float = RATE_HZ / STRIDE) -> Tensor:
    """Share of a wave's power at every rate of 40..180 per minute, Hann window: (B, T) to (B, 141)."""
    length = wave.shape[-1]
    centred = wave - wave.mean(dim=-1, keepdim=True)
    shaped = centred * torch.hann_window(length, periodic=False, device=wave.device)
    bpm = torch.arange(LOWEST_BPM, HIGHEST_BPM + 1, device=wave.device)
    angle = 2 * torch.pi * bpm[:, None] / 60 * torch.arange(length, device=wave.device) / rate_hz
    power = (shaped @ torch.cos(angle).T) ** 2 + (shaped @ torch.sin(angle).T) ** 2
    return power / (power.sum(dim=-1, keepdim=True) + 1e-9)
