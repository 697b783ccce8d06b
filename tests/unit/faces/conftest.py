"""Networks and one well-lit face, shared by the tests of this room."""

from __future__ import annotations

import numpy as np
import pytest

from core.faces import FaceModels, FaceTracker, load_face_models
from core.types import FaceObservation, Frame
from tests.synth.clips import Scene, frames


@pytest.fixture(scope="session")
def models() -> FaceModels:
    return load_face_models()


@pytest.fixture(scope="session")
def picture() -> Frame:
    """One face of 200 px in the middle of 640×480."""
    (rgb,) = frames(Scene(width_px=640, height_px=480, face_px=200), np.array([0.0]))
    return Frame(0, 0.0, rgb)


@pytest.fixture(scope="session")
def face(models: FaceModels, picture: Frame) -> FaceObservation:
    (observation,) = FaceTracker(models).step(picture)
    return observation
