"""Sets of aligned faces, as training and merging read them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import FaceSetError
from core.swap.consent import read_consent
from core.swap.set_files import PICTURES, PRUNED, read_contents, set_sha256
from core.types import FaceSet, SwapFace

_PNG_HEAD = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


def load_face_set(path: Path) -> FaceSet:
    """Return the set in folder `path`, without its pictures; faces that were pruned are left out.

    Its consent is None where none was recorded since pictures were last added or taken back.

    Raises:
        FaceSetError: there is no set, or its files are damaged.
        ConsentError: its consent record cannot be read.
    """
    contents = read_contents(path)
    consent = read_consent(path, contents)
    return FaceSet(path, set_sha256(contents.faces), contents.face_type, contents.size_px, contents.faces, consent)


def read_picture(face_set: FaceSet, face: SwapFace) -> NDArray[np.uint8]:
    """Return the crop (S, S, 3) uint8 RGB of a face of the set.

    Raises:
        FaceSetError: it is not there, or not the one that was put in.
    """
    path = picture_path(face_set.path, face.name)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FaceSetError(f"The picture {face.name} of the face set {face_set.path} cannot be read.") from error
    size = face_set.size_px.to_bytes(4, "big")
    if hashlib.sha256(content).hexdigest() != face.sha256 or not content.startswith(_PNG_HEAD + size + size):
        raise FaceSetError(f"The picture {face.name} of the face set {face_set.path} was changed or is damaged.")
    bgr = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise FaceSetError(f"The picture {face.name} of the face set {face_set.path} is damaged.")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def picture_path(folder: Path, name: str) -> Path:
    """Return where a face's picture is: a stop between two steps of pruning may have left it in either folder."""
    paths = (folder / PICTURES / name, folder / PRUNED / name)
    return next((path for path in paths if path.is_file()), paths[0])
