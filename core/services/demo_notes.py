"""The log of demos that were made or shown by command on this machine: a line each in the data folder.

Those that were asked for in Discord are in the database (`core.store.demos`).
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from core.errors import OutputError
from core.types.swap import TrainedSwap

NOTES = "demos.jsonl"


@dataclass(frozen=True, slots=True)
class NotedDemo:
    """A demo, by the id that its label shows: who made it when, with which network, of which clip.

    `driver_sha256` and `file_sha256` are None for live pictures, which are not kept.
    """

    demo_id: str
    made_by: str
    made_at: datetime
    swap: TrainedSwap
    driver_sha256: str | None = None
    file_sha256: str | None = None


def note(data_dir: Path, demo: NotedDemo) -> None:
    """Add a demo to the log, which its owner alone can read.

    Raises:
        OutputError: it cannot be written.
    """
    line = _notes().dump_json(demo) + b"\n"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(data_dir / NOTES, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "wb") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise OutputError("The demo cannot be noted in the data folder, so it is not kept.") from error


def noted(data_dir: Path) -> tuple[NotedDemo, ...]:
    """Return the demos of the log, the newest first; a line that cannot be read is passed over.

    Raises:
        OutputError: the log is there and cannot be read.
    """
    try:
        lines = (data_dir / NOTES).read_bytes().splitlines()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise OutputError("The log of demos in the data folder cannot be read.") from error
    found = []
    for line in reversed(lines):
        with suppress(ValidationError):
            found.append(_notes().validate_json(line))
    return tuple(found)


@cache
def _notes() -> TypeAdapter[NotedDemo]:
    return TypeAdapter(NotedDemo)
