"""A swap network as ONNX in the layout that DeepFaceLive reads: BGR in, the drawn face and both masks out."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from types import MappingProxyType

import torch
from torch import Tensor, nn

from models.swap_autoencoder import SwapAutoencoder

INPUT = "in_face:0"
OUTPUTS = ("out_face_mask:0", "out_celeb_face:0", "out_celeb_face_mask:0")
OPSET = 17
_NO_WORDS: Mapping[str, str] = MappingProxyType({})


class ExportError(Exception):
    """The package that writes ONNX is missing."""


def to_onnx(network: SwapAutoencoder, words: Mapping[str, str] = _NO_WORDS) -> bytes:
    """Return the network as an ONNX file: (B, S, S, 3) BGR in 0..1 to masks (B, S, S, 1) and a face (B, S, S, 3).

    Args:
        network: what is written.
        words: what the file says of itself; readers call these the model's properties, or metadata.

    Raises:
        ExportError: the package `onnx` is not installed.
    """
    given = torch.zeros(1, network.shape.size_px, network.shape.size_px, 3)
    file = io.BytesIO()
    axes = {name: {0: "faces"} for name in (INPUT, *OUTPUTS)}
    with warnings.catch_warnings():
        # the exporter that needs one package and not three is called legacy; PyTorch is pinned
        warnings.simplefilter("ignore")
        try:
            torch.onnx.export(
                _InDfmLayout(network).eval(),
                (given,),
                file,  # type: ignore[arg-type]  # which takes files as well
                dynamo=False,
                opset_version=OPSET,
                input_names=[INPUT],
                output_names=list(OUTPUTS),
                dynamic_axes=axes,
            )
        except torch.onnx.errors.OnnxExporterError as error:
            raise ExportError("the package onnx is not installed") from error
    return _with_words(file.getvalue(), words)


def _with_words(content: bytes, words: Mapping[str, str]) -> bytes:
    import onnx  # noqa: PLC0415  (of an extra; it is there: the exporter needs it)

    model = onnx.load_from_string(content)
    onnx.helper.set_model_props(model, dict(words))
    return bytes(model.SerializeToString())


class _InDfmLayout(nn.Module):
    def __init__(self, network: SwapAutoencoder) -> None:
        super().__init__()
        self._network = network

    def forward(self, bgr: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        drawn = self._network.swapped(bgr.permute(0, 3, 1, 2).flip(1))
        source_mask, rgb, mask = (part.permute(0, 2, 3, 1) for part in (drawn.source_mask, drawn.rgb, drawn.mask))
        return source_mask, rgb.flip(3), mask
