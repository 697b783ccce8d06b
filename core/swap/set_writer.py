"""Making a set of faces, or adding to one: all of it or nothing, whenever the process ends."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import FaceSetError
from core.swap.face_set import load_face_set
from core.swap.set_files import PICTURES, PRUNED, Contents, Row, is_face_set, read_contents, write_contents
from core.swap.staging import begin, end, staging_of
from core.types import FaceSet, FaceType, SwapFace

SMALLEST_PX, LARGEST_PX = 96, 512
_QUICK = [cv2.IMWRITE_PNG_COMPRESSION, 3]


class FaceSetWriter:
    """Collects faces beside the place of a set: a context manager. Without `commit` nothing stays.

    What a killed process left beside the place goes when the next one writes there.
    """

    def __init__(self, out: Path, face_type: FaceType, size_px: int, *, add: bool = False) -> None:
        """Begin.

        Args:
            out: the folder of the set.
            face_type: how much of the head its crops show.
            size_px: side of its crops, 96 to 512.
            add: put the faces into the set that is there, whose crops must be of that kind.

        Raises:
            FaceSetError: the place is taken, or cannot be written, or the set that is there is of another kind.
        """
        if not SMALLEST_PX <= size_px <= LARGEST_PX:
            raise FaceSetError(f"The faces of a set have {SMALLEST_PX} to {LARGEST_PX} pixels.")
        self._out, self._before = out, _before(out, face_type, size_px, add)
        self._staging = staging_of(out)
        self._faces: list[SwapFace] = []
        self._lock = _begin(self._staging, out)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end(self._staging, self._lock)

    def add(self, rgb: NDArray[np.uint8], face: SwapFace) -> int:
        """Take a crop (S, S, 3) and its face, whose name and sha256 are given here; return its number for `commit`.

        Raises:
            FaceSetError: it cannot be written.
        """
        if rgb.shape != (self._before.size_px, self._before.size_px, 3):
            raise ValueError(f"a crop has shape {rgb.shape}, not that of the set")
        number = len(self._faces)
        written, png = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), _QUICK)
        content = png.tobytes()
        try:
            self._staged(number).write_bytes(content)
        except OSError as error:
            raise _unwritable(self._out, error) from error
        if not written:
            raise FaceSetError("A face cannot be written as PNG.")
        self._faces.append(replace(face, sha256=hashlib.sha256(content).hexdigest()))
        return number

    def commit(self, wanted: Collection[int] | None = None) -> FaceSet:
        """Make the set, of all faces or those with the numbers `wanted`, in the order of adding; return it.

        Raises:
            FaceSetError: there is not a single face, or it cannot be written.
        """
        numbers = [n for n in range(len(self._faces)) if wanted is None or n in wanted]
        if not numbers:
            raise FaceSetError("No face was found that can be used, so there is no face set.")
        try:
            self._place(numbers)
        except OSError as error:
            raise _unwritable(self._out, error) from error
        return load_face_set(self._out)

    def _place(self, numbers: list[int]) -> None:
        is_new = not self._before.rows
        folder = self._staging / "set" if is_new else self._out
        (folder / PICTURES).mkdir(parents=True, exist_ok=True)
        first = 1 + max((int(row.face.name[:6]) for row in self._before.rows), default=0)
        rows = [Row(replace(self._faces[n], name=f"{first + i:06}.png")) for i, n in enumerate(numbers)]
        for number, row in zip(numbers, rows, strict=True):
            self._staged(number).replace(folder / PICTURES / row.face.name)
        everything = (*self._before.rows, *rows)
        write_contents(folder, replace(self._before, rows=everything, generation=self._before.generation + 1))
        if is_new:
            folder.rename(self._out)

    def _staged(self, number: int) -> Path:
        return self._staging / f"{number}.png"


def prune(path: Path, reasons: dict[str, str]) -> FaceSet:
    """Sort faces out of the set in folder `path`: picture names to reasons. `restore` takes it back.

    Raises:
        FaceSetError: nothing would be left, or it cannot be written.
    """
    contents = read_contents(path)
    rows = tuple(replace(row, pruned=row.pruned or reasons.get(row.face.name)) for row in contents.rows)
    if all(row.pruned is not None for row in rows):
        raise FaceSetError("No face would be left in the set, so none was sorted out.")
    return _changed(path, replace(contents, rows=rows))


def restore(path: Path, names: Collection[str] | None = None) -> FaceSet:
    """Take faces back into the set in folder `path`: all that were pruned, or those with these picture names.

    Raises:
        FaceSetError: it cannot be written.
    """
    contents = read_contents(path)
    rows = [replace(row, pruned=None) if names is None or row.face.name in names else row for row in contents.rows]
    return _changed(path, replace(contents, rows=tuple(rows)))


def _changed(path: Path, contents: Contents) -> FaceSet:
    try:
        write_contents(path, contents)
        for row in contents.rows:
            source, target = (path / PICTURES, path / PRUNED) if row.pruned else (path / PRUNED, path / PICTURES)
            if (source / row.face.name).is_file():
                target.mkdir(exist_ok=True)
                (source / row.face.name).replace(target / row.face.name)
    except OSError as error:
        raise _unwritable(path, error) from error
    return load_face_set(path)


def _before(out: Path, face_type: FaceType, size_px: int, add: bool) -> Contents:
    """Return what the set says so far, which is nothing for a new one."""
    if add and is_face_set(out):
        contents = read_contents(out)
        if (contents.face_type, contents.size_px) != (face_type, size_px):
            raise FaceSetError(f"The set {out} has {contents.face_type} faces of {contents.size_px} pixels.")
        return contents
    if is_face_set(out):
        raise FaceSetError(f"There is a face set in {out} already; add to it with --add, or choose another folder.")
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise FaceSetError(f"{out} is not empty, and no face set; choose another folder.")
    return Contents(face_type, size_px, 0, ())


def _begin(staging: Path, out: Path) -> int:
    try:
        return begin(staging)
    except BlockingIOError as error:
        raise FaceSetError(f"Another process is writing the face set {out} at this moment.") from error
    except OSError as error:
        raise _unwritable(out, error) from error


def _unwritable(out: Path, error: OSError) -> FaceSetError:
    return FaceSetError(f"The face set {out} cannot be written: {(error.strerror or 'the system refused').lower()}.")
