"""Face sets as training needs them: all pictures at the network's size, with masks and what matters most in them."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import FaceSetError
from core.swap.augment import Person, outline, priority
from core.swap.face_set import read_picture
from core.types import FaceSet, SwapFace

FEWEST_FACES = 8
MASKS = "masks"
"""Folder in a set with a picture of the same name for each face: what is in front of it is black there."""


def person(face_set: FaceSet, size_px: int, tell: Callable[[int, int], None] | None = None) -> Person:
    """Return the faces of a set at `size_px`.

    Args:
        face_set: its pictures are read.
        size_px: side of the pictures that come back.
        tell: called with how many were read, and of how many.

    Raises:
        FaceSetError: there are fewer than 8, or a picture is missing or changed.
    """
    faces = face_set.faces
    if len(faces) < FEWEST_FACES:
        raise FaceSetError(f"The face set {face_set.path} has {len(faces)} faces; at least {FEWEST_FACES} are needed.")
    shape = (len(faces), size_px, size_px)
    rgb, mask, matters = np.empty((*shape, 3), np.uint8), np.empty(shape, np.uint8), np.empty(shape, np.uint8)
    for row, face in enumerate(faces):
        rgb[row] = resized(read_picture(face_set, face), size_px)
        landmarks = face.landmarks_px * (size_px / face_set.size_px)
        mask[row] = np.minimum(outline(landmarks, size_px), _free(face_set, face, size_px))
        matters[row] = np.minimum(priority(landmarks, size_px), mask[row])
        if tell is not None:
            tell(row + 1, len(faces))
    return Person(rgb, mask, matters, np.array([face.yaw_deg for face in faces], np.float32))


def resized(picture: NDArray[np.uint8], size_px: int) -> NDArray[np.uint8]:
    """Return a square picture (S, S[, 3]) at another size."""
    if picture.shape[0] == size_px:
        return picture
    how = cv2.INTER_AREA if picture.shape[0] > size_px else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (size_px, size_px), interpolation=how), np.uint8)


def _free(face_set: FaceSet, face: SwapFace, size_px: int) -> NDArray[np.uint8]:
    """Return 255 where nothing is in front of the face, (S, S); all of it where no mask was made."""
    path = face_set.path / MASKS / face.name
    if not path.is_file():
        return np.full((size_px, size_px), 255, np.uint8)
    mask = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
    if mask is None or mask.shape != (face_set.size_px, face_set.size_px):
        raise FaceSetError(f"The mask {face.name} of the face set {face_set.path} is damaged.")
    return resized(np.asarray(mask, np.uint8), size_px)
