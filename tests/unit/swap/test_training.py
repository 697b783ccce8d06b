"""Training of swaps: consent first, exact after an interruption, and a swap that shows the target."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from safetensors.numpy import load_file

from core.detectors.provenance import xmp_sources
from core.errors import CancelledError, ConsentError, FaceSetError, SwapModelError, TrainingError
from core.swap import saved
from core.swap.consent import write_consent
from core.swap.face_set import load_face_set
from core.swap.history import read_history
from core.swap.model import load_model
from core.swap.training import train
from core.types import ConsentScope, FaceSet
from models.swap_autoencoder import SwapShape
from models.train.swap import SwapConfig
from tests.synth.face_sets import consent, write_set
from tests.synth.swaps import SKIN, drawn_face, face_set, tiny_plan

Sets = tuple[FaceSet, FaceSet]


@pytest.fixture
def sets(tmp_path: Path) -> Sets:
    return face_set(tmp_path / "source", "Source"), face_set(tmp_path / "target", "Target")


def state(model: Path) -> dict[str, np.ndarray]:
    folder = saved.read_saved(model).folder
    return {**load_file(folder / saved.WEIGHTS), **load_file(folder / saved.TRAINING)}


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("architecture", ["df", "liae"])
def test_an_interrupted_training_ends_as_one_that_was_not(sets: Sets, tmp_path: Path, architecture: str) -> None:
    plan = tiny_plan(6, architecture)
    train(*sets, tmp_path / "straight", plan)
    train(*sets, tmp_path / "halves", replace(plan, iterations=3))
    assert not same(state(tmp_path / "straight"), state(tmp_path / "halves"))
    train(*sets, tmp_path / "halves", plan)
    assert same(state(tmp_path / "straight"), state(tmp_path / "halves"))


@pytest.mark.parametrize(
    "changes",
    [
        {"optimiser": "adabelief", "rate_dropout": 0.3},
        {"critic": 0.1, "critic_from": 1},
        {"precision": "bfloat16"},
    ],
)
def test_every_way_to_train_goes_on_exactly(sets: Sets, tmp_path: Path, changes: dict[str, object]) -> None:
    plan = replace(tiny_plan(4), config=replace(tiny_plan().config, **changes))
    train(*sets, tmp_path / "straight", plan)
    train(*sets, tmp_path / "halves", replace(plan, iterations=2))
    train(*sets, tmp_path / "halves", plan)
    assert same(state(tmp_path / "straight"), state(tmp_path / "halves"))


def test_stopping_saves_and_ends(sets: Sets, tmp_path: Path) -> None:
    steps: list[int] = []
    about = train(
        *sets,
        tmp_path / "model",
        tiny_plan(1000),
        progress=lambda s: steps.append(s.number),
        stop=lambda: len(steps) == 3,
    )
    assert (about.steps, steps) == (3, [1, 2, 3])
    assert saved.read_saved(tmp_path / "model").about == about


def test_stopping_while_faces_are_read_changes_nothing(sets: Sets, tmp_path: Path) -> None:
    train(*sets, tmp_path / "model", tiny_plan(2))
    before = saved.read_saved(tmp_path / "model").folder
    with pytest.raises(CancelledError, match="before the first iteration"):
        train(*sets, tmp_path / "model", tiny_plan(4), stop=lambda: True)
    assert saved.read_saved(tmp_path / "model").folder == before


def test_what_fails_in_between_leaves_the_last_saved_state(sets: Sets, tmp_path: Path) -> None:
    def fail(step: object) -> None:
        if step.number == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(*sets, tmp_path / "model", tiny_plan(8, save_every=2), progress=fail)
    assert saved.read_saved(tmp_path / "model").about.steps == 4


@pytest.mark.parametrize("missing", ["Source", "Target"])
def test_nothing_is_trained_without_consent(tmp_path: Path, missing: str) -> None:
    source, target = (face_set(tmp_path / name, name, with_consent=name != missing) for name in ("Source", "Target"))
    with pytest.raises(ConsentError):
        train(source, target, tmp_path / "model", tiny_plan())
    assert not (tmp_path / "model").exists()


def test_consent_to_demos_is_none_to_training(sets: Sets, tmp_path: Path) -> None:
    write_consent(sets[1].path, consent("Target", frozenset({ConsentScope.DEMOS})))
    with pytest.raises(ConsentError, match="did not allow"):
        train(sets[0], load_face_set(sets[1].path), tmp_path / "model", tiny_plan())


def test_what_was_allowed_no_more_holds_for_a_finished_swap_too(sets: Sets, tmp_path: Path) -> None:
    before = train(*sets, tmp_path / "model", tiny_plan(2))
    write_consent(sets[1].path, consent("Target", frozenset({ConsentScope.TRAINING})))
    train(sets[0], load_face_set(sets[1].path), tmp_path / "model", tiny_plan(2))
    after = saved.read_saved(tmp_path / "model").about
    assert (after.steps, after.weights_sha256) == (2, before.weights_sha256)
    assert after.target_consent.scope == {ConsentScope.TRAINING}


def test_a_swap_is_not_gone_on_with_another_person(sets: Sets, tmp_path: Path) -> None:
    train(*sets, tmp_path / "model", tiny_plan(2))
    with pytest.raises(SwapModelError, match="another source"):
        train(sets[1], sets[0], tmp_path / "model", tiny_plan(4))


def test_sets_that_were_trained_on_earlier_are_not_forgotten(sets: Sets, tmp_path: Path) -> None:
    train(*sets, tmp_path / "model", tiny_plan(1))
    poses = [(yaw, 0.0) for yaw in range(0, 18, 2)]
    other = load_face_set(write_set(tmp_path / "more", poses, record=consent("Target")).path)
    about = train(sets[0], other, tmp_path / "model", tiny_plan(2))
    assert about.target_id == other.id
    values = saved.read_saved(tmp_path / "model").values["sets"]
    assert (values["target"]["earlier"], values["source"]["earlier"]) == ([sets[1].id], [])


def test_one_set_is_not_swapped_with_itself(sets: Sets, tmp_path: Path) -> None:
    with pytest.raises(TrainingError):
        train(sets[0], sets[0], tmp_path / "model", tiny_plan())


def test_a_set_of_few_faces_is_refused(sets: Sets, tmp_path: Path) -> None:
    few = write_set(tmp_path / "few", record=consent("Few"))
    with pytest.raises(FaceSetError, match="at least 8"):
        train(load_face_set(few.path), sets[1], tmp_path / "model", tiny_plan())


def test_two_trainings_do_not_write_to_one_folder(sets: Sets, tmp_path: Path) -> None:
    with saved.locked(tmp_path / "model"), pytest.raises(SwapModelError, match="Another training"):
        train(*sets, tmp_path / "model", tiny_plan())


def test_the_shape_that_was_saved_holds(sets: Sets, tmp_path: Path) -> None:
    train(*sets, tmp_path / "model", tiny_plan(2))
    about = train(*sets, tmp_path / "model", replace(tiny_plan(3, "liae"), shape=SwapShape("liae", 96, 4, 16, 4, 2)))
    assert (about.steps, about.architecture, about.size_px) == (3, "df", 64)


def test_the_losses_are_kept_as_they_were_made(sets: Sets, tmp_path: Path) -> None:
    train(*sets, tmp_path / "model", tiny_plan(25))
    train(*sets, tmp_path / "model", tiny_plan(60))
    rows = read_history(tmp_path / "model" / saved.HISTORY)
    assert [row[0] for row in rows] == [20, 40, 60]
    assert rows[-1][1] < rows[0][1]


def test_the_preview_is_a_picture_with_the_losses(sets: Sets, tmp_path: Path) -> None:
    train(*sets, tmp_path / "model", tiny_plan(2))
    picture = cv2.imread(str(tmp_path / "model" / saved.PREVIEW))
    assert picture is not None and picture.shape[1] == 6 * 168


def test_the_file_of_a_preview_declares_that_ai_drew_in_it(sets: Sets, tmp_path: Path) -> None:
    train(*sets, tmp_path / "model", tiny_plan(1))
    assert xmp_sources(tmp_path / "model" / saved.PREVIEW) == ("compositeWithTrainedAlgorithmicMedia",)


def test_a_trained_swap_draws_the_target(sets: Sets, tmp_path: Path) -> None:
    plan = replace(
        tiny_plan(150), shape=SwapShape("df", 64, 8, 16, 8, 4), config=SwapConfig(learning_rate=3e-3, averaging=0.9)
    )
    about = train(*sets, tmp_path / "model", plan)
    model = load_model(tmp_path / "model")
    drawn = model.draw(np.stack([drawn_face(0.0, SKIN["Source"], 64)] * 2))
    assert model.about == about
    assert (drawn.rgb.shape, drawn.mask.shape) == ((2, 64, 64, 3), (2, 64, 64))
    cheek = drawn.rgb[0, 30:34, 22:26].reshape(-1, 3).mean(axis=0)
    near, far = (np.abs(cheek - np.array(SKIN[person])).mean() for person in ("Target", "Source"))
    assert near < 20 < far
    assert drawn.mask[0, 32, 32] > 0.8 > 0.2 > drawn.mask[0, 2, 2]
