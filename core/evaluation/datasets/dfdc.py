"""The Deepfake Detection Challenge: the full set (Dolhansky et al. 2020) and its preview (2019).

    dfdc_train_part_<n>/metadata.json      {"aaa.mp4": {"label": "FAKE", "split": "train", "original": "bbb.mp4"}}
    test/metadata.json                     {"aaa.mp4": {"is_fake": 1, …}}

    dataset.json                           preview: {"method_A/<id>/<id>_A/<file>": {"label", "set", "target_id", …}}

Each metadata.json names the clips beside it, or in a folder `videos` beside it. The challenge names neither the
people nor the methods: the original stands for the person, and all fakes count as one generator.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from core.errors import DatasetError
from core.evaluation.datasets.labelled import Collection, Label, LabelledClip, gathered, inside, read_json
from core.evaluation.datasets.recording import folder, present, unreadable

NAME = "DFDC"
PREVIEW_NAME = "DFDC preview"
METADATA, PREVIEW_LIST = "metadata.json", "dataset.json"
DEPTHS = (METADATA, f"*/{METADATA}", f"*/*/{METADATA}")
SPLIT_FOLDERS = {"test": "test", "test_videos": "test", "validation": "val", "train_sample_videos": "train"}
SPLITS = {"train": "train", "validation": "val", "val": "val", "test": "test"}
_CONTEXT = re.compile(r"(\d+)_([A-Z])(?:_|$|\.)")


def dfdc(root: Path, split: str | None = None) -> Collection:
    """Return the clips of every part that is here.

    Raises:
        DatasetError: no part has a metadata.json, or one is not as published.
    """
    tables = sorted({path for depth in DEPTHS for path in folder(root, NAME).glob(depth)})
    if not tables:
        raise DatasetError(f"{NAME} was not found: there is no {METADATA} in the folder nor in its parts.")
    return gathered(NAME, [clip for table in tables for clip in _part(root, table)])


def dfdc_preview(root: Path, split: str | None = None) -> Collection:
    """Return the clips that dataset.json names.

    Raises:
        DatasetError: dataset.json is missing or not as published.
    """
    table = present(folder(root, PREVIEW_NAME) / PREVIEW_LIST, root, PREVIEW_NAME)
    entries = _entries(table, root, PREVIEW_NAME)
    return gathered(PREVIEW_NAME, [_preview_clip(root, table, name, entry) for name, entry in entries.items()])


def _part(root: Path, table: Path) -> list[LabelledClip]:
    part = table.parent
    place = part / "videos" if (part / "videos").is_dir() else part
    found = []
    for name, entry in _entries(table, root, NAME).items():
        path = inside(place, name, NAME)
        label = _label(entry, table, root)
        original = str(entry.get("original") or name) if label is Label.FAKE else name
        found.append(
            LabelledClip(
                id=path.relative_to(root).as_posix(),
                path=path,
                label=label,
                person=original,
                generator=NAME if label is Label.FAKE else "",
                group=original,
                dataset=NAME,
                split=SPLIT_FOLDERS.get(part.name) or SPLITS.get(str(entry.get("split", "")).lower(), ""),
            )
        )
    return found


def _label(entry: dict[str, Any], table: Path, root: Path) -> Label:
    value = entry.get("label", entry.get("is_fake"))
    told = {"REAL": Label.REAL, "FAKE": Label.FAKE, "0": Label.REAL, "1": Label.FAKE}.get(str(value).upper())
    if told is None:
        raise unreadable(table, root, NAME, "a label for every clip")
    return told


def _preview_clip(root: Path, table: Path, name: str, entry: dict[str, Any]) -> LabelledClip:
    try:
        label = Label(str(entry["label"]).lower())
    except (KeyError, ValueError) as error:
        raise unreadable(table, root, PREVIEW_NAME, "a label for every clip") from error
    method, _, rest = name.partition("/")
    target = str(entry.get("target_id") or rest.partition("/")[0])  # the folder is named after the target
    contexts = [match for match in _CONTEXT.finditer(rest) if match[1] == target]
    return LabelledClip(
        id=name,
        path=inside(root, name, PREVIEW_NAME),
        label=label,
        person=target,
        generator=f"{PREVIEW_NAME}:{method}" if label is Label.FAKE else "",
        # the clips of one person in one setting: which of them a fake was made from is not told
        group=f"{target}_{contexts[0][2]}" if contexts else target,
        dataset=PREVIEW_NAME,
        split=SPLITS.get(str(entry.get("set", "")).lower(), ""),
    )


def _entries(table: Path, root: Path, name: str) -> dict[str, dict[str, Any]]:
    entries = read_json(table, root, name)
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise unreadable(table, root, name, "an entry for every clip")
    return entries
