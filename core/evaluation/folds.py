"""Splits in which neither a person nor a swapped-in face is on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Fold:
    """Indices of the clips to train on and of those to test on; clips that would leak are in neither."""

    name: str
    train: NDArray[np.intp]
    test: NDArray[np.intp]


def target_folds(targets: Sequence[str], persons: Sequence[str]) -> tuple[Fold, ...]:
    """Leave one target out at a time, and every clip of a person who is in the test part.

    Args:
        targets: of each clip, whose face was put in (the real twin of a swap carries the same); the test part of a
            fold is all clips of one target.
        persons: who was filmed, of each clip.

    Raises:
        ValueError: the two differ in length, or a fold would have nothing to train on.
    """
    if len(targets) != len(persons):
        raise ValueError("every clip has a target and a person")
    target_of, person_of = np.array(targets), np.array(persons)
    folds = []
    for target in sorted(set(targets)):
        test = target_of == target
        train = ~test & ~np.isin(person_of, person_of[test])
        if not train.any():
            raise ValueError(f"without {target} and the people in its clips there is nothing to train on")
        folds.append(Fold(target, np.flatnonzero(train), np.flatnonzero(test)))
    return tuple(folds)
