"""Scores of labelled faces as a table: one line for each face and detector, tab-separated."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from core.errors import DatasetError, OutputError
from core.types import Evidence, Measurement
from core.verdict.fit import ScoredFace
from core.verdict.fuse import CLEARING

COLUMNS = ("clip", "label", "person", "generator", "detector", "version", "score", "quality")
CLEARING_COLUMN = "clearing"
LABELS = {"real": False, "fake": True}


def read_scores(path: Path) -> tuple[ScoredFace, ...]:
    """Read a table of scores; see `COLUMNS`.

    `clip` names a face and is repeated for each detector; `label` is real or fake; `person` who was filmed;
    `generator` is empty for a real face; `score` 0..1, empty where the detector abstained; `quality` 0..1. A column
    `clearing` may hold the measurement of `core.verdict.fuse.CLEARING` for detectors that have one, else it is empty.

    Raises:
        DatasetError: the table cannot be read, lacks a column, or a line of it makes no sense; the sentence says which.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file, delimiter="\t")
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            rows = [] if missing else list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError("The table of scores cannot be read.") from error
    if missing:
        raise DatasetError(f"The table of scores has no column named {missing[0]}.")
    found: dict[str, ScoredFace] = {}
    for number, row in enumerate(rows, start=2):
        try:
            one = _face(row)
            found[one.clip] = _joined(found.get(one.clip), one)
        except (KeyError, TypeError, ValueError) as error:
            raise DatasetError(f"Line {number} of the table of scores makes no sense.") from error
    if not found:
        raise DatasetError("The table of scores has no line.")
    return tuple(found.values())


def write_scores(faces: Iterable[ScoredFace], path: Path) -> Path:
    """Write a table that `read_scores` reads back equal; returns `path`.

    Raises:
        OutputError: it cannot be written there.
    """
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter="\t", lineterminator="\n")
            writer.writerow((*COLUMNS, CLEARING_COLUMN))
            for face in faces:
                writer.writerows(_rows(face))
    except OSError as error:
        raise OutputError(f"The scores cannot be written to {path.name}.") from error
    return path


def _rows(face: ScoredFace) -> Iterable[Sequence[str]]:
    known = (face.clip, "fake" if face.fake else "real", face.person, face.generator)
    for e in face.evidence:
        score = "" if e.fake_score is None else repr(e.fake_score)
        yield (*known, e.detector, e.version, score, repr(e.quality), _clearing_of(e))


def _clearing_of(evidence: Evidence) -> str:
    name = CLEARING.get(evidence.detector)
    return next((repr(m.value) for m in evidence.measurements if m.name == name and m.value is not None), "")


def _face(row: dict[str, str]) -> ScoredFace:
    if not row["clip"] or not row["person"] or not row["detector"]:
        raise ValueError("an empty name")
    score = float(row["score"]) if row["score"] else None
    quality = float(row["quality"])
    if not math.isfinite(quality) or not math.isfinite(score or 0.0):
        raise ValueError("not a number")
    evidence = Evidence(row["detector"], row["version"], None, score, quality, _measurements(row))
    return ScoredFace(row["clip"], LABELS[row["label"]], row["person"], row["generator"], (evidence,))


def _measurements(row: dict[str, str]) -> tuple[Measurement, ...]:
    value = row.get(CLEARING_COLUMN) or None
    name = CLEARING.get(row["detector"])
    if value is None:
        return ()
    if name is None:
        raise ValueError("a detector without a clearing measurement")
    return (Measurement(name, float(value), ""),)


def _joined(before: ScoredFace | None, now: ScoredFace) -> ScoredFace:
    if before is None:
        return now
    same = (before.fake, before.person, before.generator) == (now.fake, now.person, now.generator)
    if not same or now.evidence[0].detector in {e.detector for e in before.evidence}:
        raise ValueError("a face is told twice")
    return ScoredFace(now.clip, now.fake, now.person, now.generator, (*before.evidence, *now.evidence))
