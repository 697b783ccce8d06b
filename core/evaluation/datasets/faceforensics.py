"""FaceForensics++ (Rössler et al. 2019) and the DeepFakeDetection set that is published within its tree.

    original_sequences/youtube/<compression>/videos/071.mp4
    original_sequences/actors/<compression>/videos/01__exit_phone_room.mp4
    manipulated_sequences/<method>/<compression>/videos/071_054.mp4          target 071, face of 054
    manipulated_sequences/DeepFakeDetection/<compression>/videos/01_02__exit_phone_room__YVGY8LOK.mp4
    splits/train.json, val.json, test.json                                    lists of pairs ["071", "054"]

The compression is raw or c0, c23 or c40. The split files come with the authors' code (dataset/splits); they may also
lie directly in the root. DeepFakeDetection has no official split.
"""

from __future__ import annotations

import re
from pathlib import Path

from core.errors import DatasetError
from core.evaluation.datasets.labelled import (
    SPLITS,
    Collection,
    Label,
    LabelledClip,
    first_there,
    gathered,
    read_json,
    videos,
)
from core.evaluation.datasets.recording import folder, unreadable

NAME = "FaceForensics++"
DFD_NAME = "DeepFakeDetection"
ORIGINAL, MANIPULATED = "original_sequences", "manipulated_sequences"
COMPRESSIONS = ("raw", "c0", "c23", "c40")
SPLIT_FOLDERS = ("splits", "dataset/splits", ".")
_SEQUENCE = re.compile(r"(\d+)(?:_\d+)?")
_ACTOR = re.compile(r"(\d+)(?:_\d+)?__(.+?)(?:__[A-Z0-9]{8})?")


def faceforensics(root: Path, split: str | None = None) -> Collection:
    """Return the YouTube clips and every manipulation of them that is here, in each compression that is here.

    Args:
        root: the folder that holds `original_sequences` and `manipulated_sequences`.
        split: the official list of it is needed, that of "test" for None and none for "all".

    Raises:
        DatasetError: the tree or, where they are needed, its split files are missing or not as published.
    """
    _require_tree(root, NAME, f"{ORIGINAL}/youtube")
    split_of = _official_splits(root, needed=split or "test")
    found = _clips(root, "youtube", Label.REAL, "", split_of)
    for method in _methods(root):
        if method != DFD_NAME:
            found += _clips(root, method, Label.FAKE, method, split_of)
    return gathered(NAME, found)


def deepfakedetection(root: Path, split: str | None = None) -> Collection:
    """Return the actors' clips and the swaps of them; there is no official split.

    Raises:
        DatasetError: the tree is missing or not as published.
    """
    _require_tree(root, DFD_NAME, f"{ORIGINAL}/actors")
    _require_tree(root, DFD_NAME, f"{MANIPULATED}/{DFD_NAME}")
    found = _clips(root, "actors", Label.REAL, "", {}) + _clips(root, DFD_NAME, Label.FAKE, DFD_NAME, {})
    return gathered(DFD_NAME, found)


def youtube_originals(root: Path, compression: str) -> list[Path]:
    """Return the original sequences in one compression; other datasets are made from them."""
    return videos(root / ORIGINAL / "youtube" / compression / "videos")


def _require_tree(root: Path, name: str, part: str) -> None:
    if not (folder(root, name) / part).is_dir():
        raise DatasetError(f"{name} was not found: the folder {part} is missing.")


def _methods(root: Path) -> list[str]:
    if not (root / MANIPULATED).is_dir():
        raise DatasetError(f"{NAME} is incomplete: the folder {MANIPULATED} is missing.")
    return sorted(path.name for path in (root / MANIPULATED).iterdir() if path.is_dir())


def _clips(root: Path, source: str, label: Label, generator: str, split_of: dict[str, str]) -> list[LabelledClip]:
    kind = ORIGINAL if label is Label.REAL else MANIPULATED
    name = DFD_NAME if source in {"actors", DFD_NAME} else NAME
    found = []
    for compression in COMPRESSIONS:
        for path in videos(root / kind / source / compression / "videos"):
            person, group = _filmed(path, root, name)
            found.append(
                LabelledClip(
                    id=path.relative_to(root).as_posix(),
                    path=path,
                    label=label,
                    person=person,
                    generator=generator,
                    group=group,
                    compression="raw" if compression == "c0" else compression,
                    dataset=name,
                    split=split_of.get(person, ""),
                )
            )
    return found


def _filmed(path: Path, root: Path, name: str) -> tuple[str, str]:
    """Who is filmed, and what the real clip and the fakes made from it have in common."""
    if name == NAME and (match := _SEQUENCE.fullmatch(path.stem)):
        return match[1], match[1]
    if name == DFD_NAME and (match := _ACTOR.fullmatch(path.stem)):
        return match[1], f"{match[1]}__{match[2]}"
    raise DatasetError(f"{name} cannot be read: {path.relative_to(root).as_posix()} is not named as published.")


def _official_splits(root: Path, *, needed: str) -> dict[str, str]:
    """Split by the number of the original sequence."""
    found = {}
    for split in SPLITS:
        path = first_there(root, [f"{place}/{split}.json" for place in SPLIT_FOLDERS])
        if path is None:
            if split == needed:
                raise DatasetError(
                    f"{NAME} is incomplete: the official list splits/{split}.json is missing; with --split all every "
                    "clip is measured."
                )
            continue
        try:
            found.update({str(number): split for pair in read_json(path, root, NAME) for number in (*pair,)})
        except TypeError as error:
            raise unreadable(path, root, NAME, "pairs of sequences") from error
    return found
