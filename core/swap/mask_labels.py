"""What a person drew on the faces of a set: what belongs to the face, and what hides it.

Kept beside the set as `mask-labels.json`: picture name -> outlines, in the order in which they were drawn, in shares
of the crop's side. An "include" outline is face, an "exclude" one is not; a later one counts over an earlier one.
A picture whose list is empty was looked at and has nothing that hides the face.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import FaceSetError
from core.swap.masks import SUBPIXEL_BITS, FacePart, Mask, part_mask, polygon_weights
from core.swap.set_files import replace_file
from core.types import FaceSet, SwapFace

FILE = "mask-labels.json"
FORMAT = 1
MOST_OUTLINES, MOST_CORNERS = 50, 500
Kind = Literal["include", "exclude"]
_NAME = re.compile(r"\d{6}\.png\Z")


@dataclass(frozen=True, slots=True)
class Outline:
    """A closed outline; `corners` (K, 2) x and y in shares of the crop's side, K at least 3."""

    kind: Kind
    corners: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if self.kind not in ("include", "exclude"):
            raise ValueError("an outline is for include or exclude")
        if not 3 <= len(self.corners) <= MOST_CORNERS:
            raise ValueError("an outline has at least three corners")
        if not all(math.isfinite(share) and -1 <= share <= 2 for corner in self.corners for share in corner):
            raise ValueError("corners are shares of the crop's side")


Labels = Mapping[str, tuple[Outline, ...]]
"""Picture name -> its outlines."""


def read_labels(path: Path) -> dict[str, tuple[Outline, ...]]:
    """Return the labels of the set in folder `path`; {} where nothing was labelled.

    Raises:
        FaceSetError: they cannot be read.
    """
    try:
        values = json.loads((path / FILE).read_text(encoding="utf-8"))
        return {str(name): outlines_of(rows) for name, rows in values["labels"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FaceSetError(f"The mask labels of {path} are damaged.") from error


def write_label(path: Path, name: str, outlines: tuple[Outline, ...] | None) -> None:
    """Put the outlines of one picture among the labels of the set in folder `path`, whole; None takes them away.

    Raises:
        FaceSetError: the labels cannot be read or written.
        ValueError: there is no such name of a picture.
    """
    if not _NAME.match(name):
        raise ValueError("a picture has another name")
    labels = read_labels(path)
    labels.pop(name, None)
    if outlines is not None:
        labels[name] = outlines
    values = {"format": FORMAT, "labels": {key: outlines_json(rows) for key, rows in sorted(labels.items())}}
    try:
        replace_file(path / FILE, json.dumps(values, indent=1).encode() + b"\n")
    except OSError as error:
        raise FaceSetError(f"The mask labels cannot be written into {path}.") from error


def outlines_of(rows: Any) -> tuple[Outline, ...]:
    """Return the outlines that JSON has.

    Raises:
        ValueError, KeyError, TypeError: it has none.
    """
    if not isinstance(rows, list) or len(rows) > MOST_OUTLINES:
        raise ValueError("no list of outlines")
    return tuple(Outline(row["kind"], tuple((float(x), float(y)) for x, y in row["corners"])) for row in rows)


def outlines_json(outlines: tuple[Outline, ...]) -> list[dict[str, Any]]:
    """Return the outlines as JSON has them."""
    return [{"kind": one.kind, "corners": [[round(x, 5), round(y, 5)] for x, y in one.corners]} for one in outlines]


def painted(face: SwapFace, outlines: tuple[Outline, ...], set_px: int, size_px: int) -> Mask:
    """Return what of a labelled face is visible face (S, S), 1 or 0 with soft edges.

    Without an "include" outline it begins with the whole of the mesh, and "exclude" takes from it.

    Args:
        face: the face; its landmarks are in pixels of a crop of `set_px`.
        outlines: what was drawn.
        set_px: side of the set's crops.
        size_px: side of the mask.
    """
    if any(outline.kind == "include" for outline in outlines):
        mask = np.zeros((size_px, size_px), np.uint8)
    else:
        landmarks = face.landmarks_px * np.float32(size_px / set_px)
        mask = np.rint(255 * part_mask(FacePart.WHOLE, landmarks, size_px)).astype(np.uint8)
    for outline in outlines:
        fixed = np.rint(np.array(outline.corners) * size_px * (1 << SUBPIXEL_BITS)).astype(np.int32)
        shown = 255 if outline.kind == "include" else 0
        cv2.fillPoly(mask, [fixed], shown, lineType=cv2.LINE_AA, shift=SUBPIXEL_BITS)
    return np.asarray(mask / 255, np.float32)


def drawn_outlines(face_set: FaceSet) -> tuple[NDArray[np.float64], ...]:
    """Return the "include" outlines of the first labelled picture of a set that has any, hung on the mesh.

    Each is (K, 468) as `masks.polygon_weights` makes it, so that it can be carried to any face.

    Raises:
        FaceSetError: no picture has one.
    """
    labels = read_labels(face_set.path)
    for face in face_set.faces:
        included = [one for one in labels.get(face.name, ()) if one.kind == "include"]
        if included:
            return tuple(
                polygon_weights(np.array(one.corners) * face_set.size_px, face.landmarks_px) for one in included
            )
    raise FaceSetError(f"No outline of what to replace was drawn in {face_set.path}: `facepulse swap mask label`.")


def worth_labelling(face_set: FaceSet) -> tuple[SwapFace, ...]:
    """Return the faces of a set, each as unlike those before it as can be: by turn of the head, time and clip.

    Who labels the first few has labelled the breadth of the set (farthest points first, Gonzalez 1985).
    """
    if not face_set.faces:
        return ()
    clips = sorted({face.source for face in face_set.faces})
    last_s = max([1e-9, *(face.time_s for face in face_set.faces)])
    places = np.array(
        [
            (face.yaw_deg / 15, face.pitch_deg / 15, 3 * face.time_s / last_s, 2 * clips.index(face.source))
            for face in face_set.faces
        ]
    )
    order = [int(np.argmin(np.abs(places[:, :2]).sum(axis=1)))]
    away = np.full(len(places), np.inf)
    while len(order) < len(places):
        away = np.minimum(away, np.linalg.norm(places - places[order[-1]], axis=1))
        away[order] = -1
        order.append(int(np.argmax(away)))
    return tuple(face_set.faces[row] for row in order)
