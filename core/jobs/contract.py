"""What an engine does: it brings waiting checks to a worker. There are two, and the database decides which.

Whatever the engine, the check's row is the truth. An engine only says which check to look at next; the worker claims
the row, and a claim that fails means that there is nothing to do. So an engine may lose, repeat or mix up what it
brings, as long as every check that waits is brought in the end.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from core.jobs.loop import Timing, Worker
from core.store import postgres_conninfo


@dataclass(frozen=True, slots=True)
class Load:
    """What one worker process takes on.

    `queues` are those it takes checks of, all when empty; `concurrency` how many it analyses at once; `drain_s` how
    long it finishes what it has begun when it is stopped, before it hands the rest over.
    """

    queues: tuple[str, ...] = ()
    concurrency: int = 1
    drain_s: float = 0.0


class JobEngine(Protocol):
    """Brings waiting checks to a worker."""

    async def work(self, worker: Worker, stop: asyncio.Event) -> None:
        """Have `worker` answer checks until `stop` is set and what was begun is finished or handed over.

        Checks of workers that fell silent are brought again, also to others. Trouble with the database is logged and
        outlasted.
        """
        ...


def engine_for(database_url: str, load: Load, timing: Timing) -> JobEngine:
    """Return the engine that goes with a database: PostgreSQL has one for many machines.

    Raises:
        StoreError: it is not the URL of a database.
    """
    conninfo = postgres_conninfo(database_url)
    if conninfo is None:
        from core.jobs.rows import RowEngine  # noqa: PLC0415

        return RowEngine(load)
    # Loaded only where it is used: a small server has no PostgreSQL.
    from core.jobs.distributed import DistributedEngine  # noqa: PLC0415

    return DistributedEngine(conninfo, load, timing)


async def hand_over_after(drain_s: float, stop: asyncio.Event, hand_over: asyncio.Event) -> None:
    """Set `hand_over` once `stop` is set and `drain_s` have passed."""
    await stop.wait()
    await asyncio.sleep(drain_s)
    hand_over.set()
