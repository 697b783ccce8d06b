"""Meso-4 (Afchar et al. 2018, "MesoNet"), for measuring it beside ours with weights that the user brings.

No weights come with Facepulse. A file is safetensors or npz with exactly these arrays, PyTorch's order of axes:

    conv1.weight (8, 3, 3, 3)    conv2.weight (8, 8, 5, 5)    conv3.weight (16, 8, 5, 5)    conv4.weight (16, 16, 5, 5)
    fc1.weight (16, 1024), its columns by channel, then row, then column    fc2.weight (1, 16)
    <layer>.bias of all six, and bn1 … bn4 with weight, bias, running_mean and running_var

From the authors' Keras file: convolution kernels transposed from (h, w, in, out) to (out, in, h, w); the kernel of the
first dense layer from ((h, w, c), 16) to (16, (c, h, w)). The output is, as theirs, the probability of being *real*.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

INPUT_PX = 256


class Meso4(nn.Module):
    """Maps pictures (B, 3, 256, 256) in 0..1 to the probability (B,) of being real."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 8, 5, padding=2)
        self.conv3 = nn.Conv2d(8, 16, 5, padding=2)
        self.conv4 = nn.Conv2d(16, 16, 5, padding=2)
        # Keras adds 1e-3 to the variance, PyTorch by default 1e-5
        self.bn1, self.bn2 = nn.BatchNorm2d(8, eps=1e-3), nn.BatchNorm2d(8, eps=1e-3)
        self.bn3, self.bn4 = nn.BatchNorm2d(16, eps=1e-3), nn.BatchNorm2d(16, eps=1e-3)
        self.fc1 = nn.Linear(16 * 8 * 8, 16)
        self.fc2 = nn.Linear(16, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return probabilities (B,) of being real; dropout, which only training uses, is left out."""
        x = pictures
        for conv, norm, pool in (
            (self.conv1, self.bn1, 2),
            (self.conv2, self.bn2, 2),
            (self.conv3, self.bn3, 2),
            (self.conv4, self.bn4, 4),
        ):
            x = nn.functional.max_pool2d(norm(torch.relu(conv(x))), pool)
        hidden = nn.functional.leaky_relu(self.fc1(x.flatten(1)), 0.1)
        return torch.sigmoid(self.fc2(hidden)).squeeze(1)


def load_meso4(path: Path) -> Meso4:
    """Return the network with the weights at `path`.

    Raises:
        ValueError: the file cannot be read, or does not hold exactly the arrays named above.
    """
    network = Meso4()
    try:
        arrays = _arrays(path)
        arrays |= {name: value for name, value in network.state_dict().items() if name.endswith("num_batches_tracked")}
        network.load_state_dict(arrays, strict=True)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ValueError(f"{path.name} does not hold the arrays of Meso-4") from error
    return network.eval()


def real_probabilities(network: Meso4, pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the probability (N,) of being real for face crops (N, 256, 256, 3) uint8 RGB."""
    with torch.inference_mode():
        batch = torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float() / 255
        found: NDArray[np.float64] = network(batch).double().numpy()
    return found


def _arrays(path: Path) -> dict[str, Tensor]:
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as stored:
            return {name: torch.from_numpy(np.asarray(stored[name], np.float32)) for name in stored.files}
    return load_file(path)
