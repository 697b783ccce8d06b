"""Fakes of whole sequences: what a generator that knows nothing of the frame before does from frame to frame.

Mask, place, colour, sharpness and strength of what is laid over the face waver: a slow part (first-order
autoregression, as of a tracker that is smoothed) and a white one (as of a network asked anew for each frame).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.evaluation.forge.blend import pasted, with_colours_of
from core.evaluation.forge.damage import Damage, draw_damage
from core.evaluation.forge.parts import Mask, face_part
from core.evaluation.forge.recipes import WHOLE_PARTS, Redraw, drawn_by, imitated

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Flicker:
    """How much a fake wavers between frames, as standard deviations.

    `place_px` in pixels of the crop, `size` as a share, `colour_levels` in grey levels for each colour, `softness_px`
    of the blur, `edge_px` of the mask's border, `strength` of the share that shows. `slow` is how much of the variance
    is slow, in 0..1, and `memory` how much of it is left after a frame.
    """

    place_px: float
    size: float
    colour_levels: float
    softness_px: float
    edge_px: float
    strength: float
    slow: float
    memory: float

    @property
    def words(self) -> str:
        """What a person reads."""
        return (
            f"wavers by {self.place_px:.1f} px, {self.colour_levels:.1f} levels, {self.softness_px:.1f} px of blur, "
            f"{self.edge_px:.1f} px of edge"
        )


@dataclass(frozen=True, slots=True)
class FlickeredClip:
    """A real sequence and its fake (N, S, S, 3), damaged alike as one clip, and where the fake shows (N, S, S)."""

    real: Picture
    fake: Picture
    masks: NDArray[np.float32]
    made_of: str


def draw_flicker(rng: np.random.Generator) -> Flicker:
    """Draw how much a fake wavers: from hardly to plainly visible."""
    return Flicker(
        place_px=float(rng.uniform(0.1, 1.5)),
        size=float(rng.uniform(0.001, 0.012)),
        colour_levels=float(rng.uniform(0.2, 4.0)),
        softness_px=float(rng.uniform(0.05, 0.5)),
        edge_px=float(rng.uniform(0.3, 4.0)),
        strength=float(rng.uniform(0.0, 0.15)),
        slow=float(rng.uniform(0, 1)),
        memory=float(rng.uniform(0.7, 0.97)),
    )


def flickering_fake(
    crops: Picture,
    landmarks_px: NDArray[np.floating],
    rng: np.random.Generator,
    *,
    redraw: Redraw = imitated,
    flicker: Flicker | None = None,
    damage: Damage | None = None,
) -> FlickeredClip:
    """Make a fake of a real face's sequence, in which what is laid over the face wavers from frame to frame.

    Args:
        crops: (N, S, S, 3) canonical crops of one track, in order, N at least 1; they are not changed.
        landmarks_px: (N, 468, 2), in pixels of each crop.
        rng: equal generators and sequences make equal fakes.
        redraw: what draws the face; all frames are drawn by the same variant of it.
        flicker: how much it wavers; drawn if None.
        damage: what happens to both sequences; drawn if None.
    """
    count, side = crops.shape[:2]
    how = draw_flicker(rng) if flicker is None else flicker
    part, mask_seed, drawing_seed = str(rng.choice(WHOLE_PARTS)), *(int(seed) for seed in rng.integers(2**31, size=2))
    colour = rng.uniform(-8, 8, 3)
    waver = {name: wavering(count, size, how, rng) for name, size in _sizes(how)}
    fakes, masks = [], []
    for number in range(count):
        now = {name: values[number] for name, values in waver.items()}
        hull = face_part(landmarks_px[number], part, side, np.random.default_rng(mask_seed))
        mask = _edged(hull, 6 + now["edge"], float(np.clip(0.95 + now["strength"], 0.3, 1)))
        drawn = drawn_by(redraw, crops[number], np.random.default_rng(drawing_seed))
        drawn = with_colours_of(drawn, crops[number], mask)
        over = _moved(drawn, now, colour)
        fakes.append(pasted(crops[number], over, mask))
        masks.append(mask)
    harm = draw_damage(rng, side) if damage is None else damage
    shown = np.stack(masks)
    return FlickeredClip(
        real=harm.apply_to_clip(crops),
        fake=harm.apply_to_clip(np.stack(fakes)),
        masks=np.ascontiguousarray(shown[:, :, ::-1]) if harm.flip else shown,
        made_of="; ".join((f"redrawn {part} face", how.words, *harm.words)),
    )


def wavering(count: int, size: float, how: Flicker, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return (N,) values around zero with the standard deviation `size`: a slow part and a white one."""
    slow = rng.standard_normal(count)
    for number in range(1, count):
        slow[number] = how.memory * slow[number - 1] + np.sqrt(1 - how.memory**2) * slow[number]
    both = np.sqrt(how.slow) * slow + np.sqrt(1 - how.slow) * rng.standard_normal(count)
    return np.asarray(size * both, np.float64)


def _sizes(how: Flicker) -> tuple[tuple[str, float], ...]:
    return (
        ("x", how.place_px),
        ("y", how.place_px),
        ("size", how.size),
        ("red", how.colour_levels),
        ("green", how.colour_levels),
        ("blue", how.colour_levels),
        ("softness", how.softness_px),
        ("edge", how.edge_px),
        ("strength", how.strength),
    )


def _moved(drawn: Picture, now: dict[str, float], colour: NDArray[np.floating]) -> Picture:
    """The drawn face where, how large, in which colour and how soft it is in this frame."""
    side = drawn.shape[0]
    scale, middle = 1 + now["size"], side / 2
    matrix = np.array([[scale, 0, middle * (1 - scale) + now["x"]], [0, scale, middle * (1 - scale) + now["y"]]])
    moved = cv2.warpAffine(drawn, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    tinted = moved + colour + np.array([now["red"], now["green"], now["blue"]])
    if now["softness"] > 0.05:
        tinted = cv2.GaussianBlur(tinted, (0, 0), now["softness"])
    return np.asarray(np.clip(np.round(tinted), 0, 255), np.uint8)


def _edged(hull: Mask, soft_px: float, strength: float) -> Mask:
    """The hull with a border as soft as it is in this frame, inside the hull."""
    reach = max(1.0, soft_px)
    inner = np.asarray(cv2.erode(hull, np.ones((2 * round(reach) + 1,) * 2, np.uint8)), np.float32)
    soft = np.asarray(cv2.GaussianBlur(inner, (0, 0), reach / 2), np.float32) * hull
    return np.asarray(strength * soft, np.float32)
