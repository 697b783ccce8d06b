"""The pulse CNN: one PPG map in, how much it looks like a swapped face out.

After Ciftci, Demir and Yin 2020 ("FakeCatcher", section 4.3): convolutions with pooling between them, then two dense
layers with dropout before each. The paper gives no widths; ours are small because the data are few. Ours averages the
last maps to a fixed size, so that one network takes segments of any length.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

MAP_ROWS = 64
POOLED = (4, 4)


class PpgCnn(nn.Module):
    """Maps (B, 64, omega) in 0..1 to logits (B,); positive means swapped.

    Args:
        channels: of the convolutions, each followed by ReLU and a halving of both sides.
        hidden: width of the first dense layer.
        dropout: before each dense layer, while training.
    """

    def __init__(self, channels: Sequence[int] = (8, 16, 32), hidden: int = 64, dropout: float = 0.5) -> None:
        super().__init__()
        self.shape = {"channels": list(channels), "hidden": hidden, "dropout": dropout}
        blocks: list[nn.Module] = []
        for before, after in zip((1, *channels[:-1]), channels, strict=True):
            # pooled before the ReLU: the same numbers as after it, with a quarter of the work
            blocks += [nn.Conv2d(before, after, 3, padding=1), nn.MaxPool2d(2), nn.ReLU()]
        self.features = nn.Sequential(*blocks)
        self.pool = nn.AdaptiveAvgPool2d(POOLED)
        self.head = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(channels[-1] * POOLED[0] * POOLED[1], hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, 1),
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Return logits (B,)."""
        pooled = self.pool(self.features(2 * maps.unsqueeze(1) - 1))
        logits: Tensor = self.head(pooled.flatten(1)).squeeze(1)
        return logits


def fake_probabilities(network: PpgCnn, maps: NDArray[np.uint8], batch: int = 128) -> NDArray[np.float64]:
    """Return the network's probability (S,) that each map (S, 64, omega) uint8 is of a swapped face."""
    if len(maps) == 0:
        return np.zeros(0)
    device = next(network.parameters()).device
    network.eval()
    parts = []
    with torch.inference_mode():
        for start in range(0, len(maps), batch):
            part = torch.from_numpy(np.array(maps[start : start + batch])).to(device).float() / 255
            parts.append(torch.sigmoid(network(part)).cpu().numpy())
    return np.concatenate(parts).astype(np.float64)


def save_ppg_cnn(network: PpgCnn, path: Path) -> Path:
    """Write weights and shape as safetensors and return `path`, which appears only when it is whole."""
    part = path.with_name(f".{path.name}.part")
    tensors = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    save_file(tensors, part, metadata={"shape": json.dumps(network.shape, sort_keys=True)})
    part.replace(path)
    return path


def load_ppg_cnn(path: Path) -> PpgCnn:
    """Return the network that was saved at `path`, ready to be asked.

    Raises:
        ValueError: the file has no shape, or its tensors do not fit it exactly.
    """
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
    if "shape" not in metadata:
        raise ValueError(f"{path.name} does not say which shape of network it holds")
    network = PpgCnn(**json.loads(metadata["shape"]))
    try:
        network.load_state_dict(load_file(path), strict=True)
    except RuntimeError as error:
        raise ValueError(f"{path.name} does not fit the network that it describes") from error
    return network.eval()
