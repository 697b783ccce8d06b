"""What does not belong in a set: blurred faces, turned ones, pictures that are nearly there twice, and other people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.swap.face_set import read_picture
from core.swap.identity import SAME_PERSON, Identity, middle, people
from core.types import FaceSet, Progress, ProgressCallback, Stage, SwapFace

BLURRED, TURNED, SMALL = "blurred", "turned too far", "too small"
TWICE, SOMEBODY_ELSE = "nearly the same as", "somebody else"
SMALL_PX = 32
CLUSTERED = 2000
"""Faces that are clustered to tell people apart; those between them go by the nearest group's mean."""

Row = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Tidying:
    """What to sort out; None leaves that out.

    `min_sharpness` and `blurriest` (a share, 0..1) go by `SwapFace.sharpness`; `duplicates` is the mean difference of
    brightness (0..255) below which two crops count as one, of which the sharper stays; `others` keeps the person with
    most faces.
    """

    min_sharpness: float | None = None
    blurriest: float | None = None
    max_yaw_deg: float | None = None
    max_pitch_deg: float | None = None
    min_face_px: float | None = None
    duplicates: float | None = None
    others: bool = False


def to_prune(
    face_set: FaceSet, tidying: Tidying, identity: Identity | None = None, progress: ProgressCallback | None = None
) -> dict[str, str]:
    """Return which pictures do not belong in the set, by name, and why.

    Args:
        face_set: the set.
        tidying: what to look for.
        identity: tells people apart; needed for `others`.
        progress: called with every picture that was read.
    """
    reasons = by_numbers(face_set, tidying)
    left = [face for face in face_set.faces if face.name not in reasons]
    if tidying.others and identity is not None:
        rows = _each(face_set, left, lambda rgb, face: identity.embed(rgb, face.landmarks_px), progress)
        reasons |= {face.name: SOMEBODY_ELSE for face, of in zip(left, groups(rows), strict=True) if of > 0}
        left = [face for face in left if face.name not in reasons]
    if tidying.duplicates is not None:
        rows = _each(face_set, left, lambda rgb, face: small_grey(rgb, face.landmarks_px), progress)
        reasons |= duplicates(left, rows, tidying.duplicates)
    return reasons


def by_numbers(face_set: FaceSet, tidying: Tidying) -> dict[str, str]:
    """Return what goes by what is known of the faces without their pictures, and why."""
    sharp = [face.sharpness for face in face_set.faces]
    least = max(tidying.min_sharpness or 0.0, float(np.quantile(sharp, tidying.blurriest or 0.0)) if sharp else 0.0)
    reasons = {}
    for face in face_set.faces:
        if abs(face.yaw_deg) > (tidying.max_yaw_deg or np.inf) or abs(face.pitch_deg) > (
            tidying.max_pitch_deg or np.inf
        ):
            reasons[face.name] = TURNED
        elif face.face_px < (tidying.min_face_px or 0.0):
            reasons[face.name] = SMALL
        elif face.sharpness < least:
            reasons[face.name] = BLURRED
    return reasons


def groups(embeddings: Row) -> NDArray[np.intp]:
    """Return for each of N faces (N, 128) the number of its person, the person with most faces first."""
    if len(embeddings) <= CLUSTERED:
        return people(embeddings)
    some = np.linspace(0, len(embeddings) - 1, CLUSTERED).round().astype(np.intp)
    found = people(embeddings[some])
    means = np.stack([middle(embeddings[some][found == number]) for number in range(found.max() + 1)])
    distances = np.linalg.norm(embeddings[:, None] - means[None], axis=2)
    nearest: NDArray[np.intp] = distances.argmin(axis=1)
    nearest[distances.min(axis=1) >= SAME_PERSON] = found.max() + 1
    return nearest


def duplicates(faces: Sequence[SwapFace], rows: Row, limit: float) -> dict[str, str]:
    """Return which of N faces are nearly the same as a sharper one (rows: (N, P) brightness), and as which."""
    reasons: dict[str, str] = {}
    kept: list[int] = []
    for number in sorted(range(len(faces)), key=lambda n: -faces[n].sharpness):
        if kept:
            distances = np.abs(rows[kept] - rows[number]).mean(axis=1)
            if distances.min() < limit:
                reasons[faces[number].name] = f"{TWICE} {faces[kept[int(distances.argmin())]].name}"
                continue
        kept.append(number)
    return reasons


def small_grey(rgb: NDArray[np.uint8], landmarks_px: NDArray[np.floating]) -> Row:
    """Return the brightness (1024,), 0..255, of the face in a crop, as 32 × 32 pixels.

    Fine detail and noise are gone, expression is not; what moves behind the face does not count.
    """
    low = np.clip(np.floor(landmarks_px.min(axis=0)).astype(int), 0, rgb.shape[0] - 8)
    high = np.clip(np.ceil(landmarks_px.max(axis=0)).astype(int), low + 8, rgb.shape[0])
    grey = cv2.cvtColor(rgb[low[1] : high[1], low[0] : high[0]], cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (SMALL_PX, SMALL_PX), interpolation=cv2.INTER_AREA), np.float32).ravel()


def _each(
    face_set: FaceSet,
    faces: Sequence[SwapFace],
    measure: Callable[[NDArray[np.uint8], SwapFace], Row],
    progress: ProgressCallback | None,
) -> Row:
    """Return a row of numbers for the picture of every face."""
    rows = []
    for number, face in enumerate(faces):
        rows.append(measure(read_picture(face_set, face), face))
        if progress is not None:
            progress(Progress(Stage.FRAMES, number + 1, len(faces), None))
    return np.stack(rows) if rows else np.zeros((0, 1), np.float32)
