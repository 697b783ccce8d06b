"""Recipes: from a real face, and perhaps another, to a fake with its real twin and the map of what was replaced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.evaluation.forge.blend import bent_to, disturb, jitter, pasted, with_colours_of
from core.evaluation.forge.damage import draw_damage
from core.evaluation.forge.faces import SourceFace
from core.evaluation.forge.parts import boundary, face_part, soften
from core.evaluation.forge.upsample import scaled_as_decoder, scaled_as_video

Picture = NDArray[np.uint8]
MAP_CELLS = 64
"""Side of the map of replaced parts, over the whole crop."""
WHOLE_PARTS = ("whole", "brows down", "brows down")


@dataclass(frozen=True, slots=True)
class ForgedPair:
    """A real picture and its fake twin (S, S, 3), damaged alike; `replaced` (64, 64) 0..255 says where.

    `blended` is True where something was laid over the face, `synthetic` where a decoder's traces were put in.
    """

    real: Picture
    fake: Picture
    replaced: NDArray[np.uint8]
    recipe: str
    blended: bool
    synthetic: bool


@dataclass(frozen=True, slots=True)
class _Made:
    real: Picture
    fake: Picture
    mask: NDArray[np.float32]


Recipe = Callable[[SourceFace, SourceFace, np.random.Generator], _Made]


def self_blended(face: SourceFace, _: SourceFace, rng: np.random.Generator) -> _Made:
    """SBI: the face over itself, one of the two disturbed, the upper one moved a little."""
    mask = face_part(face.landmarks_px, str(rng.choice(WHOLE_PARTS)), face.rgb.shape[0], rng)
    disturbed = disturb(face.rgb, rng)
    under, over = (face.rgb, disturbed) if rng.random() < 0.5 else (disturbed, face.rgb)
    over, mask = jitter(over, mask, rng)
    mask = soften(mask, rng)
    return _Made(under, pasted(under, over, mask), mask)


def other_face(face: SourceFace, other: SourceFace, rng: np.random.Generator) -> _Made:
    """BI: another person's face, bent to the landmarks of this one, its colours brought near."""
    mask = face_part(face.landmarks_px, str(rng.choice(WHOLE_PARTS)), face.rgb.shape[0], rng)
    return _laid_over(face, other, mask, rng)


def other_inner_face(face: SourceFace, other: SourceFace, rng: np.random.Generator) -> _Made:
    """Only brows to mouth are another person's."""
    return _laid_over(face, other, face_part(face.landmarks_px, "inner", face.rgb.shape[0], rng), rng)


def other_mouth(face: SourceFace, other: SourceFace, rng: np.random.Generator) -> _Made:
    """Mouth and chin of another picture, as lip sync leaves them: soft, as from a small decoder."""
    mask = face_part(face.landmarks_px, "mouth", face.rgb.shape[0], rng)
    made = _laid_over(face, other, mask, rng)
    small_px = int(rng.choice((48, 64, 96, 128)))
    soft = pasted(made.real, scaled_as_decoder(made.fake, small_px, rng), mask)
    return _Made(made.real, soft, made.mask)


def redrawn_face(face: SourceFace, _: SourceFace, rng: np.random.Generator) -> _Made:
    """The same face through a decoder's upsampling, laid back: what a swap of a person with themselves looks like."""
    mask = soften(face_part(face.landmarks_px, str(rng.choice(WHOLE_PARTS)), face.rgb.shape[0], rng), rng)
    over = scaled_as_decoder(face.rgb, int(rng.choice((64, 96, 128))), rng)
    return _Made(face.rgb, pasted(face.rgb, over, mask), mask)


def redrawn_picture(face: SourceFace, _: SourceFace, rng: np.random.Generator) -> _Made:
    """The whole picture through a decoder's upsampling; its twin was as small, and scaled as video is."""
    small_px = int(rng.choice((64, 96, 128)))
    fake = scaled_as_decoder(face.rgb, small_px, rng)
    real = scaled_as_video(face.rgb, small_px, rng)
    return _Made(real, fake, np.zeros(face.rgb.shape[:2], np.float32))


@dataclass(frozen=True, slots=True)
class _Kind:
    make: Recipe
    blended: bool
    synthetic: bool
    share: float


RECIPES: dict[str, _Kind] = {
    "self blended": _Kind(self_blended, True, False, 0.4),
    "other face": _Kind(other_face, True, False, 0.2),
    "other inner face": _Kind(other_inner_face, True, False, 0.1),
    "other mouth": _Kind(other_mouth, True, True, 0.1),
    "redrawn face": _Kind(redrawn_face, True, True, 0.08),
    "redrawn picture": _Kind(redrawn_picture, False, True, 0.12),
}
"""Every recipe by name with its share of the pairs."""


def forge_pair(face: SourceFace, other: SourceFace, rng: np.random.Generator, recipe: str | None = None) -> ForgedPair:
    """Make a pair by `recipe`, or by one drawn by the shares of `RECIPES`, and damage both sides alike.

    Args:
        face: the one that is forged.
        other: of another person, for the recipes that need one.
        rng: equal generators and faces make equal pairs.
    """
    if recipe is None:
        shares = np.array([kind.share for kind in RECIPES.values()])
        recipe = str(rng.choice(list(RECIPES), p=shares / shares.sum()))
    kind = RECIPES[recipe]
    made = kind.make(face, other, rng)
    replaced = boundary(made.mask, made.real, made.fake, MAP_CELLS)
    damage = draw_damage(rng, made.real.shape[0])
    if damage.flip:
        replaced = np.ascontiguousarray(replaced[:, ::-1])
    return ForgedPair(
        real=damage.apply(made.real),
        fake=damage.apply(made.fake),
        replaced=replaced,
        recipe=recipe,
        blended=kind.blended,
        synthetic=kind.synthetic,
    )


def _laid_over(face: SourceFace, other: SourceFace, mask: NDArray[np.float32], rng: np.random.Generator) -> _Made:
    over = bent_to(other, face.landmarks_px)
    if rng.random() < 0.9:
        over = with_colours_of(over, face.rgb, mask)
    if rng.random() < 0.5:  # a swap is as soft as its network
        sigma = float(rng.uniform(0.5, 1.6))
        over = np.asarray(cv2.GaussianBlur(over, (0, 0), sigma), np.uint8)
    soft = soften(mask, rng)
    if soft.max() < 0.6:  # a half-faded other face is a double exposure
        soft = np.asarray(soft / max(float(soft.max()), 1e-6), np.float32)
    return _Made(face.rgb, pasted(face.rgb, over, soft), soft)
