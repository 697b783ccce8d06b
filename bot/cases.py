"""The log as the command line uses it: answers of earlier cases, new cases; its trouble never costs an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from core.errors import FacepulseError
from core.services import analysis
from core.store import Asker, Check, Origin, Store, migrate, open_store
from core.types import Report

T = TypeVar("T")
ASKER = Asker(Origin.CLI)


class CaseLog:
    """The log behind one command; when it fails it says so once and is left alone from then on.

    Args:
        url: the database.
        max_bytes: larger files are neither looked for nor logged, for that means reading them whole.
        say: takes the sentence when the log cannot be used.
    """

    def __init__(self, url: str, max_bytes: int, say: Callable[[str], None]) -> None:
        self._url, self._max_bytes, self._say = url, max_bytes, say
        self._ready = self._closed = False

    def recall(self, path: Path) -> Check | None:
        """Answer a clip from the log: a new case that repeats the earlier one, None when there is none."""
        return self._do(path, lambda store: analysis.recall(store, path, ASKER))

    def add_answer(self, path: Path, report: Report, started_at: datetime) -> int | None:
        """Log a clip with its answer; return the number of the case, None when it could not be logged."""
        logged = self._do(
            path, lambda store: analysis.log_answer(store, path, report, asker=ASKER, started_at=started_at)
        )
        return None if logged is None else logged.id

    def add_failure(self, path: Path, error: BaseException, started_at: datetime) -> None:
        """Log a clip that got no answer, and why."""
        self._do(path, lambda store: analysis.log_failure(store, path, error, asker=ASKER, started_at=started_at))

    def _do(self, path: Path, ask: Callable[[Store], Awaitable[T]]) -> T | None:
        if self._closed or not self._may_be_read(path):
            return None
        try:
            if not self._ready:
                migrate(self._url)
                self._ready = True
            return asyncio.run(self._with_store(ask))
        except FacepulseError as error:
            self._close(str(error))
        except Exception as error:  # whatever it is, the one who asked gets an answer
            self._close(f"The log cannot be used ({type(error).__name__}).")
        return None

    def _close(self, why: str) -> None:
        self._closed = True
        self._say(f"{why} Answers are given without being logged.")

    def _may_be_read(self, path: Path) -> bool:
        """Whether it is an ordinary file of a size that may be: reading a pipe would wait for ever."""
        try:
            return path.is_file() and path.stat().st_size <= self._max_bytes
        except (OSError, ValueError):
            return False

    async def _with_store(self, ask: Callable[[Store], Awaitable[T]]) -> T:
        async with open_store(self._url) as store:
            return await ask(store)
