"""A table of one's own clips: tab-separated, with a header, paths relative to the table.

    path    label    person    generator    group    [split]    [compression]    [region]    [face]

`label` is real, fake, or side_by_side: the left half real, the right half fake, cut at half the width. `pulse` (a clip
filmed for its pulse) is real; rows of any other label that is listed in `LEFT_OUT` are no clips. `pair` may stand for
`group`, `crop` for `region` (left, right, or nothing for the whole), and `face` rightmost says that only the face
farthest to the right of the region is meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core.errors import DatasetError
from core.evaluation.datasets.labelled import Collection, Label, LabelledClip, Pick, Region, gathered, read_rows

NAME = "The table of clips"
MANIFEST = "MANIFEST.tsv"
REQUIRED = ("path", "label", "person")
SIDE_BY_SIDE = "side_by_side"
LEFT_OUT = frozenset({"truth"})
LABELS = {"real": Label.REAL, "pulse": Label.REAL, "fake": Label.FAKE}
TWO_FACES = "two faces"
"""In a note: of the two people in each half only the one farthest to the right was swapped."""

Row = dict[str, str]


def clip_table(path: Path) -> Collection:
    """Return the clips of a table, or of the MANIFEST.tsv in a folder.

    Raises:
        DatasetError: there is no such table, a column is missing, a row is not valid, or a clip is not there.
    """
    table = path / MANIFEST if path.is_dir() else path
    if not table.is_file():
        raise DatasetError(f"There is no table of clips at the path given (a TSV file, or a folder with {MANIFEST}).")
    header, *cells = read_rows(table, table.parent, NAME, "\t") or [[]]
    if missing := [column for column in REQUIRED if column not in header]:
        raise DatasetError(f"{NAME} has no column named {missing[0]}.")
    rows = [dict(zip(header, row, strict=False)) for row in cells]
    clips = [clip for number, row in enumerate(rows, start=2) for clip in _clips(table.parent, row, number)]
    if not clips:
        raise DatasetError(f"{NAME} is empty.")
    found = gathered(NAME, clips)
    if found.absent:
        more = f" and {len(found.absent) - 1} more" if len(found.absent) > 1 else ""
        raise DatasetError(f"{NAME} names {found.absent[0]}{more}, which is not there.")
    return found


def _clips(root: Path, row: Row, number: int) -> Iterator[LabelledClip]:
    label = row["label"].lower()
    if label in LEFT_OUT:
        return
    if label == SIDE_BY_SIDE:
        yield _clip(root, row, number, Label.REAL, Region.LEFT)
        yield _clip(root, row, number, Label.FAKE, Region.RIGHT)
        return
    if label not in LABELS:
        raise DatasetError(f"{NAME} has an unknown label in line {number}: {row['label'] or 'nothing'}.")
    yield _clip(root, row, number, LABELS[label], _region(row, number))


def _clip(root: Path, row: Row, number: int, label: Label, region: Region) -> LabelledClip:
    name, person = row.get("path", ""), row.get("person", "")
    if not name or not person:
        raise DatasetError(f"{NAME} lacks a path or a person in line {number}.")
    both_halves = row["label"].lower() == SIDE_BY_SIDE
    group = row.get("group") or row.get("pair") or ""
    rightmost = row.get("face") == Pick.RIGHTMOST or TWO_FACES in row.get("note", "")
    return LabelledClip(
        id=name if region is Region.WHOLE else f"{name}#{region}",
        path=root / name,
        label=label,
        person=person,
        generator=(row.get("generator") or "unnamed") if label is Label.FAKE else "",
        group=name if both_halves else group,
        compression=row.get("compression", ""),
        dataset="table",
        split=row.get("split", ""),
        region=region,
        pick=Pick.RIGHTMOST if rightmost else Pick.ALL,
    )


def _region(row: Row, number: int) -> Region:
    value = row.get("region") or row.get("crop") or Region.WHOLE
    try:
        return Region(value)
    except ValueError as error:
        raise DatasetError(f"{NAME} has an unknown region in line {number}: {value} (left, right or whole).") from error
