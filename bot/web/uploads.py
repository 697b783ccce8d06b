"""A clip that a browser sends, streamed into a file and never held in memory."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from bot import words
from core.errors import ClipTooLargeError, OutputError, UnreadableClipError

CHUNK_BYTES = 1 << 18
FORM_OVERHEAD_BYTES = 1 << 16
NAME_LIMIT = 200
DAMAGED_FORM = "The form with the clip is damaged."


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that arrived: where it lies and what its sender called it."""

    path: Path
    filename: str


def bare_name(filename: str | None) -> str:
    """Return the last part of a file name as a browser sends it, whatever its system's separator, or "clip"."""
    name = PureWindowsPath(PurePosixPath(filename or "").name).name
    printable = "".join(character for character in name if character.isprintable()).strip()
    return printable[-NAME_LIMIT:] or "clip"


@asynccontextmanager
async def received(request: web.Request, directory: Path, max_bytes: int) -> AsyncIterator[Upload]:
    """Stream the form field "clip" of `request` into a file in `directory`, which is gone afterwards.

    Raises:
        UnreadableClipError: the form holds no file.
        ClipTooLargeError: it is larger than `max_bytes`; nothing more is read.
        OutputError: the file cannot be written.
    """
    length = request.content_length
    if length is not None and length > max_bytes + FORM_OVERHEAD_BYTES:
        raise ClipTooLargeError(words.too_large_sentence("This clip", length, max_bytes))
    part = await _clip_part(request)
    file = await _temporary_file(directory)
    try:
        with file:
            await _fill(file, part, max_bytes)
        yield Upload(Path(file.name), bare_name(part.filename))
    finally:
        await asyncio.to_thread(Path(file.name).unlink, missing_ok=True)


async def _clip_part(request: web.Request) -> BodyPartReader:
    if request.content_type != "multipart/form-data":
        raise UnreadableClipError("Send the clip as a form (multipart/form-data) with a file in the field clip.")
    try:
        form = await request.multipart()
        async for part in form:
            if isinstance(part, BodyPartReader) and part.name == "clip" and part.filename:
                return part
    except (ValueError, HttpProcessingError) as error:
        raise UnreadableClipError(DAMAGED_FORM) from error
    raise UnreadableClipError("Choose a clip first.")


async def _temporary_file(directory: Path) -> IO[bytes]:
    def opened() -> IO[bytes]:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return tempfile.NamedTemporaryFile(dir=directory, prefix="upload-", delete=False)  # the caller closes it

    try:
        return await asyncio.to_thread(opened)
    except OSError as error:
        raise OutputError("The clip cannot be stored: the data directory cannot be written.") from error


async def _fill(file: IO[bytes], part: BodyPartReader, max_bytes: int) -> None:
    size_bytes = 0
    while chunk := await part.read_chunk(CHUNK_BYTES):
        size_bytes += len(chunk)
        if size_bytes > max_bytes:
            raise ClipTooLargeError(f"This clip is larger than {words.size(max_bytes)}, the most that is checked here.")
        try:
            await asyncio.to_thread(file.write, chunk)
        except OSError as error:
            raise OutputError("The clip cannot be stored: the disk is full or cannot be written.") from error
    if size_bytes == 0:
        raise UnreadableClipError("The file is empty.")
