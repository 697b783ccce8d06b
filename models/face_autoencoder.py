"""A small autoencoder of faces: draws a face anew from few numbers, and leaves the traces that drawing leaves.

It forges nothing that could deceive: the forge of training fakes uses it to give real faces the texture of a decoder.
Fully convolutional, one encoder and three decoders that differ in bottleneck and in how they make pictures larger, as
the generators of the world do: pixel shuffle (Shi et al. 2016), repeated pixels and a filter, transposed convolution.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

STRIDE = 16
"""Sides of pictures are multiples of it."""
DECODERS = ("shuffled", "repeated", "transposed")


class FaceAutoencoder(nn.Module):
    """Pictures (B, 3, H, W) in 0..1 to pictures of the same size, drawn by the decoder that is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.eighth = nn.Sequential(_down(3, 24, 5), _down(24, 48, 3), _down(48, 96, 3))
        self.sixteenth = _down(96, 128, 3)
        self.decoders = nn.ModuleDict(
            {
                "shuffled": nn.Sequential(
                    _narrowed(128, 48), _shuffled(128, 80), _shuffled(80, 48), _shuffled(48, 24), _shuffled(24, 16)
                ),
                "repeated": nn.Sequential(_narrowed(96, 12), _repeated(96, 64), _repeated(64, 32), _repeated(32, 16)),
                "transposed": nn.Sequential(
                    _narrowed(96, 20), _transposed(96, 64), _transposed(64, 32), _transposed(32, 16)
                ),
            }
        )
        self.outs = nn.ModuleDict({name: nn.Conv2d(16, 3, 3, padding=1) for name in DECODERS})

    def forward(self, pictures: Tensor, decoder: str) -> Tensor:
        """Return what the decoder draws, in 0..1."""
        code = self.eighth(pictures * 2 - 1)
        if decoder == "shuffled":
            code = self.sixteenth(code)
        drawn: Tensor = self.outs[decoder](self.decoders[decoder](code))
        return torch.sigmoid(drawn)


class Residual(nn.Module):
    """Two filters whose answer is added to what came in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, C, H, W) as it came, plus the answer."""
        bent = nn.functional.leaky_relu(self.first(x), 0.1)
        return nn.functional.leaky_relu(x + self.second(bent), 0.1)


def drawn_anew(network: FaceAutoencoder, rgb: NDArray[np.uint8], decoder: str) -> NDArray[np.uint8]:
    """Return the picture (S, S, 3), S a multiple of 16, as the decoder draws it."""
    given = torch.from_numpy(np.array(rgb)).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        drawn = network(given, decoder)[0].permute(1, 2, 0)
    return np.asarray(np.round(255 * drawn.numpy()), np.uint8)


class Redrawer:
    """Draws pictures anew by `count` variants of a trained autoencoder, whose filters are a little apart.

    Equal networks, seeds and generators draw equal pictures. Every generator of the world leaves traces of its own;
    who has seen three decoders only learns those three.
    """

    def __init__(self, network: FaceAutoencoder, count: int = 12, spread: float = 0.06, seed: int = 0) -> None:
        self._networks = [network.eval(), *(_moved(network, spread, seed + number) for number in range(1, count))]

    def __call__(self, rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Return the picture (S, S, 3), S a multiple of 16, drawn by one of the variants and one of its decoders."""
        network = self._networks[int(rng.integers(len(self._networks)))]
        return drawn_anew(network, rgb, str(rng.choice(DECODERS)))


def save_autoencoder(network: FaceAutoencoder, path: Path) -> Path:
    """Write the weights in half precision as safetensors and return `path`, which appears only when it is whole."""
    part = path.with_name(f".{path.name}.part")
    save_file({name: value.detach().cpu().half().contiguous() for name, value in network.state_dict().items()}, part)
    part.replace(path)
    return path


def load_autoencoder(path: Path) -> FaceAutoencoder:
    """Return the network that was saved at `path`, in single precision, ready to draw.

    Raises:
        ValueError: the file does not fit the network exactly.
    """
    network = FaceAutoencoder()
    try:
        network.load_state_dict({name: value.float() for name, value in load_file(path).items()}, strict=True)
    except Exception as error:  # an altered file fails in ways that safetensors does not list
        raise ValueError(f"{path.name} does not fit the face autoencoder") from error
    return network.eval()


def _moved(network: FaceAutoencoder, spread: float, seed: int) -> FaceAutoencoder:
    """A copy whose filters of the decoders are moved by `spread` of their own standard deviation."""
    chance = torch.Generator().manual_seed(seed)
    moved = FaceAutoencoder()
    moved.load_state_dict(network.state_dict())
    with torch.no_grad():
        for filters in moved.decoders.parameters():
            filters.add_(spread * filters.std() * torch.randn(filters.shape, generator=chance))
    return moved.eval()


def _down(into: int, out: int, size: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(into, out, size, stride=2, padding=size // 2), nn.LeakyReLU(0.1))


def _narrowed(channels: int, kept: int) -> nn.Sequential:
    """All that passes is `kept` numbers a place."""
    return nn.Sequential(nn.Conv2d(channels, kept, 1), nn.Conv2d(kept, channels, 1), Residual(channels))


def _shuffled(into: int, out: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(into, 4 * out, 3, padding=1), nn.LeakyReLU(0.1), nn.PixelShuffle(2))


def _repeated(into: int, out: int) -> nn.Sequential:
    return nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(into, out, 3, padding=1), nn.LeakyReLU(0.1))


def _transposed(into: int, out: int) -> nn.Sequential:
    return nn.Sequential(nn.ConvTranspose2d(into, out, 4, stride=2, padding=1), nn.LeakyReLU(0.1))
