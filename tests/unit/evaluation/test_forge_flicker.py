"""Forged sequences: what wavers, by how much, and that the real twin does not."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from core.evaluation.forge import Damage
from core.evaluation.forge.flicker import Flicker, draw_flicker, flickering_fake, wavering
from core.faces.align import CROP_MARGIN, _canonical_in_crop

SIDE, FRAMES = 256, 6
STILL = Flicker(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, slow=0.5, memory=0.9)


def still_face() -> tuple[np.ndarray, np.ndarray]:
    """The same picture in every frame: all that moves in the fake is its own."""
    noise = np.random.default_rng(0).uniform(0, 255, (SIDE, SIDE, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 4)
    picture = np.clip(128 + 5 * (soft - 127), 0, 255).astype(np.uint8)
    points = _canonical_in_crop(SIDE, CROP_MARGIN).astype(np.float32)
    return np.stack([picture] * FRAMES), np.stack([points] * FRAMES)


def restless(frames: np.ndarray, where: np.ndarray) -> float:
    moved = np.abs(np.diff(frames.astype(float), axis=0)).mean(axis=-1)
    return float(moved[:, where].mean())


@pytest.mark.parametrize("field", ["place_px", "colour_levels", "edge_px"])
def test_the_fake_wavers_where_its_mask_is_and_its_twin_does_not(field: str) -> None:
    crops, landmarks = still_face()
    how = replace(STILL, **{field: 4.0})
    made = flickering_fake(crops, landmarks, np.random.default_rng(8), flicker=how, damage=Damage())
    inside = made.masks.max(axis=0) > 0
    assert restless(made.fake, inside) > 0.1
    assert np.array_equal(made.fake[:, ~inside], made.real[:, ~inside]) and np.array_equal(made.real, crops)


def test_a_fake_told_not_to_waver_lies_as_still_as_its_twin() -> None:
    crops, landmarks = still_face()
    made = flickering_fake(crops, landmarks, np.random.default_rng(8), flicker=STILL, damage=Damage())
    assert np.array_equal(made.fake[1:], made.fake[:-1])
    assert np.abs(made.fake.astype(int) - made.real).mean() > 0.2


def test_equal_seeds_make_equal_sequences_and_the_crops_stay_as_they_were() -> None:
    crops, landmarks = still_face()
    before = crops.copy()
    one, same, other = (flickering_fake(crops[:2], landmarks[:2], np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one.fake, same.fake) and one.made_of == same.made_of
    assert not np.array_equal(one.fake, other.fake)
    assert np.array_equal(crops, before)


def test_what_wavers_has_the_size_asked_for_and_is_slow_or_white_as_asked() -> None:
    how = draw_flicker(np.random.default_rng(0))
    slow = wavering(20000, 2.0, replace(how, slow=1.0, memory=0.95), np.random.default_rng(1))
    white = wavering(20000, 2.0, replace(how, slow=0.0), np.random.default_rng(1))
    assert slow.std() == pytest.approx(2, rel=0.15) and white.std() == pytest.approx(2, rel=0.05)
    assert np.corrcoef(slow[1:], slow[:-1])[0, 1] > 0.9 > 0.1 > abs(np.corrcoef(white[1:], white[:-1])[0, 1])


def test_a_sequence_says_what_it_is_made_of() -> None:
    crops, landmarks = still_face()
    made = flickering_fake(crops[:2], landmarks[:2], np.random.default_rng(3))
    assert made.made_of.startswith("redrawn ") and "wavers by" in made.made_of
