"""What a demo made by `core.services.demos_made` shall be."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.swap.face_set import load_face_set
from core.swap.mask_labels import drawn_outlines
from core.swap.masks import FacePart
from core.swap.merge import MaskSource, MergeMode, MergeOptions
from core.types import ConsentScope


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What a demo shall be.

    `person`: 1 is the most prominent face of the clip. `source_set`: choose who is like the people of this face
    set, and nobody else, in place of a number. `masks`: a trained occlusion mask. `head_and_shoulders`: show
    nothing else of the clip. `alone`: refuse a clip in which another face is seen at the same time. `preview` and
    `coverage`: PNG files to write beside the video. `scopes`: what the person shown, and the person of `source_set`,
    must have allowed. `log`: note it in the log of this machine; demos that Discord asks for are in the database.
    """

    merge: MergeOptions = field(default_factory=MergeOptions)
    person: int = 1
    source_set: Path | None = None
    masks: Path | None = None
    head_and_shoulders: bool = False
    alone: bool = False
    ignore_coverage: bool = False
    preview: Path | None = None
    coverage: Path | None = None
    device: str = "cpu"
    scopes: frozenset[ConsentScope] = frozenset({ConsentScope.DEMOS})
    log: bool = True


def merge_options(*, polygon_set: Path | None = None, **choices: Any) -> MergeOptions:
    """Return options for merging from plain words and numbers; an outline is taken from a labelled face set.

    Raises:
        FaceSetError: the set has no outline, or cannot be read.
    """
    choices["mode"], choices["part"] = MergeMode(choices["mode"]), FacePart(choices["part"])
    choices["mask_source"] = MaskSource(choices["mask_source"])
    if polygon_set is not None:
        choices["polygons"] = drawn_outlines(load_face_set(polygon_set))
    return MergeOptions(**choices)
