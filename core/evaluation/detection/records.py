"""What was measured of one clip in one variant, and the file that keeps it: one JSON object a line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import BinaryIO

from pydantic import TypeAdapter, ValidationError

from core.errors import OutputError
from core.types import Evidence, FaceSummary

UNEXPECTED = "unexpected"
"""The code of a failure that lies in the program and not in the clip: tried again when the work goes on."""


@dataclass(frozen=True, slots=True)
class FaceRecord:
    """One face: as the report tells it, and `centre_x`, its middle as a share of the picture's width."""

    summary: FaceSummary
    centre_x: float
    ita_deg: float | None
    pos_snr_db: float | None
    evidence: tuple[Evidence, ...]

    @property
    def prominence(self) -> float:
        """How much of the clip the face is: frames times area."""
        return self.summary.frames * self.summary.size_px**2


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict on what one view shows."""

    label: str
    probability: float | None


@dataclass(frozen=True, slots=True)
class ClipRecord:
    """One file in one variant. `answers` by view; `failure` is (code, sentence) where it could not be analysed.

    `calibration_id` names the calibration behind the probabilities, None without one.
    """

    sha256: str
    versions: str
    variant: str
    width_px: int = 0
    height_px: int = 0
    seconds: float = 0.0
    bit_rate_kbps: float | None = None
    faces: tuple[FaceRecord, ...] = ()
    clip_evidence: tuple[Evidence, ...] = ()
    answers: dict[str, Answer] = field(default_factory=dict)
    calibration_id: str | None = None
    failure: tuple[str, str] | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two records the same measurement."""
        return self.sha256, self.versions, self.variant

    def answers_all(self, views: frozenset[str]) -> bool:
        """Whether there is nothing left to measure for these views."""
        if self.failure is not None:
            return self.failure[0] != UNEXPECTED
        return views <= self.answers.keys()


@cache
def _records() -> TypeAdapter[ClipRecord]:
    return TypeAdapter(ClipRecord)


class ScoreBook:
    """The records of a run, in memory and in a file that is only ever appended to, each line whole on the disk.

    A line that was cut off by a crash, or is of another version of the program, is as good as not there.
    """

    def __init__(self, path: Path) -> None:
        """Open a book, empty or with what earlier runs wrote.

        Raises:
            OutputError: the file cannot be read or written.
        """
        self._found: dict[tuple[str, str, str], ClipRecord] = {}
        try:
            for line in _lines(path):
                self._remember(line)
            self._file: BinaryIO = path.open("ab")
            if self._file.tell() and not _ends_line(path):
                self._file.write(b"\n")
        except OSError as error:
            raise OutputError("The scores cannot be read or written in the folder for the answers.") from error

    def get(self, sha256: str, versions: str, variant: str) -> ClipRecord | None:
        """Return the record of a measurement; None if it was not made."""
        return self._found.get((sha256, versions, variant))

    def add(self, record: ClipRecord) -> None:
        """Keep a record for good.

        Raises:
            OutputError: it cannot be written.
        """
        try:
            self._file.write(_records().dump_json(record) + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise OutputError("The scores cannot be written to the folder for the answers.") from error
        self._found[record.key] = record

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _remember(self, line: bytes) -> None:
        try:
            record = _records().validate_json(line)
        except ValidationError:
            return
        self._found[record.key] = record


def _lines(path: Path) -> Iterator[bytes]:
    if path.is_file():
        with path.open("rb") as file:
            yield from (line for line in file if line.strip())


def _ends_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
