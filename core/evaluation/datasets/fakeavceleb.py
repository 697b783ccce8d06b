"""FakeAVCeleb (Khalid et al. 2021).

    meta_data.csv       source,target1,target2,method,category,type,race,gender,path,
                        id00076,-,-,real,A,RealVideo-RealAudio,African,men,00109.mp4,FakeAVCeleb/RealVideo-RealAudio/…
    RealVideo-RealAudio/African/men/id00076/00109.mp4, and so on for the other types

Its header has no name for the last column. Clips whose picture is real and whose sound is not (RealVideo-FakeAudio)
are left out: nothing here listens. There is no official split.
"""

from __future__ import annotations

from pathlib import Path

from core.errors import DatasetError
from core.evaluation.datasets.labelled import Collection, Label, LabelledClip, gathered, inside, read_rows
from core.evaluation.datasets.recording import folder, present, unreadable

NAME = "FakeAVCeleb"
TABLE = "meta_data.csv"
REAL_TYPE, SOUND_ONLY = "RealVideo-RealAudio", "RealVideo-FakeAudio"
FAKE_TYPES = frozenset({"FakeVideo-RealAudio", "FakeVideo-FakeAudio"})
COLUMNS = ("source", "method", "type", "race", "gender")


def fakeavceleb(root: Path, split: str | None = None) -> Collection:
    """Return the clips whose picture and sound are real, and those whose picture is fake.

    Raises:
        DatasetError: meta_data.csv is missing or not as published.
    """
    table = present(folder(root, NAME) / TABLE, root, NAME)
    header, *rows = read_rows(table, root, NAME, ",") or [[]]
    if missing := [column for column in COLUMNS if column not in header]:
        raise DatasetError(f"{NAME} cannot be read: {TABLE} has no column named {missing[0]}.")
    told = [dict(zip(header, row, strict=False)) for row in rows]
    clips = [_clip(root, values, row) for values, row in zip(told, rows, strict=True) if _has_picture_label(values)]
    return gathered(NAME, clips)


def _has_picture_label(values: dict[str, str]) -> bool:
    if values["type"] not in {REAL_TYPE, SOUND_ONLY, *FAKE_TYPES}:
        raise DatasetError(f"{NAME} cannot be read: {TABLE} has an unknown type, {values['type'] or 'nothing'}.")
    return values["type"] != SOUND_ONLY


def _clip(root: Path, values: dict[str, str], row: list[str]) -> LabelledClip:
    file = next((Path(cell).name for cell in row if cell.lower().endswith(".mp4")), None)
    if file is None or not values["source"]:
        raise unreadable(root / TABLE, root, NAME, "a source and a file in every row")
    name = "/".join((values["type"], values["race"], values["gender"], values["source"], file))
    fake = values["type"] in FAKE_TYPES
    return LabelledClip(
        id=name,
        path=inside(root, name, NAME),
        label=Label.FAKE if fake else Label.REAL,
        person=values["source"],
        generator=values["method"] if fake else "",
        group=f"{values['source']}_{Path(file).stem.partition('_')[0]}",
        dataset=NAME,
    )
