"""Autoencoders that draw one person's face with the pose and expression of another's.

Both draw two people from one code of few numbers, learned from both, so that a pose or an expression is the same
number for either. `df` has one decoder a person; drawing the source's code with the target's decoder is the swap.
`liae` has one decoder and says who is drawn in half of its code: one part that both people fill, and one that only
the source fills; drawing the source from the shared part alone is the swap. After Perov et al. 2020, "DeepFaceLab:
Integrated, flexible and extensible face-swapping framework" (arXiv 2005.05535), with networks of our own: strided
filters, a normed code, a decoder that works at half the size and lays its last answer out as 2×2 pixels (Shi et al.
2016), and a thin branch of its own for the mask, so that masks cost little and bend no colours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load
from torch import Tensor, nn
from torch.nn import functional

Architecture = Literal["df", "liae"]
SLOPE = 0.1


@dataclass(frozen=True, slots=True)
class SwapShape:
    """What a network is made of; equal shapes have equal parameters.

    `size_px` is the side of the pictures, 64 to 256 and a multiple of 16 (of 32 above 160). Channels are those of the
    encoder's first filter and of the decoder's last block; both double at each halving of the picture.
    """

    architecture: Architecture = "df"
    size_px: int = 96
    encoder_channels: int = 32
    code_numbers: int = 128
    decoder_channels: int = 48
    mask_channels: int = 12

    def __post_init__(self) -> None:
        if self.architecture not in ("df", "liae"):
            raise ValueError("architecture is df or liae")
        if not 64 <= self.size_px <= 256 or self.size_px % (1 << self.halvings):
            raise ValueError("size_px is 64 to 256 and a multiple of 16, above 160 of 32")
        if min(self.encoder_channels, self.code_numbers, self.decoder_channels, self.mask_channels) < 1:
            raise ValueError("channels and numbers are at least 1")

    @property
    def halvings(self) -> int:
        """How often the encoder halves the picture."""
        return 4 if self.size_px <= 160 else 5

    def to_json(self) -> dict[str, str | int]:
        """Return the fields by name."""
        return asdict(self)


class Drawn(NamedTuple):
    """Pictures (B, 3, S, S) and masks (B, 1, S, S), both in 0..1 and in single precision."""

    rgb: Tensor
    mask: Tensor


class Swapped(NamedTuple):
    """The target's face for a source's picture, and where the source's own face is, (B, 1, S, S)."""

    rgb: Tensor
    mask: Tensor
    source_mask: Tensor


class SwapAutoencoder(nn.Module):
    """The network of a swap; all pictures are (B, 3, S, S) RGB in 0..1."""

    def __init__(self, shape: SwapShape) -> None:
        super().__init__()
        self.shape = shape
        self.encoder = Encoder(shape)
        if shape.architecture == "df":
            self.inter = Inter(shape, parts=1)
            self.source_decoder, self.target_decoder = Decoder(shape), Decoder(shape)
        else:
            self.inter_both, self.inter_source = Inter(shape, parts=2), Inter(shape, parts=2)
            self.decoder = Decoder(shape)
        _begin(self)

    def forward(self, source: Tensor, target: Tensor) -> tuple[Drawn, Drawn]:
        """Return both people drawn as themselves: what is trained."""
        if self.shape.architecture == "df":
            source_code, target_code = self.inter(self.encoder(torch.cat([source, target]))).split(
                [len(source), len(target)]
            )
            return self.source_decoder(source_code), self.target_decoder(target_code)
        numbers = self.encoder(torch.cat([source, target]))
        both = self.inter_both(numbers)
        own = torch.cat([self.inter_source(numbers[: len(source)]), both[len(source) :]])
        drawn = self.decoder(torch.cat([own, both], dim=1))
        cut = [len(source), len(target)]
        (rgb_s, rgb_t), (mask_s, mask_t) = drawn.rgb.split(cut), drawn.mask.split(cut)
        return Drawn(rgb_s, mask_s), Drawn(rgb_t, mask_t)

    def swapped(self, source: Tensor) -> Swapped:
        """Return the target's face with what the source's does."""
        numbers = self.encoder(source)
        if self.shape.architecture == "df":
            code = self.inter(numbers)
            drawn = self.target_decoder(code)
            return Swapped(drawn.rgb, drawn.mask, self.source_decoder.mask(code))
        both = self.inter_both(numbers)
        drawn = self.decoder(torch.cat([both, both], dim=1))
        return Swapped(drawn.rgb, drawn.mask, self.decoder.mask(torch.cat([self.inter_source(numbers), both], dim=1)))


class Encoder(nn.Module):
    """Pictures to their code's numbers (B, code_numbers), of length one on average."""

    def __init__(self, shape: SwapShape) -> None:
        super().__init__()
        widths = [3, *(shape.encoder_channels << min(level, 3) for level in range(shape.halvings))]
        self.down = nn.ModuleList(nn.Conv2d(into, out, 5, stride=2, padding=2) for into, out in pairwise(widths))
        side = shape.size_px >> shape.halvings
        self.numbers = nn.Linear(widths[-1] * side * side, shape.code_numbers)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return (B, code_numbers)."""
        x = pictures * 2 - 1
        for filters in self.down:
            x = functional.leaky_relu(filters(x), SLOPE)
        # laid out alike whether the memory is channels-last or not, and the same for an exported network
        numbers: Tensor = self.numbers(x.flatten(1))
        return numbers * torch.rsqrt(numbers.float().square().mean(dim=1, keepdim=True) + 1e-6)


class Inter(nn.Module):
    """A code's numbers to a map (B, C / parts, 2n, 2n), where n is the side that the encoder ends at."""

    def __init__(self, shape: SwapShape, parts: int) -> None:
        super().__init__()
        self._side = shape.size_px >> shape.halvings
        self._channels = map_channels(shape) // parts
        self.laid_out = nn.Linear(shape.code_numbers, self._channels * self._side**2)
        self.larger = _Larger(self._channels, self._channels)

    def forward(self, numbers: Tensor) -> Tensor:
        """Return the map."""
        laid_out = functional.leaky_relu(self.laid_out(numbers), SLOPE)
        larger: Tensor = self.larger(laid_out.view(-1, self._channels, self._side, self._side))
        return larger


class Decoder(nn.Module):
    """A map (B, C, 2n, 2n) to a face and its mask."""

    def __init__(self, shape: SwapShape) -> None:
        super().__init__()
        levels = range(shape.halvings - 2, -1, -1)
        widths = [shape.decoder_channels << level for level in levels]
        self.picture = nn.Sequential(
            *(part for into, out in pairwise(widths) for part in (_Larger(into, out), _Residual(out)))
        )
        self.pixels = nn.Conv2d(widths[-1], 4 * 3, 3, padding=1)
        thin = [widths[0], *(shape.mask_channels << level for level in levels[1:])]
        self.outline = nn.Sequential(*(_Larger(into, out) for into, out in pairwise(thin)))
        self.covered = nn.Conv2d(thin[-1], 4, 3, padding=1)

    def forward(self, code: Tensor) -> Drawn:
        """Return the face and its mask."""
        laid_out = functional.pixel_shuffle(self.pixels(self.picture(code)), 2)
        return Drawn(torch.sigmoid(laid_out.float()), self.mask(code))

    def mask(self, code: Tensor) -> Tensor:
        """Return the mask alone, (B, 1, S, S)."""
        return torch.sigmoid(functional.pixel_shuffle(self.covered(self.outline(code)), 2).float())


class _Larger(nn.Module):
    """A map of twice the side: four filters for the four pixels that a place becomes, equal at first."""

    def __init__(self, into: int, out: int) -> None:
        super().__init__()
        self.filters = nn.Conv2d(into, 4 * out, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return functional.pixel_shuffle(functional.leaky_relu(self.filters(x), SLOPE), 2)


class _Residual(nn.Module):
    """Two filters whose answer is added to what came in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        bent = functional.leaky_relu(self.first(x), SLOPE)
        return functional.leaky_relu(x + self.second(bent), SLOPE)


@torch.no_grad()
def _begin(network: SwapAutoencoder) -> None:
    """Set the filters so that what passes keeps its size (He et al. 2015): torch's own are a third of that.

    The four pixels that a place becomes are equal, else a chequerboard has to be unlearned (Aitken et al. 2017);
    residuals and the last answers are small, so that the first pictures are grey.
    """
    for part in network.modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(part.weight, a=SLOPE)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
    for part in network.modules():
        if isinstance(part, _Larger):
            part.filters.weight.copy_(part.filters.weight[::4].repeat_interleave(4, dim=0))
        elif isinstance(part, _Residual):
            part.second.weight.mul_(0.1)
        elif isinstance(part, Decoder):
            part.pixels.weight.mul_(0.3)
            part.covered.weight.mul_(0.3)


def map_channels(shape: SwapShape) -> int:
    """Return how many channels the map has that a decoder gets."""
    return shape.decoder_channels << (shape.halvings - 2)


def channels_last(network: SwapAutoencoder) -> SwapAutoencoder:
    """Return the network with its filters in the order that convolutions on pictures are fastest in."""
    for part in network.modules():
        if isinstance(part, nn.Conv2d):
            part.weight.data = part.weight.data.contiguous(memory_format=torch.channels_last)
    return network


class SwapDrawer:
    """Draws aligned faces (B, S, S, 3) uint8 RGB on a device; not for two threads at once."""

    def __init__(self, network: SwapAutoencoder, device: str = "cpu") -> None:
        self._device = torch.device(device)
        self._network = channels_last(network.to(self._device)).eval()

    @torch.inference_mode()
    def __call__(self, source: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
        """Return the target's faces for the source's, their masks (B, S, S) in 0..1, and those of the source."""
        drawn = self._network.swapped(self._given(source))
        return _pixels(drawn.rgb), drawn.mask[:, 0].cpu().numpy(), drawn.source_mask[:, 0].cpu().numpy()

    @torch.inference_mode()
    def selves(
        self, source: NDArray[np.uint8], target: NDArray[np.uint8]
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return both people drawn as themselves."""
        as_source, as_target = self._network(self._given(source), self._given(target))
        return _pixels(as_source.rgb), _pixels(as_target.rgb)

    def _given(self, faces: NDArray[np.uint8]) -> Tensor:
        return torch.from_numpy(np.array(faces)).to(self._device).permute(0, 3, 1, 2).float() / 255


def _pixels(rgb: Tensor) -> NDArray[np.uint8]:
    pixels: NDArray[np.uint8] = (255 * rgb).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()
    return pixels


def load_swap(shape: Mapping[str, Any], content: bytes) -> SwapAutoencoder:
    """Return the network of a shape (as `SwapShape.to_json` gives it) with the weights of a safetensors file.

    Raises:
        ValueError: the weights do not fit the shape exactly.
    """
    try:
        network = SwapAutoencoder(SwapShape(**shape))
        network.load_state_dict(load(content), strict=True)
    except Exception as error:  # an altered file fails in ways that safetensors does not list
        raise ValueError("the weights do not fit the swap network") from error
    return network.eval()
