"""The engine of many machines: Procrastinate hands the numbers of checks to any number of workers on one PostgreSQL.

Procrastinate wakes workers by LISTEN/NOTIFY, keeps the order of priorities and spreads the work. Its jobs are written
with the checks (`core.store.bell`). Each worker also sweeps: it puts checks of silent workers back, clears their jobs
away, and has checks brought again whose job was lost with the worker that had got it.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ProcrastinateException
from procrastinate.jobs import Status
from psycopg import Error as PostgresError

from core.errors import StoreError
from core.jobs.contract import Load, hand_over_after
from core.jobs.loop import Timing, Worker
from core.store import HANDED_OUT_AS

logger = logging.getLogger(__name__)

AGAIN_S = 1.0
"""Pause before the engine is started again after the database was lost."""
LOOK_S = 1.0
"""Between looks for jobs that no notification comes for: those that were put off."""
SWEEP_S = 5.0
"""Between looks for what silent workers left."""
_TROUBLE = (ProcrastinateException, PostgresError, OSError)


class DistributedEngine:
    """Works for one process; `conninfo` is what psycopg connects with."""

    def __init__(self, conninfo: str, load: Load, timing: Timing) -> None:
        self._conninfo = conninfo
        self._load = load
        self._timing = timing

    async def work(self, worker: Worker, stop: asyncio.Event) -> None:
        """See `JobEngine.work`."""
        hand_over = asyncio.Event()
        draining = asyncio.create_task(hand_over_after(self._load.drain_s, stop, hand_over), name="drain")
        try:
            while not stop.is_set():
                try:
                    await self._connected(worker, stop, hand_over)
                except _TROUBLE:
                    logger.exception("the queue cannot be reached; trying again")
                if not stop.is_set():
                    await _pause(stop, AGAIN_S)
        finally:
            draining.cancel()

    async def _connected(self, worker: Worker, stop: asyncio.Event, hand_over: asyncio.Event) -> None:
        """Work until `stop`, or until the connection is lost."""
        app = App(connector=PsycopgConnector(conninfo=self._conninfo, min_size=1, max_size=4, timeout=10))

        @app.task(name=HANDED_OUT_AS)
        async def check(check_id: int) -> None:
            await worker.work_on(check_id, hand_over)

        async with app.open_async():
            serving = asyncio.create_task(self._serve(app), name="procrastinate")
            sweeping = asyncio.create_task(self._sweep(app, worker), name="sweep")
            stopping = asyncio.create_task(stop.wait(), name="stop")
            try:
                await asyncio.wait({serving, stopping, sweeping}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                stopping.cancel()
                # At once takes no more, however long the sweep is in ending; and waits for what was begun: that ends,
                # or is handed over.
                serving.cancel()
                sweeping.cancel()
                await asyncio.wait({serving, sweeping})
            if not serving.cancelled():
                serving.result()

    async def _serve(self, app: App) -> None:
        of_queues: dict[str, Any] = {"queues": list(self._load.queues)} if self._load.queues else {}
        await app.run_worker_async(
            **of_queues,
            concurrency=self._load.concurrency,
            install_signal_handlers=False,
            delete_jobs="always",
            fetch_job_polling_interval=LOOK_S,
            update_heartbeat_interval=self._timing.lease_s / 3,
            stalled_worker_timeout=self._timing.lease_s,
        )

    async def _sweep(self, app: App, worker: Worker) -> None:
        """Bring back what silent workers left, and clear away what nobody needs, now and then.

        Ends when the database is back after it was away: Procrastinate's heartbeat and its ear for notifications do not
        outlast that, and it goes on without them.
        """
        every_s, files_s, was_away = min(SWEEP_S, self._timing.lease_s / 3), 0.0, False
        while True:
            try:
                await worker.take_from_the_dead()
                await self._clear_stalled(app)
                await worker.call_again()
                files_s -= every_s
                if files_s <= 0:
                    await worker.sweep()
                    files_s = self._timing.sweep_s
                if was_away:
                    logger.info("the database is back; joining the queue anew")
                    return
            except (StoreError, *_TROUBLE):
                logger.exception("the queue could not be swept; trying again")
                was_away = True
            await asyncio.sleep(every_s)

    async def _clear_stalled(self, app: App) -> None:
        """Delete the jobs of workers that fell silent: what they were for is brought again by its row."""
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=self._timing.lease_s):
            if job.id is not None:
                # Another worker may have been quicker.
                with suppress(ProcrastinateException):
                    await app.job_manager.finish_job_by_id_async(job.id, status=Status.FAILED, delete_job=True)


async def _pause(stop: asyncio.Event, pause_s: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), pause_s)
