"""Sets of faces to train swaps on: making them, tidying them, and the consent of who is in them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np

from core.errors import ConsentError, FaceSetError
from core.faces import load_face_models
from core.faces.fan import FanAligner
from core.settings import MEBIBYTE, VideoLimits
from core.swap import set_writer, sheet, tidy
from core.swap.consent import write_consent
from core.swap.coverage import Coverage
from core.swap.cutting import Tools, Wanted
from core.swap.extract import Extraction, embedding_like, extracted
from core.swap.face_set import load_face_set
from core.swap.identity import Identity, identity_present, load_identity
from core.swap.set_files import read_contents
from core.swap.tidy import Tidying
from core.types import ConsentBasis, ConsentRecord, ConsentScope, FaceSet, FaceType, ProgressCallback

__all__ = [
    "ORDERS", "Extraction", "SetAbout", "Tidying", "Wanted", "about", "extract", "may_identify", "prune",
    "record_consent", "restore", "sheet_png", "sorted_faces",
]  # fmt: skip

AlignerName = Literal["mesh", "fan"]
ORDERS = tuple(sheet.ORDERS)
LONGEST_S, MOST_FRAMES, LARGEST_BYTES = 3600.0, 120_000, 8192 * MEBIBYTE
"""Of a clip to extract from, which is one's own and may be longer than one that is checked."""


@dataclass(frozen=True, slots=True)
class SetAbout:
    """A set in numbers: quartiles (3,) of the angles and of the faces' size, files, and what was sorted out and why."""

    face_set: FaceSet
    yaw_deg: tuple[float, ...]
    pitch_deg: tuple[float, ...]
    face_px: tuple[float, ...]
    sources: int
    pruned: dict[str, int]
    missing: str
    """Common turns of the head that it lacks, in words; empty where it lacks none."""


def extract(
    source: Path,
    out: Path,
    *,
    limits: VideoLimits,
    face_type: FaceType,
    size_px: int,
    wanted: Wanted,
    aligner: AlignerName,
    like: Path | None,
    identify: bool,
    add: bool,
    progress: ProgressCallback,
) -> Extraction:
    """Make a set of one person's faces in a clip, a picture or a folder of them.

    Args:
        source, out, face_type, size_px, add, progress: as `core.swap.extract.extracted` takes them.
        limits: what decoding may use; clips may be longer than these say.
        wanted: which faces; its `like` is that of the argument.
        aligner: "mesh" is quick, "fan" is slow and needs its weights.
        like: a set, a picture or a clip of the person; needs the extra `identity`.
        identify: tell people apart where that is possible.

    Raises:
        FacepulseError: the set cannot be made; the sentence says why.
    """
    own = _longer(limits)
    identity = load_identity() if like is not None else _identity(identify)
    tools = Tools(load_face_models(), FanAligner() if aligner == "fan" else None, identity)
    if like is not None and identity is not None:
        wanted = replace(wanted, like=embedding_like(like, own, tools, identity))
    return extracted(
        source, out, limits=own, face_type=face_type, size_px=size_px, wanted=wanted, tools=tools, add=add,
        progress=progress,
    )  # fmt: skip


def may_identify() -> bool:
    """Whether people can be told apart on this machine."""
    return identity_present()


def record_consent(
    path: Path,
    *,
    person: str,
    how: str,
    scope: Collection[ConsentScope],
    basis: ConsentBasis,
    adult: bool,
    given_at: datetime | None,
    recorded_by: str,
) -> FaceSet:
    """Record in a set who allowed what; a record that was there is replaced.

    Raises:
        ConsentError: it is not declared that the person is of age, or the record says too little.
        FaceSetError: there is no such set.
    """
    if not adult:
        raise ConsentError("Faces of minors are not used: the person must be of age, which --adult declares.")
    now = datetime.now(UTC)
    if given_at is not None and given_at > now:
        raise ConsentError("A consent cannot have been given in the future.")
    try:
        record = ConsentRecord(person, how, given_at or now, frozenset(scope), basis, recorded_by=recorded_by)
    except ValueError as error:
        raise ConsentError(f"The consent says too little: {error}.") from error
    write_consent(path, record)
    return load_face_set(path)


def about(path: Path) -> SetAbout:
    """Return a set in numbers.

    Raises:
        FaceSetError: there is no set, or it is damaged.
    """
    face_set = load_face_set(path)
    reasons: dict[str, int] = {}
    for row in read_contents(path).rows:
        if row.pruned is not None:
            reason = tidy.TWICE + " another" if row.pruned.startswith(tidy.TWICE) else row.pruned
            reasons[reason] = reasons.get(reason, 0) + 1
    faces = face_set.faces
    return SetAbout(
        face_set,
        _quartiles([face.yaw_deg for face in faces]),
        _quartiles([face.pitch_deg for face in faces]),
        _quartiles([face.face_px for face in faces]),
        len({face.source for face in faces}),
        reasons,
        sheet.missing(Coverage.of(face_set)),
    )


def prune(path: Path, tidying: Tidying, *, try_only: bool, progress: ProgressCallback) -> dict[str, str]:
    """Sort out of a set what does not belong there, and return it: picture names to reasons.

    Args:
        path: the set.
        tidying: what to look for.
        try_only: sort nothing out.
        progress: called with every picture that was read.

    Raises:
        FaceSetError: there is no set, or nothing would be left of it.
        WeightsError: people are to be told apart and cannot be here.
    """
    face_set = load_face_set(path)
    reasons = tidy.to_prune(face_set, tidying, load_identity() if tidying.others else None, progress)
    if reasons and not try_only:
        set_writer.prune(path, reasons)
    return reasons


def restore(path: Path, names: Collection[str] | None = None) -> int:
    """Take back what was sorted out of a set, all or these pictures; return how many faces that were.

    Raises:
        FaceSetError: there is no set, or it has no such picture.
    """
    contents = read_contents(path)
    unknown = set(names or ()) - {row.face.name for row in contents.rows}
    if unknown:
        raise FaceSetError(f"There is no picture {min(unknown)} in the set.")
    return len(set_writer.restore(path, names).faces) - len(contents.faces)


def sorted_faces(path: Path, by: str) -> list[tuple[str, float | str]]:
    """Return the pictures of a set in one of `ORDERS`, with what they are sorted by.

    Raises:
        FaceSetError: there is no set.
    """
    keys = {"yaw": "yaw_deg", "pitch": "pitch_deg", "sharpness": "sharpness", "size": "face_px", "time": "time_s"}
    return [(face.name, getattr(face, keys[by])) for face in sheet.in_order(load_face_set(path), by)]


def sheet_png(path: Path, by: str) -> bytes:
    """Return a PNG of a set's faces in one of `ORDERS`, with the turns of the head that it covers.

    Raises:
        FaceSetError: there is no set, or a picture of it is damaged.
    """
    return sheet.sheet_png(load_face_set(path), by)


def _identity(wanted: bool) -> Identity | None:
    return load_identity() if wanted and identity_present() else None


def _longer(limits: VideoLimits) -> VideoLimits:
    return limits.model_copy(
        update={
            "max_duration_s": max(limits.max_duration_s, LONGEST_S),
            "max_frames": max(limits.max_frames, MOST_FRAMES),
            "max_bytes": max(limits.max_bytes, LARGEST_BYTES),
            "child_cpu_s": max(limits.child_cpu_s, int(4 * LONGEST_S)),
            "child_wall_s": max(limits.child_wall_s, 12 * LONGEST_S),
        }
    )


def _quartiles(values: list[float]) -> tuple[float, ...]:
    return tuple(float(value) for value in np.quantile(values, (0.25, 0.5, 0.75))) if values else (0.0, 0.0, 0.0)
