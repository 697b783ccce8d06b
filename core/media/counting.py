"""A place for media whose failures are counted, for the metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from core.errors import MediaStoreError
from core.media.contract import MediaStore, Stored


class Counting:
    """A `MediaStore` that does what `inner` does and remembers how often each verb failed in this process."""

    def __init__(self, inner: MediaStore) -> None:
        self._inner = inner
        self._failures: Counter[str] = Counter()

    @property
    def failures(self) -> Mapping[str, int]:
        """How often each verb failed since the start: put, get, delete, list or probe."""
        return dict(self._failures)

    @property
    def shared(self) -> bool:
        """See `MediaStore.shared`."""
        return self._inner.shared

    def put(self, key: str, media: bytes | Path) -> int:
        """See `MediaStore.put`."""
        with self._counted("put"):
            return self._inner.put(key, media)

    def put_folder(self, prefix: str, folder: Path) -> None:
        """See `MediaStore.put_folder`."""
        with self._counted("put"):
            self._inner.put_folder(prefix, folder)

    def copy(self, source: str, target: str) -> bool:
        """See `MediaStore.copy`."""
        with self._counted("put"):
            return self._inner.copy(source, target)

    def get(self, key: str) -> bytes | None:
        """See `MediaStore.get`."""
        with self._counted("get"):
            return self._inner.get(key)

    def has(self, key: str) -> bool:
        """See `MediaStore.has`."""
        with self._counted("get"):
            return self._inner.has(key)

    def fetch(self, key: str, target: Path, max_bytes: int) -> bool:
        """See `MediaStore.fetch`."""
        with self._counted("get"):
            return self._inner.fetch(key, target, max_bytes)

    def path(self, key: str) -> Path | None:
        """See `MediaStore.path`."""
        return self._inner.path(key)

    def delete(self, keys: Collection[str]) -> None:
        """See `MediaStore.delete`."""
        with self._counted("delete"):
            self._inner.delete(keys)

    def delete_below(self, prefix: str) -> None:
        """See `MediaStore.delete_below`."""
        with self._counted("delete"):
            self._inner.delete_below(prefix)

    def list(self, prefix: str) -> Iterator[Stored]:
        """See `MediaStore.list`."""
        with self._counted("list"):
            yield from self._inner.list(prefix)

    def probe(self) -> None:
        """See `MediaStore.probe`."""
        with self._counted("probe"):
            self._inner.probe()

    @contextmanager
    def _counted(self, verb: str) -> Iterator[None]:
        try:
            yield
        except MediaStoreError:
            self._failures[verb] += 1
            raise
