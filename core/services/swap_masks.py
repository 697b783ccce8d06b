"""Masks for swaps: labelling a few faces of a set, training on them, and applying what was learned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from core.errors import FaceSetError
from core.swap.face_set import load_face_set, picture_path, read_picture
from core.swap.mask_labels import outlines_json, outlines_of, read_labels, worth_labelling, write_label
from core.types import FaceSet, SwapFace

if TYPE_CHECKING:
    from core.swap.occlusion_training import TrainedMasks


@dataclass(frozen=True, slots=True)
class FaceToLabel:
    """A face in the order in which labelling helps most; whether it was labelled, and which way it looks."""

    name: str
    labelled: bool
    yaw_deg: float
    pitch_deg: float


class Labelling:
    """The labels of one set, read and written one picture at a time."""

    def __init__(self, path: Path) -> None:
        """Open a set.

        Raises:
            FaceSetError: there is none, or it has no faces.
        """
        self._set: FaceSet = load_face_set(path)
        if not self._set.faces:
            raise FaceSetError(f"The face set {path} has no faces.")
        self._by_name: dict[str, SwapFace] = {face.name: face for face in self._set.faces}
        self._order = worth_labelling(self._set)

    @property
    def name(self) -> str:
        """What the set is called: its folder's name."""
        return self._set.path.absolute().name

    @property
    def size_px(self) -> int:
        """Side of the pictures."""
        return self._set.size_px

    def faces(self) -> tuple[FaceToLabel, ...]:
        """Return all faces, those first that differ most from each other.

        Raises:
            FaceSetError: the labels are damaged.
        """
        labels = read_labels(self._set.path)
        return tuple(FaceToLabel(one.name, one.name in labels, one.yaw_deg, one.pitch_deg) for one in self._order)

    def has(self, name: str) -> bool:
        """Return whether the set has a face of that name."""
        return name in self._by_name

    def picture(self, name: str) -> bytes:
        """Return a face's picture as PNG.

        Raises:
            FaceSetError: it is not there, or was changed.
        """
        read_picture(self._set, self._by_name[name])
        return picture_path(self._set.path, name).read_bytes()

    def label(self, name: str) -> dict[str, Any]:
        """Return what was drawn on a face, None where nothing was, and the mesh's hull, in shares of the side."""
        outlines = read_labels(self._set.path).get(name)
        hull = cv2.convexHull(np.asarray(self._by_name[name].landmarks_px, np.float32))[:, 0] / self._set.size_px
        drawn = None if outlines is None else outlines_json(outlines)
        return {"outlines": drawn, "hull": [[round(float(x), 4), round(float(y), 4)] for x, y in hull]}

    def save(self, name: str, outlines: Any) -> None:
        """Put what was drawn on a face in the place of what was there; None takes the label away.

        Raises:
            ValueError, KeyError, TypeError: these are no outlines.
            FaceSetError: they cannot be written.
        """
        write_label(self._set.path, name, None if outlines is None else outlines_of(outlines))


def train(
    sets: Sequence[Path],
    out: Path,
    *,
    steps: int,
    seed: int = 0,
    device: str = "cpu",
    progress: Callable[[int, float], None] = lambda step, loss: None,
) -> TrainedMasks:
    """Train masks on the labelled faces of sets.

    Raises:
        FaceSetError: a set is not there, or too few faces are labelled.
        ConsentError: a person did not allow training.
        OutputError: the file cannot be written.
    """
    from core.swap.occlusion_training import train_masks  # noqa: PLC0415  (imports PyTorch)
    from models.train.occlusion import OcclusionConfig  # noqa: PLC0415

    config = OcclusionConfig(steps=steps, seed=seed, device=device)
    return train_masks([load_face_set(path) for path in sets], out, config, progress)


def apply(path: Path, masks: Path, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Write beside each picture of a set what hides its face; return how many.

    Raises:
        FaceSetError, SwapModelError, OutputError: as `occlusion_training.apply_masks` and `load_occlusion`.
    """
    from core.swap.occlusion import load_occlusion  # noqa: PLC0415  (imports PyTorch)
    from core.swap.occlusion_training import apply_masks  # noqa: PLC0415

    face_set = load_face_set(path)
    total = len(face_set.faces)
    return apply_masks(face_set, load_occlusion(masks), lambda done: progress(done, total))
