"""One analysis in a thread of its own, which can be watched and asked to stop."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

from core.errors import CancelledError
from core.types import Progress, ProgressCallback

T = TypeVar("T")

THREAD_NAME = "analysis"


class RunningAnalysis(Generic[T]):
    """Runs `work(progress)` in a daemon thread: a thread that never comes back must not keep the process alive.

    The thread is stopped where it next tells its progress, by `CancelledError`.
    """

    def __init__(self, work: Callable[[ProgressCallback], T]) -> None:
        self.progress: Progress | None = None
        """The last progress that was told; replaced as a whole, so that it can be read at any time."""
        self._work = work
        self._cancelled = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._result: asyncio.Future[T] = self._loop.create_future()
        self._thread = threading.Thread(
            target=contextvars.copy_context().run, args=(self._run,), name=THREAD_NAME, daemon=True
        )
        self._thread.start()

    def cancel(self) -> None:
        """Ask the analysis to stop."""
        self._cancelled.set()

    async def ended(self, timeout_s: float) -> bool:
        """Wait at most `timeout_s` for the end; say whether it came."""
        await asyncio.wait({self._result}, timeout=timeout_s)
        return self._result.done()

    def result(self) -> T:
        """Return what came of an analysis that ended, or raise what it raised."""
        return self._result.result()

    def _run(self) -> None:
        try:
            found = self._work(self._tell)
        except BaseException as error:
            self._hand_over(self._fail, error)
        else:
            self._hand_over(self._result.set_result, found)

    def _tell(self, progress: Progress) -> None:
        if self._cancelled.is_set():
            raise CancelledError("The check was cancelled.")
        self.progress = progress

    def _hand_over(self, settle: Callable[[Any], None], value: object) -> None:
        # The loop is gone when a stopping worker did not wait for this thread.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(settle, value)

    def _fail(self, error: BaseException) -> None:
        self._result.set_exception(error)
        self._result.exception()  # Seen: that an abandoned analysis failed is no warning.
