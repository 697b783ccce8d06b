"""Train the pulse reader: on faces rendered with a known pulse, then, if wanted, a little on recordings of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import save_file

from core.errors import DatasetError, OutputError, TrainingError
from core.evaluation.datasets import DATASETS, PulseRecording
from core.evaluation.rendered_traces import photographs, recorded_trace, rendered_traces
from core.faces import FaceModels, load_face_models
from core.services.training import Tell
from core.services.training_config import read_training_config
from core.signals import even_trace
from core.signals.filters import band_pass
from core.types import RoiTrace
from models.pulse_features import RATE_HZ
from models.pulse_reader import PulseReader
from models.train.pulse_reader import TrainingClip, TrainingConfig, train

SEEN_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class ReaderRecipe:
    """How the reader is trained; the defaults are the recipe in its card.

    `clips` rendered faces of `duration_s` (seeds from `first_clip` on), those without pulse drawn `no_pulse_weight`
    times as often; `steps` on these, then `people_steps` in which half of the draws are of recorded people.
    """

    clips: int = 125
    first_clip: int = 0
    duration_s: float = 14.0
    no_pulse_share: float = 0.12
    no_pulse_weight: float = 2.0
    seed: int = 125
    steps: int = 2000
    regions: int = 20
    learning_rate: float = 2e-3
    people_steps: int = 100
    people_learning_rate: float = 5e-4
    save_every: int = 500

    def __post_init__(self) -> None:
        if min(self.clips, self.steps, self.people_steps, self.regions, self.save_every) < 1 or self.duration_s <= 0:
            raise ValueError("clips, steps and durations are positive")


@dataclass(frozen=True, slots=True)
class People:
    """Recordings to go on with: a dataset in its official layout, less the subjects left out."""

    root: Path
    dataset: str = "ubfc-rppg"
    leave_out: tuple[str, ...] = ()


def read_recipe(path: Path | None, changes: dict[str, Any]) -> ReaderRecipe:
    """Return the recipe of a TOML file (keys are those of `ReaderRecipe`), with `changes` over it.

    Raises:
        SettingsError: the file cannot be read, or a key or value is not valid.
    """
    return read_training_config(ReaderRecipe(), path, changes)


def train_reader(
    photos: Path,
    out: Path,
    recipe: ReaderRecipe,
    *,
    cache: Path,
    people: People | None = None,
    resume: bool = False,
    tell: Tell | None = None,
) -> Path:
    """Train the reader and write its weights to `out`.

    Args:
        photos: a folder of photographs of faces; two at least.
        cache: keeps the traces of rendered and recorded faces, and the checkpoints.
        people: recordings for the last steps; none trains on rendered faces alone.
        resume: go on from the checkpoints in `cache`; the steps on rendered faces are then shared by all who differ
            only in `people`, such as the folds of a leave-one-subject-out test.

    Raises:
        DatasetError: photographs or recordings are missing or show too little.
        TrainingError: a checkpoint is of another recipe.
        OutputError: the weights or the cache cannot be written.
    """
    say = tell or (lambda *_: None)
    if people is not None:
        _require_known(people)
    first = TrainingConfig(
        seed=recipe.seed,
        steps=recipe.steps,
        regions=recipe.regions,
        learning_rate=recipe.learning_rate,
        save_every=recipe.save_every,
    )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        models = load_face_models()
        rendered = _rendered(photographs(photos), recipe, models, cache, say)
        recorded = [] if people is None else _recorded(people, models, cache, say)
        net = _train("training", rendered, first, None, cache / "reader.checkpoint", resume, say)
        if recorded and people is not None:
            second = replace(first, steps=recipe.people_steps, learning_rate=recipe.people_learning_rate)
            share = sum(clip.share for clip in rendered) / len(recorded)
            name = "-".join(("reader", people.dataset, "without", *people.leave_out)) + ".checkpoint"
            both = [*rendered, *(replace(clip, share=share) for clip in recorded)]
            net = _train("training on people", both, second, net, cache / name, resume, say)
        save_file({key: value.contiguous() for key, value in net.state_dict().items()}, out)
    except OSError as error:
        raise OutputError("The weights or the cache cannot be written there.") from error
    return out


def _rendered(
    photos: Sequence[Path], recipe: ReaderRecipe, models: FaceModels, cache: Path, say: Tell
) -> list[TrainingClip]:
    seeds = range(recipe.first_clip, recipe.first_clip + recipe.clips)
    clips: list[TrainingClip] = []
    faces = rendered_traces(
        photos,
        seeds,
        models,
        cache / "rendered",
        duration_s=recipe.duration_s,
        no_pulse_share=recipe.no_pulse_share,
    )
    for done, face in enumerate(faces, start=1):
        say("rendering faces", done, len(seeds), "")
        if face is None:
            continue
        wave = None if face.bpm is None else face.wave
        clip = training_clip(face.trace, face.trace.times_s, wave)
        clips += [clip if clip.wave is not None else replace(clip, share=recipe.no_pulse_weight)]
    if not any(clip.wave is not None for clip in clips):
        raise DatasetError("No rendered face with a pulse could be followed: more or other photographs are needed.")
    return clips


def _require_known(people: People) -> None:
    if people.dataset not in DATASETS:
        raise DatasetError(f"There is no dataset called {people.dataset}; known are {', '.join(sorted(DATASETS))}.")
    known = {one.subject for one in DATASETS[people.dataset](people.root)}
    if unknown := sorted(set(people.leave_out) - known):
        raise DatasetError(f"No subject of the recordings is called {unknown[0]}.")


def _recorded(people: People, models: FaceModels, cache: Path, say: Tell) -> list[TrainingClip]:
    used = [one for one in DATASETS[people.dataset](people.root) if one.subject not in people.leave_out]
    clips = []
    for done, recording in enumerate(used, start=1):
        say("watching people", done, len(used), recording.clip_id)
        trace = recorded_trace(recording, models, cache / "people")
        clips += [_of_person(recording, trace)] if trace is not None else []
    if not clips:
        raise DatasetError("No recording that is not left out shows a face.")
    return clips


def _of_person(recording: PulseRecording, trace: RoiTrace) -> TrainingClip:
    clip = training_clip(trace, recording.times_s, recording.ppg)
    covered = int(np.searchsorted(np.arange(clip.rgb.shape[1]) / RATE_HZ + trace.times_s[0], recording.times_s[-1]))
    wave = None if clip.wave is None else band_pass(clip.wave[None, :covered].astype(float), RATE_HZ)[0]
    return TrainingClip(clip.rgb[:, :covered], None if wave is None else wave.astype(np.float32))


def training_clip(
    trace: RoiTrace, times_s: np.typing.NDArray[np.float64], wave: np.typing.NDArray[np.float64] | None
) -> TrainingClip:
    """Put a trace and the truth `wave` at `times_s` on the reader's grid; regions that are often hidden are left out.

    Raises:
        DatasetError: no region was seen nearly all the time.
    """
    even = even_trace(trace, RATE_HZ)
    usable = even.seen.mean(axis=1) >= SEEN_SHARE
    if not usable.any():
        raise DatasetError("A clip shows no skin region for nearly all of its time.")
    truth = None if wave is None else np.interp(even.times_s, times_s, wave).astype(np.float32)
    return TrainingClip(even.rgb[usable].astype(np.float32), truth)


def _train(  # noqa: PLR0917
    what: str,
    clips: Sequence[TrainingClip],
    config: TrainingConfig,
    start: PulseReader | None,
    checkpoint: Path,
    resume: bool,
    say: Tell,
) -> PulseReader:
    if not resume:
        checkpoint.unlink(missing_ok=True)
    try:
        return train(
            clips,
            config,
            start=start,
            checkpoint=checkpoint,
            progress=lambda done, of, loss: say(what, done, of, f"loss {loss:.3f}"),
        )
    except ValueError as error:
        raise TrainingError(f"The training cannot go on: {error}.") from error
