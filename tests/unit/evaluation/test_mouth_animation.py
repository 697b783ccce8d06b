from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.evaluation.mouth_animation import LipSync, drawn_lip_sync, lip_synced, other_moments, redrawn
from core.faces.landmarks import LIPS
from core.faces.pose import canonical_mesh

SIZE, FACE_PX, FRAMES = 240, 130.0, 12
TIMES = np.arange(FRAMES) / 25
PLAIN = LipSync(shift_s=0.16, renderer="filmed", jaw=False, steadied=0.0, matched=0.0)
MESH = canonical_mesh()[:, :2]
FACE = (MESH - MESH.mean(axis=0)) / np.ptp(MESH[:, 0]) * FACE_PX + SIZE / 2
MOUTH = tuple(int(v) for v in FACE[list(LIPS)].mean(axis=0))


def textured(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(60, 190, (SIZE, SIZE, 3)).astype(np.uint8)


def brightening() -> list[np.ndarray]:
    """A flat face that becomes a little brighter with each picture."""
    return [np.full((SIZE, SIZE, 3), 60 + 5 * i, np.uint8) for i in range(FRAMES)]


def at_rest() -> np.ndarray:
    return np.repeat(FACE[None], FRAMES, axis=0)


def made(pictures: list[np.ndarray], how: LipSync, landmarks: np.ndarray | None = None) -> list[np.ndarray]:
    return list(lip_synced(pictures, TIMES, at_rest() if landmarks is None else landmarks, how))


def test_each_moment_is_paired_with_one_later_and_time_never_jumps() -> None:
    other = other_moments(10, 4)
    assert other[:6].tolist() == [4, 5, 6, 7, 8, 9]
    assert np.abs(np.diff(other)).max() == 1
    assert 0 <= other.min() <= other.max() <= 9
    assert other_moments(3, 50).max() <= 2


def test_the_mouth_is_that_of_the_other_moment_and_the_rest_of_the_picture_is_as_filmed() -> None:
    pictures = brightening()
    for i, picture in enumerate(made(pictures, PLAIN)[:8]):
        assert np.abs(picture[MOUTH[1], MOUTH[0]].astype(int) - (60 + 5 * (i + 4))).max() <= 1
        np.testing.assert_array_equal(picture[: SIZE // 2 - 20], pictures[i][: SIZE // 2 - 20])
    np.testing.assert_array_equal(np.stack(pictures), np.stack(brightening()))


def test_a_mouth_matched_in_colour_has_the_light_of_the_moment_that_it_is_put_on() -> None:
    picture = made(brightening(), replace(PLAIN, matched=1.0))[0]
    assert np.abs(picture.astype(int) - 60).max() <= 1


@pytest.mark.parametrize("renderer", ["few pixels", "few components"])
def test_what_is_drawn_anew_has_less_detail_and_stays_in_its_place(renderer: str) -> None:
    smooth = np.repeat(np.linspace(40, 200, SIZE)[None, :, None], SIZE, axis=0).repeat(3, axis=2)
    noise = [np.random.default_rng(i).normal(0, 12, (SIZE, SIZE, 3)) for i in range(FRAMES)]
    pictures = [np.clip(smooth + one, 0, 255).astype(np.uint8) for one in noise]
    drawn = redrawn(pictures, at_rest(), replace(PLAIN, renderer=renderer, drawn_px=64, components=2))
    around = np.s_[MOUTH[1] - 15 : MOUTH[1] + 15, MOUTH[0] - 15 : MOUTH[0] + 15]
    for one, picture in zip(drawn, pictures, strict=True):
        assert np.diff(one[around].astype(int), axis=1).std() < np.diff(picture[around].astype(int), axis=1).std() / 2
        assert abs(one[around].mean() - smooth[around].mean()) < 4


def test_enough_components_draw_a_face_that_never_changes_as_it_is() -> None:
    smooth = np.repeat(np.linspace(40, 200, SIZE)[:, None, None], SIZE, axis=1).repeat(3, axis=2).astype(np.uint8)
    drawn = redrawn([smooth] * FRAMES, at_rest(), replace(PLAIN, renderer="few components", components=1))
    around = np.s_[MOUTH[1] - 15 : MOUTH[1] + 15, MOUTH[0] - 15 : MOUTH[0] + 15]
    assert np.abs(drawn[0][around].astype(int) - smooth[around]).max() <= 3


@pytest.mark.parametrize("jaw", [False, True])
def test_the_chin_goes_with_the_mouth_only_where_the_jaw_follows(jaw: bool) -> None:
    landmarks = at_rest()
    below = FACE[:, 1] > FACE[13, 1] + 1
    landmarks[4:, below, 1] += 8  # the mouth opens from the fifth picture on
    chin = tuple(int(v) for v in FACE[152])
    under = np.s_[chin[1] + 2 : chin[1] + 9, chin[0] - 10 : chin[0] + 10]
    picture = textured()
    changed = made([picture] * FRAMES, replace(PLAIN, jaw=jaw), landmarks)[0]
    moved = float(np.abs(changed[under].astype(int) - picture[under]).mean())
    assert moved > 5 if jaw else moved == 0


def test_a_bent_mouth_is_that_of_the_same_moment_in_the_shape_of_the_other() -> None:
    how = replace(PLAIN, renderer="bent", drawn_px=120)
    for one, picture in zip(made(brightening(), how), brightening(), strict=True):
        assert np.abs(one.astype(int) - picture).max() <= 1
    landmarks = at_rest()
    landmarks[4:, FACE[:, 1] > FACE[13, 1] + 1, 1] += 8
    ramp = np.repeat(np.linspace(40, 200, SIZE)[:, None, None], SIZE, axis=1).repeat(3, axis=2).astype(np.uint8)
    lower_lip = tuple(int(v) for v in FACE[17])
    opened = made([ramp] * FRAMES, how, landmarks)[0]
    assert int(ramp[lower_lip[1] + 4, lower_lip[0], 0]) - int(opened[lower_lip[1] + 4, lower_lip[0], 0]) >= 3


def test_how_a_clip_is_forged_is_drawn_from_the_seed_alone() -> None:
    drawn = [drawn_lip_sync(np.random.default_rng(seed), "filmed") for seed in (3, 3, 4)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert 0.4 <= drawn[2].shift_s <= 1.2
