"""Which turns of the head a set covers."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

from core.swap.coverage import ENOUGH, Coverage


def looking(yaw_deg: float, pitch_deg: float = 0.0, faces: int = 10) -> Coverage:
    return Coverage.of_poses([yaw_deg] * faces, [pitch_deg] * faces)


def test_what_was_seen_often_is_covered_and_what_is_far_from_it_is_not() -> None:
    coverage = looking(12, 3)
    assert coverage.at(12, 3) == 1
    assert coverage.at(7, 3) == 1
    assert coverage.at(42, 3) == coverage.at(-12, 3) == coverage.at(12, 33) == 0


def test_coverage_falls_steadily_between() -> None:
    values = [looking(0).at(yaw, 0) for yaw in np.arange(5, 25, 1.0)]
    assert values[0] == 1 and values[-1] == 0
    assert all(one >= other for one, other in pairwise(values))
    assert max(one - other for one, other in pairwise(values)) < 0.11


def test_a_pose_seen_once_counts_for_less() -> None:
    assert looking(0, faces=1).at(0, 0) == pytest.approx(1 / ENOUGH)


def test_many_faces_of_one_pose_do_not_cover_another() -> None:
    assert looking(0, faces=100_000).at(30, 0) == 0


def test_no_face_covers_nothing() -> None:
    assert Coverage.of_poses([], []).at(0, 0) == 0


def test_the_mirror_covers_the_other_side_too() -> None:
    mirrored = looking(-41).mirrored()
    assert mirrored.at(-41, 0) == mirrored.at(41, 0) == 1
    assert looking(-41).at(41, 0) == 0


def test_turns_beyond_the_cells_are_counted_at_their_edge() -> None:
    assert Coverage.of_poses([130.0], [-80.0]).counts[-1, 0] == 1


def test_json_brings_it_back() -> None:
    coverage = Coverage.of_poses([-88.0, 0.0, 0.0, 2.5, 60.0], [-55.0, 0.0, -0.1, 59.0, 12.0])
    again = Coverage.from_json(coverage.to_json())
    assert np.array_equal(again.counts, coverage.counts)
    assert again.counts.sum() == 5


@pytest.mark.parametrize(
    "text",
    ["{", "{}", "[]", '{"cells": [[1]]}', json.dumps({"cells": [[500, 0, 1]]}), json.dumps({"cells": [[-500, 0, 1]]})],
)
def test_other_text_is_no_coverage(text: str) -> None:
    with pytest.raises(ValueError, match="this is no coverage"):
        Coverage.from_json(text)


def test_the_grid_says_what_at_says() -> None:
    coverage = looking(2.5, 2.5)
    grid = coverage.grid()
    assert grid[18, 12] == coverage.at(2.5, 2.5) == 1
    assert grid[0, 0] == 0
