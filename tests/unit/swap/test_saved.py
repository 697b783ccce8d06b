"""Trained swaps on disk: what is saved is read, what is damaged is told, and a kill leaves a whole state."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.swap_kills import finished_alike, kills
from core.errors import OutputError, SwapModelError
from core.swap import saved
from core.swap.saved import read_saved, restore_backup, save, trained_swap_json, trained_swap_of
from core.types import FaceType, TrainedSwap
from tests.synth.face_sets import consent
from tests.synth.swaps import face_set


def about(steps: int, weights: bytes) -> TrainedSwap:
    return TrainedSwap(saved.sha256(weights), "s" * 16, "t" * 16, steps, "df", 96, FaceType.FULL, consent())


def save_steps(model: Path, steps: int, *, keep: bool = False, backups: int = 2) -> Path:
    files = {saved.WEIGHTS: f"weights {steps}".encode(), saved.TRAINING: f"training {steps}".encode()}
    values = {"steps": steps, "about": trained_swap_json(about(steps, files[saved.WEIGHTS]))}
    return save(model, values, files, keep=keep, backups=backups)


def test_what_a_swap_is_comes_back_from_json() -> None:
    one = about(7, b"weights")
    assert trained_swap_of(json.loads(json.dumps(trained_swap_json(one)))) == one


def test_the_last_state_holds_and_the_one_before_stays_for_readers(tmp_path: Path) -> None:
    folders = [save_steps(tmp_path, steps) for steps in (1, 2, 3)]
    assert read_saved(tmp_path).about.steps == 3
    assert read_saved(tmp_path).content(saved.WEIGHTS) == b"weights 3"
    assert [folder.exists() for folder in folders] == [False, True, True]


def test_a_state_that_is_replaced_twice_while_it_is_read_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_steps(tmp_path, 1)
    holding, later = saved._holding, [2, 3]

    def slow_reader(path: Path) -> Path | None:
        found = holding(path)
        while later:
            save_steps(tmp_path, later.pop(0))
        return found

    monkeypatch.setattr(saved, "_holding", slow_reader)
    assert read_saved(tmp_path).about.steps == 3


def test_as_many_backups_stay_as_are_asked_for(tmp_path: Path) -> None:
    for steps in range(1, 7):
        save_steps(tmp_path, steps, keep=steps % 2 == 0)
    backups = sorted((tmp_path / saved.BACKUPS).iterdir())
    assert [int(folder.name.split("-")[0]) for folder in backups] == [4, 6]
    assert read_saved(backups[0]).content(saved.TRAINING) == b"training 4"


def test_a_backup_is_gone_back_to(tmp_path: Path) -> None:
    for steps in (1, 2, 3):
        save_steps(tmp_path, steps, keep=True, backups=3)
    restore_backup(tmp_path, 2)
    assert read_saved(tmp_path).content(saved.WEIGHTS) == b"weights 2"
    assert len(list((tmp_path / saved.BACKUPS).iterdir())) == 3


@pytest.mark.parametrize("name", [saved.WEIGHTS, saved.TRAINING])
def test_a_changed_file_is_not_loaded(tmp_path: Path, name: str) -> None:
    folder = save_steps(tmp_path, 1)
    (folder / name).write_bytes(b"something else")
    with pytest.raises(SwapModelError, match="damaged"):
        read_saved(tmp_path).content(name)


def test_a_swap_that_is_said_to_be_of_other_weights_is_refused(tmp_path: Path) -> None:
    generation = save_steps(tmp_path, 3)
    values = json.loads((generation / saved.ABOUT).read_text())
    (generation / saved.WEIGHTS).write_bytes(b"others")
    values["files"][saved.WEIGHTS] = saved.sha256(b"others")
    (generation / saved.ABOUT).write_text(json.dumps(values))
    with pytest.raises(SwapModelError, match="damaged"):
        read_saved(tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 99}', '{"format": 1, "about": {}}'])
def test_a_damaged_description_is_one_sentence(tmp_path: Path, content: str) -> None:
    (save_steps(tmp_path, 1) / saved.ABOUT).write_text(content)
    with pytest.raises(SwapModelError):
        read_saved(tmp_path)


@pytest.mark.parametrize("name", ["", "nothing", "../../etc", ".."])
def test_a_pointer_to_nowhere_is_one_sentence(tmp_path: Path, name: str) -> None:
    save_steps(tmp_path, 1)
    (tmp_path / saved.CURRENT).write_text(name)
    with pytest.raises(SwapModelError, match="damaged"):
        read_saved(tmp_path)


def test_an_empty_folder_has_no_swap(tmp_path: Path) -> None:
    assert read_saved(tmp_path) is None
    assert read_saved(tmp_path / "missing") is None


@pytest.mark.parametrize("at", range(14))
def test_a_save_that_breaks_off_anywhere_leaves_a_whole_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Every step that touches the disk fails in its turn, as a kill would end it there."""
    save_steps(tmp_path, 1)
    left = at

    def count_down() -> None:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1

    def broken(original: object) -> object:
        def call(*args: object, **more: object) -> object:
            count_down()
            return original(*args, **more)

        return call

    with monkeypatch.context() as patch:
        for owner, names in ((saved.os, ("fsync", "link")), (Path, ("rename", "replace", "mkdir", "open"))):
            for name in names:
                patch.setattr(owner, name, broken(getattr(owner, name)))
        try:
            save_steps(tmp_path, 2, keep=True)
            finished = True
        except KeyboardInterrupt:
            finished = False
    held = read_saved(tmp_path)
    assert held.about.steps == 2 if finished else held.about.steps in (1, 2)
    assert held.content(saved.WEIGHTS) == f"weights {held.about.steps}".encode()
    save_steps(tmp_path, 3, keep=True)
    assert read_saved(tmp_path).about.steps == 3
    assert not list(tmp_path.rglob("*.part"))


def test_a_full_disk_is_a_sentence_and_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_steps(tmp_path, 1)

    def full(path: Path, content: bytes) -> None:
        path.write_bytes(content[:3])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saved, "write_through", full)
    with pytest.raises(OutputError, match="No space left"):
        save_steps(tmp_path, 2)
    assert read_saved(tmp_path).about.steps == 1
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_training_that_is_killed_fifty_times_while_it_saves_ends_as_one_that_was_not(tmp_path: Path) -> None:
    for name in ("source", "target"):
        face_set(tmp_path / name, name.capitalize())
    found = list(kills(tmp_path, 50))
    assert len(found) == 50
    assert sum(kill.within for kill in found) > 25
    assert finished_alike(tmp_path)[1]
