"""Media in a bucket that several machines reach, through obstore: S3 and what speaks like it; in memory for tests."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from core.errors import MediaStoreError
from core.media.contract import Stored, checked, too_large
from core.media.local import unreadable

CHUNK_BYTES = 8 << 20
"""One part of a clip; S3 takes none below 5 MiB but the last."""
UPLOADS_AT_ONCE = 2
"""Parts of one clip on their way at a time: with `CHUNK_BYTES` this bounds what a large clip takes in memory."""
DOES_NOT_ANSWER = "The place where clips wait for their check does not answer; please try again in a few minutes."
TROUBLE = (BaseError, OSError)
"""What obstore raises; `FileNotFoundError` stands for a key that is not there, or a bucket."""


class BucketMedia:
    """A `MediaStore` over an object store, whose own tries and time limits are set where it is made."""

    def __init__(self, bucket: ObjectStore) -> None:
        self._bucket = bucket

    @property
    def shared(self) -> bool:
        """See `MediaStore.shared`."""
        return True

    def __repr__(self) -> str:
        return f"BucketMedia({self._bucket!r})"

    def put(self, key: str, media: bytes | Path) -> int:
        """See `MediaStore.put`: a large clip goes in parts, which nobody sees before the last of them arrived."""
        size_bytes = _size(media)
        with _told():
            obstore.put(self._bucket, checked(key), media, chunk_size=CHUNK_BYTES, max_concurrency=UPLOADS_AT_ONCE)
            stored_bytes = obstore.head(self._bucket, key)["size"]
        if stored_bytes != size_bytes:
            self.delete([key])
            raise MediaStoreError(DOES_NOT_ANSWER) from ValueError(f"{stored_bytes} of {size_bytes} bytes of {key}")
        return size_bytes

    def put_folder(self, prefix: str, folder: Path) -> None:
        """See `MediaStore.put_folder`: file by file."""
        for path in sorted(folder.iterdir()):
            self.put(f"{checked(prefix)}/{path.name}", path)

    def copy(self, source: str, target: str) -> bool:
        """See `MediaStore.copy`: within the store, the bytes do not come here."""
        with _told():
            try:
                obstore.copy(self._bucket, checked(source), checked(target))
            except FileNotFoundError:
                return False
        return True

    def get(self, key: str) -> bytes | None:
        """See `MediaStore.get`."""
        with _told():
            try:
                return bytes(obstore.get(self._bucket, checked(key)).bytes())
            except FileNotFoundError:
                return None

    def has(self, key: str) -> bool:
        """See `MediaStore.has`."""
        with _told():
            try:
                obstore.head(self._bucket, checked(key))
            except FileNotFoundError:
                return False
        return True

    def fetch(self, key: str, target: Path, max_bytes: int) -> bool:
        """See `MediaStore.fetch`: in pieces, so that a clip is never whole in memory."""
        with _told():
            try:
                found = obstore.get(self._bucket, checked(key))
            except FileNotFoundError:
                return False
            expected_bytes, arrived_bytes = found.meta["size"], 0
            if expected_bytes > max_bytes:
                raise too_large(expected_bytes, max_bytes)
            with target.open("wb") as file:
                for chunk in found.stream(CHUNK_BYTES):
                    arrived_bytes += file.write(chunk)
        if arrived_bytes != expected_bytes:
            raise MediaStoreError(DOES_NOT_ANSWER) from ValueError(f"{arrived_bytes} of {expected_bytes} bytes")
        return True

    def path(self, key: str) -> Path | None:
        """See `MediaStore.path`: nothing lies on this machine."""
        checked(key)
        return None

    def delete(self, keys: Collection[str]) -> None:
        """See `MediaStore.delete`."""
        names = [checked(key) for key in keys]
        if names:
            with _told():
                obstore.delete(self._bucket, names)

    def delete_below(self, prefix: str) -> None:
        """See `MediaStore.delete_below`."""
        self.delete([stored.key for stored in self.list(prefix)])

    def list(self, prefix: str) -> Iterator[Stored]:
        """See `MediaStore.list`: a thousand a request."""
        with _told():
            for page in obstore.list(self._bucket, checked(prefix), chunk_size=1000):
                for found in page:
                    yield Stored(found["path"], found["size"], found["last_modified"])

    def probe(self) -> None:
        """See `MediaStore.probe`: whether it answers and the credentials are good, not whether it may be written."""
        with _told():
            next(iter(obstore.list(self._bucket, "probe", chunk_size=1)), None)


def _size(media: bytes | Path) -> int:
    if isinstance(media, bytes):
        return len(media)
    try:
        with media.open("rb"):
            return media.stat().st_size
    except OSError as error:
        raise unreadable(media) from error


@contextmanager
def _told() -> Iterator[None]:
    """Trouble with the store has one sentence for the person who asked; its cause is for the log."""
    try:
        yield
    except TROUBLE as error:
        raise MediaStoreError(DOES_NOT_ANSWER) from error
