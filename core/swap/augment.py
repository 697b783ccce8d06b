"""What a swap network is trained on: faces turned, shifted and warped at random, with what is asked for in return.

A batch depends on its people, recipe and number alone, so that a training that was interrupted goes on as it would
have.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from core.faces.landmarks import LEFT_EYE, LIPS, RIGHT_EYE
from core.swap.colour import Transfer, transfer
from models.train.swap import PersonBatch, SwapBatch

YAW_BIN_DEG = 6.0
PARTS = ((RIGHT_EYE, 1.6), (LEFT_EYE, 1.6), (LIPS, 1.2))
"""Outlines of what matters most in a face, and how far they are spread from their middle."""
Maps = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Person:
    """All faces of a set at one size: `rgb` (N, S, S, 3), `mask` and `priority` (N, S, S) uint8, `yaw_deg` (N,)."""

    rgb: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    priority: NDArray[np.uint8]
    yaw_deg: NDArray[np.float32]

    @property
    def size_px(self) -> int:
        """The side of the pictures."""
        return int(self.rgb.shape[1])

    def __len__(self) -> int:
        return len(self.rgb)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What may happen to a face before it is shown; shares are of its side."""

    faces: int = 4
    """Of each person in a batch."""
    turn_deg: float = 10.0
    zoom: float = 0.06
    shift: float = 0.05
    warp: float = 0.05
    """Standard deviation of the corners of the mesh that is bent, in the first step; 0 is no warp."""
    warp_half: int = 400
    """The step at which it is half of that: it goes on shrinking, for what is bent can't be drawn sharp."""
    warp_least: float = 0.01
    """What it never falls below."""
    warp_cells: int = 4
    mirror: bool = False
    uniform_yaw: bool = False
    """Whether rare turns of the head are shown as often as frequent ones."""
    colours: Transfer = "none"
    """How the target gets the colours of a source's face."""

    def __post_init__(self) -> None:
        if self.faces < 1 or self.warp_cells < 2:
            raise ValueError("faces is at least 1, warp_cells at least 2")
        if min(self.turn_deg, self.zoom, self.shift, self.warp, self.warp_least) < 0 or self.warp_half < 1:
            raise ValueError("what happens to a face is not negative")

    def warp_at(self, number: int) -> float:
        """Return the standard deviation of the bent mesh at a step."""
        return max(self.warp / (1 + number / self.warp_half), min(self.warp_least, self.warp))


def batch(source: Person, target: Person, recipe: Recipe, seed: int, number: int) -> SwapBatch:
    """Return the batch of step `number`."""
    rng = np.random.default_rng([seed, number])
    recipe = replace(recipe, warp=recipe.warp_at(number))
    picks = [_picked(person, recipe, rng) for person in (source, target)]
    like = rng.permutation(picks[0])
    return SwapBatch(_shown(source, picks[0], recipe, rng, None), _shown(target, picks[1], recipe, rng, (source, like)))


def outline(landmarks_px: NDArray[np.floating], size_px: int) -> NDArray[np.uint8]:
    """Return the mask (S, S), 255 inside the hull of landmarks (468, 2) in the crop."""
    mask = np.zeros((size_px, size_px), np.uint8)
    hull = cv2.convexHull(np.rint(landmarks_px[:, :2]).astype(np.int32))
    return np.asarray(cv2.fillConvexPoly(mask, hull, 255, lineType=cv2.LINE_AA), np.uint8)


def priority(landmarks_px: NDArray[np.floating], size_px: int) -> NDArray[np.uint8]:
    """Return where eyes and mouth are, (S, S), 255 in their middle, soft at their edge."""
    painted = np.zeros((size_px, size_px), np.uint8)
    for part, spread in PARTS:
        points = np.asarray(landmarks_px, np.float32)[list(part), :2]
        middle = points.mean(axis=0)
        hull = cv2.convexHull(np.rint(middle + spread * (points - middle)).astype(np.int32))
        cv2.fillConvexPoly(painted, hull, 255)
    return np.asarray(cv2.GaussianBlur(painted, (0, 0), size_px / 64), np.uint8)


def warp_maps(size_px: int, recipe: Recipe, rng: np.random.Generator) -> tuple[Maps, Maps]:
    """Return where each pixel (S, S, 2) of the asked and of the warped picture comes from, in pixels of the face.

    Both are turned, zoomed and shifted alike, perhaps mirrored; the warped one is bent on a coarse mesh besides.
    """
    turn = np.deg2rad(rng.uniform(-recipe.turn_deg, recipe.turn_deg))
    zoom = 1 + rng.uniform(-recipe.zoom, recipe.zoom)
    shift = rng.uniform(-recipe.shift, recipe.shift, 2) * size_px
    flip = -1.0 if recipe.mirror and rng.random() < 0.5 else 1.0
    bend = rng.normal(0, recipe.warp * size_px, (recipe.warp_cells + 1, recipe.warp_cells + 1, 2))
    side = (np.arange(size_px, dtype=np.float32) + 0.5) - size_px / 2
    grid = np.stack(np.meshgrid(side, side), axis=-1)
    bent = grid + cv2.resize(bend.astype(np.float32), (size_px, size_px), interpolation=cv2.INTER_CUBIC)
    linear = zoom * np.array([[np.cos(turn) * flip, -np.sin(turn)], [np.sin(turn) * flip, np.cos(turn)]])
    origin = shift + size_px / 2 - 0.5
    asked, warped = (np.asarray(points @ linear.T + origin, np.float32) for points in (grid, bent))
    return asked, warped


def _picked(person: Person, recipe: Recipe, rng: np.random.Generator) -> NDArray[np.int64]:
    if not recipe.uniform_yaw:
        return rng.integers(len(person), size=recipe.faces)
    bins = np.floor(person.yaw_deg / YAW_BIN_DEG)
    chosen = rng.choice(np.unique(bins), size=recipe.faces)
    return np.array([rng.choice(np.flatnonzero(bins == one)) for one in chosen], np.int64)


def _shown(
    person: Person,
    picks: NDArray[np.int64],
    recipe: Recipe,
    rng: np.random.Generator,
    like: tuple[Person, NDArray[np.int64]] | None,
) -> PersonBatch:
    size = (recipe.faces, person.size_px, person.size_px)
    warped, asked = np.empty((*size, 3), np.uint8), np.empty((*size, 3), np.uint8)
    mask, matters = np.empty(size, np.uint8), np.empty(size, np.uint8)
    for row, pick in enumerate(picks):
        to_asked, to_warped = warp_maps(person.size_px, recipe, rng)
        rgb = person.rgb[pick]
        if like is not None and recipe.colours != "none":
            other, number = like[0], int(like[1][row])
            rgb = transfer(rgb, other.rgb[number], person.mask[pick] / 255, recipe.colours, other.mask[number] / 255)
        warped[row] = _moved(rgb, to_warped, cv2.BORDER_REPLICATE)
        asked[row] = _moved(rgb, to_asked, cv2.BORDER_REPLICATE)
        mask[row] = _moved(person.mask[pick], to_asked, cv2.BORDER_CONSTANT)
        matters[row] = _moved(person.priority[pick], to_asked, cv2.BORDER_CONSTANT)
    return PersonBatch(warped, asked, mask, matters)


def _moved(picture: NDArray[np.uint8], maps: Maps, border: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.remap(picture, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR, borderMode=border), np.uint8)
