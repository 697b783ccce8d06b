from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from core.evaluation.swap_quality import (
    correlation_with_interval,
    distances,
    expression_error,
    landmark_error,
    look_at,
    mean_with_interval,
    self_likeness,
    ssim,
)
from core.faces.geometry import bounding_box
from core.faces.models import FaceModels, load_face_models
from core.faces.pose import canonical_mesh
from core.swap.merge import MergedPair
from core.swap.public_faces import PUBLIC_FACES
from core.swap.puppet import Puppet
from core.swap.puppet_motion import Moment, draw_moments
from core.types import DrawnFaces, MergedFrame, TrainedSwap
from tests.synth.face_sets import consent

RNG = np.random.default_rng(3)


def picture(seed: int = 1, size: int = 96) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)


def clip_of_faces(frames: int = 40, wide: float = 1.0) -> NDArray[np.float64]:
    """Landmarks (N, 468, 2) of a face whose mouth is open by another width in every frame."""
    points = np.repeat(canonical_mesh()[None, :, :2] * [60 * wide, 60], frames, axis=0) + 150
    points[:, 14, 1] += 8 * np.random.default_rng(5).random(frames)
    return points


@pytest.fixture(scope="module")
def models() -> FaceModels:
    return load_face_models()


@pytest.fixture(scope="module")
def puppets(models: FaceModels) -> dict[str, Puppet]:
    return {name: Puppet.of(face.read(), models, 256) for name, face in PUBLIC_FACES.items()}


def pairs(
    filmed: Puppet, merged: Puppet, moments: list[Moment], other: list[Moment], strength: float = 1.0
) -> Iterator[MergedPair]:
    for moment, shown in zip(moments, other, strict=True):
        box = bounding_box(filmed.landmarks_px(moment))[None]
        yield MergedPair(filmed.draw(moment), MergedFrame(moment.time_s, merged.draw(shown), box), strength)


def test_ssim_is_that_of_scikit_image() -> None:
    one, two = picture(1), picture(2)
    near = np.clip(one.astype(int) + np.random.default_rng(0).normal(0, 20, one.shape), 0, 255).astype(np.uint8)
    for other in (two, near):
        import cv2

        grey = [cv2.cvtColor(p, cv2.COLOR_RGB2GRAY) for p in (one, other)]
        expected = structural_similarity(*grey, gaussian_weights=True, use_sample_covariance=False, data_range=255)
        inner = np.zeros((96, 96))
        inner[5:-5, 5:-5] = 1
        assert ssim(one, other, inner) == pytest.approx(expected, abs=2e-3)


def test_ssim_looks_under_the_mask_only() -> None:
    one, two = picture(1), picture(1).copy()
    two[:40] = 0
    mask = np.zeros((96, 96))
    mask[60:] = 1
    assert ssim(one, two, mask) == pytest.approx(1)
    assert ssim(one, two) < 0.9


def test_a_face_that_is_drawn_elsewhere_has_that_error() -> None:
    driver = clip_of_faces()
    eyes = np.linalg.norm(driver[0, 33] - driver[0, 263])
    assert landmark_error(driver, driver + np.array([0.05 * eyes, 0])) == pytest.approx(np.full(40, 0.05))


def test_the_shape_of_another_face_is_no_error_of_expression() -> None:
    driver, wider = clip_of_faces(), clip_of_faces(wide=1.15)
    same, chance = expression_error(driver, wider)
    assert landmark_error(driver, wider).mean() > 0.03
    assert same.mean() < 0.2 * chance


def test_a_face_that_does_not_follow_is_as_bad_as_chance() -> None:
    driver = clip_of_faces()
    error, chance = expression_error(driver, np.roll(driver, 7, axis=0))
    assert error.mean() == pytest.approx(chance, rel=0.35)


def test_the_same_person_in_the_same_moment_is_seen_as_no_change(
    models: FaceModels, puppets: dict[str, Puppet]
) -> None:
    moments = draw_moments(3, 3.0, Fraction(3))
    seen = look_at(pairs(puppets["hopper"], puppets["hopper"], moments, moments), models)
    assert landmark_error(*seen.landmarks_px).max() < 1e-6
    assert np.allclose(seen.pose_deg[0], seen.pose_deg[1])
    assert seen.embeddings is None


def test_a_head_that_turns_elsewhere_is_a_pose_error(models: FaceModels, puppets: dict[str, Puppet]) -> None:
    moments = [replace(moment, yaw_deg=0.0) for moment in draw_moments(3, 2.0, Fraction(3))]
    turned = [replace(moment, yaw_deg=15.0) for moment in moments]
    seen = look_at(pairs(puppets["hopper"], puppets["hopper"], moments, turned), models)
    assert np.mean(seen.pose_deg[1, :, 0] - seen.pose_deg[0, :, 0]) == pytest.approx(15, abs=5)


def test_whom_one_sees_after_a_swap_is_told_by_the_embedding(models: FaceModels, puppets: dict[str, Puppet]) -> None:
    moments = draw_moments(3, 2.0, Fraction(3))

    def embed(rgb: NDArray[np.uint8], landmarks_px: NDArray[np.floating]) -> NDArray[np.float32]:
        return np.full(128, rgb.mean() / 255, np.float32)

    seen = look_at(pairs(puppets["collins"], puppets["hopper"], moments, moments), models, embed)
    assert seen.embeddings is not None
    target = np.array([embed(puppets["hopper"].draw(moment), np.zeros((468, 2))) for moment in moments], np.float64)
    assert distances(seen.embeddings[1], target).max() < distances(seen.embeddings[0], target).min()


def test_frames_that_were_hardly_swapped_are_left_out_and_counted(
    models: FaceModels, puppets: dict[str, Puppet]
) -> None:
    moments = draw_moments(3, 1.0, Fraction(3))
    faint = list(pairs(puppets["hopper"], puppets["hopper"], moments[:1], moments[:1], strength=0.3))
    seen = look_at([*faint, *pairs(puppets["hopper"], puppets["hopper"], moments[1:], moments[1:])], models)
    assert (len(seen.times_s), seen.left_out) == (2, 1)
    with pytest.raises(ValueError, match="no frame"):
        look_at(faint, models)


class Copier:
    """Draws what it is shown, one shade darker."""

    about = TrainedSwap("0" * 64, "a", "b", 1, "df", 96, "full", consent())  # type: ignore[arg-type]

    def draw(self, faces: NDArray[np.uint8]) -> DrawnFaces:
        ones = np.ones(faces.shape[:3], np.float32)
        return DrawnFaces((faces * 0.9).astype(np.uint8), ones, ones)


def test_likeness_is_to_the_truth_and_not_to_what_went_in() -> None:
    landmarks = canonical_mesh()[:, :2] * 20 + 48
    shown, true = picture(1), picture(2)
    ((drawn_as_shown, _),) = self_likeness(Copier(), [(shown, shown, landmarks)])
    ((drawn, before),) = self_likeness(Copier(), [(shown, true, landmarks)])
    assert drawn_as_shown > 0.95
    assert drawn < 0.2
    assert before < 0.2


def test_an_interval_is_of_seconds_and_not_of_frames() -> None:
    times = np.arange(250) / 25
    by_second = np.repeat(RNG.normal(size=10), 25)
    interval = mean_with_interval(by_second, times)
    assert interval.high - interval.low > 3 * by_second.std() / np.sqrt(250) * 2
    assert correlation_with_interval(by_second, 2 * by_second, times).low == pytest.approx(1)
