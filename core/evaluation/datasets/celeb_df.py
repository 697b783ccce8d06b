"""Celeb-DF v2 (Li et al. 2020).

    Celeb-real/id0_0000.mp4
    Celeb-synthesis/id0_id16_0000.mp4      the clip id0_0000 with the face of id16
    YouTube-real/00170.mp4
    List_of_testing_videos.txt             lines "<1 real, 0 fake> <folder>/<file>"

The list is the test split; every other clip is for training.
"""

from __future__ import annotations

import re
from pathlib import Path

from core.errors import DatasetError
from core.evaluation.datasets.labelled import Collection, Label, LabelledClip, gathered, read_lines, videos
from core.evaluation.datasets.recording import folder, present, unreadable

NAME = "Celeb-DF v2"
FOLDERS = {"Celeb-real": Label.REAL, "YouTube-real": Label.REAL, "Celeb-synthesis": Label.FAKE}
TEST_LIST = "List_of_testing_videos.txt"
GENERATOR = "Celeb-DF"
_NAME = re.compile(r"(id\d+)(?:_id\d+)?_(\d+)")


def celeb_df(root: Path, split: str | None = None) -> Collection:
    """Return the clips that are here, and those of the test list that are not as absent.

    Raises:
        DatasetError: a folder, or (unless `split` is "all") the test list, is missing or not as published.
    """
    for name in ("Celeb-real", "Celeb-synthesis"):
        present(folder(root, NAME) / name, root, NAME)
    listed = _test_list(root, needed=split != "all")
    here = [path for name in FOLDERS for path in videos(root / name)]
    names = dict.fromkeys([*(path.relative_to(root).as_posix() for path in here), *listed])
    return gathered(NAME, [_clip(root, name, listed) for name in names])


def _clip(root: Path, name: str, listed: dict[str, Label]) -> LabelledClip:
    place, _, file = name.partition("/")
    label = FOLDERS[place]
    if listed.get(name, label) is not label:
        raise DatasetError(f"{NAME} cannot be read: {TEST_LIST} calls {name} {listed[name]}.")
    stem = Path(file).stem
    match = _NAME.fullmatch(stem)
    person = match[1] if match else f"YouTube-{stem}"
    return LabelledClip(
        id=name,
        path=root / name,
        label=label,
        person=person,
        generator=GENERATOR if label is Label.FAKE else "",
        group=f"{match[1]}_{match[2]}" if match else stem,
        dataset=NAME,
        split="test" if name in listed else "train",
    )


def _test_list(root: Path, *, needed: bool) -> dict[str, Label]:
    path = root / TEST_LIST
    if not path.is_file():
        if not needed:
            return {}
        raise DatasetError(f"{NAME} is incomplete: {TEST_LIST} is missing; with --split all every clip is measured.")
    found = {}
    for line in read_lines(path, root, NAME):
        flag, _, name = line.partition(" ")
        name = name.strip()
        if flag not in {"0", "1"} or name.partition("/")[0] not in FOLDERS:
            raise unreadable(path, root, NAME, "a label and a file in every line")
        found[name] = Label.REAL if flag == "1" else Label.FAKE
    return found
