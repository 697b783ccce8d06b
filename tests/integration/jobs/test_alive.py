"""The health check of a worker's container."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from core.jobs.alive import is_alive
from core.jobs.presence import host_name
from core.services.operations import FRESH_FOR
from core.settings import Settings
from core.store import Store, WorkerSeen
from tests.synth.logs import NOON, Clock


async def test_a_worker_of_this_machine_must_have_said_lately_that_it_lives(store: Store, log_url: str) -> None:
    settings, clock = Settings(database_url=log_url), Clock()
    assert not await is_alive(settings, clock)

    here = WorkerSeen("w", host_name(), NOON)
    await store.workers.beat(replace(here, name="elsewhere", host="another machine"))
    assert not await is_alive(settings, clock)

    await store.workers.beat(here)
    assert await is_alive(settings, clock)

    clock.forward((FRESH_FOR + timedelta(seconds=1)).total_seconds())
    assert not await is_alive(settings, clock)
