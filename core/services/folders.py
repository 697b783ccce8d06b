"""The files beside the database: clips that wait for their check, and figures that wait to be looked at."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core import logs
from core.errors import ClipNotFoundError, OutputError

CHUNK_BYTES = 1 << 20
ORPHAN_AGE_S = 600.0
"""A waiting clip is written before its row: one without a row is left alone for this long."""


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the files of checks lie. `incoming` holds clips, each deleted after its check; `outgoing` figures."""

    data_dir: Path

    @property
    def incoming(self) -> Path:
        """The folder of waiting clips."""
        return self.data_dir / "incoming"

    @property
    def outgoing(self) -> Path:
        """The folder of figures, one folder a check."""
        return self.data_dir / "outgoing"

    def clip(self, name: str) -> Path:
        """Return the path of a waiting clip."""
        return self.incoming / name

    def figures(self, check_id: int) -> Path:
        """Return the folder with the figures of a check; it is not there before the answer, nor for ever after."""
        return self.outgoing / str(check_id)

    def keep(self, media: bytes | Path) -> str:
        """Write a clip to disk for good and return the name that it waits under: random, after the request's id.

        Raises:
            ClipNotFoundError: `media` is a path that cannot be read.
            OutputError: the clip cannot be written.
        """
        name = logs.tagged(secrets.token_hex(16))
        try:
            self.incoming.mkdir(parents=True, exist_ok=True)
            with self.clip(name).open("xb") as file:
                for chunk in chunks(media):
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            _sync_folder(self.incoming)
        except OSError as error:
            self.discard(name)
            raise OutputError("The clip could not be stored for its check: the data folder is not writable.") from error
        except ClipNotFoundError:
            self.discard(name)
            raise
        return name

    def discard(self, name: str | None) -> None:
        """Delete a waiting clip; one that is not there, or None, is no error."""
        if name is not None:
            with suppress(OSError):
                self.clip(name).unlink(missing_ok=True)

    def discard_figures(self, check_id: int) -> None:
        """Delete the figures of a check; that there are none is no error."""
        shutil.rmtree(self.figures(check_id), ignore_errors=True)

    def sweep(self, needed: Collection[str], now_s: float, keep_figures_s: float) -> None:
        """Delete clips that no check needs and figures older than `keep_figures_s`.

        Args:
            needed: names of the clips that queued and running checks still need.
            now_s: seconds since 1970, to measure ages against.
            keep_figures_s: age at which figures go.
        """
        for path in _entries(self.incoming):
            if path.name not in needed and _age_s(path, now_s) > ORPHAN_AGE_S:
                self.discard(path.name)
        for path in _entries(self.outgoing):
            if _age_s(path, now_s) > keep_figures_s:
                shutil.rmtree(path, ignore_errors=True)


def measure(media: bytes | Path) -> tuple[str, int]:
    """Return sha256 (hexadecimal) and size in bytes of a clip.

    Raises:
        ClipNotFoundError: the path cannot be read.
    """
    digest, size_bytes = hashlib.sha256(), 0
    for chunk in chunks(media):
        digest.update(chunk)
        size_bytes += len(chunk)
    return digest.hexdigest(), size_bytes


def chunks(media: bytes | Path) -> Iterator[bytes]:
    """Yield the bytes of a clip piece by piece.

    Raises:
        ClipNotFoundError: the path cannot be read.
    """
    if isinstance(media, bytes):
        yield media
        return
    with _open(media) as file:
        while chunk := _read(file, media):
            yield chunk


def _open(media: Path) -> BinaryIO:
    try:
        return media.open("rb")
    except OSError as error:
        raise _unreadable(media) from error


def _read(file: BinaryIO, media: Path) -> bytes:
    try:
        return file.read(CHUNK_BYTES)
    except OSError as error:
        raise _unreadable(media) from error


def _unreadable(media: Path) -> ClipNotFoundError:
    return ClipNotFoundError(f"There is no file {media.name!r} that can be read.")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _age_s(path: Path, now_s: float) -> float:
    try:
        return now_s - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
