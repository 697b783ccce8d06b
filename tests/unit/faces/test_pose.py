"""Known turns of the mean face come back, with the signs that FaceObservation promises."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from core.faces import FaceModels, FaceTracker
from core.faces.pose import canonical_mesh, head_pose
from core.types import FaceObservation, Frame


def turned(yaw_deg: float, pitch_deg: float, roll_deg: float) -> np.ndarray:
    """The mean face (468, 3) after nodding, turning and tilting."""
    yaw, pitch, roll = np.radians([yaw_deg, pitch_deg, roll_deg])
    up = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
    left = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    clockwise = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return 80 * canonical_mesh() @ (clockwise @ left @ up).T + (320, 240, 0)


@pytest.mark.parametrize("pose", [(0, 0, 0), (35, 0, 0), (-60, 10, 5), (20, -25, 0), (0, 30, -40), (10, 5, 120)])
def test_known_turns_are_read_back(pose: tuple[float, float, float]) -> None:
    assert head_pose(turned(*pose)) == pytest.approx(pose, abs=0.01)


def test_signs_are_those_of_the_contract() -> None:
    nose, eye = 1, 263
    assert turned(30, 0, 0)[nose, 0] > turned(0, 0, 0)[nose, 0]  # to the right of the picture
    assert turned(0, 30, 0)[nose, 1] < turned(0, 0, 0)[nose, 1]  # up
    assert turned(0, 0, 30)[eye, 1] > turned(0, 0, 0)[eye, 1]  # clockwise as seen


def test_a_frontal_portrait_reads_near_zero(face: FaceObservation) -> None:
    assert abs(face.yaw_deg) < 8
    assert abs(face.pitch_deg) < 12
    assert abs(face.roll_deg) < 8


def observe(models: FaceModels, rgb: np.ndarray) -> FaceObservation:
    (observation,) = FaceTracker(models).step(Frame(0, 0.0, np.ascontiguousarray(rgb)))
    return observation


@pytest.mark.parametrize("degrees", [-30, 15, 40])
def test_a_tilted_picture_rolls_and_its_mirror_rolls_the_other_way(
    models: FaceModels, picture: Frame, degrees: int, face: FaceObservation
) -> None:
    clockwise = cv2.getRotationMatrix2D((320, 240), -degrees, 1)
    tilted = cv2.warpAffine(picture.rgb, clockwise, (640, 480), borderMode=cv2.BORDER_REPLICATE)
    one, mirrored = observe(models, tilted), observe(models, tilted[:, ::-1])
    assert one.roll_deg == pytest.approx(face.roll_deg + degrees, abs=3)
    assert mirrored.roll_deg == pytest.approx(-one.roll_deg, abs=3)
    assert mirrored.yaw_deg == pytest.approx(-one.yaw_deg, abs=5)
    assert mirrored.pitch_deg == pytest.approx(one.pitch_deg, abs=5)


@pytest.mark.parametrize(("clip", "sign"), [("fake/dfdc_brtujopkby.mp4", 1), ("real/hellomeme_nice.mp4", -1)])
def test_real_people_who_look_aside_read_so_and_mirrored_the_other_way(
    models: FaceModels, shared_data: Path, clip: str, sign: int
) -> None:
    with av.open(str(shared_data / "clips" / clip)) as container:
        rgb = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert sign * observe(models, rgb).yaw_deg > 12
    assert sign * observe(models, rgb[:, ::-1]).yaw_deg < -12


def test_the_mean_face_is_symmetric() -> None:
    mesh = canonical_mesh()
    mirrored = mesh * (-1, 1, 1)
    distance = np.linalg.norm(mesh[:, None] - mirrored[None], axis=2)
    assert distance.min(axis=1).max() < 0.001
