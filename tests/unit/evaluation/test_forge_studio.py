"""Swaps by a trained network as material of the forge: true pairs, many ways to merge, and nobody without consent."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.errors import ConsentError, DatasetError, SwapModelError
from core.evaluation.forge import studio
from core.evaluation.forge.studio import FACES_A_CLIP, StudioPair, drawn_options, studio_pairs, studio_twins
from core.evaluation.forge.supply import Pool, Twins, make_batch
from core.faces import load_face_models
from core.types import ConsentScope
from tests.synth.clips import Scene, even_times, write_scene
from tests.synth.drawers import CONSENT, KnownDrawer, swap_of

MODELS = load_face_models()


def blue(picture: np.ndarray) -> np.ndarray:
    return np.full_like(picture, (20, 40, 220))


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scene = Scene(width_px=400, height_px=320, face_px=150)
    return write_scene(tmp_path_factory.mktemp("driver") / "one.mp4", scene, even_times(25, 1.4), rate=Fraction(25))


@pytest.fixture(scope="module")
def plain(driver: Path) -> list[StudioPair]:
    return studio_pairs(KnownDrawer(blue), driver, MODELS)


def test_a_pair_shows_one_moment_twice_and_differs_in_the_face_alone(plain: list[StudioPair]) -> None:
    assert len(plain) == FACES_A_CLIP
    assert np.all(np.diff([pair.time_s for pair in plain]) > 0)
    for pair in plain:
        assert pair.real.shape == pair.fake.shape == (256, 256, 3)
        changed = np.abs(pair.real.astype(int) - pair.fake).max(axis=2) > 0
        assert changed[100:180, 90:166].mean() > 0.9  # the middle of the face
        assert not changed[:12].any() and not changed[:, :12].any() and not changed[:, -12:].any()


def test_moments_are_spread_over_the_clip(plain: list[StudioPair]) -> None:
    assert plain[0].time_s < 0.2 and plain[-1].time_s > 1.2


def test_without_a_generator_every_moment_is_merged_alike_and_with_one_in_many_ways(driver: Path) -> None:
    def drawn_shares(rng: np.random.Generator | None) -> set[float]:
        pairs = studio_pairs(KnownDrawer(blue), driver, MODELS, rng)
        changed = [np.abs(pair.real.astype(int) - pair.fake).max(axis=2) > 8 for pair in pairs]
        return {round(float(one.mean()), 2) for one in changed}

    alike, apart = drawn_shares(None), drawn_shares(np.random.default_rng(0))
    assert max(alike) - min(alike) < 0.05
    assert max(apart) - min(apart) > 0.08


def test_the_same_seed_draws_the_same_ways_to_merge_and_all_kinds_come_up() -> None:
    def drawn(seed: int) -> list[object]:
        rng = np.random.default_rng(seed)
        return [drawn_options(rng) for _ in range(40)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert len({one.mode for one in drawn(1)}) == 3 and len({one.colour for one in drawn(1)}) == 4  # type: ignore[attr-defined]


def test_a_target_who_did_not_allow_training_is_not_drawn(driver: Path) -> None:
    only_demos = replace(CONSENT, scope=frozenset({ConsentScope.DEMOS}))
    drawer = KnownDrawer(blue, about=swap_of(consent=only_demos))
    with pytest.raises(ConsentError, match=r"Eileen Collins did not allow"):
        studio_pairs(drawer, driver, MODELS)
    assert drawer.seen == []


def test_a_clip_without_a_pose_that_was_trained_is_refused_by_name(driver: Path) -> None:
    with pytest.raises(DatasetError, match=r"one\.mp4"):
        studio_pairs(KnownDrawer(blue), driver, MODELS, coverage=lambda _yaw, _pitch: 0.0)


def test_a_folder_without_a_trained_swap_is_refused(driver: Path, tmp_path: Path) -> None:
    with pytest.raises(SwapModelError, match="no trained swap"):
        studio_twins(tmp_path, driver, MODELS, 0)


def test_what_was_just_drawn_never_goes_to_training_as_no_codec_left_it(
    driver: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studio, "load_model", lambda _: KnownDrawer(blue))
    monkeypatch.setattr(studio, "trained_poses", lambda _: None)
    twins = studio_twins(Path("anything"), driver, MODELS, 0)
    assert twins and all((one.blended, one.synthetic, one.coded) == (1.0, 1.0, False) for one in twins)


def test_given_twins_from_videos_stay_as_they_are_at_times_and_fresh_ones_never() -> None:
    grey = np.full((256, 256, 3), 130, np.uint8)
    striped = grey.copy()
    striped[:, ::2] = 90

    def untouched(coded: bool) -> int:
        pool = Pool(1.0, twins=[Twins(striped, cv2.blur(striped, (9, 9)), coded=coded)])
        batch = make_batch([pool], 60, seed=3, number=0)
        return sum(set(np.unique(one)) == {90, 130} for one in batch.real)

    assert untouched(coded=True) > 10
    assert untouched(coded=False) == 0


def test_shown_as_fine_as_drawn_both_sides_lose_what_the_network_could_not_draw(driver: Path) -> None:
    fine = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    pair = studio_pairs(KnownDrawer(lambda _: fine, size_px=64), driver, MODELS)[0]
    shown = pair.as_fine_as_drawn()
    assert 85 < pair.drawn_px < 100  # the crop shows 1.4 times as much around the face as the network's, of 64 px
    assert shown.real.shape == shown.fake.shape == pair.real.shape
    for before, after in ((pair.real, shown.real), (pair.fake, shown.fake)):
        again = cv2.resize(before, (round(pair.drawn_px),) * 2, interpolation=cv2.INTER_AREA)
        assert np.abs(cv2.resize(again, (256, 256)).astype(int) - after).max() == 0
        assert cv2.Laplacian(after, cv2.CV_32F).var() < cv2.Laplacian(before, cv2.CV_32F).var()


def test_a_face_that_was_drawn_finer_than_its_picture_stays_as_it_is(plain: list[StudioPair]) -> None:
    large = replace(plain[0], drawn_px=300.0)
    assert large.as_fine_as_drawn() is large
