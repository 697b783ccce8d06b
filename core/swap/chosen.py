"""Whose faces of a clip go into a set, when several people are in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.errors import FaceSetError
from core.swap.identity import SAME_PERSON, middle, people

Embedding = NDArray[np.float32]


@dataclass(slots=True)
class Follower:
    """One face followed through a clip: where its crops are kept, and who it is.

    `file` is the number of the clip, `prominence` frames seen × size; `crops` are the numbers given by the writer,
    `embeddings` (128,) some of it, none where nobody is told apart.
    """

    file: int
    prominence: float = 0.0
    crops: list[int] = field(default_factory=list)
    embeddings: list[Embedding] = field(default_factory=list)


def choose(
    followers: Sequence[Follower], *, person: int | None = None, like: Embedding | None = None
) -> list[Follower]:
    """Return the faces of one person.

    Args:
        followers: all that were followed in all clips.
        person: which one, by prominence, from 1; None is the first.
        like: faces of that person (128,), whatever their prominence.

    Returns:
        Where people can be told apart every face of that person, in all clips and after every cut; else one face a
        clip, that with the prominence asked for.

    Raises:
        FaceSetError: there is no such person.
    """
    known = [one for one in followers if one.embeddings]
    if like is not None:
        found = [one for one in known if float(np.linalg.norm(middle(one.embeddings) - like)) < SAME_PERSON]
        return _some(found, "Nobody in it looks like the person asked for.")
    place = (person or 1) - 1
    absent = f"There is no person number {place + 1} in it."
    if not known:
        return _some(_by_place(followers, place), absent)
    groups = people(np.stack([middle(one.embeddings) for one in known]))
    totals = [
        sum(one.prominence for one, g in zip(known, groups, strict=True) if g == n) for n in range(groups.max() + 1)
    ]
    if place >= len(totals):
        raise FaceSetError(absent)
    wanted = int(np.argsort(np.negative(totals), kind="stable")[place])
    return [one for one, group in zip(known, groups, strict=True) if group == wanted]


def _by_place(followers: Sequence[Follower], place: int) -> list[Follower]:
    found = []
    for file in sorted({one.file for one in followers}):
        of_file = sorted((one for one in followers if one.file == file), key=lambda one: -one.prominence)
        found += of_file[place : place + 1]
    return found


def _some(found: list[Follower], otherwise: str) -> list[Follower]:
    if not found:
        raise FaceSetError(otherwise)
    return found
