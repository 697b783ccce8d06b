"""From clips and pictures to a set of aligned faces of one person."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import ClipError, ClipNotFoundError, FaceSetError
from core.faces import load_face_models
from core.settings import VideoLimits
from core.swap.chosen import Embedding, choose
from core.swap.cutting import SOMEBODY_ELSE, UNREADABLE, Cutter, Tools, Wanted
from core.swap.face_set import load_face_set, read_picture
from core.swap.identity import Identity, middle
from core.swap.set_files import is_face_set
from core.swap.set_writer import FaceSetWriter
from core.types import FaceSet, FaceType, Progress, ProgressCallback, Stage

KNOWN_BY = 16
"""Faces of a set from which it is told who is in it."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """A set that was made, how many frames were looked at for it, and how many faces were left out for what reason."""

    face_set: FaceSet
    frames: int
    left_out: dict[str, int]


def extract(
    source: Path,
    out: Path,
    *,
    limits: VideoLimits,
    face_type: FaceType = FaceType.FULL,
    size_px: int = 256,
    wanted: Wanted | None = None,
    tools: Tools | None = None,
    add: bool = False,
    progress: ProgressCallback | None = None,
) -> FaceSet:
    """Return the set that `extracted` makes; by default of the most prominent face, without telling people apart."""
    return extracted(
        source,
        out,
        limits=limits,
        face_type=face_type,
        size_px=size_px,
        wanted=wanted or Wanted(),
        tools=tools or Tools(load_face_models()),
        add=add,
        progress=progress or (lambda _: None),
    ).face_set


def extracted(
    source: Path,
    out: Path,
    *,
    limits: VideoLimits,
    face_type: FaceType,
    size_px: int,
    wanted: Wanted,
    tools: Tools,
    add: bool,
    progress: ProgressCallback,
) -> Extraction:
    """Make a set of one person's faces in a clip, a picture, or a folder of them; all of it or nothing.

    Args:
        source: the file or folder; the files of a folder are taken by name, folders in it are not looked into.
        out: the set's folder.
        limits: of one file; frames are read larger than these say, up to 1920 pixels.
        face_type: how much of the head the crops show.
        size_px: side of the crops, 96 to 512.
        wanted: which faces.
        tools: what finds them.
        add: add to the set that is there.
        progress: called with every frame of a clip, and with every file of a folder.

    Raises:
        ClipError: the file cannot be read; in a folder such files are counted as left out.
        FaceSetError: no face can be used, or the set cannot be written, or there is one already.
    """
    files = _files(source)
    with FaceSetWriter(out, face_type, size_px, add=add) as writer:
        cutter = Cutter(writer.add, face_type, size_px, wanted, tools)
        for number, path in enumerate(files):
            try:
                cutter.take(path, number, limits, progress if path == source else None)
            except ClipError:
                if path == source:
                    raise
                cutter.left_out[UNREADABLE] += 1
            if path != source:
                progress(Progress(Stage.FRAMES, number + 1, len(files), None))
        crops = _crops_of_one(cutter, source, wanted)
        return Extraction(writer.commit(crops), cutter.frames, dict(+cutter.left_out))


def embedding_like(path: Path, limits: VideoLimits, tools: Tools, identity: Identity) -> Embedding:
    """Return who is in a set, or the most prominent face of a picture or clip (128,): what `Wanted.like` takes.

    Raises:
        ClipError: the file cannot be read.
        FaceSetError: no face is in it.
    """
    if is_face_set(path):
        face_set = load_face_set(path)
        some = face_set.faces[:: max(len(face_set.faces) // KNOWN_BY, 1)]
        return middle([identity.embed(read_picture(face_set, face), face.landmarks_px) for face in some])
    cutter = Cutter(lambda rgb, face: 0, FaceType.FULL, 96, Wanted(), Tools(tools.models, None, identity))
    cutter.take(path, 0, limits, None)
    if not cutter.followers:
        raise FaceSetError(f"No face was found in {path} that says who is meant.")
    return middle(max(cutter.followers, key=lambda one: one.prominence).embeddings)


def _files(source: Path) -> list[Path]:
    if not source.is_dir():
        return [source]
    if is_face_set(source):
        raise FaceSetError(f"{source} is a face set already; extract from the clip or pictures that it came from.")
    try:
        files = sorted(path for path in source.iterdir() if path.is_file() and not path.name.startswith("."))
    except OSError as error:
        raise ClipNotFoundError(f"The folder {source} may not be read.") from error
    if not files:
        raise ClipNotFoundError(f"There are no files in the folder {source}.")
    return files


def _crops_of_one(cutter: Cutter, source: Path, wanted: Wanted) -> set[int]:
    """Return the numbers of the chosen person's crops, and count those of others as left out."""
    if not cutter.followers:
        reasons = ", ".join(f"{count} {reason}" for reason, count in cutter.left_out.most_common() if count)
        seen = f" (left out: {reasons})" if reasons else ""
        raise FaceSetError(f"No face was found in {source} that can be used{seen}.")
    chosen = choose(cutter.followers, person=wanted.person, like=wanted.like)
    crops = {number for one in chosen for number in one.crops}
    cutter.left_out[SOMEBODY_ELSE] += sum(len(one.crops) for one in cutter.followers) - len(crops)
    return crops
