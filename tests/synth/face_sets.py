"""Small sets of faces, drawn from the mean face: nobody is shown."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from core.faces.pose import canonical_mesh
from core.swap.consent import write_consent
from core.swap.geometry import face_matrix, moved
from core.swap.set_writer import FaceSetWriter
from core.types import ConsentBasis, ConsentRecord, ConsentScope, FaceSet, FaceType, SwapFace

EVERYTHING = frozenset(ConsentScope)


def turned_mesh(
    yaw_deg: float = 0.0, pitch_deg: float = 0.0, size_px: float = 200.0, middle_px: float = 300.0
) -> np.ndarray:
    """The mean face (468, 3) in pixels, `size_px` high, seen from far away while it looks that way."""
    yaw, pitch = np.radians([yaw_deg, pitch_deg])
    about_y = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
    mesh = canonical_mesh()
    middle = (mesh.min(axis=0) + mesh.max(axis=0)) / 2
    return (mesh - middle) @ (about_y @ about_x).T * (size_px / np.ptp(mesh[:, 1])) + np.array([middle_px] * 2 + [0.0])


def consent(person: str = "Nobody", scope: frozenset[ConsentScope] = EVERYTHING) -> ConsentRecord:
    """A record for faces that were drawn."""
    given = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    return ConsentRecord(person, "drawn by the tests", given, scope, ConsentBasis.RENDERED)


def face(
    yaw_deg: float = 0.0,
    pitch_deg: float = 0.0,
    *,
    face_type: FaceType = FaceType.FULL,
    size_px: int = 96,
    **more: float,
) -> SwapFace:
    """One face without its picture."""
    mesh = turned_mesh(yaw_deg, pitch_deg)
    matrix = face_matrix(mesh, face_type, size_px)
    return SwapFace(
        name="",
        source="drawn.mp4",
        frame_index=int(more.get("frame_index", 0)),
        time_s=more.get("frame_index", 0) / 25,
        landmarks_px=moved(mesh, matrix),
        frame_to_crop=matrix,
        yaw_deg=yaw_deg,
        pitch_deg=pitch_deg,
        roll_deg=0.0,
        sharpness=more.get("sharpness", 10.0),
        face_px=200.0,
    )


def write_set(
    path: Path,
    poses: list[tuple[float, float]] | None = None,
    *,
    face_type: FaceType = FaceType.FULL,
    size_px: int = 96,
    record: ConsentRecord | None = None,
    add: bool = False,
) -> FaceSet:
    """A set of one noisy picture for each (yaw, pitch), with consent where a record is given."""
    rng = np.random.default_rng(len(poses or ()))
    with FaceSetWriter(path, face_type, size_px, add=add) as writer:
        for number, (yaw, pitch) in enumerate(poses or [(0.0, 0.0)]):
            rgb = rng.integers(0, 255, (size_px, size_px, 3), dtype=np.uint8)
            writer.add(rgb, face(yaw, pitch, face_type=face_type, size_px=size_px, frame_index=number))
        made = writer.commit()
    if record is not None:
        write_consent(path, record)
    return made
