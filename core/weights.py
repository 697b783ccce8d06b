"""What weight files Facepulse uses, and whether they are there and whole: for people who set it up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.faces.fan import FAN_FILE, FAN_SHA256_START, fan_weights_present, fetch_fan_weights
from models.registry import WeightFileError, weight_files, weight_path

__all__ = ["WeightState", "fetch_weights", "weight_states"]


@dataclass(frozen=True, slots=True)
class WeightState:
    """One weight file: `problem` is None when it is there and whole; `needed` False for what works without it."""

    name: str
    sha256: str
    licence: str
    data: str
    problem: str | None
    needed: bool = True


def weight_states() -> tuple[WeightState, ...]:
    """Return every weight file with its state; each file is read and its sha256 compared."""
    listed = [
        WeightState(row.name, row.sha256, row.licence, row.data, _problem(row.name), needed=not row.optional)
        for row in weight_files().values()
    ]
    missing = None if fan_weights_present() else "missing; `facepulse models fetch` gets them"
    fan = WeightState(FAN_FILE, f"{FAN_SHA256_START}…", "BSD-3-Clause", "300W-LP", missing, needed=False)
    return (*listed, fan)


def fetch_weights() -> Path:
    """Fetch the weights that no package carries (FAN's, through face-alignment) and return their file.

    Raises:
        WeightsError: they cannot be fetched; the sentence says what to do.
    """
    return fetch_fan_weights()


def _problem(name: str) -> str | None:
    try:
        weight_path(name)
    except WeightFileError as error:
        return str(error)
    return None
