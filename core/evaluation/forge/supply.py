"""An endless, repeatable supply of training batches: the same seed and number always make the same batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.forge.faces import SourceFace
from core.evaluation.forge.pairs import MAP_CELLS, draw_damages, forge_pair
from core.evaluation.forge.parts import boundary
from core.evaluation.forge.recipes import Redraw, imitated
from core.faces.align import CROP_PX
from core.faces.landmarks import ibug68

CELL_PX = CROP_PX // MAP_CELLS
INPUT_PX, TOP_PX, LEFT_PX = 192, 44, 32
"""What the appearance network looks at, and where in the crop it lies."""
SHIFT_PX = 12
ASKED_FOR_LIKENESS = 24
"""How many others are looked at for the one whose face lies most alike."""
UNTOUCHED_SHARE = 0.35
"""Share of given twins that are not damaged further, of those that come from videos and carry their own."""


@dataclass(frozen=True, slots=True)
class Twins:
    """A real picture and a fake of it (256, 256, 3) that somebody else made, both cut out alike.

    `blended` and `synthetic` say what the fake is: 1, 0 or NaN; `same_pixels` that the two lie pixel on pixel, so that
    their difference shows what was replaced; `coded` that a codec was over both since the fake was made.
    """

    real: NDArray[np.uint8]
    fake: NDArray[np.uint8]
    blended: float = 1.0
    synthetic: float = float("nan")
    same_pixels: bool = True
    coded: bool = True


@dataclass(frozen=True, slots=True)
class Pool:
    """One kind of material and its share of the pairs: real faces to forge from, or given twins."""

    share: float
    faces: Sequence[SourceFace] = ()
    twins: Sequence[Twins] = ()


@dataclass(frozen=True, slots=True)
class SuppliedBatch:
    """As `models.train.appearance.PairBatch` wants it; `recipes` says how each pair was made."""

    real: NDArray[np.uint8]
    fake: NDArray[np.uint8]
    replaced: NDArray[np.float32]
    blended: NDArray[np.float32]
    synthetic: NDArray[np.float32]
    recipes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Example:
    real: NDArray[np.uint8]
    fake: NDArray[np.uint8]
    replaced: NDArray[np.float32]  # (64, 64) in 0..1, or NaN
    blended: float
    synthetic: float
    recipe: str


def supply(
    pools: Sequence[Pool], pairs: int, seed: int, first: int = 0, redraw: Redraw = imitated
) -> Iterator[SuppliedBatch]:
    """Give batches number `first`, `first + 1`, … of `pairs` pairs each; the next one is made while one is used."""
    with ThreadPoolExecutor(1) as helper:
        ahead = [helper.submit(make_batch, pools, pairs, seed, first + n, redraw) for n in range(2)]
        number = first + 2
        while True:
            ahead.append(helper.submit(make_batch, pools, pairs, seed, number, redraw))
            number += 1
            yield ahead.pop(0).result()


def make_batch(pools: Sequence[Pool], pairs: int, seed: int, number: int, redraw: Redraw = imitated) -> SuppliedBatch:
    """Make one batch; see `supply`."""
    rng = np.random.default_rng((seed, number))
    shares = np.array([pool.share for pool in pools])
    drawn = rng.choice(len(pools), pairs, p=shares / shares.sum())
    examples = [_shifted(_example(pools[int(pick)], rng, redraw), rng) for pick in drawn]
    return SuppliedBatch(
        real=np.stack([one.real for one in examples]),
        fake=np.stack([one.fake for one in examples]),
        replaced=np.stack([one.replaced for one in examples]),
        blended=np.array([one.blended for one in examples], np.float32),
        synthetic=np.array([one.synthetic for one in examples], np.float32),
        recipes=tuple(one.recipe for one in examples),
    )


def alike(face: SourceFace, others: Sequence[SourceFace], rng: np.random.Generator) -> SourceFace:
    """Return, of a few drawn from `others`, the one of another person whose landmarks lie most like those of `face`."""
    drawn = [others[int(i)] for i in rng.integers(len(others), size=ASKED_FOR_LIKENESS)]
    strangers = [one for one in drawn if one.person != face.person] or drawn
    ours = ibug68(face.landmarks_px)
    return min(strangers, key=lambda one: float(np.abs(ibug68(one.landmarks_px) - ours).mean()))


def _example(pool: Pool, rng: np.random.Generator, redraw: Redraw) -> _Example:
    if pool.twins:
        return _given(pool.twins[int(rng.integers(len(pool.twins)))], rng)
    face = pool.faces[int(rng.integers(len(pool.faces)))]
    made = forge_pair(face, alike(face, pool.faces, rng), rng, redraw=redraw)
    where = (made.replaced / np.float32(255)).astype(np.float32)
    return _Example(made.real, made.fake, where, float(made.blended), float(made.synthetic), made.made_of)


def _given(twins: Twins, rng: np.random.Generator) -> _Example:
    real, fake = twins.real, twins.fake
    where = np.full((MAP_CELLS, MAP_CELLS), np.nan, np.float32)
    if twins.same_pixels:
        everywhere = np.ones(real.shape[:2], np.float32)
        where = (boundary(everywhere, real, fake, MAP_CELLS) / np.float32(255)).astype(np.float32)
    if rng.random() < UNTOUCHED_SHARE and twins.coded:
        if rng.random() < 0.5:
            real, fake = np.ascontiguousarray(real[:, ::-1]), np.ascontiguousarray(fake[:, ::-1])
            where = np.ascontiguousarray(where[:, ::-1])
    else:
        damages = draw_damages(rng, real.shape[0])
        real, fake = damages[0].apply(real), damages[1].apply(fake)
        where = np.ascontiguousarray(where[:, ::-1]) if damages[1].flip else where
    return _Example(real, fake, where, twins.blended, twins.synthetic, "given")


def _shifted(one: _Example, rng: np.random.Generator) -> _Example:
    """Cut out what the network looks at, up to `SHIFT_PX` from where it will look; its map at a quarter of that."""
    dy, dx = (int(v) * CELL_PX for v in rng.integers(-SHIFT_PX // CELL_PX, SHIFT_PX // CELL_PX + 1, 2))
    top, left = TOP_PX + dy, LEFT_PX + dx
    cut = np.s_[top : top + INPUT_PX, left : left + INPUT_PX]
    cells = INPUT_PX // CELL_PX
    where = one.replaced[top // CELL_PX :, left // CELL_PX :][:cells, :cells]
    coarse = where.reshape(cells // 4, 4, cells // 4, 4).mean(axis=(1, 3)).astype(np.float32)
    return _Example(one.real[cut], one.fake[cut], coarse, one.blended, one.synthetic, one.recipe)
