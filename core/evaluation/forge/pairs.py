"""From a real face, and perhaps another, to a fake with its real twin and the map of what was replaced."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.evaluation.forge.damage import Damage, draw_damage
from core.evaluation.forge.faces import SourceFace
from core.evaluation.forge.parts import boundary
from core.evaluation.forge.recipes import RECIPES, Redraw, imitated

Picture = NDArray[np.uint8]
MAP_CELLS = 64
"""Side of the map of replaced parts, over the whole crop."""
APART_SHARE = 0.3
"""Of the pairs, whose two sides are damaged by two draws: what is told apart must not be the damage."""


@dataclass(frozen=True, slots=True)
class ForgedPair:
    """A real picture and its fake twin (S, S, 3), damaged alike or by two draws; `replaced` (64, 64) 0..255 says where.

    `blended` is True where something was laid over the face, `synthetic` where a decoder's traces were put in.
    """

    real: Picture
    fake: Picture
    replaced: NDArray[np.uint8]
    recipe: str
    blended: bool
    synthetic: bool
    damages: tuple[Damage, Damage]

    @property
    def made_of(self) -> str:
        """What the fake is made of, for people: "autoencoded swap; filmed at 112 px; libx264 28"."""
        return "; ".join((self.recipe, *self.damages[1].words))


def forge_pair(
    face: SourceFace,
    other: SourceFace,
    rng: np.random.Generator,
    recipe: str | None = None,
    redraw: Redraw = imitated,
) -> ForgedPair:
    """Make a pair by `recipe`, or by one drawn by the shares of `RECIPES`, and damage both sides.

    Args:
        face: the one that is forged.
        other: of another person, for the recipes that need one.
        rng: equal generators and faces make equal pairs.
        recipe: a name of `RECIPES`.
        redraw: the generator of the recipes that draw anew; by default random filters imitate one.
    """
    if recipe is None:
        shares = np.array([kind.share for kind in RECIPES.values()])
        recipe = str(rng.choice(list(RECIPES), p=shares / shares.sum()))
    kind = RECIPES[recipe]
    made = kind.make(face, other, rng, redraw)
    replaced = boundary(made.mask, made.real, made.fake, MAP_CELLS)
    damages = draw_damages(rng, made.real.shape[0])
    if damages[1].flip:
        replaced = np.ascontiguousarray(replaced[:, ::-1])
    return ForgedPair(
        real=damages[0].apply(made.real),
        fake=damages[1].apply(made.fake),
        replaced=replaced,
        recipe=recipe,
        blended=kind.blended,
        synthetic=kind.synthetic,
        damages=damages,
    )


def draw_damages(rng: np.random.Generator, side_px: int) -> tuple[Damage, Damage]:
    """Draw what happens to the real and to the fake side: mostly the same, else two draws with one mirror."""
    first = draw_damage(rng, side_px)
    if rng.random() >= APART_SHARE:
        return first, first
    return first, replace(draw_damage(rng, side_px), flip=first.flip)
