"""What a worker does after the checks: it makes demos, one at a time, and stands still while a check is in work.

As with checks every claim has a lease, and all changes of a row name the claim: a demo is made once.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from core import logs
from core.errors import CancelledError, FacepulseError, StoreError
from core.jobs.loop import MAX_ATTEMPTS, Timing
from core.jobs.running import RunningAnalysis
from core.services import demo_making
from core.services.analysis import INTERNAL_CODE, RETRY_AFTER_S, may_pass
from core.services.clock import Clock
from core.services.demo_making import Studio
from core.services.folders import Folders
from core.settings import Settings
from core.store import Demo, Made, Store
from core.types import Progress, ProgressCallback

logger = logging.getLogger(__name__)

DEFAULT_STUDIO = "core.services.demo_studio:STUDIO"
LOOK_S = 1.0
"""Between looks for a demo to make."""
WAITS_AT_MOST = timedelta(hours=1)
GAVE_UP = "Making this demo stopped three times without a result, so it was given up."
LONELY = "Nobody made this demo within an hour: no worker that has its model is free."
BROKEN = "Something went wrong inside Facepulse while it made this demo; the log has the details."


class DemoWorker:
    """Makes demos beside one worker of checks, which has the same `name`; `studio()` gives what they are made with."""

    def __init__(
        self,
        store: Store,
        *,
        studio: Callable[[], Studio],
        folders: Folders,
        settings: Settings,
        name: str,
        timing: Timing,
        clock: Clock,
        queues: Collection[str] | None = None,
    ) -> None:
        self._store = store
        self._studio = studio
        self._folders = folders
        self._settings = settings
        self._name = name
        self._timing = timing
        self._clock = clock
        self._queues = queues
        self._lease = timedelta(seconds=timing.lease_s)

    async def run(self, stop: asyncio.Event) -> None:
        """Make demos until `stop` is set; one that is being made goes back to the queue."""
        swept_at = -float("inf")
        while not stop.is_set():
            try:
                if time.monotonic() - swept_at >= self._timing.sweep_s:
                    await asyncio.to_thread(demo_making.sweep, self._folders, self._clock())
                    swept_at = time.monotonic()
                idle = not await self.work_once(stop)
            except StoreError:
                logger.exception("the log failed; trying again")
                idle = True
            if idle:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), LOOK_S)

    async def work_once(self, stop: asyncio.Event) -> bool:
        """Make the next demo whose network is on this machine, unless a check waits; say whether there was one."""
        now = self._clock()
        await self._store.demo_queue.give_up(now, MAX_ATTEMPTS, GAVE_UP, now - WAITS_AT_MOST, LONELY)
        for demo in await self._store.demo_queue.waiting(now):
            if not demo_making.has_model(demo) or await self._checks_first():
                continue
            claim = await self._store.demo_queue.claim(demo.id, self._name, self._clock(), self._lease)
            if claim is not None:
                with logs.about(request=logs.request_of(claim.incoming_name)):
                    await self._make(claim, stop)
                return True
        return False

    async def _make(self, claim: Demo, stop: asyncio.Event) -> None:
        logger.info("demo %d: started, attempt %d", claim.id, claim.attempts)
        turn = _Turn()
        running = RunningAnalysis(lambda tell: self._made(claim, turn.taken_with(tell)))
        try:
            held = await self._keep_alive(claim, running, turn, stop)
        finally:
            running.cancel()
            turn.go()
        if not await running.ended(0 if held and not stop.is_set() else self._timing.grace_s):
            logger.warning("demo %d: it does not stop; leaving it behind", claim.id)
            await self._store.demo_queue.release(claim)
            return
        try:
            await self._settle(claim, running)
        finally:
            await self._clean_up(claim)

    def _made(self, claim: Demo, progress: ProgressCallback) -> Made:
        video = demo_making.make(self._studio(), claim, self._folders, self._settings, progress)
        return demo_making.keep(video, self._folders)

    async def _keep_alive(self, claim: Demo, running: RunningAnalysis[Made], turn: _Turn, stop: asyncio.Event) -> bool:
        """Watch a demo to its end, or until it must stop; False when the claim was lost."""
        while not await running.ended(self._timing.tick_s) and not stop.is_set():
            try:
                if not await self._store.demo_queue.heartbeat(claim, self._clock(), self._lease, running.progress):
                    return False
                turn.set(free=not await self._checks_first())
            except StoreError:
                logger.exception("demo %d: its lease could not be prolonged", claim.id)
        return True

    async def _settle(self, claim: Demo, running: RunningAnalysis[Made]) -> None:
        queue = self._store.demo_queue
        try:
            made = running.result()
        except CancelledError:
            released = await queue.release(claim)
            logger.info("demo %d: %s", claim.id, "put back" if released else "cancelled")
        except Exception as error:
            expected = isinstance(error, FacepulseError)
            (logger.info if expected else logger.exception)("demo %d: failed: %s", claim.id, error)
            if may_pass(error) and claim.attempts < MAX_ATTEMPTS:
                pause_s = RETRY_AFTER_S[min(claim.attempts, len(RETRY_AFTER_S)) - 1]
                await queue.retry_later(claim, self._clock() + timedelta(seconds=pause_s))
                return
            code, sentence = (error.code, str(error)) if isinstance(error, FacepulseError) else (INTERNAL_CODE, BROKEN)
            await queue.fail(claim, code, sentence, self._clock())
        else:
            if not await queue.finish(claim, made, self._clock()):
                await asyncio.to_thread(self._folders.discard, made.file_name)
            logger.info("demo %d: made, its label says %s", claim.id, made.provenance.demo_id)

    async def _clean_up(self, claim: Demo) -> None:
        await asyncio.to_thread(demo_making.clear, self._folders, claim)
        demo = await self._store.demos.get(claim.id)
        if demo is None or (demo.is_final and demo.incoming_name is None):
            await asyncio.to_thread(self._folders.discard, claim.incoming_name)

    async def _checks_first(self) -> bool:
        return await self._store.demo_queue.checks_first(self._name, self._clock(), self._queues)


class _Turn:
    """Whose turn it is: a demo goes on only while it is its own, and looks whether it is when it tells its progress."""

    def __init__(self) -> None:
        self._free = threading.Event()
        self._free.set()

    def set(self, *, free: bool) -> None:
        """Let the demo go on, or have it wait."""
        (self._free.set if free else self._free.clear)()

    def go(self) -> None:
        """Let the demo go on, also to its end."""
        self._free.set()

    def taken_with(self, tell: ProgressCallback) -> ProgressCallback:
        """Return a callback that tells, and comes back when it is the demo's turn; it can be cancelled meanwhile."""

        def told(progress: Progress) -> None:
            tell(progress)
            while not self._free.wait(0.1):
                tell(progress)

        return told


@asynccontextmanager
async def beside(worker: DemoWorker) -> AsyncIterator[None]:
    """Have demos made for as long as the block lasts; one that is being made at its end goes back to the queue."""
    stop = asyncio.Event()
    working = asyncio.create_task(worker.run(stop), name="demos")
    try:
        yield
    finally:
        stop.set()
        await working


def load_studio(name: str = DEFAULT_STUDIO) -> Studio:
    """Return the studio called `package.module:NAME`; loads the networks' libraries."""
    module, _, attribute = name.partition(":")
    studio = getattr(importlib.import_module(module), attribute)
    if not isinstance(studio, Studio):
        raise TypeError(f"{name} is not a Studio")
    return studio
