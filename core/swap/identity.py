"""Who a face is: 128 numbers that lie near to each other for pictures of one person (optional, `.[identity]`).

dlib's face recognition network (King 2017, "High Quality Face Recognition with Deep Metric Learning"). It is used to
keep one person's faces apart from others' and to measure swaps; it names nobody, and its numbers are stored nowhere.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import WeightsError
from core.faces.warp import cut
from models.registry import WeightFileError, weight_path

WEIGHTS = "face-identity"
SAME_PERSON = 0.5
"""Faces nearer than this are taken for one person's: docs/face-sets.md has the measured rates."""
NUMBERS = 128
CHIP_PX = 150
CHIP_MARGIN = 0.25
EYES_AND_NOSE = (263, 362, 33, 133, 2)
"""The mesh's points for dlib's five: outer and inner corner of the left eye, of the right eye, base of the nose."""
_PLACES = np.array([[0.8596, 0.2135], [0.6461, 0.2290], [0.1206, 0.2137], [0.3341, 0.2291], [0.4901, 0.6278]])
"""Where the five lie in the square that the network was trained on (dlib's `get_face_chip_details`)."""


class Identity:
    """The network; one instance is used by one thread at a time. About 15 ms a face."""

    def __init__(self, weights: Path) -> None:
        import dlib  # noqa: PLC0415  (optional)

        self._network: Any = dlib.face_recognition_model_v1(str(weights))

    def embed(self, rgb: NDArray[np.uint8], landmarks_px: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the numbers (128,) of the face with landmarks (468, 2+) in a picture (H, W, 3).

        The Euclidean distance of two faces is mostly below `SAME_PERSON` for one person, above it for two.
        """
        picture = np.ascontiguousarray(chip(rgb, landmarks_px))
        return np.asarray(self._network.compute_face_descriptor(picture), np.float32)


def identity_present() -> bool:
    """Whether the library and the weights are on this machine, without loading them."""
    try:
        weight_path(WEIGHTS)
    except WeightFileError:
        return False
    return importlib.util.find_spec("dlib") is not None


def load_identity() -> Identity:
    """Return the network.

    Raises:
        WeightsError: the library or its weights are not on this machine; the sentence says how to get them.
    """
    if importlib.util.find_spec("dlib") is None:
        raise WeightsError(
            "Telling people apart needs dlib, which is not installed; run `python -m pip install '.[identity]'` "
            "in Facepulse's folder."
        )
    try:
        return Identity(weight_path(WEIGHTS))
    except WeightFileError as error:
        raise WeightsError(str(error)) from error


def chip(rgb: NDArray[np.uint8], landmarks_px: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return the square (150, 150, 3) that the network wants: eyes and nose where dlib puts them.

    dlib's own function takes whole pixels only, which is coarse in small pictures.
    """
    points = np.asarray(landmarks_px, np.float64)[list(EYES_AND_NOSE), :2] @ [1, 1j]
    places = (_PLACES + CHIP_MARGIN) / (1 + 2 * CHIP_MARGIN) * CHIP_PX @ [1, 1j]
    spread = points - points.mean()
    turn = np.vdot(spread, places - places.mean()) / max(np.vdot(spread, spread).real, 1e-9)
    shift = places.mean() - turn * points.mean()
    return cut(rgb, np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]]), CHIP_PX)


def people(embeddings: NDArray[np.float32], limit: float = SAME_PERSON) -> NDArray[np.intp]:
    """Return for each of N faces (N, 128) the number of its person, the person with most faces first.

    Faces are joined from the nearest on while the mean distance between two groups is below `limit`.
    """
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415  (slow to load)

    if len(embeddings) < 2:
        return np.zeros(len(embeddings), np.intp)
    joined = fcluster(linkage(embeddings, "average"), limit, "distance")
    names, counts = np.unique(joined, return_counts=True)
    order = {name: place for place, name in enumerate(names[np.argsort(-counts, kind="stable")])}
    return np.array([order[name] for name in joined], np.intp)


def middle(embeddings: Sequence[NDArray[np.float32]] | NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean (128,) of a person's faces (N, 128)."""
    return np.asarray(np.mean(np.asarray(embeddings), axis=0), np.float32)
