"""A trained swap as whoever merges sees it: aligned faces in, drawn faces out, whatever runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import SwapModelError
from core.swap.saved import WEIGHTS, Saved, read_saved
from core.types import DrawnFaces, TrainedSwap

FILES = (".dfm", ".onnx")
AT_ONCE = 16
"""Faces that are drawn together."""


class SwapModel(Protocol):
    """Draws the target's face for a source's."""

    @property
    def about(self) -> TrainedSwap:
        """What was trained, and with whose consent."""
        ...

    def draw(self, faces: NDArray[np.uint8]) -> DrawnFaces:
        """Return what is drawn for aligned faces (B, S, S, 3) RGB, S = `about.size_px`.

        They are cut by `geometry.face_matrix(landmarks, about.face_type, S)`.

        Raises:
            SwapModelError: the faces are of another size.
        """
        ...


def load_model(path: Path, device: str = "cpu") -> SwapModel:
    """Return the swap in a folder that `facepulse swap train` wrote (or a backup in it), or in a .dfm or .onnx file.

    Args:
        path: the folder or file.
        device: where a folder's network runs, as PyTorch names it.

    Raises:
        SwapModelError: there is none, it is damaged, or (a file) of another layout.
        ConsentError: a file has no consent record beside it.
    """
    if path.suffix.lower() in FILES and path.is_file():
        from core.swap.dfm import load_dfm  # noqa: PLC0415  (loads onnxruntime)

        return load_dfm(path)
    saved = read_saved(path)
    if saved is None:
        raise SwapModelError(f"There is no trained swap in {path}: `facepulse swap train` makes one.")
    return _Network(saved, device)


def checked(faces: NDArray[np.uint8], size_px: int) -> NDArray[np.uint8]:
    """Return the faces, when they are (B, S, S, 3) uint8 of this size.

    Raises:
        SwapModelError: they are not.
    """
    if faces.dtype != np.uint8 or faces.ndim != 4 or faces.shape[1:] != (size_px, size_px, 3):
        raise SwapModelError(f"This trained swap draws faces of {size_px} px.")
    return faces


def joined(parts: list[DrawnFaces], size_px: int) -> DrawnFaces:
    """Return what was drawn piece by piece as one."""
    if not parts:
        nothing = np.zeros((0, size_px, size_px), np.float32)
        return DrawnFaces(np.zeros((0, size_px, size_px, 3), np.uint8), nothing, nothing)
    rgb, mask, source_mask = ([getattr(part, name) for part in parts] for name in ("rgb", "mask", "source_mask"))
    return DrawnFaces(np.concatenate(rgb), np.concatenate(mask), np.concatenate(source_mask))


class _Network:
    """A saved network, run by PyTorch."""

    def __init__(self, saved: Saved, device: str) -> None:
        from models.swap_autoencoder import SwapDrawer, load_swap  # noqa: PLC0415  (imports PyTorch)

        self.about = saved.about
        try:
            network = load_swap(saved.values["shape"], saved.content(WEIGHTS))
        except ValueError as error:
            raise SwapModelError(f"The trained swap {saved.folder} is damaged.") from error
        self._drawer = SwapDrawer(network, device)

    def draw(self, faces: NDArray[np.uint8]) -> DrawnFaces:
        """As `SwapModel` promises."""
        checked(faces, self.about.size_px)
        parts = [faces[start : start + AT_ONCE] for start in range(0, len(faces), AT_ONCE)]
        return joined([DrawnFaces(*self._drawer(part)) for part in parts], self.about.size_px)
