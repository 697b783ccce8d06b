"""Train the networks on collections of clips: what `facepulse train` does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import DatasetError, OutputError, TrainingError
from core.evaluation.face_clips import FaceClip, read_face_clips
from core.evaluation.face_traces import SeenFace, main_face, seen_faces
from core.faces import load_face_models
from core.services.training_config import read_training_config
from core.signals import ppg_segments
from models.ppg_cnn import save_ppg_cnn
from models.train.ppg_cnn import Epoch, PpgCnnConfig, ResumeError, device_is_there, train_ppg_cnn

Tell = Callable[[str, int, int, str], None]
"""(what is being done, done, total, a remark): called as the work goes on."""


def read_config(path: Path | None, changes: dict[str, Any]) -> PpgCnnConfig:
    """Return the configuration of a TOML file (keys are those of `PpgCnnConfig`), with `changes` over it.

    Raises:
        SettingsError: the file cannot be read, or a key or value is not valid.
    """
    return read_training_config(PpgCnnConfig(), path, changes)


def train_pulse(
    data: Path, out: Path, config: PpgCnnConfig, *, cache: Path, resume: bool = False, tell: Tell | None = None
) -> Path:
    """Train the pulse CNN on the side-by-side clips of a collection and write its weights to `out`.

    Args:
        data: a folder with MANIFEST.tsv; rows of the split `train` labelled `side_by_side` are used.
        cache: keeps what was seen of every face, and the checkpoint.
        resume: go on from the checkpoint in `cache`.

    Raises:
        DatasetError: the collection is not complete, or shows too little of any face.
        TrainingError: the device is not there, or the checkpoint does not fit.
        OutputError: the weights or the cache cannot be written.
    """
    if not device_is_there(config.device):
        raise TrainingError(f"This machine has no device called {config.device} that PyTorch can use.")
    say = tell or (lambda *_: None)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        out.parent.mkdir(parents=True, exist_ok=True)
        faces = _watched([c for c in read_face_clips(data) if c.half and c.split == "train"], cache, say)
        maps = [ppg_segments(face.trace, config.omega, config.stride).maps for face in faces]
        fake = np.repeat([face.clip.fake for face in faces], [len(part) for part in maps])
        weights = np.concatenate([np.full(len(part), 1 / max(len(part), 1)) for part in maps]) if maps else np.zeros(0)
        if len(fake) == 0 or fake.all() or not fake.any():
            raise DatasetError(
                f"No clip of the collection shows a face for {config.omega / 30:.1f} s, real and swapped."
            )
        network = train_ppg_cnn(
            np.concatenate(maps),
            fake,
            config,
            weights=weights,
            progress=lambda epoch: _tell_epoch(say, epoch),
            checkpoint=cache / "ppg_cnn.checkpoint",
            resume=resume,
        )
        return save_ppg_cnn(network, out)
    except ResumeError as error:
        raise TrainingError(f"The training cannot go on: {error}.") from error
    except OSError as error:
        raise OutputError("The weights or the cache cannot be written there.") from error


def _watched(clips: list[FaceClip], cache: Path, say: Tell) -> list[SeenFace]:
    models = load_face_models()
    found = []
    for number, clip in enumerate(clips):
        say("watching faces", number, len(clips), clip.name)
        face = main_face(clip, seen_faces(clip, models, cache / "traces"))
        found += [face] if face is not None else []
    say("watching faces", len(clips), len(clips), "")
    return found


def _tell_epoch(say: Tell, epoch: Epoch) -> None:
    say("training", epoch.number, epoch.of, f"loss {epoch.loss:.3f}")
