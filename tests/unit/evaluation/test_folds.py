"""Folds keep persons and targets apart."""

from __future__ import annotations

import numpy as np
import pytest

from core.evaluation.folds import target_folds

TARGETS = ["t1", "t1", "t1", "t2", "t2", "t3", "t3"]
PERSONS = ["a", "a", "b", "b", "c", "d", "d"]


def test_every_clip_is_tested_once() -> None:
    folds = target_folds(TARGETS, PERSONS)
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(7))


def test_no_person_and_no_target_is_on_both_sides() -> None:
    for fold in target_folds(TARGETS, PERSONS):
        for of in (TARGETS, PERSONS):
            assert not {of[i] for i in fold.train} & {of[i] for i in fold.test}


def test_other_clips_of_a_tested_person_are_in_neither_part() -> None:
    first = target_folds(TARGETS, PERSONS)[0]
    assert list(first.train) == [4, 5, 6]  # 3 shows b, who is tested with t1


def test_a_fold_without_training_clips_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to train on"):
        target_folds(["t1", "t2"], ["a", "a"])
    with pytest.raises(ValueError, match="person"):
        target_folds(["t1", "t2"], ["a"])
