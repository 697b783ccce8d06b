"""Train a swap on two face sets with consent; stopped or killed at any moment, it goes on as it would have."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load, save

from core.errors import CancelledError, SwapModelError, TrainingError
from core.swap import saved
from core.swap.augment import Person, batch
from core.swap.consent import as_json, require_consent
from core.swap.history import History
from core.swap.material import person
from core.swap.poses import poses_json
from core.swap.presets import Plan, training_json, with_saved_shape
from core.swap.preview import write_preview
from core.types import ConsentScope, FaceSet, TrainedSwap
from models.swap_autoencoder import SwapDrawer
from models.train.swap import DivergedError, Losses, SwapTrainer, device_is_there


@dataclass(frozen=True, slots=True)
class Step:
    """What is told after each step: its number from 1, of how many, the losses, and how many there are a second."""

    number: int
    of: int
    losses: Losses
    per_s: float


def train(
    source: FaceSet,
    target: FaceSet,
    model: Path,
    plan: Plan,
    *,
    progress: Callable[[Step], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> TrainedSwap:
    """Train until `plan.iterations` steps were made in all, and return what is saved in the folder `model`.

    A folder that has a swap of the same two people is gone on with: its shape holds, whatever the plan's is. With
    equal sets and plans, a run that was interrupted ends exactly as one that was not, on one kind of device. What the
    target allows by then is saved even when no step is left to make.

    Args:
        source: the person whose performance will be kept.
        target: the person who will be shown.
        model: folder that is made, or that an earlier run made.
        plan: see there.
        progress: called after each step.
        stop: asked before each step; once it says so, the state is saved and what there is comes back. Asked while
            the faces are read as well.

    Raises:
        ConsentError: a person did not allow training.
        SwapModelError: the folder has a swap of other people, or is damaged, or is being trained already.
        TrainingError: the device is not there, both sets are the same, or the losses became no numbers.
        FaceSetError: a set is too small or damaged.
        OutputError: the folder cannot be written.
        CancelledError: `stop` said so while the faces were read.
    """
    for face_set in (source, target):
        require_consent(face_set, ConsentScope.TRAINING)
    if source.sha256 == target.sha256 or source.face_type is not target.face_type:
        raise TrainingError("The source and the target are two face sets with faces cut alike.")
    if not device_is_there(plan.device):
        raise TrainingError(f"This machine has no device called {plan.device} that PyTorch can use.")
    with saved.locked(model):
        run = _Run(source, target, model, plan, stop)
        run.go(progress or (lambda _: None), stop)
        return run.about


class _Run:
    """One training: what is trained, on whom, and where it is kept."""

    def __init__(self, source: FaceSet, target: FaceSet, model: Path, plan: Plan, stop: Callable[[], bool]) -> None:
        def look(_done: int, _of: int) -> None:
            if stop():
                raise CancelledError("Stopped before the first iteration; nothing was changed.")

        before = saved.read_saved(model)
        if before is not None:
            _same_people(before, source, target)
            plan = _gone_on_with(before, plan)
        self._sets, self._model, self._plan = (source, target), model, plan
        size = plan.shape.size_px
        self._sets_json = {
            role: _set_json(one, None if before is None else before.values["sets"][role], mirrored=plan.recipe.mirror)
            for role, one in zip(("source", "target"), self._sets, strict=True)
        }
        self._people: tuple[Person, Person] = (
            person(source, size, look),
            person(target, size, look),
        )
        self._trainer = SwapTrainer(plan.shape, plan.config, plan.device)
        if before is not None:
            self._restore(before)
        self._history = History(model / saved.HISTORY, self._trainer.steps)
        self.about = before.about if before is not None else self._save(keep=False)

    def go(self, progress: Callable[[Step], None], stop: Callable[[], bool]) -> None:
        plan, trainer = self._plan, self._trainer
        saved_at, clock = time.monotonic(), _Rate()
        with ThreadPoolExecutor(1) as ahead:
            waiting = ahead.submit(self._batch, trainer.steps)
            while trainer.steps < plan.iterations and not stop():
                made, waiting = waiting.result(), ahead.submit(self._batch, trainer.steps + 1)
                losses = self._stepped(made)
                self._history.add(trainer.steps, losses.source, losses.target)
                progress(Step(trainer.steps, plan.iterations, losses, clock.tick()))
                backup = trainer.steps % plan.backup_every == 0
                if backup or self._is_due(saved_at):
                    self.about = self._save(keep=backup)
                    saved_at = time.monotonic()
                if trainer.steps % plan.preview_every == 0:
                    self._show()
        if self.about.steps != trainer.steps or self.about.target_consent != self._sets[1].consent:
            self.about = self._save(keep=False)  # what was allowed anew, or no more, holds without another step
        self._show()

    def _stepped(self, made: Any) -> Losses:
        try:
            return self._trainer.step(made)
        except DivergedError as error:
            raise TrainingError(
                f"The training came to no numbers at iteration {self._trainer.steps + 1} and ended; what was saved is "
                "whole. Go on from a backup, with a smaller learning rate."
            ) from error

    def _batch(self, number: int) -> Any:
        return batch(*self._people, self._plan.recipe, self._plan.config.seed, number)

    def _is_due(self, saved_at: float) -> bool:
        if self._plan.save_every is not None:
            return self._trainer.steps % self._plan.save_every == 0
        return time.monotonic() - saved_at >= self._plan.save_every_s

    def _save(self, *, keep: bool) -> TrainedSwap:
        weights = save(self._trainer.weights())
        about = self._described(weights)
        values = {
            "steps": about.steps,
            "about": saved.trained_swap_json(about),
            "shape": self._plan.shape.to_json(),
            **training_json(self._plan),
            "sets": self._sets_json,
        }
        files = {saved.WEIGHTS: weights, saved.TRAINING: save(self._trainer.state())}
        saved.save(self._model, values, files, keep=keep, backups=self._plan.backups)
        self._history.keep()
        return about

    def _described(self, weights: bytes) -> TrainedSwap:
        source, target = self._sets
        return TrainedSwap(
            weights_sha256=saved.sha256(weights),
            source_id=source.id,
            target_id=target.id,
            steps=self._trainer.steps,
            architecture=self._plan.shape.architecture,
            size_px=self._plan.shape.size_px,
            face_type=target.face_type,
            target_consent=require_consent(target, ConsentScope.TRAINING),
        )

    def _restore(self, before: saved.Saved) -> None:
        try:
            state, weights = load(before.content(saved.TRAINING)), load(before.content(saved.WEIGHTS))
            if before.values["config"]["optimiser"] != self._plan.config.optimiser:  # what it knows, no other can use
                state = {name: value for name, value in state.items() if not name.startswith("optimiser.")}
            self._trainer.restore(before.about.steps, state, weights)
        except (ValueError, KeyError) as error:
            raise SwapModelError(f"The trained swap {self._model} cannot be gone on with: {error}.") from error

    def _show(self) -> None:
        self._history.keep()
        drawer = SwapDrawer(self._trainer.average, self._plan.device)
        write_preview(self._model / saved.PREVIEW, self._people, drawer, self._history.rows(), self._trainer.steps)


class _Rate:
    """Steps a second, over about the last 50."""

    def __init__(self) -> None:
        self._last, self._mean_s = time.perf_counter(), 0.0

    def tick(self) -> float:
        now = time.perf_counter()
        took, self._last = now - self._last, now
        self._mean_s = took if self._mean_s == 0 else 0.96 * self._mean_s + 0.04 * took
        return 1 / max(self._mean_s, 1e-9)


def _same_people(before: saved.Saved, source: FaceSet, target: FaceSet) -> None:
    """Faces may be added to a set between two runs, but it stays the same person's."""
    for role, face_set in (("source", source), ("target", target)):
        if _consent_json(face_set)["person"] != before.values["sets"][role]["consent"]["person"]:
            raise SwapModelError(f"The swap in {before.folder.parent.parent} was trained with another {role}.")
    if before.about.face_type is not target.face_type:
        raise SwapModelError(f"The swap in {before.folder.parent.parent} was trained on faces that were cut otherwise.")


def _set_json(face_set: FaceSet, before: dict[str, Any] | None, *, mirrored: bool) -> dict[str, Any]:
    """What model.json says of a set; `earlier` are the ids of other sets of the person that were trained on."""
    seen = set() if before is None else {before["id"], *before.get("earlier", [])}
    return {
        "id": face_set.id,
        "sha256": face_set.sha256,
        "faces": len(face_set.faces),
        "consent": _consent_json(face_set),
        "coverage": poses_json(face_set, mirrored=mirrored),
        "earlier": sorted(seen - {face_set.id}),
    }


def _gone_on_with(before: saved.Saved, plan: Plan) -> Plan:
    try:
        return with_saved_shape(plan, before.values["shape"])
    except (ValueError, TypeError, KeyError) as error:
        raise SwapModelError(
            "The trained swap is damaged; `facepulse swap train … --restore N` goes back to a backup."
        ) from error


def _consent_json(face_set: FaceSet) -> dict[str, Any]:
    return as_json(require_consent(face_set, ConsentScope.TRAINING))
