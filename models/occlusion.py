"""A small U-Net that sees what hides a face: hands, hair, glasses, whatever is before it.

After Ronneberger, Fischer and Brox 2015, "U-Net", with depthwise filters below the first level (Howard et al. 2017),
so that a face takes milliseconds on a processor: it works on squares of 2×2 pixels laid out as channels, and its
answer is laid back (Shi et al. 2016).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.nn import functional

SIDE_PX = 128
_WORDS = "facepulse"
CHANNELS = (24, 48, 96, 128)


class OcclusionNet(nn.Module):
    """Pictures (B, 3, S, S) in 0..1, S a multiple of 16, to logits (B, S, S): positive where the face can be seen."""

    def __init__(self, channels: tuple[int, ...] = CHANNELS) -> None:
        super().__init__()
        self.first = _block(12, channels[0])
        self.down = nn.ModuleList(_block(a, b) for a, b in pairwise(channels))
        self.up = nn.ModuleList(_block(b + a, a) for a, b in reversed(list(pairwise(channels))))
        self.out = nn.Conv2d(channels[0], 4, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return logits (B, S, S)."""
        x = self.first(functional.pixel_unshuffle(pictures * 2 - 1, 2))
        passed = []
        for block in self.down:
            passed.append(x)
            x = block(functional.max_pool2d(x, 2))
        for block, before in zip(self.up, reversed(passed), strict=True):
            x = block(torch.cat([functional.interpolate(x, scale_factor=2.0), before], dim=1))
        logits: Tensor = functional.pixel_shuffle(self.out(x), 2)[:, 0]
        return logits


class OcclusionViewer:
    """Runs a trained network on one face at a time."""

    def __init__(self, network: OcclusionNet, device: str = "cpu") -> None:
        self._network = network.to(device).eval()
        self._device = device

    def __call__(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return how surely the face (128, 128, 3) can be seen in each pixel, (128, 128) in 0..1."""
        given = torch.from_numpy(np.array(rgb)).to(self._device).permute(2, 0, 1)[None].float() / 255
        with torch.inference_mode():
            seen = torch.sigmoid(self._network(given))[0]
        return np.asarray(seen.cpu().numpy(), np.float32)


def weights_of(network: OcclusionNet, words: Mapping[str, str]) -> bytes:
    """Return the network in half precision as a safetensors file, with `words` in its header."""
    tensors = {name: _stored(value) for name, value in network.state_dict().items()}
    return save(tensors, {_WORDS: json.dumps(dict(words), sort_keys=True)})  # several would come in any order


def load_occlusion_net(path: Path) -> tuple[OcclusionNet, dict[str, str]]:
    """Return the network in a file and the words in its header.

    Raises:
        ValueError: the file does not fit the network exactly.
        OSError: it cannot be read.
    """
    network = OcclusionNet()
    content = path.read_bytes()
    try:
        with safe_open(path, "pt") as file:
            words: dict[str, str] = json.loads((file.metadata() or {})[_WORDS])
        network.load_state_dict({name: value.float() for name, value in load(content).items()}, strict=True)
    except (SafetensorError, RuntimeError, ValueError, KeyError) as error:
        raise ValueError(f"{path.name} does not fit the occlusion network") from error
    return network.eval(), words


def _stored(value: Tensor) -> Tensor:
    value = value.detach().cpu()
    return (value.half() if value.is_floating_point() else value.float()).contiguous()


def _block(into: int, out: int) -> nn.Sequential:
    """Two 3×3 filters; wide ones look at each channel alone and then mix."""
    return nn.Sequential(*_filter(into, out), *_filter(out, out))


def _filter(into: int, out: int) -> list[nn.Module]:
    norm: list[nn.Module] = [nn.GroupNorm(8, out), nn.SiLU()]
    if into < 24:
        return [nn.Conv2d(into, out, 3, padding=1, bias=False), *norm]
    return [
        nn.Conv2d(into, into, 3, padding=1, groups=into, bias=False),
        nn.Conv2d(into, out, 1, bias=False),
        *norm,
    ]
