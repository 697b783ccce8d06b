"""What a swap network is shown: warped faces, what is asked for in return, and the same again for the same step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.swap.augment import Person, Recipe, batch, outline, priority, warp_maps
from core.types import FaceType
from tests.synth.face_sets import face
from tests.synth.swaps import SKIN, YAWS, drawn_face

SIZE = 96
STILL = Recipe(faces=3, turn_deg=0, zoom=0, shift=0, warp=0, warp_least=0)


def person(name: str, yaws: tuple[float, ...] = YAWS) -> Person:
    landmarks = [face(yaw, size_px=SIZE).landmarks_px for yaw in yaws]
    return Person(
        np.stack([drawn_face(yaw, SKIN[name], SIZE) for yaw in yaws]),
        np.stack([outline(points, SIZE) for points in landmarks]),
        np.stack([priority(points, SIZE) for points in landmarks]),
        np.array(yaws, np.float32),
    )


SOURCE, TARGET = person("Source"), person("Target")


def test_a_step_has_one_batch_and_steps_differ() -> None:
    first, again, other = (batch(SOURCE, TARGET, Recipe(), 1, number) for number in (7, 7, 8))
    assert np.array_equal(first.target.warped, again.target.warped)
    assert not np.array_equal(first.target.warped, other.target.warped)


def test_without_augmentation_faces_are_shown_as_they_are() -> None:
    shown = batch(SOURCE, TARGET, STILL, 0, 0).source
    for asked, warped, mask in zip(shown.asked, shown.warped, shown.mask, strict=True):
        number = int(np.argmin([np.abs(asked.astype(int) - one).sum() for one in SOURCE.rgb]))
        assert np.array_equal(asked, SOURCE.rgb[number])
        assert np.array_equal(warped, asked)
        assert np.array_equal(mask, SOURCE.mask[number])


def test_only_what_goes_in_is_warped() -> None:
    shown = batch(SOURCE, TARGET, replace(STILL, warp=0.05), 0, 0).source
    for asked, warped in zip(shown.asked, shown.warped, strict=True):
        apart = [np.abs(asked.astype(int) - one).mean() for one in SOURCE.rgb]
        assert min(apart) == 0
        assert 1 < np.abs(asked.astype(int) - warped).mean() < 40


def test_mask_and_priority_move_with_the_face() -> None:
    shown = batch(SOURCE, TARGET, Recipe(faces=8, warp=0, warp_least=0), 3, 0).target
    inside = shown.mask > 250
    assert np.abs(shown.asked[inside].astype(int) - SKIN["Target"]).mean() < 12
    assert np.abs(shown.asked[shown.mask == 0].astype(int) - 60).mean() < 5
    dark = (shown.asked[..., 0] < 40) & (shown.asked[..., 2] < 40)
    assert shown.priority[dark].mean() > 5 * shown.priority[inside & ~dark].mean()


def test_mirrored_faces_are_shown_only_where_it_is_asked_for() -> None:
    turned = person("Source", (30.0,) * 8)
    plain, mirrored = (
        batch(turned, TARGET, replace(STILL, faces=16, mirror=mirror), 0, 0).source.asked for mirror in (False, True)
    )
    flipped = turned.rgb[0][:, ::-1]
    assert all(np.array_equal(one, turned.rgb[0]) for one in plain)
    assert {np.array_equal(one, flipped) for one in mirrored} == {True, False}


def test_rare_turns_of_the_head_are_shown_as_often() -> None:
    many = person("Source", (0.0,) * 30 + (40.0,))
    shares = []
    for uniform in (False, True):
        recipe = replace(STILL, faces=200, uniform_yaw=uniform)
        asked = batch(many, TARGET, recipe, 0, 0).source.asked
        shares.append(np.mean([np.array_equal(one, many.rgb[-1]) for one in asked]))
    assert shares[0] < 0.1 and 0.4 < shares[1] < 0.6


@pytest.mark.parametrize("method", ["rct", "lct", "mkl"])
def test_the_target_gets_the_colours_of_the_source(method: str) -> None:
    shown = batch(SOURCE, TARGET, replace(STILL, colours=method), 0, 0).target
    cheek = np.median(shown.asked[shown.mask == 255], axis=0)
    assert np.abs(cheek - SKIN["Source"]).mean() < 25 < np.abs(cheek - SKIN["Target"]).mean()


def test_the_warp_shrinks_as_the_training_goes_on() -> None:
    recipe = Recipe(warp=0.05, warp_half=1000, warp_least=0.01)
    assert [recipe.warp_at(step) for step in (0, 1000, 10**6)] == [0.05, 0.025, 0.01]
    assert Recipe(warp=0).warp_at(5) == 0


def test_a_bent_grid_stays_near_the_straight_one() -> None:
    asked, warped = warp_maps(SIZE, Recipe(), np.random.default_rng(0))
    assert asked.shape == warped.shape == (SIZE, SIZE, 2)
    assert 0.5 < np.abs(asked - warped).mean() < 0.1 * SIZE


def test_eyes_and_mouth_matter_most() -> None:
    landmarks = face(size_px=SIZE, face_type=FaceType.FULL).landmarks_px
    matters = priority(landmarks, SIZE)
    x, y = np.rint(landmarks[[159, 386, 13, 4, 152]]).astype(int).T
    assert (matters[y, x][:3] > 150).all()
    assert (matters[y, x][3:] < 60).all()
