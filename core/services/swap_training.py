"""Train face swaps and write them as files: what `facepulse swap train` and `facepulse swap export` do."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

from core.errors import SettingsError, SwapModelError
from core.swap import saved
from core.swap.export import export
from core.swap.face_set import load_face_set
from core.swap.presets import Plan, Preset, as_saved, changed, preset
from core.swap.training import Step, train
from core.types import TrainedSwap

PRESETS: tuple[Preset, ...] = get_args(Preset)

__all__ = ["PRESETS", "Plan", "Step", "export_swap", "read_plan", "restore_backup", "train_swap"]


def read_plan(model: Path, name: Preset | None, config: Path | None, changes: Mapping[str, Any]) -> Plan:
    """Return how a swap is trained: what its folder says if it has been, else a preset; a file and options over it.

    Args:
        model: the folder of the swap, which need not be there.
        name: the preset; `quick` where none is named and nothing was trained.
        config: a TOML file whose keys are the fields of `Plan`, `SwapShape`, `SwapConfig` and `Recipe`.
        changes: the same by options, over the file's.

    Raises:
        SettingsError: the file cannot be read, a key or value is not valid, or the network would be another one.
        SwapModelError: what is in the folder is damaged.
    """
    try:
        given = {**({} if config is None else tomllib.loads(config.read_text(encoding="utf-8"))), **changes}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError("The configuration file cannot be read as TOML.") from error
    before = saved.read_saved(model)
    try:
        start = preset(name or "quick") if before is None else as_saved(preset(name or "quick"), before.values)
    except (ValueError, TypeError, KeyError) as error:
        raise SwapModelError(
            f"The trained swap {model} is damaged; `facepulse swap train … --restore N` goes back to a backup."
        ) from error
    try:
        plan = changed(start, given)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"The training cannot be set so: {error}.") from error
    if before is not None and plan.shape != start.shape:
        raise SettingsError(f"{model} has a network of another shape; name another folder for a new one.")
    return plan


def train_swap(
    source: Path,
    target: Path,
    model: Path,
    plan: Plan,
    *,
    progress: Callable[[Step], None],
    stop: Callable[[], bool],
) -> TrainedSwap:
    """Train on the face sets in two folders; everything else is as `core.swap.training.train` says.

    Raises:
        FaceSetError, ConsentError, SwapModelError, TrainingError, OutputError: see there.
    """
    return train(load_face_set(source), load_face_set(target), model, plan, progress=progress, stop=stop)


def export_swap(model: Path, out: Path) -> TrainedSwap:
    """Write a swap as a .dfm file; see `core.swap.export.export`.

    Raises:
        SwapModelError, OutputError: see there.
    """
    return export(model, out)


def restore_backup(model: Path, steps: int) -> None:
    """Make a backup of a swap the state that holds.

    Raises:
        SwapModelError: there is no whole backup of that many steps, or the swap is being trained.
        OutputError: the folder cannot be written.
    """
    with saved.locked(model):
        saved.restore_backup(model, steps)
