"""A trained swap says which turns of the head it has seen, as a folder and as a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.swap import saved
from core.swap.coverage import Coverage
from core.swap.dfm import about_path
from core.swap.export import export
from core.swap.poses import TrainedPoses, poses_json, trained_poses
from core.swap.training import train
from tests.synth.swaps import face_set, tiny_plan


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("swap")
    source, target = face_set(folder / "source", "Source"), face_set(folder / "target", "Target")
    train(source, target, folder / "model", tiny_plan(1))
    return folder / "model"


def test_training_writes_the_poses_of_both_sets(trained):
    poses = trained_poses(trained)
    assert poses is not None
    assert poses.at(0, 0) > 0.2
    assert poses.at(80, 0) == 0


def test_a_file_has_them_too(trained, tmp_path):
    export(trained, tmp_path / "her.dfm")
    poses = trained_poses(tmp_path / "her.dfm")
    known = trained_poses(trained)
    assert [poses.at(yaw, 0) for yaw in range(-60, 61, 5)] == [known.at(yaw, 0) for yaw in range(-60, 61, 5)]
    about_path(tmp_path / "her.dfm").unlink()
    assert trained_poses(tmp_path / "her.dfm") is None


def test_a_pose_is_trained_as_well_as_it_is_in_the_set_that_has_less_of_it():
    left, both = Coverage.of_poses([-40.0] * 9, [0.0] * 9), Coverage.of_poses([-40.0, 40.0] * 9, [0.0] * 18)
    assert TrainedPoses(left, both).at(40, 0) == 0
    assert TrainedPoses(both, both).at(40, 0) == 1
    assert TrainedPoses(both, left).at(-40, 0) == 1


def test_faces_shown_in_a_mirror_look_both_ways(tmp_path):
    made = face_set(tmp_path / "source", "Source")
    plain, mirrored = (Coverage.from_json(json.dumps(poses_json(made, mirrored=mirror))) for mirror in (False, True))
    assert mirrored.counts.sum() == 2 * plain.counts.sum()


def test_a_swap_from_before_has_none(trained, tmp_path, monkeypatch):
    before = saved.read_saved(trained)
    values = {**before.values, "sets": {role: {"id": "1" * 16} for role in ("source", "target")}}
    monkeypatch.setattr("core.swap.poses.read_saved", lambda path: saved.Saved(before.folder, values, before.about))
    assert trained_poses(trained) is None
