"""The engine of one machine: its workers look into the rows themselves."""

from __future__ import annotations

import asyncio

from core.jobs.contract import Load, hand_over_after
from core.jobs.loop import Worker


class RowEngine:
    """Has a worker take the next waiting row, again and again."""

    def __init__(self, load: Load) -> None:
        self._load = load

    async def work(self, worker: Worker, stop: asyncio.Event) -> None:
        """See `JobEngine.work`."""
        hand_over = asyncio.Event()
        draining = asyncio.create_task(hand_over_after(self._load.drain_s, stop, hand_over), name="drain")
        try:
            await asyncio.gather(*(worker.run(stop, hand_over) for _ in range(self._load.concurrency)))
        finally:
            draining.cancel()
