"""Real faces in the canonical frame of `core.faces.align`, the material of the forge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.faces import FaceModels
from core.faces.align import CROP_PX, crop, similarity_to_crop
from core.faces.mesh import Mesh, square_around_box, square_around_mesh

MIN_MESH_SCORE = 0.5
MIN_BOX_SHARE = 0.15
"""A face narrower than this share of the photo is somebody in the background."""


@dataclass(frozen=True, slots=True)
class SourceFace:
    """A real face: `rgb` (256, 256, 3) uint8 in the canonical frame, `landmarks_px` (468, 2) in it.

    `person` is equal for pictures of one person as far as that is known: faces are only swapped between persons.
    """

    rgb: NDArray[np.uint8]
    landmarks_px: NDArray[np.float32]
    person: str


def face_in_photo(rgb: NDArray[np.uint8], models: FaceModels, person: str) -> SourceFace | None:
    """Return the largest face of a photo (H, W, 3), or None where no face is seen well enough."""
    mesh = mesh_of_photo(rgb, models)
    return None if mesh is None else cut_face(rgb, mesh.points_px[:, :2], person)


def mesh_of_photo(rgb: NDArray[np.uint8], models: FaceModels) -> Mesh | None:
    """Return the landmarks of the largest face of a photo, or None where no face is seen well enough.

    In a photo that is cut close to the face the detector finds nothing; the whole photo is then tried as its box.
    """
    height, width = rgb.shape[:2]
    boxes = models.finder.find(rgb).boxes_xyxy_px
    wide = [box for box in boxes if box[2] - box[0] >= MIN_BOX_SHARE * width]
    box = max(wide, key=lambda one: float(one[2] - one[0]), default=np.array([0, 0, width, height], np.float32))
    mesh = settled_mesh(rgb, models, box)
    return mesh if mesh.score >= MIN_MESH_SCORE else None


def settled_mesh(rgb: NDArray[np.uint8], models: FaceModels, box_xyxy_px: NDArray[np.floating]) -> Mesh:
    """Return the landmarks fitted twice: the second time in the upright square around the first."""
    first = models.mesh.fit(rgb, square_around_box(box_xyxy_px))
    return models.mesh.fit(rgb, square_around_mesh(first.points_px))


def cut_face(rgb: NDArray[np.uint8], landmarks_px: NDArray[np.floating], person: str) -> SourceFace:
    """Return the face with landmarks (468, 2) of a picture (H, W, 3), in the canonical frame."""
    matrix = similarity_to_crop(landmarks_px)
    moved = np.asarray(landmarks_px, np.float64)[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    return SourceFace(crop(rgb, matrix, CROP_PX), moved.astype(np.float32), person)
