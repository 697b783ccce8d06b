"""The files of checks: clips that wait, figures that wait to be looked at, and what this machine has in work.

Clips and figures lie in a `MediaStore`, which several machines may share; what is in work (a fetched clip, figures
being drawn, an upload) is this machine's alone and lies in `scratch`.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import secrets
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from core import logs
from core.errors import ClipNotFoundError, MediaStoreError
from core.media import LocalMedia, MediaStore, Stored, patiently
from core.media.local import chunks
from core.media.patience import WITHIN_S

logger = logging.getLogger(__name__)

INCOMING, OUTGOING = "incoming", "outgoing"
ORPHAN_AGE_S = 600.0
"""A waiting clip is written before its row: one without a row is left alone for this long."""
FIGURES_PARTS = 4
"""Shared figures are looked through so many times in the time that they are kept: there are very many of them."""
GONE = "The clip is no longer here to be checked; please send it again."


class Folders:
    """Where the files of checks lie; its methods may block for seconds.

    Args:
        data_dir: the folder of this machine.
        media: where clips and figures are kept; by default in that folder.
        patience_s: for how long a clip is waited for while that place does not answer.
    """

    def __init__(self, data_dir: Path, media: MediaStore | None = None, patience_s: float = WITHIN_S) -> None:
        self.data_dir = data_dir
        self._patience_s = patience_s
        self._figures_swept_s = -float("inf")
        self.media = media or LocalMedia(data_dir)

    @property
    def scratch(self) -> Path:
        """The folder for what this machine has in work; not there before it is needed."""
        return self.data_dir / "scratch"

    def keep(self, media: bytes | Path) -> str:
        """Keep a clip for its check and return the name that it waits under: random, after the request's id.

        Raises:
            ClipNotFoundError: `media` is a path that cannot be read.
            MediaStoreError: the clip cannot be kept.
        """
        name = logs.tagged(secrets.token_hex(16))
        self.media.put(waiting_key(name), media)
        return name

    @contextmanager
    def clip(self, name: str, max_bytes: int, tell: Callable[[], None] = lambda: None) -> Iterator[Path]:
        """Give the file of a waiting clip for as long as the block lasts.

        A clip that lies elsewhere is fetched into a file of its own that is deleted afterwards; while the store does
        not answer it is tried again for a while.

        Args:
            name: what `keep` returned.
            max_bytes: a larger clip is not fetched.
            tell: called before every try; it may raise to end the waiting.

        Raises:
            ClipNotFoundError: there is no such clip.
            MediaStoreError: it cannot be fetched.
        """
        here = self.media.path(waiting_key(name))
        if here is not None:
            yield here
            return
        with self._scratch_file() as path:
            fetch = partial(self.media.fetch, waiting_key(name), path, max_bytes)
            if not patiently(fetch, tell, self._patience_s):
                raise ClipNotFoundError(GONE)
            yield path

    def read(self, name: str) -> bytes | None:
        """Return a waiting file whole, or None when there is none.

        Raises:
            MediaStoreError: it cannot be read now.
        """
        return self.media.get(waiting_key(name))

    def discard(self, *names: str | None) -> None:
        """Delete waiting clips; one that is not there, or None, is no error, one that cannot be deleted is swept."""
        with _left_for_later("waiting clips"):
            self.media.delete([waiting_key(name) for name in names if name is not None])

    @contextmanager
    def drawing(self, check_id: int) -> Iterator[Path]:
        """Give an empty folder; what is in it at the end of the block becomes the figures of a check, all at once.

        Raises:
            MediaStoreError: they cannot be put in place; there are no figures then, or those of before.
        """
        self._make_scratch()
        with tempfile.TemporaryDirectory(dir=self.scratch, prefix="figures-", ignore_cleanup_errors=True) as folder:
            figures = Path(folder) / "figures"
            figures.mkdir()
            yield figures
            self.media.put_folder(figures_prefix(check_id), figures)

    def figure_names(self, check_id: int) -> tuple[str, ...]:
        """Return the names of the figures of a check: none before the answer, nor for ever after."""
        try:
            return tuple(sorted(stored.name for stored in self.media.list(figures_prefix(check_id))))
        except MediaStoreError as error:
            _log_away("figures", error)
            return ()

    def figure(self, check_id: int, name: str) -> bytes | None:
        """Return one figure of a check, None where it is not there or cannot be read now."""
        try:
            return self.media.get(f"{figures_prefix(check_id)}/{name}")
        except MediaStoreError as error:
            _log_away("a figure", error)
            return None

    def discard_figures(self, *check_ids: int) -> None:
        """Delete the figures of checks; that there are none is no error. What cannot be deleted is swept later."""
        for check_id in check_ids:
            with _left_for_later("figures"):
                self.media.delete_below(figures_prefix(check_id))

    def sweep(self, needed: Collection[str], now_s: float, keep_figures_s: float) -> None:
        """Delete clips that no check needs, figures older than `keep_figures_s`, and what was left in work.

        Any number of machines may do so at once. What cannot be deleted now stays for the next time.

        Args:
            needed: names of the clips that queued and running checks still need, read before this is called.
            now_s: seconds since 1970, to measure ages against.
            keep_figures_s: age at which figures go.
        """
        self.tidy(now_s)
        with _left_for_later("waiting clips"):
            old = [clip for clip in self.media.list(INCOMING) if _age_s(clip, now_s) > ORPHAN_AGE_S]
            self.media.delete([clip.key for clip in old if clip.name not in needed])
        if self.media.shared and now_s - self._figures_swept_s < keep_figures_s / FIGURES_PARTS:
            return
        self._figures_swept_s = now_s
        with _left_for_later("figures"):
            ages_s: dict[str, list[float]] = defaultdict(list)
            for figure in self.media.list(OUTGOING):
                ages_s[figure.key.rpartition("/")[0]].append(_age_s(figure, now_s))
            for prefix, ages in ages_s.items():
                if min(ages) > keep_figures_s:
                    self.media.delete_below(prefix)

    def tidy(self, now_s: float) -> None:
        """Delete what processes of this machine that are no longer there left in `scratch`."""
        for path in list(self.scratch.iterdir()) if self.scratch.is_dir() else []:
            with suppress(OSError):
                if now_s - path.stat().st_mtime <= ORPHAN_AGE_S:
                    continue
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                elif not _is_held(path):
                    path.unlink()

    @contextmanager
    def _scratch_file(self) -> Iterator[Path]:
        """Give an empty file for this process alone. It is locked, so that no `tidy` takes it while it is in use."""
        self._make_scratch()
        with tempfile.NamedTemporaryFile(dir=self.scratch, prefix="clip-") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield Path(file.name)

    def _make_scratch(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.scratch.mkdir(mode=0o700, exist_ok=True)


def waiting_key(name: str) -> str:
    """Return the key of a waiting clip."""
    return f"{INCOMING}/{name}"


def figures_prefix(check_id: int) -> str:
    """Return what the keys of the figures of a check begin with."""
    return f"{OUTGOING}/{check_id}"


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


@contextmanager
def _left_for_later(what: str) -> Iterator[None]:
    """Log that the store does not answer, and go on: a later sweep makes up for it."""
    try:
        yield
    except MediaStoreError as error:
        _log_away(what, error)


def _log_away(what: str, error: MediaStoreError) -> None:
    logger.warning("%s could not be reached in the media store: %s", what, error.__cause__ or error)


def _is_held(path: Path) -> bool:
    """Whether a living process has locked a file of `scratch`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _age_s(stored: Stored, now_s: float) -> float:
    return now_s - stored.written_at.timestamp()
