"""The forge: fakes with their real twins, the same damage on both, and nothing that depends on chance alone."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.evaluation.forge import RECIPES, Damage, SourceFace, draw_damage, face_in_photo, forge_pair
from core.evaluation.forge.blend import bent_to, jitter, with_colours_of
from core.evaluation.forge.codec import CODECS, Coding, coded_clip, through_codec
from core.evaluation.forge.pairs import APART_SHARE, draw_damages
from core.evaluation.forge.parts import boundary, face_part, soften
from core.evaluation.forge.recipes import drawn_by, imitated
from core.evaluation.forge.supply import Pool, Twins, alike, make_batch, supply
from core.evaluation.forge.upsample import as_sharp_as, scaled_as_decoder, scaled_as_video
from core.faces import load_face_models
from core.faces.align import CROP_MARGIN, _canonical_in_crop

SIDE = 256


def textured(seed: int, sigma_px: float = 2.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.uniform(0, 255, (SIDE, SIDE, 3)).astype(np.float32), (0, 0), sigma_px)
    spread = (noise - noise.mean(axis=(0, 1))) / noise.std(axis=(0, 1))
    return np.clip(130 + 35 * spread + 25 * rng.uniform(-1, 1, 3), 0, 255).astype(np.uint8)


def some_face(seed: int = 0, dx: float = 0) -> SourceFace:
    points = _canonical_in_crop(SIDE, CROP_MARGIN) + np.array([dx, 0])
    return SourceFace(textured(seed), points.astype(np.float32), f"person {seed}")


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_makes_the_same_pair_from_the_same_seed_and_another_from_another(recipe: str) -> None:
    one, same, other = (forge_pair(some_face(), some_face(1), rng(seed), recipe) for seed in (5, 5, 6))
    for name in ("real", "fake", "replaced"):
        assert np.array_equal(getattr(one, name), getattr(same, name))
    assert not np.array_equal(one.fake, other.fake)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_forged_picture_differs_from_its_twin_and_says_where(recipe: str) -> None:
    pair = forge_pair(some_face(), some_face(1), rng(3), recipe)
    assert pair.real.shape == pair.fake.shape == (SIDE, SIDE, 3)
    assert np.abs(pair.real.astype(int) - pair.fake).mean() > 0.3
    assert (pair.replaced.max() > 100) == pair.blended
    assert pair.blended or pair.synthetic


@pytest.mark.parametrize("recipe", [name for name, kind in RECIPES.items() if kind.blended])
def test_before_the_damage_nothing_outside_the_face_is_touched(recipe: str) -> None:
    made = RECIPES[recipe].make(some_face(), some_face(1), rng(2), imitated)
    assert np.array_equal(made.real[made.mask == 0], made.fake[made.mask == 0])
    assert 0.005 < (made.mask > 0.1).mean() < 0.6


def test_the_source_pictures_are_left_as_they_were() -> None:
    face, other = some_face(), some_face(1)
    before = face.rgb.copy(), other.rgb.copy()
    for recipe in RECIPES:
        forge_pair(face, other, rng(1), recipe)
    assert np.array_equal(face.rgb, before[0]) and np.array_equal(other.rgb, before[1])


def test_both_twins_of_equal_pictures_are_damaged_to_the_same_picture() -> None:
    picture = textured(4)
    for seed in range(12):
        damage = draw_damage(rng(seed), SIDE)
        assert np.array_equal(damage.apply(picture), damage.apply(picture.copy()))
        assert damage.apply(picture).shape == picture.shape


def test_every_kind_of_damage_is_drawn_and_an_undamaged_field_changes_nothing() -> None:
    drawn = [draw_damage(rng(seed), SIDE) for seed in range(300)]
    for field in fields(drawn[0]):
        assert len({getattr(one, field.name) for one in drawn}) > 1, field.name
    assert np.array_equal(Damage().apply(textured(1)), textured(1))
    assert Damage().words == ()


@pytest.mark.parametrize("codec", CODECS)
def test_a_codec_leaves_the_picture_in_its_place_and_harms_it_more_the_coarser_it_is(codec: str) -> None:
    picture = np.repeat(textured(2, 3.0)[:128, :128, :1], 3, axis=2)
    qualities = (18, 28, 38) if codec == "libx264" else (2, 8, 20)
    made = [through_codec(picture, Coding(codec, quality)).astype(int) for quality in qualities]
    errors = [np.abs(one - picture).mean() for one in made]
    assert errors[0] < errors[1] < errors[2]
    assert errors[0] < np.abs(made[0] - np.roll(picture, 1, axis=1)).mean() / 2


def test_a_coded_clip_has_its_frames_in_their_order() -> None:
    frames = [np.full((64, 64, 3), level, np.uint8) for level in (40, 90, 140, 190)]
    levels = [float(frame.mean()) for frame in coded_clip(frames, Coding("mpeg1video", 4))]
    assert levels == pytest.approx([40, 90, 140, 190], abs=4)


def test_nothing_is_coded_by_an_unknown_codec_or_beyond_its_scale() -> None:
    for codec, quality in (("prores", 5), ("mpeg1video", 40), ("libx264", 0)):
        with pytest.raises(ValueError, match="nothing is coded"):
            Coding(codec, quality)


@pytest.mark.parametrize(
    "one",
    [
        Damage(blur_px=1.0), Damage(motion_px=4), Damage(side_px=96), Damage(noise=4.0), Damage(sharpened=1.0),
        Damage(screen=0.05), Damage(caption=(0.7, 0.1, 20)), Damage(border=0.1), Damage(first_jpeg=40),
        Damage(codings=(Coding("mpeg2video", 8),)), Damage(codings=(Coding("libx264", 28),), sent_px=120),
    ],
    ids=lambda one: one.words[0],
)  # fmt: skip
def test_each_kind_of_damage_changes_the_picture_and_says_so(one: Damage) -> None:
    assert np.abs(one.apply(textured(3)).astype(int) - textured(3)).mean() > 0.3
    assert one.words


def test_a_clip_keeps_its_frames_through_a_damage_and_its_noise_differs_between_them() -> None:
    still = np.stack([textured(3)] * 3)
    made = Damage(noise=5.0, codings=(Coding("libx264", 8),), sent_px=200).apply_to_clip(still)
    assert made.shape == still.shape
    assert np.abs(made[0].astype(int) - made[1]).mean() > 0.5


def test_some_twins_are_damaged_apart_and_all_are_mirrored_together() -> None:
    drawn = [draw_damages(rng(seed), SIDE) for seed in range(200)]
    assert np.mean([one != other for one, other in drawn]) == pytest.approx(APART_SHARE, abs=0.1)
    assert all(one.flip == other.flip for one, other in drawn)


def test_a_fake_says_what_it_is_made_of() -> None:
    pair = forge_pair(some_face(), some_face(1), rng(4), "autoencoded swap")
    assert pair.made_of.split("; ") == ["autoencoded swap", *pair.damages[1].words]


def test_recipes_draw_with_the_generator_they_are_given() -> None:
    asked: list[tuple[int, ...]] = []

    def painted(rgb: np.ndarray, _: np.random.Generator) -> np.ndarray:
        asked.append(rgb.shape)
        return np.zeros_like(rgb)

    kept = forge_pair(some_face(), some_face(1), rng(4), "autoencoded picture")
    changed = forge_pair(some_face(), some_face(1), rng(4), "autoencoded picture", painted)
    assert asked and asked[0][0] % 16 == 0
    assert not np.array_equal(kept.fake, changed.fake)
    assert drawn_by(painted, textured(1), rng(2)).mean() < textured(1).mean()


def test_a_soft_picture_is_raised_to_the_steepness_of_its_model_and_a_steep_one_is_left() -> None:
    model = textured(2)
    soft = cv2.GaussianBlur(model, (0, 0), 1.5)
    slope = [
        float(np.abs(np.diff(one.astype(float), axis=1)).mean()) for one in (soft, as_sharp_as(soft, model), model)
    ]
    assert slope[0] < slope[1] < 1.1 * slope[2]
    assert np.array_equal(as_sharp_as(model, soft), model)


def test_softened_masks_stay_between_nothing_and_all() -> None:
    for seed in range(10):
        mask = soften(face_part(some_face().landmarks_px, "whole", SIDE, rng(seed)), rng(seed))
        assert mask.min() >= 0 and 0.2 < mask.max() <= 1.0 + 1e-6


@pytest.mark.parametrize(("smaller", "larger"), [("mouth", "inner"), ("inner", "brows down"), ("brows down", "whole")])
def test_parts_of_a_face_are_of_the_order_of_their_names(smaller: str, larger: str) -> None:
    points = some_face().landmarks_px
    assert face_part(points, smaller, SIDE, rng()).sum() < face_part(points, larger, SIDE, rng()).sum()


def test_the_map_of_replaced_parts_has_only_what_looks_different() -> None:
    real = np.full((SIDE, SIDE, 3), 100, np.uint8)
    fake = real.copy()
    fake[:128] += 20
    found = boundary(np.ones((SIDE, SIDE), np.float32), real, fake, 8)
    assert found[:3].min() == 255 and found[5:].max() == 0


def test_another_face_is_bent_to_the_landmarks_it_is_laid_on() -> None:
    other = some_face(1)
    marked = replace(other, rgb=np.zeros_like(other.rgb))
    x, y = other.landmarks_px[1].astype(int)  # the tip of the nose
    cv2.circle(marked.rgb, (int(x), int(y)), 4, (255, 255, 255), -1)
    moved = bent_to(marked, some_face(0, dx=12).landmarks_px).mean(axis=2)
    columns = moved.sum(axis=0)
    assert float((columns * np.arange(SIDE)).sum() / columns.sum()) == pytest.approx(x + 12, abs=1.5)


def test_colours_are_taken_from_inside_the_mask() -> None:
    face, model = textured(1), np.clip(textured(2).astype(int) + 40, 0, 255).astype(np.uint8)
    mask = np.zeros((SIDE, SIDE), np.float32)
    mask[64:192, 64:192] = 1
    moved = with_colours_of(face, model, mask)
    assert np.abs(moved[mask > 0].mean(axis=0) - model[mask > 0].mean(axis=0)).max() < 6


def test_jitter_moves_a_picture_by_no_more_than_sbi_does() -> None:
    spot = np.zeros((SIDE, SIDE, 3), np.uint8)
    spot[126:130, 126:130] = 255
    for seed in range(20):
        moved, _ = jitter(spot, np.ones((SIDE, SIDE), np.float32), rng(seed))
        y, x = (c.mean() for c in np.nonzero(moved[..., 0] > 60))
        assert abs(x - 127.5) <= 0.03 * SIDE + 1 and abs(y - 127.5) <= 0.015 * SIDE + 1


def test_a_decoder_leaves_a_pattern_of_two_pixels_where_a_video_scaler_leaves_none() -> None:
    picture = textured(3, 6.0)

    def fine(made: np.ndarray) -> float:
        power = np.abs(np.fft.fft2(made.mean(axis=2) - made.mean()))
        return float(power[120:136, :].mean() + power[:, 120:136].mean())

    drawn = [fine(scaled_as_decoder(picture, 64, rng(seed))) for seed in range(8)]
    scaled = [fine(scaled_as_video(picture, 64, rng(seed))) for seed in range(8)]
    assert np.mean(drawn) > 1.5 * np.mean(scaled)


def test_a_swap_is_made_with_a_stranger_whose_face_lies_most_alike() -> None:
    others = [some_face(0), some_face(1, dx=30), some_face(2, dx=2), some_face(3, dx=-25)]
    assert alike(some_face(0), others, rng()).person == "person 2"


def test_a_resumed_supply_goes_on_with_the_batches_that_would_have_come() -> None:
    pools = pools_of_all_kinds()
    through, later = supply(pools, 2, seed=7), supply(pools, 2, seed=7, first=1)
    next(through)
    for _ in range(2):
        one, other = next(through), next(later)
        assert np.array_equal(one.fake, other.fake) and one.recipes == other.recipes
    through.close()  # type: ignore[attr-defined]
    later.close()  # type: ignore[attr-defined]


def test_given_twins_carry_their_labels_and_a_map_only_where_they_lie_pixel_on_pixel() -> None:
    fake = textured(1).copy()
    fake[100:160, 100:160] = 255 - fake[100:160, 100:160]
    nan = float("nan")
    on_pixel, apart = Twins(textured(1), fake), Twins(textured(1), fake, nan, 1.0, same_pixels=False)
    first = make_batch([Pool(1, twins=[on_pixel])], 3, 0, 0)
    second = make_batch([Pool(1, twins=[apart])], 3, 0, 0)
    assert first.replaced.max() > 0.8 and first.blended.tolist() == [1, 1, 1] and np.isnan(first.synthetic).all()
    assert np.isnan(second.replaced).all() and np.isnan(second.blended).all() and second.synthetic.tolist() == [1, 1, 1]


def test_a_batch_has_the_shapes_that_training_takes() -> None:
    batch = make_batch(pools_of_all_kinds(), 5, 1, 2)
    assert batch.real.shape == batch.fake.shape == (5, 192, 192, 3)
    assert batch.replaced.shape == (5, 12, 12)


def test_a_face_is_cut_from_a_photo_into_its_canonical_place(shared_data: Path) -> None:
    photo = cv2.imread(str(sorted((shared_data / "faces" / "real_ffhq").rglob("*.jpg"))[0]))[..., ::-1]
    face = face_in_photo(np.ascontiguousarray(photo), load_face_models(), "somebody")
    assert face is not None
    usual = _canonical_in_crop(SIDE, CROP_MARGIN)
    assert np.abs(face.landmarks_px - usual).mean() < 12


def test_no_face_is_found_in_a_picture_of_nothing() -> None:
    assert face_in_photo(np.full((200, 200, 3), 90, np.uint8), load_face_models(), "nobody") is None


def pools_of_all_kinds() -> list[Pool]:
    faces = [some_face(seed) for seed in range(4)]
    return [Pool(0.6, faces=faces), Pool(0.4, twins=[Twins(textured(8), textured(9))])]
