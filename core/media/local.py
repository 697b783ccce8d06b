"""Media in a folder of this machine: whole files that survive a power cut, for nobody but who runs Facepulse."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from core.errors import ClipNotFoundError, MediaStoreError
from core.media.contract import PARTIAL, Stored, checked, too_large

CHUNK_BYTES = 1 << 20
TROUBLE = "The clip could not be stored for its check: the data folder is not writable."


class LocalMedia:
    """A `MediaStore` in the folder `root`, which is made when it is first needed."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def shared(self) -> bool:
        """See `MediaStore.shared`."""
        return False

    def __repr__(self) -> str:
        return f"LocalMedia({str(self.root)!r})"

    def put(self, key: str, media: bytes | Path) -> int:
        """See `MediaStore.put`: written beside its place, made durable, and moved there."""
        place = self._path(key)
        partial = place.with_name(f"{place.name}.{secrets.token_hex(8)}{PARTIAL}")
        with _told():
            self._make_folder(place.parent)
            try:
                with partial.open("xb") as file:
                    size_bytes = sum(file.write(chunk) for chunk in chunks(media))
                    file.flush()
                    os.fsync(file.fileno())
                partial.replace(place)
                _sync_folder(place.parent)
            finally:
                with suppress(OSError):
                    partial.unlink(missing_ok=True)
        return size_bytes

    def put_folder(self, prefix: str, folder: Path) -> None:
        """See `MediaStore.put_folder`: the folder itself is moved, so that all of it is there at once."""
        place = self._path(prefix)
        with _told():
            self._make_folder(place.parent)
            shutil.rmtree(place, ignore_errors=True)
            shutil.move(folder, place)

    def copy(self, source: str, target: str) -> bool:
        """See `MediaStore.copy`."""
        path = self.path(source)
        if path is None:
            return False
        try:
            self.put(target, path)
        except ClipNotFoundError:  # deleted in between
            return False
        return True

    def get(self, key: str) -> bytes | None:
        """See `MediaStore.get`."""
        path = self.path(key)
        if path is None:
            return None
        with _told():
            try:
                return path.read_bytes()
            except FileNotFoundError:
                return None

    def has(self, key: str) -> bool:
        """See `MediaStore.has`."""
        return self.path(key) is not None

    def fetch(self, key: str, target: Path, max_bytes: int) -> bool:
        """See `MediaStore.fetch`."""
        path = self.path(key)
        if path is None:
            return False
        with _told():
            size_bytes = path.stat().st_size
            if size_bytes > max_bytes:
                raise too_large(size_bytes, max_bytes)
            shutil.copyfile(path, target)
        return True

    def path(self, key: str) -> Path | None:
        """See `MediaStore.path`: a plain file, never what a link points to."""
        path = self._path(key)
        return path if path.is_file() and not path.is_symlink() else None

    def delete(self, keys: Collection[str]) -> None:
        """See `MediaStore.delete`."""
        with _told():
            for key in keys:
                with suppress(FileNotFoundError, NotADirectoryError):
                    self._path(key).unlink()

    def delete_below(self, prefix: str) -> None:
        """See `MediaStore.delete_below`."""
        with _told(), suppress(FileNotFoundError, NotADirectoryError):
            shutil.rmtree(self._path(prefix))

    def list(self, prefix: str) -> Iterator[Stored]:
        """See `MediaStore.list`."""
        with _told():
            for folder, _, names in os.walk(self._path(prefix)):
                for name in names:
                    path = Path(folder) / name
                    with suppress(FileNotFoundError):  # deleted in between
                        status = path.lstat()
                        if stat.S_ISREG(status.st_mode):
                            written_at = datetime.fromtimestamp(status.st_mtime, UTC)
                            yield Stored(path.relative_to(self.root).as_posix(), status.st_size, written_at)

    def probe(self) -> None:
        """See `MediaStore.probe`."""
        with _told():
            self._make_folder(self.root)
            if not os.access(self.root, os.W_OK | os.X_OK):
                raise PermissionError("the folder cannot be written")
            if not os.statvfs(self.root).f_bavail:
                raise OSError("the disk is full")

    def _path(self, key: str) -> Path:
        return self.root / checked(key)

    def _make_folder(self, folder: Path) -> None:
        """Make a folder of the root with those above it; below the root they are the owner's alone."""
        if folder == self.root or self.root not in folder.parents:
            folder.mkdir(parents=True, exist_ok=True)
            return
        self._make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


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
        raise unreadable(media) from error


def _read(file: BinaryIO, media: Path) -> bytes:
    try:
        return file.read(CHUNK_BYTES)
    except OSError as error:
        raise unreadable(media) from error


def unreadable(media: Path) -> ClipNotFoundError:
    """Return the error of a clip that cannot be read."""
    return ClipNotFoundError(f"There is no file {media.name!r} that can be read.")


@contextmanager
def _told() -> Iterator[None]:
    """Trouble with files is trouble with the store."""
    try:
        yield
    except OSError as error:
        raise MediaStoreError(TROUBLE) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
