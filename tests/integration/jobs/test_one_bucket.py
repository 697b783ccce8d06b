"""Two machines, each with a data folder of its own, that share one bucket and one PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import MediaStoreError
from core.jobs.loop import Timing
from core.jobs.worker import run_worker
from core.media import open_media
from core.services import analysis, requests
from core.services.analysis import Engine
from core.services.evidence import EvidenceFolder
from core.services.folders import Folders
from core.services.guilds import Guilds
from core.services.operations import FRESH_FOR
from core.services.privacy import Privacy
from core.services.requests import Asker, Check, CheckStatus, Origin
from core.services.retention import Swept, sweep
from core.settings import MediaPlace, Settings, VideoLimits
from core.store import Store, WorkerSeen
from core.types import Analysis, ProgressCallback
from tests.integration.jobs.test_loop import make_worker
from tests.synth import engines
from tests.synth.logs import Clock, analyse, make_report
from tests.synth.media import Failing
from tests.synth.moderation import ANN, GUILD, MOD, asked_by

ROOT = Path(__file__).resolve().parents[3]
TIMING = Timing(lease_s=30, tick_s=0.02, grace_s=20)
MEDIA = b"the bytes of a clip"


@pytest.fixture
def database() -> str:
    return "postgresql"


class Machine:
    """One of several, under its own name."""

    def __init__(self, folder: Path, bucket: MediaPlace, log_url: str) -> None:
        self.settings = Settings(
            data_dir=folder, database_url=log_url, media_url=bucket.url, media_endpoint=bucket.endpoint
        )
        self.folders = Folders(folder, open_media(self.settings.media_place, folder))
        self.evidence = EvidenceFolder(self.folders.media)
        self.analysed: list[bytes] = []

    def analyse(self, path: Path, limits: VideoLimits, progress: ProgressCallback) -> Analysis:
        self.analysed.append(path.read_bytes())
        assert path.parent == self.folders.scratch
        return analyse(path, limits, progress)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        stop = asyncio.Event()
        engine = Engine(self.analyse, engines.draw, engines.nothing_to_load)
        name = self.settings.data_dir.name
        work = asyncio.create_task(run_worker(self.settings, stop, engine=engine, name=name, timing=TIMING))
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(work, 60)

    def files(self) -> list[Path]:
        return [path for path in self.settings.data_dir.rglob("*") if path.is_file()]


@pytest.fixture
def here(tmp_path: Path, bucket: MediaPlace, log_url: str) -> Machine:
    """The machine of the bot."""
    return Machine(tmp_path / "here", bucket, log_url)


@pytest.fixture
def there(tmp_path: Path, bucket: MediaPlace, log_url: str) -> Machine:
    """A machine that only works on checks."""
    return Machine(tmp_path / "there", bucket, log_url)


async def ask(store: Store, machine: Machine, media: bytes = MEDIA, asker: Asker | None = None) -> Check:
    return await requests.request_check(
        store, media, asker or Asker(Origin.WEB), source_name="a.mp4", folders=machine.folders, max_bytes=1000
    )


async def over(store: Store, check: Check) -> Check:
    async with asyncio.timeout(30):
        async for state in requests.watch(store, check.id, poll_s=0.02):
            last = state.check
    return last


def waiting(machine: Machine) -> set[str]:
    return {stored.name for stored in machine.folders.media.list("incoming")}


async def test_what_is_asked_here_is_answered_there_and_nothing_stays(
    store: Store, here: Machine, there: Machine
) -> None:
    clips = [f"clip {n}".encode() for n in range(6)]
    asked = [await ask(store, here, clip) for clip in clips]
    assert waiting(there) == {check.incoming_name for check in asked}

    async with here.working(), there.working():
        answered = [await over(store, check) for check in asked]

    assert [check.report() for check in answered] == [make_report(clip) for clip in clips]
    assert sorted(here.analysed + there.analysed) == clips
    assert waiting(here) == set()
    assert here.files() == there.files() == []


async def test_figures_drawn_there_are_seen_here(store: Store, here: Machine, there: Machine) -> None:
    asked = await ask(store, here)
    async with there.working():
        await over(store, asked)

    assert here.folders.figure_names(asked.id) == ("evidence.png", "report.html")
    picture = here.folders.figure(asked.id, "evidence.png")
    assert picture is not None
    assert picture.startswith(b"picture of ")
    here.folders.sweep(set(), (Clock()().timestamp() + 1e9), 3600)
    assert there.folders.figure_names(asked.id) == ()


async def test_evidence_kept_there_is_forgotten_from_here(store: Store, here: Machine, there: Machine) -> None:
    await Guilds(store).change(GUILD, by=MOD, keep_evidence=True)
    asked = await ask(store, here, asker=asked_by(ANN, ANN))
    async with there.working():
        await over(store, asked)
    assert here.evidence.read(GUILD, asked.id) == MEDIA

    await Privacy(store, here.folders).forget(ANN)

    assert there.evidence.kept() == {}


async def test_evidence_whose_time_is_over_goes_from_the_bucket(store: Store, here: Machine, there: Machine) -> None:
    await Guilds(store).change(GUILD, by=MOD, keep_evidence=True)
    asked = await ask(store, here, asker=asked_by())
    async with there.working():
        await over(store, asked)
    assert await sweep(store, there.folders) == Swept(0, 0)
    await Guilds(store).change(GUILD, by=MOD, keep_evidence=False)

    assert await sweep(store, here.folders) == Swept(0, 1)

    assert there.evidence.kept() == {}


async def test_a_check_taken_back_here_leaves_no_clip_in_the_bucket(
    store: Store, here: Machine, there: Machine
) -> None:
    asked = await ask(store, here)

    assert await requests.cancel(store, asked.id, folders=here.folders)

    assert waiting(there) == set()


async def test_two_machines_sweep_orphans_and_neither_takes_what_a_check_needs(
    store: Store, here: Machine, there: Machine
) -> None:
    asked = await ask(store, here)
    here.folders.keep(b"an orphan")
    clock = Clock()
    clock.forward(10 * 365 * 86400)

    await asyncio.gather(*(make_worker(store, machine.folders, clock).sweep() for machine in (here, there)))

    assert waiting(here) == {asked.incoming_name}


async def test_one_living_worker_sweeps_a_bucket_for_all(store: Store, here: Machine, there: Machine) -> None:
    here.folders.keep(b"an orphan")
    clock = Clock()
    clock.forward(10 * 365 * 86400)
    worker = make_worker(store, here.folders, clock)  # it is called w1
    await store.workers.beat(WorkerSeen("w0", "elsewhere", clock()))

    await worker.sweep()
    assert len(waiting(here)) == 1

    clock.forward(FRESH_FOR.total_seconds() + 1)
    await worker.sweep()
    assert waiting(here) == set()


async def test_a_worker_waits_for_a_bucket_that_does_not_answer_for_a_while(
    store: Store, here: Machine, there: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.media.patience.FIRST_PAUSE_S", 0.01)
    asked = await ask(store, here)
    failing = Failing(there.folders.media, times=3)
    worker = make_worker(store, Folders(there.settings.data_dir, failing), Clock())

    await worker.work_on(asked.id, asyncio.Event())

    check = await over(store, asked)
    assert (check.status, check.attempts, failing.left) == (CheckStatus.DONE, 1, 0)


async def test_a_bucket_that_is_gone_for_long_makes_a_dead_letter_that_can_be_tried_again(
    store: Store, here: Machine, there: Machine
) -> None:
    asked, clock = await ask(store, here), Clock()
    gone = make_worker(store, Folders(there.settings.data_dir, Failing(), patience_s=0), clock)
    for _ in range(3):
        await gone.work_on(asked.id, asyncio.Event())
        clock.forward(max(analysis.RETRY_AFTER_S))

    check = await over(store, asked)
    assert (check.status, check.error_code, check.is_dead_letter) == (CheckStatus.FAILED, "media", True)
    assert check.error_sentence is not None
    assert "does not answer" in check.error_sentence

    assert await requests.retry(store, asked.id)
    async with there.working():
        assert (await over(store, asked)).status is CheckStatus.DONE


async def test_a_question_is_refused_in_words_when_its_clip_cannot_be_kept(
    store: Store, here: Machine, bucket: MediaPlace
) -> None:
    nowhere = replace(bucket, endpoint="http://127.0.0.1:9")
    down = Folders(here.settings.data_dir, open_media(nowhere, here.settings.data_dir))

    with pytest.raises(MediaStoreError, match="does not answer; please try again"):
        await requests.request_check(store, MEDIA, Asker(Origin.WEB), source_name="a.mp4", folders=down, max_bytes=1000)

    assert await store.checks.unfinished(Origin.WEB) == ()


async def test_a_real_worker_process_works_from_the_bucket_by_its_environment_alone(
    store: Store, here: Machine, there: Machine, bucket: MediaPlace
) -> None:
    asked = await ask(store, here)
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "FACEPULSE_DATA_DIR": str(there.settings.data_dir),
        "FACEPULSE_DATABASE_URL": there.settings.resolved_database_url,
        "FACEPULSE_MEDIA_URL": str(bucket.url),
        "FACEPULSE_MEDIA_ENDPOINT": str(bucket.endpoint),
    }
    command = [sys.executable, "-m", "core.jobs.worker", "--engine", "tests.synth.engines:QUICK"]
    process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=subprocess.PIPE)
    try:
        check = await over(store, asked)
    finally:
        process.terminate()
        _, log = await process.communicate()

    assert (check.status, process.returncode) == (CheckStatus.DONE, 0)
    assert check.report() == make_report(MEDIA)
    assert waiting(here) == set()
    assert not re.search(b"a-secret|a-name", log)
