"""The files of a set of aligned faces.

    SET/set.json             what the set is: kind and size of its crops, and which index holds
    SET/faces-<digits>.jsonl the index: one face a line, those that were pruned with the reason
    SET/pictures/000001.png  the crops, sRGB
    SET/pruned/              crops that were sorted out
    SET/consent.json         who allowed what (`core.swap.consent`)

The index that `set.json` names is never changed: a change writes another and then replaces `set.json`, in one step.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import FaceSetError
from core.types import MESH_POINTS, FaceType, SwapFace

FORMAT = 1
HEADER, PICTURES, PRUNED = "set.json", "pictures", "pruned"
_NAME = re.compile(r"\d{6}\.png\Z")
_INDEX = re.compile(r"faces-[0-9a-f]{16}\.jsonl\Z")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the index: a face, and why it was sorted out (None: it was not)."""

    face: SwapFace
    pruned: str | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """All that the files of a set say but its consent. `generation` counts how often pictures were added."""

    face_type: FaceType
    size_px: int
    generation: int
    rows: tuple[Row, ...]

    @property
    def faces(self) -> tuple[SwapFace, ...]:
        """The faces that were not sorted out."""
        return tuple(row.face for row in self.rows if row.pruned is None)


def set_sha256(faces: tuple[SwapFace, ...]) -> str:
    """Return the sha256 over all pictures, whatever their order."""
    return hashlib.sha256("\n".join(sorted(face.sha256 for face in faces)).encode()).hexdigest()


def is_face_set(path: Path) -> bool:
    """Whether a folder holds a set."""
    return (path / HEADER).is_file()


def read_contents(path: Path) -> Contents:
    """Return what the files of a set say.

    Raises:
        FaceSetError: there is no set, or its files are damaged.
    """
    if not is_face_set(path):
        raise FaceSetError(f"There is no face set in {path}: `facepulse faces extract` makes one.")
    try:
        header = json.loads((path / HEADER).read_text(encoding="utf-8"))
        if header["format"] != FORMAT:
            raise FaceSetError(f"The face set {path} is of another version of Facepulse.")
        if not _INDEX.match(header["index"]):
            raise ValueError("the index has another name")
        index = (path / header["index"]).read_bytes()
        if index_name(index) != header["index"]:
            raise ValueError("the index was changed")
        rows = tuple(_row(json.loads(line)) for line in index.splitlines())
        return Contents(FaceType(header["face_type"]), int(header["size_px"]), int(header["generation"]), rows)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FaceSetError(f"The face set {path} is damaged: its list of faces cannot be read.") from error


def write_contents(path: Path, contents: Contents) -> None:
    """Make `contents` what the set in folder `path` says; until the last step it says what it said before.

    Raises:
        OSError: it cannot be written.
    """
    index = b"".join(json.dumps(_as_json(row)).encode() + b"\n" for row in contents.rows)
    header = {
        "format": FORMAT,
        "face_type": contents.face_type.value,
        "size_px": contents.size_px,
        "faces": len(contents.faces),
        "sha256": set_sha256(contents.faces),
        "generation": contents.generation,
        "index": index_name(index),
    }
    replace_file(path / index_name(index), index)
    replace_file(path / HEADER, json.dumps(header, indent=2).encode() + b"\n")
    for old in path.glob("faces-*.jsonl"):
        if old.name != header["index"]:
            old.unlink(missing_ok=True)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there, whole."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(content)
    beside.replace(path)


def index_name(index: bytes) -> str:
    """Return the file name of an index, by what is in it."""
    return f"faces-{hashlib.sha256(index).hexdigest()[:16]}.jsonl"


def _row(values: dict[str, Any]) -> Row:
    if not _NAME.match(values["name"]):
        raise ValueError("a picture has another name")
    face = SwapFace(
        name=values["name"],
        source=str(values["source"]),
        frame_index=int(values["frame_index"]),
        time_s=float(values["time_s"]),
        landmarks_px=np.array(values["landmarks_px"], np.float32).reshape(MESH_POINTS, 2),
        frame_to_crop=np.array(values["frame_to_crop"], np.float32).reshape(2, 3),
        **{name: float(values[name]) for name in ("yaw_deg", "pitch_deg", "roll_deg", "sharpness", "face_px")},
        sha256=str(values["sha256"]),
    )
    return Row(face, values["pruned"])


def _as_json(row: Row) -> dict[str, Any]:
    face = row.face
    return {
        "name": face.name,
        "source": face.source,
        "frame_index": face.frame_index,
        "time_s": round(face.time_s, 6),
        "yaw_deg": round(face.yaw_deg, 2),
        "pitch_deg": round(face.pitch_deg, 2),
        "roll_deg": round(face.roll_deg, 2),
        "sharpness": round(face.sharpness, 3),
        "face_px": round(face.face_px, 1),
        "sha256": face.sha256,
        "pruned": row.pruned,
        "frame_to_crop": [float(str(value)) for value in face.frame_to_crop.ravel()],  # short, and exact
        "landmarks_px": [round(float(v), 2) for v in face.landmarks_px.ravel()],
    }
