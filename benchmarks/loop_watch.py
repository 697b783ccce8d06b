"""How long an event loop is busy with one callback, during which nothing else can answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HARNESS = ("/simcord/", "/benchmarks/", "/playground/", "/tests/", "/pytest")
"""Code that only stands in for Discord, its people and the worker."""
KEPT = 20


@dataclass(frozen=True, slots=True)
class Stall:
    """One callback: wall time and CPU time of the loop's thread, and the code it began in."""

    wall_s: float
    cpu_s: float
    what: str


class Longest:
    """The longest of many callbacks: only these are kept, so that the watch itself is no burden to the collector."""

    def __init__(self) -> None:
        self.count = 0
        self.stalls: list[Stall] = []

    def add(self, wall_s: float, cpu_s: float, file: str, name: str) -> None:
        """Count a callback, and keep it if it is among the longest."""
        self.count += 1
        if len(self.stalls) == KEPT and wall_s <= self.stalls[-1].wall_s:
            return
        self.stalls.append(Stall(wall_s, cpu_s, f"{Path(file).name}:{name}"))
        self.stalls.sort(key=lambda stall: -stall.wall_s)
        del self.stalls[KEPT:]


@dataclass(slots=True)
class LoopWatch:
    """The callbacks that ran, those of the bot apart from those of the harness."""

    bot: Longest = field(default_factory=Longest)
    harness: Longest = field(default_factory=Longest)


@contextmanager
def watched_loop() -> Iterator[LoopWatch]:
    """Note every callback that an event loop of this process runs while the block lasts."""
    watch = LoopWatch()
    run = asyncio.Handle._run

    def noted_run(handle: Any) -> None:
        file, name = _origin(handle._callback)
        wall_s, cpu_s = time.perf_counter(), time.thread_time()
        run(handle)
        seen = watch.harness if any(part in file for part in HARNESS) else watch.bot
        seen.add(time.perf_counter() - wall_s, time.thread_time() - cpu_s, file, name)

    asyncio.Handle._run = noted_run  # type: ignore[method-assign]
    try:
        yield watch
    finally:
        asyncio.Handle._run = run  # type: ignore[method-assign]


def _origin(callback: Any) -> tuple[str, str]:
    """Return the file and the name of what a callback goes on with: the coroutine of a task, or a function."""
    callback = getattr(callback, "__simcord_original_callback__", callback)
    task = getattr(callback, "__self__", None)
    if isinstance(task, asyncio.Task):
        coroutine = task.get_coro()
        code = getattr(coroutine, "cr_code", None)
        return getattr(code, "co_filename", ""), getattr(coroutine, "__qualname__", "")
    code = getattr(callback, "__code__", None)
    return getattr(code, "co_filename", ""), getattr(callback, "__qualname__", type(callback).__name__)
