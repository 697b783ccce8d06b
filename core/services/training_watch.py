"""How far the training of a swap is, read from the folder that it writes to, by whoever watches: without networks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.swap.history import read_history
from core.swap.saved import HISTORY, PREVIEW


@dataclass(frozen=True, slots=True)
class TrainingStatus:
    """The last losses that were written (None before there are any), and a mark that changes with the preview."""

    step: int
    source_loss: float | None
    target_loss: float | None
    preview: str | None


def training_status(model: Path) -> TrainingStatus:
    """Return how far the training that writes to `model` is; a folder that is not there yet is at step 0."""
    rows = read_history(model / HISTORY)
    try:
        preview = str((model / PREVIEW).stat().st_mtime_ns)
    except OSError:
        preview = None
    step, source, target = rows[-1] if rows else (0, None, None)
    return TrainingStatus(step, source, target, preview)


def training_preview(model: Path) -> bytes | None:
    """Return the preview (PNG) of a training; None before there is one."""
    try:
        return (model / PREVIEW).read_bytes()
    except OSError:
        return None
