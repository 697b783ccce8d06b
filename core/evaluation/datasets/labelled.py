"""What every loader of real and fake clips yields, and the small checks that they share."""

from __future__ import annotations

import csv
import itertools
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.errors import DatasetError
from core.evaluation.datasets.recording import unreadable
from core.types.checks import require

SPLITS = ("train", "val", "test")
VIDEO_SUFFIXES = frozenset({".mp4", ".avi", ".mov", ".mkv", ".webm", ".mpg", ".mpeg", ".m4v"})


class Label(StrEnum):
    """What a clip is known to be."""

    REAL = "real"
    FAKE = "fake"


class Region(StrEnum):
    """The part of the picture that a label is about: faces whose box has its centre there."""

    WHOLE = "whole"
    LEFT = "left"
    RIGHT = "right"


class Pick(StrEnum):
    """Which faces of the region a label is about."""

    ALL = "all"
    RIGHTMOST = "rightmost"


@dataclass(frozen=True, slots=True)
class LabelledClip:
    """One clip, or one half of a clip, whose truth is known.

    `id` is unique in its dataset: the path from the dataset's root, and the region if it is not the whole. `person`
    was filmed: intervals are drawn over persons. `generator` made the fake ("" for a real clip), as `family` or
    `family:variant`. `group` is equal for a fake and the real clip that it was made from ("" where that is not
    known). `compression` names what was done to the file before it was published ("" for nothing that is known).
    `split` is that of the official lists, "" where there are none.
    """

    id: str
    path: Path
    label: Label
    person: str
    generator: str = ""
    group: str = ""
    compression: str = ""
    dataset: str = ""
    split: str = ""
    region: Region = Region.WHOLE
    pick: Pick = Pick.ALL

    def __post_init__(self) -> None:
        require(bool(self.id) and bool(self.person), "a labelled clip has an id and a person")
        require(self.fake or not self.generator, "a real clip has no generator")

    @property
    def fake(self) -> bool:
        """Whether it is fake."""
        return self.label is Label.FAKE

    @property
    def family(self) -> str:
        """The generator without its variant."""
        return self.generator.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Collection:
    """The clips of a dataset that are here. `absent`: those that its own lists name and that are not, by id."""

    dataset: str
    clips: tuple[LabelledClip, ...]
    absent: tuple[str, ...] = ()

    def only(self, keep: Callable[[LabelledClip], bool]) -> Collection:
        """The same with fewer clips."""
        return replace(self, clips=tuple(clip for clip in self.clips if keep(clip)))


def gathered(dataset: str, listed: Iterable[LabelledClip]) -> Collection:
    """Return the listed clips in the order of their ids, those without a file apart.

    Raises:
        DatasetError: not one is there, or two have the same id.
    """
    clips = sorted(listed, key=lambda clip: clip.id)
    for before, after in itertools.pairwise(clips):
        if before.id == after.id:
            raise DatasetError(f"{dataset} names {after.id} twice.")
    here = tuple(clip for clip in clips if clip.path.is_file())
    if not here:
        raise DatasetError(f"{dataset} has none of the clips that its lists name; is it unpacked here?")
    return Collection(dataset, here, tuple(clip.id for clip in clips if not clip.path.is_file()))


def videos(folder: Path) -> list[Path]:
    """Return the video files directly in a folder, by name; none if there is no such folder."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file())


def read_json(path: Path, root: Path, dataset: str) -> Any:
    """Return the content of a JSON file.

    Raises:
        DatasetError: it cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise unreadable(path, root, dataset, "JSON") from error


def read_rows(path: Path, root: Path, dataset: str, delimiter: str) -> list[list[str]]:
    """Return the rows of a table as lists of trimmed cells, the header first, empty rows left out.

    Raises:
        DatasetError: it cannot be read.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [[cell.strip() for cell in row] for row in csv.reader(file, delimiter=delimiter)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise unreadable(path, root, dataset, "a table") from error
    return [row for row in rows if any(row)]


def read_lines(path: Path, root: Path, dataset: str) -> list[str]:
    """Return the trimmed lines of a text file that are not empty.

    Raises:
        DatasetError: it cannot be read.
    """
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, root, dataset, "lines of text") from error


def first_there(root: Path, names: Sequence[str]) -> Path | None:
    """Return the first of the paths below `root` that exists."""
    return next((root / name for name in names if (root / name).exists()), None)


def inside(root: Path, name: str, dataset: str) -> Path:
    """Return the path of a file that a list names from `root`.

    Raises:
        DatasetError: it would lie outside.
    """
    if not name or Path(name).is_absolute() or ".." in re.split(r"[/\\]", name):
        raise DatasetError(f"{dataset} names a file outside of its folder: {name or 'nothing'}.")
    return root / name
