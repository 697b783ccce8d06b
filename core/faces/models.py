"""The networks of this room, loaded once and handed to whoever looks for faces."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import WeightsError
from core.faces.eyes import EyeReader
from core.faces.finder import FaceFinder
from core.faces.mesh import FaceMesh
from models.registry import WeightFileError, weight_hashes, weight_path

FINDER_WEIGHTS = "face-detector-rfb-320"
MESH_WEIGHTS = "face-mesh-468"
EYE_WEIGHTS = "iris-landmarks"
NAMES = (FINDER_WEIGHTS, MESH_WEIGHTS, EYE_WEIGHTS)


@dataclass(frozen=True, slots=True)
class FaceModels:
    """Detector, mesh and eyes, and the sha256 of their weights by name. Not to be shared between threads."""

    finder: FaceFinder
    mesh: FaceMesh
    eyes: EyeReader
    weights: dict[str, str]


def load_face_models(threads: int = 1) -> FaceModels:
    """Return the networks; more `threads` than one helps little, for they are small.

    Raises:
        WeightsError: a weight file is missing or altered; the sentence says how to get it.
    """
    try:
        finder, mesh, eyes = (weight_path(name) for name in NAMES)
    except WeightFileError as error:
        raise WeightsError(str(error)) from error
    return FaceModels(
        FaceFinder(finder, threads), FaceMesh(mesh, threads), EyeReader(eyes, threads), weight_hashes(NAMES)
    )
