"""Colour transfer: what each method promises holds of the picture that comes back."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.swap.colour import recoloured, statistics, transfer

RNG = np.random.default_rng(5)
MASK = np.zeros((40, 40), np.float32)
MASK[8:32, 8:32] = 1


def picture(mean: tuple[float, float, float], spread: float, seed: int) -> np.ndarray:
    """Colours (40, 40, 3) in 0..1 around a mean, whose channels go together."""
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(40, 40, 3)) @ rng.normal(size=(3, 3))
    return np.clip(np.array(mean) + spread * mixed, 0.02, 0.98).astype(np.float32)


GIVEN, LIKE = picture((0.6, 0.4, 0.35), 0.03, 1), picture((0.35, 0.4, 0.6), 0.05, 2)


@pytest.mark.parametrize("method", ["lct", "mkl"])
def test_means_and_covariances_become_those_asked_for(method: str) -> None:
    mean, covariance = statistics(recoloured(GIVEN, LIKE, MASK, MASK, method), MASK)
    wanted_mean, wanted_covariance = statistics(LIKE, MASK)
    assert np.allclose(mean, wanted_mean, atol=1e-4)
    assert np.allclose(covariance, wanted_covariance, atol=1e-5)


def test_rct_gives_the_means_and_spreads_in_lab() -> None:
    like = picture((0.5, 0.5, 0.45), 0.02, 3)  # near enough that no colour leaves what a screen can show
    changed = recoloured(GIVEN, like, MASK, MASK, "rct")
    (mean, covariance), (wanted_mean, wanted) = (
        statistics(cv2.cvtColor(one, cv2.COLOR_RGB2Lab), MASK) for one in (changed, like)
    )
    assert np.allclose(mean, wanted_mean, atol=0.3)
    assert np.allclose(np.sqrt(np.diag(covariance)), np.sqrt(np.diag(wanted)), rtol=0.05)


def test_mkl_changes_colours_least() -> None:
    changes = {
        method: np.square(recoloured(GIVEN, LIKE, MASK, MASK, method) - GIVEN)[MASK > 0].mean()
        for method in ("lct", "mkl")
    }
    assert changes["mkl"] < changes["lct"]


@pytest.mark.parametrize("method", ["rct", "lct", "mkl"])
def test_a_picture_like_itself_stays(method: str) -> None:
    rgb = np.rint(255 * GIVEN).astype(np.uint8)
    assert np.abs(transfer(rgb, rgb, MASK, method).astype(int) - rgb).max() <= 1


@pytest.mark.parametrize("method", ["rct", "lct", "mkl"])
def test_what_the_masks_hide_does_not_count(method: str) -> None:
    given, like = (np.rint(255 * one).astype(np.uint8) for one in (GIVEN, LIKE))
    other, other_like = given.copy(), like.copy()
    other[MASK == 0], other_like[MASK == 0] = 255, 0
    inside = MASK > 0
    assert np.array_equal(
        transfer(given, like, MASK, method)[inside], transfer(other, other_like, MASK, method)[inside]
    )


@pytest.mark.parametrize("method", ["rct", "lct", "mkl"])
def test_one_colour_is_no_reason_to_fail(method: str) -> None:
    flat, bright = np.full((8, 8, 3), 90, np.uint8), np.full((6, 6, 3), 200, np.uint8)
    assert np.abs(transfer(flat, bright, None, method).astype(int) - 200).max() <= 1


def test_the_input_stays_as_it_is_and_none_changes_nothing() -> None:
    rgb, like = RNG.integers(0, 255, (8, 8, 3), dtype=np.uint8), np.full((8, 8, 3), 9, np.uint8)
    before = rgb.copy()
    transfer(rgb, like, None, "rct")
    assert np.array_equal(rgb, before)
    assert np.array_equal(transfer(rgb, like, None, "none"), rgb)
    assert np.array_equal(transfer(rgb, like, np.zeros((8, 8), np.float32), "rct"), rgb)
