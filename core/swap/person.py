"""Whose face is replaced: the largest, the one with a number, or the one that is like the people of a face set."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from core.errors import SwapModelError
from core.swap.watch import Portrait, Watched

Choose = Callable[[Watched], frozenset[int]]
"""Takes a clip that was looked through and returns the ids of the tracks whose face is replaced: one person's."""
Embed = Callable[[NDArray[np.uint8], NDArray[np.floating]], NDArray[np.float32]]
"""Picture (H, W, 3) and landmarks (468, 2) to numbers (128,) that lie near to each other for one person."""
SAME_PERSON = 0.5
"""Euclidean distance of two faces' numbers below which they are taken for one person's (`core.swap.identity`)."""


def largest(embed: Embed | None = None) -> Choose:
    """Return what chooses the most prominent face: seconds seen × size."""
    return number(1, embed)


def number(wanted: int, embed: Embed | None = None) -> Choose:
    """Return what chooses the face with a number, the most prominent being 1.

    With `embed` the same person's other appearances are chosen too: after a cut, or when they come back.
    """

    def choose(watched: Watched) -> frozenset[int]:
        if not 1 <= wanted <= len(watched.tracks):
            count = len(watched.tracks)
            people = "one face" if count == 1 else f"{count} faces"
            raise SwapModelError(f"There is no person {wanted} in the video: {people} can be followed in it.")
        chosen = watched.tracks[wanted - 1].id
        if embed is None:
            return frozenset({chosen})
        middle = _middle(watched.portraits[chosen], embed)
        return frozenset({chosen}) | _without_overlap(watched, _alike(watched, middle, embed), chosen)

    return choose


def like(middle: NDArray[np.floating], embed: Embed) -> Choose:
    """Return what chooses the person whose numbers are nearest to `middle` (128,), that of a face set.

    Nobody who is further away than one person's pictures are from each other is chosen.
    """

    def choose(watched: Watched) -> frozenset[int]:
        alike = _alike(watched, middle, embed)
        if not alike:
            raise SwapModelError("Nobody in the video is like the person of the source face set.")
        nearest = min(alike, key=lambda track_id: alike[track_id])
        return frozenset({nearest}) | _without_overlap(watched, alike, nearest)

    return choose


def middle_of(faces: Iterable[tuple[NDArray[np.uint8], NDArray[np.floating]]], embed: Embed) -> NDArray[np.float32]:
    """Return the mean numbers (128,) of faces: pictures (H, W, 3) and landmarks (468, 2)."""
    return np.asarray(np.mean([embed(rgb, landmarks) for rgb, landmarks in faces], axis=0), np.float32)


def _middle(portraits: tuple[Portrait, ...], embed: Embed) -> NDArray[np.float32]:
    return middle_of(((one.rgb, one.landmarks_px) for one in portraits), embed)


def _alike(watched: Watched, middle: NDArray[np.floating], embed: Embed) -> dict[int, float]:
    """Distances of the faces that are near enough, by the track's id."""
    away = {
        track_id: float(np.linalg.norm(_middle(portraits, embed) - middle))
        for track_id, portraits in watched.portraits.items()
    }
    return {track_id: distance for track_id, distance in away.items() if distance < SAME_PERSON}


def _without_overlap(watched: Watched, alike: dict[int, float], chosen: int) -> frozenset[int]:
    """Of faces that are alike those that are never seen beside the chosen one, or each other: the nearest first."""
    taken = {chosen}
    frames = set(watched.track(chosen).frame_indices.tolist())
    for track_id in sorted(alike, key=lambda one: alike[one]):
        own = set(watched.track(track_id).frame_indices.tolist())
        if track_id not in taken and not own & frames:
            taken.add(track_id)
            frames |= own
    return frozenset(taken - {chosen})
