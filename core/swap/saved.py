"""A trained swap in a folder, saved so that a process that is killed at any moment leaves a whole one.

    MODEL/current                          the name of the generation that holds
    MODEL/generations/0000001200-1f2e/     one saved state: model.json, weights.safetensors, training.safetensors
    MODEL/backups/0000001000-ab12/         older ones, as many as are asked for
    MODEL/history.jsonl, preview.png       what the training page shows

A generation is written under another name, brought to the disk, renamed, and only then named by `current`, which is
replaced in one step. `model.json` has the sha256 of both other files; what does not match is not loaded.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import OutputError, SwapModelError
from core.swap.consent import as_json, record_of
from core.types import FaceType, TrainedSwap

FORMAT = 1
CURRENT, GENERATIONS, BACKUPS = "current", "generations", "backups"
ABOUT, WEIGHTS, TRAINING = "model.json", "weights.safetensors", "training.safetensors"
HISTORY, PREVIEW, LOCK = "history.jsonl", "preview.png", ".lock"


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved state: its folder, what model.json says, and the swap that it is."""

    folder: Path
    values: Mapping[str, Any]
    about: TrainedSwap

    def content(self, name: str) -> bytes:
        """Return the content of one of its files.

        Raises:
            SwapModelError: it is not there, or not the one that was saved.
        """
        try:
            content = (self.folder / name).read_bytes()
        except OSError as error:
            raise _damaged(self.folder) from error
        if sha256(content) != self.values["files"].get(name):
            raise _damaged(self.folder)
        return content


def save(model: Path, values: Mapping[str, Any], files: Mapping[str, bytes], *, keep: bool, backups: int) -> Path:
    """Make a new generation the one that holds, and return its folder.

    Args:
        model: the folder of the swap, which is made where it is missing.
        values: what model.json says, with `steps` in it; the sha256 of the files are added.
        files: name to content.
        keep: whether it becomes a backup too.
        backups: how many backups stay.

    Raises:
        OutputError: the folder cannot be written; what was there before still holds.
    """
    try:
        return _save(model, values, files, keep, backups)
    except OSError as error:
        for part in model.glob(f"{GENERATIONS}/.*.part"):  # a full disk stays full while half a state lies on it
            shutil.rmtree(part, ignore_errors=True)
        raise OutputError(f"The trained swap cannot be written to {model}: {error.strerror or error}.") from error


def _save(model: Path, values: Mapping[str, Any], files: Mapping[str, bytes], keep: bool, backups: int) -> Path:
    before = _named(model)
    hashes = {name: sha256(content) for name, content in files.items()}
    about = json.dumps({"format": FORMAT, **values, "files": hashes}, indent=2, ensure_ascii=False).encode() + b"\n"
    name = f"{values['steps']:010d}-{sha256(about)[:8]}"
    place = model / GENERATIONS / name
    part = place.with_name(f".{name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for file, content in {**files, ABOUT: about}.items():
        write_through(part / file, content)
    _to_disk(part)
    if place.exists():  # the same state was saved before
        shutil.rmtree(part)
    else:
        part.rename(place)
    _to_disk(place.parent)
    replace(model / CURRENT, name.encode() + b"\n")
    if keep:
        _keep(model, name, backups)
    _tidy(model, name, before)  # the one before stays for whoever is reading it
    return place


def read_saved(path: Path) -> Saved | None:
    """Return the state that holds in a swap's folder, or the backup that the folder is; None where there is neither.

    Raises:
        SwapModelError: it is damaged, or of another version of Facepulse.
    """
    folder = _holding(path)
    while folder is not None:
        try:
            return _read(path, folder)
        except SwapModelError:
            before, folder = folder, _holding(path)
            if folder == before:
                raise
            # A training saved twice meanwhile, and deleted what was being read.
    return None


def _holding(path: Path) -> Path | None:
    """Return the folder of the state that holds."""
    if (path / CURRENT).is_file():
        name = _named(path)
        if name is None:
            raise _damaged(path)
        return path / GENERATIONS / name
    return path if (path / ABOUT).is_file() else None


def _read(path: Path, folder: Path) -> Saved:
    try:
        values = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        if values["format"] != FORMAT:
            raise SwapModelError(f"The trained swap {path} is of another version of Facepulse.")
        about = trained_swap_of(values["about"])
        if about.weights_sha256 != values["files"][WEIGHTS]:
            raise ValueError("it is said of other weights")
        return Saved(folder, values, about)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path) from error


def restore_backup(model: Path, steps: int) -> None:
    """Make the newest backup of that many steps the state that holds.

    Raises:
        SwapModelError: there is none, or it is damaged; the sentence names those that are there.
        OutputError: the folder cannot be written.
    """
    backups = sorted(model.glob(f"{BACKUPS}/[0-9]*"), key=lambda folder: folder.stat().st_mtime)
    matching = [folder for folder in backups if int(folder.name.split("-")[0]) == steps]
    if not matching:
        there = ", ".join(sorted({str(int(folder.name.split("-")[0])) for folder in backups}, key=int)) or "none"
        raise SwapModelError(f"There is no backup of {steps} iterations in {model}; there are: {there}.")
    backup = read_saved(matching[-1])
    if backup is None:
        raise _damaged(matching[-1])
    files = {name: backup.content(name) for name in (WEIGHTS, TRAINING)}
    values = {name: value for name, value in backup.values.items() if name not in ("format", "files")}
    save(model, values, files, keep=False, backups=len(backups))


@contextmanager
def locked(model: Path) -> Iterator[None]:
    """Hold the folder of a swap, which is made where it is missing: one training at a time.

    Raises:
        SwapModelError: another process trains it.
        OutputError: the folder cannot be written.
    """
    try:
        model.mkdir(parents=True, exist_ok=True)
        handle = (model / LOCK).open("a")
    except OSError as error:
        raise OutputError(f"The trained swap cannot be written to {model}.") from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SwapModelError(f"Another training is writing to {model}.") from error
        yield


def trained_swap_json(about: TrainedSwap) -> dict[str, Any]:
    """Return what a swap is as JSON has it."""
    return {
        "weights_sha256": about.weights_sha256,
        "source_id": about.source_id,
        "target_id": about.target_id,
        "steps": about.steps,
        "architecture": about.architecture,
        "size_px": about.size_px,
        "face_type": about.face_type.value,
        "target_consent": as_json(about.target_consent),
    }


def trained_swap_of(values: Mapping[str, Any]) -> TrainedSwap:
    """Return the swap that JSON has; the inverse of `trained_swap_json`.

    Raises:
        ValueError, KeyError, TypeError: it is none.
    """
    return TrainedSwap(
        weights_sha256=str(values["weights_sha256"]),
        source_id=str(values["source_id"]),
        target_id=str(values["target_id"]),
        steps=int(values["steps"]),
        architecture=str(values["architecture"]),
        size_px=int(values["size_px"]),
        face_type=FaceType(values["face_type"]),
        target_consent=record_of(values["target_consent"]),
    )


def sha256(content: bytes) -> str:
    """Return it in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def write_through(path: Path, content: bytes) -> None:
    """Write a file and wait until the disk has it."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace(path: Path, content: bytes) -> None:
    """Put a file in the place of another, in one step that outlasts a loss of power."""
    part = path.with_name(f".{path.name}.part")
    write_through(part, content)
    part.replace(path)
    _to_disk(path.parent)


def _keep(model: Path, name: str, backups: int) -> None:
    """Make a generation a backup too: its files are never changed, so the disk has them once."""
    part, place = (model / BACKUPS / start / name for start in (".part", ""))
    if backups < 1 or place.exists():
        return
    shutil.rmtree(part.parent, ignore_errors=True)
    part.parent.mkdir(parents=True)
    shutil.copytree(model / GENERATIONS / name, part, copy_function=_linked)
    part.rename(place)
    part.parent.rmdir()
    for folder in sorted(model.glob(f"{BACKUPS}/[0-9]*"))[:-backups]:
        shutil.rmtree(folder, ignore_errors=True)


def _tidy(model: Path, *stay: str | None) -> None:
    """Delete generations that hold no more, and whatever a killed process left."""
    for folder in (model / GENERATIONS).iterdir():
        if folder.name not in stay:
            shutil.rmtree(folder, ignore_errors=True)


def _linked(source: str, copy: str) -> None:
    try:
        os.link(source, copy)
    except OSError:  # a file system without links
        shutil.copyfile(source, copy)


def _named(model: Path) -> str | None:
    try:
        name = (model / CURRENT).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
    return name if name and "/" not in name and name not in (".", "..") else None


def _to_disk(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _damaged(path: Path) -> SwapModelError:
    return SwapModelError(
        f"The trained swap {path} is damaged; `facepulse swap train … --restore N` goes back to a backup."
    )
