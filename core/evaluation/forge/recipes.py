"""How a fake is made of a real face, and perhaps another: before anything else happens to the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.evaluation.forge.blend import bent_to, disturb, jitter, pasted, with_colours_of
from core.evaluation.forge.faces import SourceFace
from core.evaluation.forge.parts import face_part, soften
from core.evaluation.forge.upsample import as_sharp_as, scaled_as_decoder, scaled_as_video

Picture = NDArray[np.uint8]
Redraw = Callable[[Picture, np.random.Generator], Picture]
"""Draws a picture (S, S, 3), S a multiple of 16, anew by a generator of faces."""
WHOLE_PARTS = ("whole", "brows down", "brows down")
DRAWN_PX = (96, 112, 128, 160, 192)
"""Sides at which the whole crop is drawn: its face is six tenths of that wide."""
MOST_TAKEN_BACK = 0.85
"""Of what a drawing got wrong."""


def imitated(rgb: Picture, rng: np.random.Generator) -> Picture:
    """Stand in for a generator where none was trained: half as large, and doubled by random filters."""
    return scaled_as_decoder(rgb, rgb.shape[0] // 2, rng)


@dataclass(frozen=True, slots=True)
class Made:
    """A real picture and its fake (S, S, 3), and how much of the fake shows where: (S, S) in 0..1, zero if nowhere."""

    real: Picture
    fake: Picture
    mask: NDArray[np.float32]


Recipe = Callable[[SourceFace, SourceFace, np.random.Generator, Redraw], Made]


def self_blended(face: SourceFace, _: SourceFace, rng: np.random.Generator, __: Redraw) -> Made:
    """SBI: the face over itself, one of the two disturbed, the upper one moved a little."""
    mask = face_part(face.landmarks_px, str(rng.choice(WHOLE_PARTS)), face.rgb.shape[0], rng)
    disturbed = disturb(face.rgb, rng)
    under, over = (face.rgb, disturbed) if rng.random() < 0.5 else (disturbed, face.rgb)
    over, mask = jitter(over, mask, rng)
    mask = soften(mask, rng)
    return Made(under, pasted(under, over, mask), mask)


def other_face(face: SourceFace, other: SourceFace, rng: np.random.Generator, _: Redraw) -> Made:
    """BI: another person's face, bent to the landmarks of this one, its colours brought near."""
    mask = face_part(face.landmarks_px, str(rng.choice(WHOLE_PARTS)), face.rgb.shape[0], rng)
    return _laid_over(face, bent_to(other, face.landmarks_px), mask, rng)


def other_inner_face(face: SourceFace, other: SourceFace, rng: np.random.Generator, _: Redraw) -> Made:
    """Only brows to mouth are another person's."""
    mask = face_part(face.landmarks_px, "inner", face.rgb.shape[0], rng)
    return _laid_over(face, bent_to(other, face.landmarks_px), mask, rng)


def other_mouth(face: SourceFace, other: SourceFace, rng: np.random.Generator, redraw: Redraw) -> Made:
    """Mouth and chin of another picture, as lip sync leaves them: soft, as from a small decoder."""
    mask = face_part(face.landmarks_px, "mouth", face.rgb.shape[0], rng)
    made = _laid_over(face, bent_to(other, face.landmarks_px), mask, rng)
    if rng.random() < 0.5:
        drawn = scaled_as_decoder(made.fake, int(rng.choice((48, 64, 96, 128))), rng)
    else:
        drawn = drawn_by(redraw, made.fake, rng)
    return Made(made.real, pasted(made.real, drawn, mask), made.mask)


def redrawn_face(face: SourceFace, _: SourceFace, rng: np.random.Generator, __: Redraw) -> Made:
    """The same face through a decoder's upsampling, laid back: what a swap of a person with themselves looks like."""
    mask = soften(face_part(face.landmarks_px, str(rng.choice(WHOLE_PARTS)), face.rgb.shape[0], rng), rng)
    over = scaled_as_decoder(face.rgb, int(rng.choice((64, 96, 128))), rng)
    return Made(face.rgb, pasted(face.rgb, over, mask), mask)


def redrawn_picture(face: SourceFace, _: SourceFace, rng: np.random.Generator, __: Redraw) -> Made:
    """The whole picture through a decoder's upsampling; its twin was as small, and scaled as video is."""
    small_px = int(rng.choice((64, 96, 128)))
    fake = scaled_as_decoder(face.rgb, small_px, rng)
    real = scaled_as_video(face.rgb, small_px, rng)
    return Made(real, fake, np.zeros(face.rgb.shape[:2], np.float32))


def autoencoded_face(face: SourceFace, _: SourceFace, rng: np.random.Generator, redraw: Redraw) -> Made:
    """The same face drawn by an autoencoder, colours brought near, laid back."""
    mask = face_part(face.landmarks_px, str(rng.choice(WHOLE_PARTS)), face.rgb.shape[0], rng)
    return _laid_over(face, drawn_by(redraw, face.rgb, rng), mask, rng)


def autoencoded_swap(face: SourceFace, other: SourceFace, rng: np.random.Generator, redraw: Redraw) -> Made:
    """Another person's face, bent to this one's landmarks, drawn by an autoencoder, laid over: as swaps are."""
    mask = face_part(face.landmarks_px, str(rng.choice(WHOLE_PARTS)), face.rgb.shape[0], rng)
    return _laid_over(face, drawn_by(redraw, bent_to(other, face.landmarks_px), rng), mask, rng)


def autoencoded_picture(face: SourceFace, _: SourceFace, rng: np.random.Generator, redraw: Redraw) -> Made:
    """Head and surroundings drawn by an autoencoder, as a talking head is; the twin is soft too, as video is."""
    everywhere = np.ones(face.rgb.shape[:2], np.float32)
    fake = with_colours_of(drawn_by(redraw, face.rgb, rng), face.rgb, everywhere)
    real = scaled_as_video(face.rgb, int(rng.integers(64, 256)), rng) if rng.random() < 0.8 else face.rgb
    return Made(real, fake, np.zeros(face.rgb.shape[:2], np.float32))


def drawn_by(redraw: Redraw, rgb: Picture, rng: np.random.Generator) -> Picture:
    """Return the picture (S, S, 3) made small, drawn anew and brought back; half of them as sharp as before.

    A share of what the drawing got wrong is taken back, as if the generator had been trained for longer.
    """
    side = rgb.shape[0]
    small_px = int(rng.choice(DRAWN_PX))
    small = np.asarray(cv2.resize(rgb, (small_px, small_px), interpolation=cv2.INTER_AREA), np.uint8)
    taken_back = float(rng.uniform(0, MOST_TAKEN_BACK))
    drawn = cv2.addWeighted(small, taken_back, redraw(small, rng), 1 - taken_back, 0)
    scaler = int(rng.choice((cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)))
    large = np.asarray(cv2.resize(drawn, (side, side), interpolation=scaler), np.uint8)
    return as_sharp_as(large, rgb) if rng.random() < 0.5 else large


def _laid_over(face: SourceFace, over: Picture, mask: NDArray[np.float32], rng: np.random.Generator) -> Made:
    if rng.random() < 0.9:
        over = with_colours_of(over, face.rgb, mask)
    if rng.random() < 0.5:  # a swap is as soft as its network
        sigma = float(rng.uniform(0.5, 1.6))
        over = np.asarray(cv2.GaussianBlur(over, (0, 0), sigma), np.uint8)
    soft = soften(mask, rng)
    if soft.max() < 0.6:  # a half-faded other face is a double exposure
        soft = np.asarray(soft / max(float(soft.max()), 1e-6), np.float32)
    return Made(face.rgb, pasted(face.rgb, over, soft), soft)


@dataclass(frozen=True, slots=True)
class Kind:
    """A recipe, what its fakes are, and its share of the pairs."""

    make: Recipe
    blended: bool
    synthetic: bool
    share: float


RECIPES: dict[str, Kind] = {
    "self blended": Kind(self_blended, True, False, 0.26),
    "other face": Kind(other_face, True, False, 0.14),
    "other inner face": Kind(other_inner_face, True, False, 0.07),
    "other mouth": Kind(other_mouth, True, True, 0.07),
    "redrawn face": Kind(redrawn_face, True, True, 0.05),
    "redrawn picture": Kind(redrawn_picture, False, True, 0.07),
    "autoencoded face": Kind(autoencoded_face, True, True, 0.08),
    "autoencoded swap": Kind(autoencoded_swap, True, True, 0.12),
    "autoencoded picture": Kind(autoencoded_picture, False, True, 0.14),
}
"""Every recipe by name with its share of the pairs."""
