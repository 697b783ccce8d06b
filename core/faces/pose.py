"""Which way a head is turned, from its mesh.

The mesh is compared with the mean frontal face (`canonical_mesh.csv`) by the rotation that brings one nearest to the
other (Kabsch 1976), over points that facial expression hardly moves.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RIGID_POINTS = (
    *(10, 109, 338, 151, 9, 8, 168, 6, 197, 195, 5, 4, 1),  # middle of the forehead, nose bridge and tip
    *(33, 133, 362, 263, 130, 359),  # corners of the eyes
    *(54, 284, 21, 251, 162, 389, 127, 356, 234, 454, 93, 323),  # temples and before the ears
    *(117, 346, 50, 280, 101, 330, 98, 327),  # cheekbones, wings of the nose
)


class HeadPose(NamedTuple):
    """Degrees. Yaw > 0: to the person's own left (right of the picture); pitch > 0: up; roll > 0: clockwise as seen."""

    yaw_deg: float
    pitch_deg: float
    roll_deg: float


@cache
def canonical_mesh() -> NDArray[np.float64]:
    """Return the mean frontal face (468, 3): x to the right of the picture, y down, z away; read-only."""
    points = np.loadtxt(Path(__file__).with_name("canonical_mesh.csv"), delimiter=",")
    points.flags.writeable = False
    return points


def head_pose(mesh_px: NDArray[np.floating]) -> HeadPose:
    """Return the pose of a mesh (468, 3) in pixels, z away from the camera in the same unit.

    Zero is the mean of the portraits that the frontal face was made from. The network flattens faces that are
    turned far: beyond about 50 degrees the yaw is too small, and a full profile reads about 60 to 70.
    """
    points = np.asarray(mesh_px, np.float64)[list(RIGID_POINTS)]
    model = canonical_mesh()[list(RIGID_POINTS)]
    left, _, right = np.linalg.svd((points - points.mean(axis=0)).T @ (model - model.mean(axis=0)))
    turn = left @ np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))]) @ right
    roll = np.arctan2(turn[1, 0], turn[0, 0])
    cos, sin = np.cos(roll), np.sin(roll)
    x, y, z = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]]) @ -turn[:, 2]  # where the upright face looks
    yaw, pitch = np.arctan2(x, -z), -np.arcsin(np.clip(y, -1, 1))
    return HeadPose(*(float(angle) for angle in np.degrees([yaw, pitch, roll])))
