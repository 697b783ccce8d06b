"""The appearance network: an aligned face in; out how much it looks pasted over, generated, and where.

An EfficientNet-Lite0 with ImageNet start. One head for the traces of blending (swaps, paste-overs), one for the traces
of a decoder (whole-face synthesis, talking heads), and a coarse map of where something was laid over the face.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from models.efficientnet_lite import (
    FEATURES,
    MEAN,
    MIDDLE_CHANNELS,
    SCALE,
    EfficientNetLite0,
)

INPUT_PX = 192
CENTRE_TOP_PX, CENTRE_LEFT_PX = 44, 32
"""Where the input lies in a crop of 256 px: the face fills four fifths of its height, with a little around it."""
MAP_SIDE = INPUT_PX // 16


@dataclass(frozen=True, slots=True)
class AppearanceScores:
    """Per picture: logits `blending` (N,) and `synthesis` (N,), positive is fake; `maps` (N, 12, 12) in 0..1."""

    blending: NDArray[np.float64]
    synthesis: NDArray[np.float64]
    maps: NDArray[np.float64]


class AppearanceNet(nn.Module):
    """Pictures (B, 3, 192, 192) normalised to logits (B, 2), blending and synthesis, and map logits (B, 12, 12)."""

    def __init__(self, backbone: EfficientNetLite0 | None = None, dropout: float = 0.2) -> None:
        super().__init__()
        self.backbone = EfficientNetLite0(classes=None) if backbone is None else backbone
        self.where = nn.Sequential(nn.Conv2d(MIDDLE_CHANNELS, 48, 1), nn.ReLU(), nn.Conv2d(48, 1, 1))
        self.dropout = nn.Dropout(dropout)
        self.whether = nn.Linear(FEATURES + MIDDLE_CHANNELS + 2, 2)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (B, 2) and map logits (B, H/16, W/16)."""
        middle, deep = self.backbone(pictures)
        where = self.where(middle).squeeze(1)
        summary = torch.stack([where.mean((1, 2)), where.amax((1, 2))], dim=1)
        pooled = torch.cat([deep.mean((2, 3)), middle.mean((2, 3))], dim=1)
        return self.whether(torch.cat([self.dropout(pooled), summary], dim=1)), where


def normalised(pictures: Tensor) -> Tensor:
    """Turn (B, H, W, 3) uint8 into what the network takes."""
    moved = pictures.permute(0, 3, 1, 2).float()
    return ((moved - MEAN) / SCALE).contiguous(memory_format=torch.channels_last)


def middle_of(crops: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the part (N, 192, 192, 3) of canonical crops (N, 256, 256, 3) that the network looks at."""
    return crops[:, CENTRE_TOP_PX : CENTRE_TOP_PX + INPUT_PX, CENTRE_LEFT_PX : CENTRE_LEFT_PX + INPUT_PX]


def appearance_scores(network: AppearanceNet, crops: NDArray[np.uint8], batch: int = 16) -> AppearanceScores:
    """Look at canonical crops (N, 256, 256, 3); N may be 0."""
    device = next(network.parameters()).device
    network.eval()
    logits, maps = [np.zeros((0, 2))], [np.zeros((0, MAP_SIDE, MAP_SIDE))]
    with torch.inference_mode():
        for start in range(0, len(crops), batch):
            part = torch.from_numpy(np.array(middle_of(crops[start : start + batch])))
            answer, where = network(normalised(part.to(device)))
            logits.append(answer.float().cpu().numpy().astype(np.float64))
            maps.append(torch.sigmoid(where.float()).cpu().numpy().astype(np.float64))
    both = np.concatenate(logits)
    return AppearanceScores(both[:, 0], both[:, 1], np.concatenate(maps))


def save_appearance(network: AppearanceNet, path: Path) -> Path:
    """Write the weights in half precision as safetensors and return `path`, which appears only when it is whole."""
    part = path.with_name(f".{path.name}.part")
    tensors = {name: _halved(value.detach().cpu()) for name, value in network.state_dict().items()}
    save_file(tensors, part)
    part.replace(path)
    return path


def load_appearance(path: Path) -> AppearanceNet:
    """Return the network that was saved at `path`, in single precision, ready to be asked.

    Raises:
        ValueError: the tensors do not fit the network exactly.
    """
    network = AppearanceNet()
    tensors = {n: v.float() if v.is_floating_point() else v for n, v in load_file(path).items()}
    try:
        network.load_state_dict(tensors, strict=True)
    except RuntimeError as error:
        raise ValueError(f"{path.name} does not fit the appearance network") from error
    return laid_out(network).eval()


def laid_out(network: AppearanceNet) -> AppearanceNet:
    """Return the network with its weights in the order that convolutions on pictures are fastest in."""
    for part in network.modules():
        if isinstance(part, nn.Conv2d):
            part.weight.data = part.weight.data.contiguous(memory_format=torch.channels_last)
    return network


def _halved(value: Tensor) -> Tensor:
    return (value.half() if value.is_floating_point() else value).contiguous()
