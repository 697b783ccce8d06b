from __future__ import annotations

import numpy as np
import pytest

from core.evaluation.photo_animation import MOST_EXPRESSION, MOST_SHIFT, MOST_TURN, Animation, animate, damped_motion
from core.faces.pose import canonical_mesh

MESH = canonical_mesh()[:, :2] / np.ptp(canonical_mesh()[:, 0])


def driver(shift: float, frames: int = 30) -> np.ndarray:
    """A head of 100 px that goes to the right and back by `shift` of its width."""
    path = shift * np.sin(np.linspace(0, np.pi, frames))
    return 100 * (MESH[None] + np.column_stack([path, 0 * path])[:, None])


def photo() -> np.ndarray:
    rng = np.random.default_rng(0)
    rough = rng.integers(0, 255, (16, 16, 3)).astype(np.uint8)
    return np.kron(rough, np.ones((16, 16, 1), np.uint8))


def test_the_first_picture_is_the_photo_and_the_face_then_follows_the_driver() -> None:
    points = 120 * MESH + [128, 128]
    pictures = list(animate(photo(), points, driver(0.1), Animation(0.0, 256)))
    assert len(pictures) == 30
    assert np.abs(pictures[0].astype(int) - photo()).mean() < 2
    moved = np.roll(photo(), 12, axis=1)
    middle = (slice(100, 156), slice(100, 156))
    assert (
        np.abs(pictures[15].astype(int) - moved)[middle].mean() < np.abs(photo().astype(int) - moved)[middle].mean() / 3
    )


def test_the_border_of_the_photo_stays() -> None:
    last = list(animate(photo(), 120 * MESH + [128, 128], driver(0.1), Animation(0.0, 256)))[15]
    assert np.abs(last[0].astype(int) - photo()[0]).mean() < 3


def test_motion_is_in_widths_of_the_face_and_never_more_than_a_flat_warp_bears() -> None:
    small, large = damped_motion(driver(0.05), 0.0), damped_motion(3 * driver(0.05), 0.0)
    np.testing.assert_allclose(small, large, atol=1e-9)
    wild = damped_motion(driver(5.0), 0.0)
    assert np.quantile(np.abs(wild), 0.98) <= MOST_SHIFT + MOST_TURN + MOST_EXPRESSION


def test_smoothing_takes_the_trembling_of_the_landmarks_away() -> None:
    rough = driver(0.05) + np.random.default_rng(0).normal(0, 0.5, (30, *MESH.shape))
    jerks = [np.abs(np.diff(damped_motion(rough, s), 2, axis=0)).mean() for s in (0.0, 1.5)]
    assert jerks[1] < jerks[0] / 4


def test_a_photo_drawn_from_fewer_pixels_is_softer() -> None:
    points = 120 * MESH + [128, 128]
    edges = [
        np.abs(np.diff(next(iter(animate(photo(), points, driver(0.1), Animation(0.0, px)))).astype(int), axis=1)).max()
        for px in (256, 96)
    ]
    assert edges[1] < edges[0]


@pytest.mark.parametrize("frames", [2, 30])
def test_a_driver_that_stands_still_leaves_the_photo_alone(frames: int) -> None:
    for picture in animate(photo(), 120 * MESH + [128, 128], driver(0.0, frames), Animation(0.0, 256)):
        assert np.abs(picture.astype(int) - photo()).mean() < 2
