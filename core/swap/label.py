"""The only way out for a swapped video: with its label, all four parts of it, or not at all.

The label is a caption burned into every frame, marks hidden in its colours, signed Content Credentials, and words in
the container. After writing, the file is opened again like anybody's, and each part is read back by what reads it in
clips that people post. What is missing one of them is deleted.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import InitVar, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from core.detectors.provenance import (
    SYNTHETIC_SOURCES,
    Credentials,
    UnreadableCredentialsError,
    read_credentials,
)
from core.errors import LabelError, OutputError, UnreadLabelError
from core.settings import VideoLimits
from core.swap import credentials, metadata
from core.swap.caption import MIN_SIDE_PX, burn
from core.swap.certificate import Signer
from core.swap.staging import begin, end, staging_of
from core.types import MergedFrame, Provenance
from core.video import open_clip
from core.video.audio import AudioTrack
from core.video.encode import write_video
from core.watermark import FoundMarks, MarkReader, embed
from core.watermark.code import is_well_read

CRF, PRESET = 20, "medium"
ANYBODYS = VideoLimits(analysis_max_side_px=4096, max_duration_s=3600.0)
"""Of a clip whose marks are looked for: at its full size, since one of them is lost with it."""
OWN = ANYBODYS.model_copy(
    update={"max_duration_s": 86_400.0, "max_frames": 10_000_000, "child_cpu_s": 86_400, "child_wall_s": 172_800.0}
)
"""Of a video that was written here: whatever was written can be read back."""
FRAMES_FOR_CODES = 12
"""Of a finished file; a check looks at fewer."""
_MOST_DRAWS = 50
_MADE_HERE: Final = object()
_OF_PICTURES = ("caption", "hidden mark", "hidden mark for crops")
_PARTS = (*_OF_PICTURES, "Content Credentials", "container metadata")


@dataclass(frozen=True, slots=True)
class LabelledVideo:
    """A finished demo whose label was read back. Only `write_labelled` makes one."""

    path: Path
    sha256: str
    provenance: Provenance
    maker: InitVar[object] = None

    def __post_init__(self, maker: object) -> None:
        if maker is not _MADE_HERE:
            raise TypeError("only core.swap.label makes a LabelledVideo")

    def __reduce__(self) -> NoReturn:
        """Refuse: what comes out of a pickle or a copy was made without asking `__post_init__`."""
        raise TypeError("only core.swap.label makes a LabelledVideo")


@dataclass(frozen=True, slots=True)
class Marks:
    """Everything that a file says of having been made or changed by a machine.

    `seen` are the marks in its pictures, `credentials` its signed statement (None: none, or not readable, which
    `credentials_unread` says), `words` what its container says.
    """

    seen: FoundMarks
    credentials: Credentials | None
    credentials_unread: str | None
    words: metadata.FileWords

    @property
    def demo_ids(self) -> tuple[str, ...]:
        """The ids of Facepulse's demos that any mark names, each once."""
        signed = (self.credentials.demo_id,) if self.credentials and self.credentials.demo_id else ()
        return tuple(dict.fromkeys((*self.seen.ids, *signed, *self.words.demo_ids)))

    def sentences(self) -> tuple[str, ...]:
        """Return what was found, one sentence a mark; () where there is nothing."""
        return tuple(_sentences(self))


def new_demo_id() -> str:
    """Return the id of a new demo: 8 hexadecimal digits, drawn again where their code is hard to read.

    Raises:
        LabelError: no code can be read at all.
    """
    for demo_id in (secrets.token_hex(4) for _ in range(_MOST_DRAWS)):
        if is_well_read(demo_id):
            return demo_id
    raise LabelError("This machine cannot read the codes that demos carry, so no demo can be labelled.")


def labelled_frame(frame: MergedFrame, demo_id: str) -> NDArray[np.uint8]:
    """Return the picture (H, W, 3) of a merged frame with caption and hidden marks: what live pictures show too.

    Raises:
        LabelError: it is too small for the caption.
    """
    if min(frame.rgb.shape[:2]) < MIN_SIDE_PX:
        raise LabelError(f"The picture is too small for the label: each side has at least {MIN_SIDE_PX} pixels.")
    return embed(burn(frame.rgb, frame.time_s, demo_id, frame.swapped_xyxy_px), demo_id)


def write_labelled(
    frames: Iterable[MergedFrame],
    out: Path,
    provenance: Provenance,
    *,
    rate: Fraction,
    audio: AudioTrack | None,
    signer: Signer | None,
    driver: Path | None = None,
) -> LabelledVideo:
    """Write a swapped video with its label and return it once the label was read back.

    Args:
        frames: merged pictures of one size in the order of their times.
        out: the MP4 to write; one that is there is replaced, but only by a whole one.
        provenance: what the label says.
        rate: the frame rate that the header names; the frames' own times are kept.
        audio: the driver's sound.
        signer: who signs; it is always needed, None is refused with a sentence.
        driver: the driver clip's file, whose own credentials are kept inside the new ones.

    Raises:
        UnreadLabelError: a mark in the pictures could not be read back; there is no file, and another id may do.
        LabelError: another part of the label could not be written or read back; there is no file.
        OutputError: there is no frame, another process writes the same file, or it cannot be written there.
    """
    if signer is None:
        raise LabelError("A demo is signed; without a certificate there is none.")
    title = credentials.title(provenance.demo_id)
    with _bench(out) as bench:
        unsigned, signed = bench / "plain.mp4", bench / "signed.mp4"
        write_video(
            unsigned,
            ((frame.time_s, labelled_frame(frame, provenance.demo_id)) for frame in frames),
            crf=CRF,
            preset=PRESET,
            rate=rate,
            audio=audio,
            metadata=metadata.words_for(title, provenance.demo_id),
        )
        metadata.append_xmp(unsigned, title, provenance.demo_id, credentials.DECLARED)
        credentials.sign(unsigned, signed, provenance, signer, driver)
        _require_all(read_marks(signed, OWN), provenance.demo_id)
        made = LabelledVideo(out, _sha256(signed), provenance, _MADE_HERE)
        signed.replace(out)
    return made


def read_marks(path: Path, limits: VideoLimits = ANYBODYS) -> Marks:
    """Return all marks of a file, ours or not; its pictures are decoded in a disposable child.

    Args:
        path: the file, of any size.
        limits: of what it holds.

    Raises:
        ClipError: it is not a video that can be read.
    """
    reader = MarkReader(kept=FRAMES_FOR_CODES)
    with open_clip(path, limits.model_copy(update={"max_bytes": max(limits.max_bytes, path.stat().st_size)})) as clip:
        for frame in clip:
            reader.add(frame.rgb)
    signed, unread = None, None
    try:
        signed = read_credentials(path)
    except UnreadableCredentialsError as error:
        unread = str(error)
    return Marks(reader.read(), signed, unread, metadata.read_words(path))


@contextmanager
def _bench(out: Path) -> Iterator[Path]:
    """Give an empty folder beside `out`, in which a video has not all of its label yet; it goes with the block."""
    staging = staging_of(out)
    try:
        lock = begin(staging)
        try:
            yield staging
        finally:
            end(staging, lock)
    except BlockingIOError as error:
        raise OutputError("Another process is writing this video at this moment.") from error
    except OSError as error:
        raise OutputError("The video cannot be written there.") from error


def _require_all(marks: Marks, demo_id: str) -> None:
    signed = marks.credentials
    there = (
        marks.seen.code == demo_id,
        marks.seen.svd == demo_id,
        marks.seen.tiles == demo_id,
        signed is not None and signed.intact and signed.demo_id == demo_id and credentials.DECLARED in signed.sources,
        demo_id in marks.words.demo_ids and credentials.DECLARED in marks.words.sources,
    )
    missing = [name for name, found in zip(_PARTS, there, strict=True) if not found]
    if missing:
        sentence = f"The label could not be read back from the video ({', '.join(missing)}), so it was not kept."
        # Another id changes the pictures and nothing else: of what went wrong in the file it would mend nothing.
        raise UnreadLabelError(sentence) if all(there[len(_OF_PICTURES) :]) else LabelError(sentence)


def _sentences(marks: Marks) -> Iterator[str]:
    signed = marks.credentials
    if signed is not None:
        terms = [one for one in (*signed.sources, *signed.ingredient_sources) if one in SYNTHETIC_SOURCES]
        said = f" declaring {', '.join(dict.fromkeys(terms))}" if terms else ""
        seal = "" if signed.intact else ", whose seal is broken"
        yield f"Content Credentials signed by {signed.signer}{said}{seal}."
    if marks.credentials_unread is not None:
        yield f"Content Credentials: {marks.credentials_unread}."
    if terms := [term for term in marks.words.sources if term in SYNTHETIC_SOURCES]:
        yield f"Unsigned metadata declaring {', '.join(terms)}."
    for demo_id in marks.seen.ids:
        yield f"The label of Facepulse demo {demo_id} in its pictures."
    if marks.seen.generator is not None:
        yield f"The hidden mark of {marks.seen.generator} in its pictures."


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
