"""Worker processes on this machine: started, started again when they crash, and none left behind."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from types import TracebackType
from typing import Self

from core.settings import Settings

logger = logging.getLogger(__name__)

STOP_S = 10.0
"""How long a worker may take to stop before it is killed."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
"""Before a worker that crashed is started again; twice as long after each crash."""
STEADY_S = 60.0
"""A worker that ran this long starts with the first pause again."""

# Workers handle what strangers send: what they need not know is not given to them.
_SECRETS = frozenset({"DISCORD_TOKEN", "FACEPULSE_DISCORD_TOKEN"})


class LocalWorkers:
    """`settings.workers` worker processes, for as long as the `async with` block lasts.

    Args:
        settings: handed on to the workers, without the Discord token.
        options: further command-line options of `core.jobs.worker`.
    """

    def __init__(self, settings: Settings, options: tuple[str, ...] = ()) -> None:
        self._settings = settings
        self._options = options
        self._stop = asyncio.Event()
        self._keepers: list[asyncio.Task[None]] = []
        self._processes: dict[int, Process] = {}

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the workers that run now."""
        return tuple(process.pid for process in self._processes.values() if process.returncode is None)

    async def __aenter__(self) -> Self:
        """Start the workers; they are ready a moment later."""
        self._keepers = [asyncio.create_task(self._keep(slot)) for slot in range(self._settings.workers)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the workers: politely, and after `STOP_S` without asking."""
        self._stop.set()
        await asyncio.gather(*self._keepers)

    async def _keep(self, slot: int) -> None:
        """Have one worker running until the stop."""
        pause_s, clock = FIRST_PAUSE_S, asyncio.get_running_loop().time
        while not self._stop.is_set():
            started_s = clock()
            try:
                await self._run_one(slot)
            except OSError:
                logger.exception("a worker could not be started")
            if self._stop.is_set():
                return
            if clock() - started_s > STEADY_S:
                pause_s = FIRST_PAUSE_S
            logger.warning("a worker ended unasked; the next one starts in %.1f s", pause_s)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _run_one(self, slot: int) -> None:
        process = await self._start()
        self._processes[slot] = process
        ended = asyncio.create_task(process.wait())
        stopped = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            if not ended.done():
                _signal(process, signal.SIGTERM)
                await asyncio.wait({ended}, timeout=STOP_S)
            if not ended.done():
                _signal(process, signal.SIGKILL)
            await ended
            if process.stdin is not None:
                process.stdin.close()

    async def _start(self) -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "core.jobs.worker", "--supervised", *self._options,
            stdin=PIPE,
            stdout=DEVNULL,
            env={name: value for name, value in os.environ.items() if name not in _SECRETS},
            start_new_session=True,
        )  # fmt: skip
        if process.stdin is not None:
            handed = self._settings.model_copy(update={"discord_token": None})
            # Not closed: the worker lives as long as this pipe.
            process.stdin.write(handed.model_dump_json().encode() + b"\n")
        return process


def _signal(process: Process, number: int) -> None:
    # To its whole group: a worker leads one, with the processes that decode for it.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
