"""Other methods in the same table: their scores from a file, made elsewhere on the same clips."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from core.errors import DatasetError, SettingsError
from core.evaluation.datasets.labelled import LabelledClip, read_rows

KEYS = ("id", "path")


def parse_peer(option: str) -> tuple[str, Path]:
    """Split NAME=file.tsv.

    Raises:
        SettingsError: it is not of that form.
    """
    name, sign, file = option.partition("=")
    if not (sign and name.strip() and file.strip()):
        raise SettingsError("Scores of another method are given as NAME=file.tsv.")
    return name.strip(), Path(file.strip())


def read_peer_scores(name: str, path: Path, clips: Sequence[LabelledClip]) -> dict[str, float]:
    """Return a method's scores by clip id.

    The file is tab-separated with the columns `id` (or `path`, from the root of the dataset) and `score`, higher for
    fake; where all are in 0..1 they are taken for probabilities. An empty score is an abstention. A score for `path`
    counts for every label of that file, one for `id` for one half of a side-by-side clip.

    Raises:
        DatasetError: the file is not there or not of that form, or names none of the clips.
    """
    title = f"The table of scores of {name}"
    if not path.is_file():
        raise DatasetError(f"{title} is not there.")
    header, *rows = read_rows(path, path.parent, title, "\t") or [[]]
    key = next((column for column in KEYS if column in header), None)
    if key is None or "score" not in header:
        raise DatasetError(f"{title} needs the columns id (or path) and score.")
    told = {row[header.index(key)]: row for row in rows}
    at = header.index("score")
    found = {}
    for clip in clips:
        row = told.get(clip.id) or told.get(clip.id.partition("#")[0])
        if row is not None and at < len(row) and row[at]:
            found[clip.id] = _finite(row[at], title)
    if not found:
        raise DatasetError(f"{title} names none of the clips that are measured.")
    return found


def _finite(cell: str, title: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DatasetError(f"{title} has a score that is no number: {cell}.")
    return value
