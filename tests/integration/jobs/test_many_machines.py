"""Worker processes on one PostgreSQL, each as if on a machine of its own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.services import requests
from core.services.folders import Folders
from core.services.requests import Asker, Check, CheckStatus, Origin
from core.settings import Settings
from core.store import Store
from tests.synth.logs import becomes, make_report
from tests.synth.raw import run_sql

ROOT = Path(__file__).resolve().parents[3]
MEDIA = b"the bytes of a clip"


@pytest.fixture
def database() -> str:
    return "postgresql"


@pytest.fixture
def settings(log_url: str, tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=log_url)


@contextmanager
def machine(settings: Settings, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A worker process with an engine that goes on until it is told."""
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "FACEPULSE_DATA_DIR": str(settings.data_dir),
        "FACEPULSE_DATABASE_URL": settings.resolved_database_url,
    }
    command = [sys.executable, "-m", "core.jobs.worker", "--engine", "tests.synth.engines:WAITING", *options]
    with subprocess.Popen(command, env=environment, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


async def ask(store: Store, settings: Settings) -> Check:
    return await requests.request_check(
        store, MEDIA, Asker(Origin.WEB), source_name="a.mp4", folders=Folders(settings.data_dir), max_bytes=1000
    )


async def has_started(settings: Settings, times: int = 1) -> None:
    async def enough() -> bool:
        started = settings.data_dir / "started"
        return started.exists() and len(started.read_text().splitlines()) >= times

    await becomes(enough, within_s=60)


async def over(store: Store, check: Check) -> Check:
    async for state in requests.watch(store, check.id):
        last = state.check
    return last


async def test_a_machine_that_is_lost_loses_no_check(store: Store, settings: Settings, log_url: str) -> None:
    asked = await ask(store, settings)
    with machine(settings) as lost:
        await has_started(settings)
        lost.kill()
    # As if it had been lost for a while: a lease short enough to be waited for would be too short for a busy machine.
    run_sql(log_url, "UPDATE checks SET lease_until = lease_until - interval '1 hour'")
    run_sql(log_url, "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 hour'")
    with machine(settings):
        await has_started(settings, times=2)
        (settings.data_dir / "go").touch()
        check = await asyncio.wait_for(over(store, asked), 60)

        async def nothing_is_left() -> bool:
            return run_sql(log_url, "SELECT count(*) FROM procrastinate_jobs") == [(0,)]

        await becomes(nothing_is_left)

    assert (check.status, check.attempts, check.report()) == (CheckStatus.DONE, 2, make_report(MEDIA))
    assert await store.checks.evidence(asked.id) == make_report(MEDIA).verdict.evidence


async def test_a_machine_that_is_stopped_hands_over_within_its_time(store: Store, settings: Settings) -> None:
    asked = await ask(store, settings)
    with machine(settings, "--drain-s", "0.2") as stopped:
        await has_started(settings)
        stopped.terminate()
        assert await asyncio.to_thread(stopped.wait, 60) == 0

    check = await store.checks.get(asked.id)
    assert check is not None
    assert (check.status, check.attempts, check.worker) == (CheckStatus.QUEUED, 0, None)
