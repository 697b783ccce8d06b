"""Faces that blink at known times: a filmed portrait, and the opening of two eyes as numbers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.synth.clips import PORTRAIT_FACE_CENTRE, PORTRAIT_FACE_PX, portrait

EYE_CENTRES = ((203.3, 101.4), (246.5, 103.5))
"""In the portrait (NASA's photograph of astronaut Eileen Collins)."""
LID_PX = (11, 6)
LASHES = (70, 45, 40)


def lid_closure(times_s: NDArray[np.float64], blinks_at_s: tuple[float, ...], long_s: float = 0.2) -> NDArray:
    """How far the lids are down at each time, 0 to 1: a quick rise and fall, at half for `long_s`."""
    away = np.min([np.abs(times_s - at) for at in blinks_at_s], axis=0) if blinks_at_s else np.full(len(times_s), 9.0)
    return np.clip(1.5 - 2 * away / long_s, 0, 1)


def eyes(
    times_s: NDArray[np.float64], blinks_at_s: tuple[float, ...] = (), *, noise: float = 0.01, seed: int = 0,
    long_s: float = 0.2, depth: float = 0.8,
) -> NDArray[np.float64]:  # fmt: skip
    """The opening (2, N) of two eyes that blink, one a little wider than the other."""
    rng = np.random.default_rng(seed)
    lids = 1 - depth * lid_closure(times_s, blinks_at_s, long_s)
    return np.array([[0.32], [0.28]]) * lids + rng.normal(0, noise, (2, len(times_s)))


def blinking_frames(
    times_s: NDArray[np.float64], blinks_at_s: tuple[float, ...], *, face_px: float = 200.0, seed: int = 0
) -> Iterator[NDArray[np.uint8]]:
    """Film (480, 640, 3) the portrait, whose lids close at the given times, with a little noise and sway."""
    rng = np.random.default_rng(seed)
    scale = face_px / PORTRAIT_FACE_PX
    grain = rng.normal(0, 1.0, (480, 640, 3)).astype(np.float32)
    for t, shut in zip(times_s, lid_closure(times_s, blinks_at_s), strict=True):
        x, y = 320 + 2 * np.sin(0.9 * t), 240 + 2 * np.sin(1.6 * t)
        matrix = np.array(
            [[scale, 0, x - scale * PORTRAIT_FACE_CENTRE[0]], [0, scale, y - scale * PORTRAIT_FACE_CENTRE[1]]]
        )
        picture = cv2.warpAffine(
            _with_lids(round(4 * float(shut))), matrix, (640, 480), borderMode=cv2.BORDER_REPLICATE
        )
        yield np.clip(np.rint(picture + np.roll(grain, rng.integers(480), axis=0)), 0, 255).astype(np.uint8)


@cache
def _with_lids(quarters: int) -> NDArray[np.uint8]:
    """The portrait with its lids down by so many quarters: skin from above the eye, and lashes at its edge."""
    person = portrait().copy()
    if quarters == 0:
        return person
    mask = np.zeros(person.shape[:2], np.uint8)
    for x, y in EYE_CENTRES:
        centre = (round(x), round(y))
        cv2.ellipse(mask, centre, LID_PX, 0, 0, 360, 255, -1)
    bare = cv2.inpaint(person, mask, 3, cv2.INPAINT_TELEA)
    for x, y in EYE_CENTRES:
        edge = round(y - LID_PX[1] + (2 * LID_PX[1] - 1) * quarters / 4)
        rows = slice(round(y) - LID_PX[1], edge)
        columns = slice(round(x) - LID_PX[0], round(x) + LID_PX[0] + 1)
        inside = (mask[rows, columns] > 0)[..., None]
        person[rows, columns] = np.where(inside, bare[rows, columns], person[rows, columns])
        if quarters == 4:
            person[edge:, columns] = np.where(
                (mask[edge:, columns] > 0)[..., None], bare[edge:, columns], person[edge:, columns]
            )
            cv2.ellipse(person, (round(x), round(y)), (LID_PX[0] - 2, 3), 0, 20, 160, LASHES, 1, cv2.LINE_AA)
    return person
