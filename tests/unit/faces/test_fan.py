"""The second aligner says clearly what it lacks and never fetches by itself."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from core.errors import WeightsError
from core.faces import FaceModels, fan
from core.faces.landmarks import ibug68
from core.types import FaceObservation, Frame


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the weights would be; the folder is empty."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    path = fan.fan_weights_path()
    path.parent.mkdir(parents=True)
    return path


def test_without_weights_a_sentence_says_what_to_do(weights: Path) -> None:
    assert not fan.fan_weights_present()
    with pytest.raises(WeightsError, match=r"2DFAN4-11f355bf06\.pth\.tar.*facepulse models fetch.*TORCH_HOME"):
        fan.FanAligner()


def test_damaged_weights_are_refused(weights: Path) -> None:
    weights.write_bytes(b"half of a download")
    with pytest.raises(WeightsError, match="damaged"):
        fan.FanAligner()


def test_a_failed_download_is_one_sentence(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network() -> None:
        raise OSError("[Errno -2] Name or service not known")

    monkeypatch.setattr(fan, "_load_fan", no_network)
    with pytest.raises(WeightsError, match="could not be fetched; download https://") as caught:
        fan.fetch_fan_weights()
    assert "Errno" not in str(caught.value)
    assert isinstance(caught.value.__cause__, OSError)


def test_a_download_of_something_else_is_refused(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fan, "_load_fan", lambda: weights.write_bytes(b"<html>moved</html>"))
    with pytest.raises(WeightsError, match="could not be fetched"):
        fan.fetch_fan_weights()


def test_boxes_go_to_the_library_and_its_points_come_back(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Library:
        def get_landmarks_from_image(self, image: np.ndarray, detected_faces: list[np.ndarray]) -> list[np.ndarray]:
            return [np.tile(box[:2], (68, 1)) for box in detected_faces]

    weights.write_bytes(b"weights")
    monkeypatch.setattr(fan, "FAN_SHA256_START", hashlib.sha256(b"weights").hexdigest()[:10])
    monkeypatch.setattr(fan, "_load_fan", Library)
    aligner: fan.Aligner = fan.FanAligner()
    picture = np.zeros((40, 40, 3), np.uint8)
    points = aligner.landmarks(picture, np.array([[1, 2, 30, 31], [5, 6, 20, 21]], np.float32))
    assert points.shape == (2, 68, 2)
    assert points[:, 0].tolist() == [[1, 2], [5, 6]]
    assert aligner.landmarks(picture, np.zeros((0, 4))).shape == (0, 68, 2)


def test_the_mesh_keeps_the_same_contract(models: FaceModels, picture: Frame, face: FaceObservation) -> None:
    aligner: fan.Aligner = fan.MeshAligner(models)
    points = aligner.landmarks(picture.rgb, face.box_xyxy_px[None])
    assert points.shape == (1, 68, 2)
    assert np.abs(points[0] - ibug68(face.landmarks_px)).mean() < 0.02 * np.ptp(face.landmarks_px[:, 1])
