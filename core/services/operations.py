"""What whoever runs Facepulse looks at: is it ready, how long is the queue, how do checks end, which workers live."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.errors import MediaStoreError, StoreError
from core.media import Counting
from core.services.clock import Clock, utc_now
from core.store import Counted, QueueNow, Store, WorkerSeen

FRESH_FOR = timedelta(seconds=45)
"""A worker that said so long ago that it lives still counts: it says so every ten seconds."""
ANSWER_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether each part does its work; `discord` is None where Discord is not joined by intent.

    `media` is the place where clips are kept.
    """

    database: bool
    worker: bool
    discord: bool | None
    media: bool = True

    @property
    def is_ready(self) -> bool:
        """Whether a question asked now would be answered."""
        return self.database and self.worker and self.media and self.discord is not False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The service at one moment; `queue` and `counted` are None while the database does not answer."""

    at: datetime
    queue: QueueNow | None
    counted: Counted | None
    workers: tuple[WorkerSeen, ...]
    discord: bool | None
    media: bool | None = None
    """Whether clips can be kept; None where that is not looked at."""
    media_failures: Mapping[str, int] = field(default_factory=dict)
    """How often each verb of the media store failed in this process."""


class Operations:
    """Reads everything from the database, so that every process of a service says the same.

    Args:
        store: the open log.
        joined: says whether Discord is joined at the moment; None where no token is set.
        clock: gives the present moment.
        media: where clips are kept; None leaves it out.
    """

    def __init__(
        self,
        store: Store,
        joined: Callable[[], bool] | None,
        clock: Clock = utc_now,
        media: Counting | None = None,
    ) -> None:
        self._store = store
        self._joined = joined
        self._clock = clock
        self._media = media
        self._counting = asyncio.Lock()

    async def readiness(self) -> Readiness:
        """Return whether the service is ready.

        A database that is silent for long is one that does not answer; so is one that cannot be written.
        """
        discord, media = self._joined and self._joined(), asyncio.create_task(self._media_answers())
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await self._store.gauges.try_write()
                workers: tuple[WorkerSeen, ...] | None = await self._workers()
        except (StoreError, TimeoutError):
            workers = None
        return Readiness(workers is not None, bool(workers), discord, await media is not False)

    async def snapshot(self) -> Snapshot:
        """Return what the metrics show. `counted.new_times_s` has each analysis once in the life of this object."""
        discord, media = self._joined and self._joined(), await self._media_answers()
        failures = self._media.failures if self._media else {}
        try:
            queue, workers = await self._store.gauges.queue(), await self._workers()
            async with self._counting:
                counted = await self._store.gauges.count()
        except StoreError:
            return Snapshot(self._clock(), None, None, (), discord, media, failures)
        return Snapshot(self._clock(), queue, counted, workers, discord, media, failures)

    async def _media_answers(self) -> bool | None:
        if self._media is None:
            return None
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await asyncio.to_thread(self._media.probe)
        except (MediaStoreError, TimeoutError):
            return False
        return True

    async def _workers(self) -> tuple[WorkerSeen, ...]:
        return await self._store.workers.seen(self._clock() - FRESH_FOR)
