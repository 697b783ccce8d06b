"""Telling people apart."""

from __future__ import annotations

import importlib.util

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import WeightsError
from core.faces import FaceTracker, load_face_models
from core.swap import identity
from core.swap.geometry import face_matrix, moved
from core.types import FaceType, Frame
from models import registry
from tests.synth.clips import portrait

Face = tuple[NDArray[np.uint8], NDArray[np.float32]]


def hopper() -> NDArray[np.uint8]:
    """Rear Admiral Grace Hopper, a public-domain portrait that matplotlib carries."""
    import matplotlib.cbook

    with matplotlib.cbook.get_sample_data("grace_hopper.jpg") as file:
        bgr = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


@pytest.fixture(scope="module")
def network() -> identity.Identity:
    if not identity.identity_present():
        pytest.skip("the extra `identity` is not installed")
    return identity.load_identity()


@pytest.fixture(scope="module")
def faces() -> tuple[Face, Face]:
    models, found = load_face_models(), []
    for rgb in (portrait(), hopper()):
        tracker = FaceTracker(models)
        tracker.step(Frame(0, 0.0, rgb))
        found.append((rgb, tracker.finish()[0].landmarks_px[0]))
    return found[0], found[1]


def test_one_person_is_near_and_another_far(network: identity.Identity, faces: tuple[Face, Face]) -> None:
    (rgb, landmarks), other = faces
    first, second = network.embed(rgb, landmarks), network.embed(*other)
    turn = cv2.getRotationMatrix2D((224.0, 118.0), 20, 0.7)
    dimmed = np.asarray(cv2.warpAffine(rgb, turn, rgb.shape[:2]) * 0.7, np.uint8)
    assert first.shape == (identity.NUMBERS,) and first.dtype == np.float32
    assert np.linalg.norm(first - network.embed(dimmed, moved(landmarks, turn))) < identity.SAME_PERSON
    assert np.linalg.norm(first - second) > identity.SAME_PERSON + 0.1


def test_a_crop_of_a_set_does_as_well_as_its_frame(network: identity.Identity, faces: tuple[Face, Face]) -> None:
    rgb, landmarks = faces[0]
    matrix = face_matrix(landmarks, FaceType.WHOLE, 256)
    cropped = np.asarray(cv2.warpAffine(rgb, matrix.astype(float), (256, 256)), np.uint8)
    distance = np.linalg.norm(network.embed(rgb, landmarks) - network.embed(cropped, moved(landmarks, matrix)))
    assert distance < 0.2


def test_faces_are_grouped_by_person_with_the_most_frequent_first() -> None:
    rng = np.random.default_rng(0)
    anna, ben = np.zeros((2, 128), np.float32)
    ben[:2] = 0.6
    rows = np.stack([ben, anna, anna, ben, anna]) + rng.normal(0, 0.01, (5, 128)).astype(np.float32)
    assert identity.people(rows).tolist() == [1, 0, 0, 1, 0]
    assert identity.people(rows[:1]).tolist() == [0]
    assert identity.people(rows[:0]).tolist() == []


def test_without_the_library_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(WeightsError, match=r"pip install '\.\[identity\]'"):
        identity.load_identity()
    assert not identity.identity_present()


def test_without_the_weights_the_sentence_says_where_they_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("dlib") is None:
        pytest.skip("the extra `identity` is not installed")
    monkeypatch.setattr(registry, "_locate", lambda row: None)
    with pytest.raises(WeightsError, match=r"face_recognition_models==0.3.0"):
        identity.load_identity()
