"""A collection of real and fake clips with who is in them, from one table beside the clips."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from core.errors import DatasetError

COLUMNS = ("path", "label", "person", "generator", "pair", "split", "note")
TWO_FACES = "two faces"


@dataclass(frozen=True, slots=True)
class FaceClip:
    """One clip, or one half of a clip that shows the same seconds before (left) and after (right) a swap.

    `half` is "left", "right" or None; `target` names the generator and, for a swap, whose face was put in; `pair` is
    equal for a fake and the real clip that it was made from. `face` says which face is meant: "largest", or
    "rightmost" where a note in the table says that of two faces the one at the right was swapped.
    """

    path: Path
    half: str | None
    fake: bool
    person: str
    target: str
    pair: str
    split: str
    face: str = "largest"

    @property
    def name(self) -> str:
        """The file's name without its ending, and the half."""
        return self.path.stem + (f":{self.half}" if self.half else "")


def read_face_clips(root: Path) -> tuple[FaceClip, ...]:
    """Read `MANIFEST.tsv` below `root`: `side_by_side` rows become two clips, `real`, `fake` and `pulse` one each.

    Clips filmed for their pulse are real ones, with a clearer pulse than most.

    Raises:
        DatasetError: the table or a clip in it is missing, or the table lacks a column.
    """
    table = root / "MANIFEST.tsv"
    if not table.is_file():
        raise DatasetError("The folder has no MANIFEST.tsv that says which clips are real and which are fake.")
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    if missing := [c for c in COLUMNS if rows and c not in rows[0]]:
        raise DatasetError(f"MANIFEST.tsv has no column named {missing[0]}.")
    clips = [clip for row in rows for clip in _clips_of(root, row)]
    for clip in clips:
        if not clip.path.is_file():
            raise DatasetError(f"MANIFEST.tsv names {clip.path.name}, which is not there.")
    return tuple(clips)


def _clips_of(root: Path, row: dict[str, str]) -> list[FaceClip]:
    path = root / row["path"]
    if row["label"] == "side_by_side":
        face = "rightmost" if TWO_FACES in row["note"] else "largest"
        common = (row["person"], row["generator"], path.stem, row["split"], face)
        return [FaceClip(path, "left", False, *common), FaceClip(path, "right", True, *common)]
    if row["label"] in {"real", "fake", "pulse"}:
        pair = row["pair"] or row["person"]
        return [
            FaceClip(path, None, row["label"] == "fake", row["person"], row["generator"] or "real", pair, row["split"])
        ]
    return []
