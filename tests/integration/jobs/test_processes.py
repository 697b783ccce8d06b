"""Real worker processes: they answer, survive being killed, and never outlive whom they work for."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from core.jobs.local import LocalWorkers
from core.services import requests
from core.services.folders import Folders
from core.services.requests import Asker, Check, CheckStatus, Origin
from core.settings import Settings
from core.store import Store
from tests.synth.logs import becomes, make_report

ROOT = Path(__file__).resolve().parents[3]
MEDIA = b"the bytes of a clip"
SUPERVISOR = """
import asyncio, sys
from core.jobs.local import LocalWorkers
from core.settings import Settings

async def main():
    async with LocalWorkers(Settings.model_validate_json(sys.argv[1]), ("--engine", sys.argv[2])) as workers:
        while not workers.pids:
            await asyncio.sleep(0.01)
        print(*workers.pids, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def database() -> str:
    """Processes take seconds: those on PostgreSQL are in `test_many_machines`."""
    return "sqlite"


@pytest.fixture
def settings(log_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    # Workers must find the engines of these tests.
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return Settings(data_dir=tmp_path / "data", database_url=log_url)


def engine(name: str) -> tuple[str, str]:
    return "--engine", f"tests.synth.engines:{name}"


async def ask(store: Store, settings: Settings) -> Check:
    return await requests.request_check(
        store, MEDIA, Asker(Origin.WEB), source_name="a.mp4", folders=Folders(settings.data_dir), max_bytes=1000
    )


async def answer(store: Store, asked: Check) -> Check:
    async with asyncio.timeout(30):
        states = [state async for state in requests.watch(store, asked.id, poll_s=0.02)]
    return states[-1].check


async def has_started(settings: Settings, times: int = 1) -> None:
    notes = settings.data_dir / "started"

    async def noted() -> bool:
        return notes.exists() and len(notes.read_text().splitlines()) >= times

    await becomes(noted)


async def are_gone(pids: tuple[int, ...]) -> None:
    async def gone() -> bool:
        return not any(psutil.pid_exists(pid) for pid in pids)

    await becomes(gone)


@contextmanager
def running(*command: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, *command], env=os.environ | environment, stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


async def test_a_question_is_answered_by_another_process(store: Store, settings: Settings) -> None:
    asked = await ask(store, settings)

    async with LocalWorkers(settings, engine("QUICK")) as workers:
        check = await answer(store, asked)
        pids = workers.pids

    assert (check.status, check.report(), check.attempts) == (CheckStatus.DONE, make_report(MEDIA), 1)
    assert (settings.data_dir / "outgoing" / str(check.id) / "evidence.png").is_file()
    assert list((settings.data_dir / "incoming").iterdir()) == []
    assert len(pids) == 1
    assert not psutil.pid_exists(pids[0])


async def test_a_killed_worker_is_replaced_and_its_check_answered_once(store: Store, settings: Settings) -> None:
    asked = await ask(store, settings)

    async with LocalWorkers(settings, (*engine("WAITING"), "--lease-s", "0.5")) as workers:
        await has_started(settings)
        killed = workers.pids[0]
        os.kill(killed, signal.SIGKILL)
        await has_started(settings, times=2)
        (settings.data_dir / "go").touch()
        check = await answer(store, asked)
        assert killed not in workers.pids

    assert (check.status, check.attempts) == (CheckStatus.DONE, 2)
    assert await store.checks.evidence(asked.id) == make_report(MEDIA).verdict.evidence
    assert len((settings.data_dir / "started").read_text().splitlines()) == 2


async def test_several_workers_share_the_queue(store: Store, settings: Settings) -> None:
    asked = [await ask(store, settings) for _ in range(2)]

    async with LocalWorkers(settings.model_copy(update={"workers": 2}), engine("WAITING")) as workers:
        await has_started(settings, times=2)
        assert len(workers.pids) == 2
        (settings.data_dir / "go").touch()
        checks = [await answer(store, one) for one in asked]

    assert [check.status for check in checks] == [CheckStatus.DONE] * 2


@pytest.mark.parametrize("name", ["WAITING", "DEAF"])
async def test_workers_end_with_whoever_started_them_however_that_ended(
    store: Store, settings: Settings, name: str
) -> None:
    asked = await ask(store, settings)
    with running("-c", SUPERVISOR, settings.model_dump_json(exclude={"discord_token"}), engine(name)[1]) as supervisor:
        assert supervisor.stdout is not None
        pids = tuple(int(pid) for pid in supervisor.stdout.readline().split())
        await has_started(settings)
        supervisor.kill()

        await are_gone(pids)

    assert len(pids) == 1
    assert await store.checks.get(asked.id) == asked


async def test_a_worker_started_by_hand_reads_its_settings_and_stops_when_asked(
    store: Store, settings: Settings, log_url: str
) -> None:
    asked = await ask(store, settings)
    own = {"FACEPULSE_DATA_DIR": str(settings.data_dir), "FACEPULSE_DATABASE_URL": log_url}
    with running("-m", "core.jobs.worker", *engine("WAITING"), **own) as worker:
        await has_started(settings)
        worker.send_signal(signal.SIGTERM)

        assert await asyncio.to_thread(worker.wait, 60) == 0

    assert await store.checks.get(asked.id) == asked


async def test_workers_are_not_told_the_discord_token(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "a token")
    asked = await ask(store, settings)

    async with LocalWorkers(Settings(**settings.model_dump()), engine("QUICK")) as workers:
        await answer(store, asked)
        environment = psutil.Process(workers.pids[0]).environ()

    assert "FACEPULSE_DISCORD_TOKEN" not in environment
    assert "DISCORD_TOKEN" not in environment
    assert environment["PYTHONPATH"] == str(ROOT)


def test_a_database_that_cannot_be_used_ends_a_worker_with_a_sentence(tmp_path: Path) -> None:
    environment = os.environ | {
        "FACEPULSE_DATA_DIR": str(tmp_path), "FACEPULSE_DATABASE_URL": "no url", "PYTHONPATH": str(ROOT)
    }  # fmt: skip

    ended = subprocess.run(
        [sys.executable, "-m", "core.jobs.worker", *engine("QUICK")],
        env=environment, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip

    assert ended.returncode == 1
    assert "FACEPULSE_DATABASE_URL is not a database URL" in ended.stderr
    assert "Traceback" not in ended.stderr
