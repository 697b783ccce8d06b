"""The faces that the tables are about: pairs of a real and a swapped half, and the faces of other clips."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.progress import track as progress_over

from core.evaluation.face_clips import FaceClip
from core.evaluation.face_traces import SeenFace, main_face, seen_faces
from core.evaluation.folds import Fold, target_folds
from core.evaluation.pulse_detection import LabelledFaces
from core.faces import FaceModels
from core.types import RoiTrace


@dataclass(frozen=True, slots=True)
class Material:
    """Every face that was seen: those of `pairs` with their labels and one fold a target, and the `rest`."""

    pairs: tuple[SeenFace, ...]
    rest: tuple[SeenFace, ...]
    labels: LabelledFaces
    folds: tuple[Fold, ...]

    @property
    def traces(self) -> list[RoiTrace]:
        """Of the pairs."""
        return [face.trace for face in self.pairs]

    @property
    def other_traces(self) -> list[RoiTrace]:
        """Of the rest."""
        return [face.trace for face in self.rest]

    def told(self) -> str:
        """How many there are, in a line."""
        return (
            f"{len(self.pairs)} faces of {len(set(self.labels.pairs))} pairs, {len(set(self.labels.persons))} persons, "
            f"{len(set(self.labels.targets))} targets (one fold each); {len(self.rest)} other clips"
        )


def read_material(clips: Sequence[FaceClip], models: FaceModels, cache: Path) -> Material:
    """Watch the main face of every clip, or read what was kept of it in `cache`."""
    pairs = _main_faces([c for c in clips if c.half], models, cache, "pairs")
    rest = _main_faces([c for c in clips if c.half is None], models, cache, "other clips")
    return material_of(pairs, rest)


def material_of(pairs: Iterable[SeenFace], rest: Iterable[SeenFace]) -> Material:
    """Label faces and split them by target.

    Raises:
        ValueError: without one of the targets, and the people in its clips, there is nothing to train on.
    """
    faces = tuple(pairs)
    labels = labelled(faces)
    return Material(faces, tuple(rest), labels, target_folds(labels.targets, labels.persons))


def labelled(faces: Iterable[SeenFace]) -> LabelledFaces:
    """Who and what these faces are."""
    clips = [face.clip for face in faces]
    return LabelledFaces(
        np.array([c.fake for c in clips], bool),
        tuple(c.person for c in clips),
        tuple(c.target for c in clips),
        tuple(c.pair for c in clips),
    )


def group(clip: FaceClip) -> str:
    """The line of a table in which a clip that is in no pair is counted."""
    return (
        f"fake, {clip.target}"
        if clip.fake
        else f"real, {clip.person if clip.path.stem == 'vid' else clip.path.stem}".split("_")[0]
    )


def _main_faces(clips: list[FaceClip], models: FaceModels, cache: Path, what: str) -> list[SeenFace]:
    found = (
        main_face(clip, seen_faces(clip, models, cache / "traces"))
        for clip in progress_over(clips, f"watching {what}", transient=True)
    )
    return [face for face in found if face is not None]
