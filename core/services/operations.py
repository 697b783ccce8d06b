"""What whoever runs Facepulse looks at: is it ready, how long is the queue, how do checks end, which workers live."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import StoreError
from core.services.clock import Clock, utc_now
from core.store import Counted, QueueNow, Store, WorkerSeen

FRESH_FOR = timedelta(seconds=45)
"""A worker that said so long ago that it lives still counts: it says so every ten seconds."""
ANSWER_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether each part does its work; `discord` is None where Discord is not joined by intent."""

    database: bool
    worker: bool
    discord: bool | None

    @property
    def is_ready(self) -> bool:
        """Whether a question asked now would be answered."""
        return self.database and self.worker and self.discord is not False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The service at one moment; `queue` and `counted` are None while the database does not answer."""

    at: datetime
    queue: QueueNow | None
    counted: Counted | None
    workers: tuple[WorkerSeen, ...]
    discord: bool | None


class Operations:
    """Reads everything from the database, so that every process of a service says the same.

    Args:
        store: the open log.
        joined: says whether Discord is joined at the moment; None where no token is set.
        clock: gives the present moment.
    """

    def __init__(self, store: Store, joined: Callable[[], bool] | None, clock: Clock = utc_now) -> None:
        self._store = store
        self._joined = joined
        self._clock = clock
        self._counting = asyncio.Lock()

    async def readiness(self) -> Readiness:
        """Return whether the service is ready; a database that is silent for long is one that does not answer."""
        discord = self._joined and self._joined()
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                workers = await self._workers()
        except (StoreError, TimeoutError):
            return Readiness(database=False, worker=False, discord=discord)
        return Readiness(database=True, worker=bool(workers), discord=discord)

    async def snapshot(self) -> Snapshot:
        """Return what the metrics show. `counted.new_times_s` has each analysis once in the life of this object."""
        discord = self._joined and self._joined()
        try:
            queue, workers = await self._store.gauges.queue(), await self._workers()
            async with self._counting:
                counted = await self._store.gauges.count()
        except StoreError:
            return Snapshot(self._clock(), None, None, (), discord)
        return Snapshot(self._clock(), queue, counted, workers, discord)

    async def _workers(self) -> tuple[WorkerSeen, ...]:
        return await self._store.workers.seen(self._clock() - FRESH_FOR)
