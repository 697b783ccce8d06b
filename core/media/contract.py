"""What every place for media promises; `tests/unit/media/test_contract.py` holds each of them to it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Protocol

from core.errors import ClipTooLargeError

PARTIAL = ".partial"
"""The end of the name of what is not whole yet. Nothing with it is ever given out; it is listed, to be cleared away."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Something that lies there: its key, its size, and when it was written (UTC)."""

    key: str
    size_bytes: int
    written_at: datetime

    @property
    def name(self) -> str:
        """The last part of the key."""
        return self.key.rpartition("/")[2]


class MediaStore(Protocol):
    """Bytes under keys such as `incoming/8f3a`; safe to use from several threads and machines at once.

    A key is whole or not there: nobody sees half of what is being written. Every method may block for seconds and
    raises `MediaStoreError` when the place does not answer, is full or refuses.
    """

    @property
    def shared(self) -> bool:
        """Whether other machines reach the same; asking it what lies there then costs time and money."""
        ...

    def put(self, key: str, media: bytes | Path) -> int:
        """Write media under a key for good, in place of what was there; return the bytes that lie there now.

        Raises:
            ClipNotFoundError: `media` is a path that cannot be read; nothing was written.
        """
        ...

    def put_folder(self, prefix: str, folder: Path) -> None:
        """Put the files of a folder below a prefix, in place of what was there; the folder is used up."""
        ...

    def copy(self, source: str, target: str) -> bool:
        """Write what lies under `source` under `target` too, for good; False when there is nothing."""
        ...

    def get(self, key: str) -> bytes | None:
        """Return what lies under a key, or None. For what is small: the figures of a check."""
        ...

    def has(self, key: str) -> bool:
        """Return whether something lies under a key."""
        ...

    def fetch(self, key: str, target: Path, max_bytes: int) -> bool:
        """Write what lies under a key into the file `target`; False when there is nothing.

        Raises:
            ClipTooLargeError: there are more than `max_bytes`; none were written.
            MediaStoreError: other bytes arrived than lie there.
        """
        ...

    def path(self, key: str) -> Path | None:
        """Return the file of this machine that lies under a key; None where there is none, or it must be fetched."""
        ...

    def delete(self, keys: Collection[str]) -> None:
        """Delete what lies under these keys; what is not there is no error."""
        ...

    def delete_below(self, prefix: str) -> None:
        """Delete everything below a prefix; that there is nothing is no error."""
        ...

    def list(self, prefix: str) -> Iterator[Stored]:
        """Yield everything below a prefix (whole parts of a key), in no order."""
        ...

    def probe(self) -> None:
        """Return when something could be written now; what is wrong is raised."""
        ...


def too_large(size_bytes: int, max_bytes: int) -> ClipTooLargeError:
    """Return the error of a clip that is larger than it may be."""
    return ClipTooLargeError(
        f"This clip has {size_bytes / (1 << 20):.1f} MiB; the largest clip that can be checked has"
        f" {max_bytes / (1 << 20):.0f} MiB."
    )


def checked(key: str) -> str:
    """Return a key or prefix that names one place below the root and nothing else.

    Raises:
        ValueError: it is empty, absolute, or climbs.
    """
    parts = key.split("/")
    if not all(parts) or {".", ".."} & set(parts) or PurePosixPath(key).is_absolute() or "\0" in key:
        raise ValueError(f"{key!r} is no key")
    return key
