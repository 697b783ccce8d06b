"""What both engines promise: workers in this process, on SQLite by its rows, on PostgreSQL by Procrastinate."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import StoreError
from core.jobs import distributed
from core.jobs.contract import Load, engine_for
from core.jobs.loop import Timing, Worker
from core.jobs.worker import run_worker
from core.services import analysis, requests
from core.services.analysis import Engine
from core.services.clock import utc_now
from core.services.folders import Folders
from core.services.requests import Asker, Check, CheckStatus, Origin
from core.settings import Settings, VideoLimits
from core.store import Store
from core.types import Analysis, ProgressCallback
from tests.synth import engines
from tests.synth.logs import analyse, becomes, make_report
from tests.synth.raw import run_sql

# A lease that no stall of a busy machine outlasts: who is dead here died minutes ago.
TIMING = Timing(lease_s=30, tick_s=0.02, grace_s=20)


@pytest.fixture(autouse=True)
def _swept_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "SWEEP_S", 0.3)


@pytest.fixture
def settings(log_url: str, tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=log_url)


@asynccontextmanager
async def working(
    settings: Settings, engine: Engine, name: str = "w1", load: Load | None = None
) -> AsyncIterator[asyncio.Event]:
    """A worker for as long as the block lasts; gives what stops it."""
    stop = asyncio.Event()
    work = asyncio.create_task(run_worker(settings, stop, engine=engine, name=name, timing=TIMING, load=load))
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(work, 60)


async def ask(
    store: Store, settings: Settings, media: bytes = b"a clip", priority: int = 0, queue: str = "cpu"
) -> Check:
    asker = Asker(Origin.WEB, priority=priority)
    return await requests.request_check(
        store, media, asker, source_name="a.mp4", folders=Folders(settings.data_dir), max_bytes=1000, queue=queue
    )


async def over(store: Store, check: Check) -> Check:
    async with asyncio.timeout(30):
        async for state in requests.watch(store, check.id, poll_s=0.02):
            last = state.check
    return last


class Counting:
    """An engine that notes which clips it analysed, in order."""

    def __init__(self, fails_first: int = 0) -> None:
        self.seen: list[bytes] = []
        self._fails = fails_first
        self.engine = Engine(self._analyse, engines.draw, engines.nothing_to_load)

    def _analyse(self, path: Path, limits: VideoLimits, progress: ProgressCallback) -> Analysis:
        self.seen.append(path.read_bytes())
        if len(self.seen) <= self._fails:
            raise ZeroDivisionError
        return analyse(path, limits, progress)


def test_the_database_alone_decides_which_engine_there_is(settings: Settings, database: str) -> None:
    chosen = type(engine_for(settings.resolved_database_url, Load(), TIMING)).__name__

    assert chosen == {"sqlite": "RowEngine", "postgresql": "DistributedEngine"}[database]


async def test_every_check_is_analysed_and_answered_once_by_several_workers(store: Store, settings: Settings) -> None:
    clips = [f"clip {n}".encode() for n in range(9)]
    asked = [await ask(store, settings, clip) for clip in clips]
    counting = Counting()

    async with working(settings, counting.engine), working(settings, counting.engine, "w2", Load(concurrency=2)):
        answered = [await over(store, check) for check in asked]

    assert [(check.status, check.attempts) for check in answered] == [(CheckStatus.DONE, 1)] * len(clips)
    assert [check.report() for check in answered] == [make_report(clip) for clip in clips]
    assert Counter(counting.seen) == Counter(clips)


async def test_a_check_that_is_asked_while_the_worker_idles_is_answered(store: Store, settings: Settings) -> None:
    async with working(settings, engines.QUICK):
        for clip in (b"one", b"two"):
            assert (await over(store, await ask(store, settings, clip))).status is CheckStatus.DONE


async def test_people_go_before_scans_that_came_earlier(store: Store, settings: Settings) -> None:
    scan = await ask(store, settings, b"scan", priority=10)
    person = await ask(store, settings, b"person")
    counting = Counting()

    async with working(settings, counting.engine):
        await over(store, scan)
        await over(store, person)

    assert counting.seen == [b"person", b"scan"]


async def test_a_check_of_a_worker_that_fell_silent_is_answered_by_another(store: Store, settings: Settings) -> None:
    asked = await ask(store, settings)
    long_ago = utc_now() - timedelta(minutes=5)
    assert await store.queue.claim_one(asked.id, "dead", long_ago, timedelta(seconds=30))

    async with working(settings, engines.QUICK):
        check = await over(store, asked)

    assert (check.status, check.attempts) == (CheckStatus.DONE, 2)


async def test_a_check_that_kills_every_worker_is_given_up(store: Store, settings: Settings) -> None:
    asked = await ask(store, settings)
    for _ in range(2):
        long_ago = utc_now() - timedelta(minutes=5)
        assert await store.queue.claim_one(asked.id, "dead", long_ago, timedelta(seconds=30))
        await store.queue.requeue_expired(utc_now(), 3, "")
    assert await store.queue.claim_one(asked.id, "dead", long_ago, timedelta(seconds=30))

    async with working(settings, engines.QUICK):
        check = await over(store, asked)

    assert (check.status, check.error_code, check.is_dead_letter) == (CheckStatus.FAILED, "gave_up", True)


async def test_what_may_pass_is_tried_again_after_its_pause(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis, "RETRY_AFTER_S", (0.1, 0.1))
    asked, counting = await ask(store, settings), Counting(fails_first=2)

    async with working(settings, counting.engine):
        check = await over(store, asked)

    assert (check.status, check.attempts, len(counting.seen)) == (CheckStatus.DONE, 3, 3)


async def test_a_dead_letter_is_brought_again_when_a_person_says_so(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis, "RETRY_AFTER_S", (0.0, 0.0))
    asked, counting = await ask(store, settings), Counting(fails_first=3)

    async with working(settings, counting.engine):
        given_up = await over(store, asked)
        assert given_up.is_dead_letter
        assert await store.queue.revive(asked.id)
        check = await over(store, asked)

    assert (check.status, check.attempts, len(counting.seen)) == (CheckStatus.DONE, 1, 4)


async def test_a_check_that_was_taken_back_is_not_analysed(store: Store, settings: Settings) -> None:
    taken_back, wanted = await ask(store, settings, b"not wanted"), await ask(store, settings, b"wanted")
    await requests.cancel(store, taken_back.id, folders=Folders(settings.data_dir))
    counting = Counting()

    async with working(settings, counting.engine):
        await over(store, wanted)

    assert counting.seen == [b"wanted"]


async def test_a_worker_takes_only_checks_of_its_queues(store: Store, settings: Settings) -> None:
    elsewhere = await ask(store, settings, b"for another machine", queue="gpu")
    here = await ask(store, settings, b"here")

    async with working(settings, engines.QUICK, load=Load(("cpu",))):
        await over(store, here)
        assert await store.checks.queue_position(elsewhere.id) == 0
    async with working(settings, engines.QUICK, load=Load(("cpu", "gpu"))):
        assert (await over(store, elsewhere)).status is CheckStatus.DONE


async def started(settings: Settings) -> None:
    async def has_started() -> bool:
        return (settings.data_dir / "started").exists()

    await becomes(has_started)


async def test_a_stopped_worker_hands_its_check_over_to_another(store: Store, settings: Settings) -> None:
    asked = await ask(store, settings)
    async with working(settings, engines.WAITING):
        await started(settings)
    found = await store.checks.get(asked.id)
    assert found is not None
    assert (found.status, found.attempts, found.worker) == (CheckStatus.QUEUED, 0, None)

    async with working(settings, engines.QUICK, "w2"):
        check = await over(store, asked)

    assert (check.status, check.attempts) == (CheckStatus.DONE, 1)


async def test_a_stopped_worker_finishes_what_it_can_within_its_time(store: Store, settings: Settings) -> None:
    asked, later = await ask(store, settings), await ask(store, settings, b"later")
    async with working(settings, engines.WAITING, load=Load(drain_s=60)) as stop:
        await started(settings)
        stop.set()
        (settings.data_dir / "go").touch()
        check = await over(store, asked)

    assert (check.status, check.attempts) == (CheckStatus.DONE, 1)
    assert await store.checks.get(later.id) == later


@pytest.mark.parametrize("database", ["postgresql"])
async def test_a_stopped_worker_takes_no_more_while_its_sweep_is_slow_to_end(
    store: Store, settings: Settings, log_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_end = asyncio.Event()

    async def slow_to_end(worker: Worker) -> int:
        try:
            await may_end.wait()
        except asyncio.CancelledError:
            await may_end.wait()
            raise
        return 0

    monkeypatch.setattr(Worker, "call_again", slow_to_end)
    asked, later = await ask(store, settings), await ask(store, settings, b"later")

    async def has_left_or_goes_on() -> bool:
        has_left = run_sql(log_url, "SELECT count(*) FROM procrastinate_workers") == [(0,)]
        return has_left or await store.checks.get(later.id) != later

    async with working(settings, engines.WAITING, load=Load(drain_s=60)) as stop:
        await started(settings)
        stop.set()
        (settings.data_dir / "go").touch()
        await over(store, asked)
        await becomes(has_left_or_goes_on)
        may_end.set()

    assert await store.checks.get(later.id) == later


@pytest.mark.parametrize("database", ["postgresql"])
async def test_a_check_whose_job_got_lost_is_brought_again(store: Store, settings: Settings, log_url: str) -> None:
    asked = await ask(store, settings)
    run_sql(log_url, "DELETE FROM procrastinate_events")
    run_sql(log_url, "DELETE FROM procrastinate_jobs")

    async with working(settings, engines.QUICK):
        assert (await over(store, asked)).status is CheckStatus.DONE


@pytest.mark.parametrize("database", ["postgresql"])
async def test_a_check_whose_worker_died_before_it_claimed_it_is_brought_again(
    store: Store, settings: Settings, log_url: str
) -> None:
    asked = await ask(store, settings)
    fetch_as_a_worker(log_url)
    run_sql(log_url, "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")

    async with working(settings, engines.QUICK):
        assert (await over(store, asked)).status is CheckStatus.DONE


@pytest.mark.parametrize("database", ["postgresql"])
async def test_a_check_whose_job_a_living_worker_has_just_fetched_is_not_brought_again(
    store: Store, settings: Settings, log_url: str
) -> None:
    await ask(store, settings)
    fetch_as_a_worker(log_url)

    assert await store.queue.ring_again(utc_now()) == 0
    run_sql(log_url, "DELETE FROM procrastinate_jobs")
    assert await store.queue.ring_again(utc_now()) == 1


def fetch_as_a_worker(log_url: str) -> None:
    """Do what Procrastinate does between a notification and the start of our task."""
    ((worker_id,),) = run_sql(log_url, "SELECT * FROM procrastinate_register_worker_v1()")
    fetched = run_sql(log_url, f"SELECT status FROM procrastinate_fetch_job_v2(NULL, {worker_id})")
    assert fetched == [("doing",)]


@pytest.mark.parametrize("database", ["postgresql"])
async def test_nothing_is_left_of_jobs_and_workers_when_all_is_answered(
    store: Store, settings: Settings, log_url: str
) -> None:
    asked = await ask(store, settings)
    async with working(settings, engines.QUICK):
        await over(store, asked)

    assert run_sql(log_url, "SELECT count(*) FROM procrastinate_jobs") == [(0,)]
    assert run_sql(log_url, "SELECT count(*) FROM procrastinate_workers") == [(0,)]


@pytest.mark.parametrize("database", ["postgresql"])
async def test_a_question_that_could_not_be_logged_leaves_no_job(
    store: Store, settings: Settings, log_url: str
) -> None:
    run_sql(log_url, "CREATE FUNCTION no() RETURNS trigger AS $$ BEGIN RAISE 'no'; END $$ LANGUAGE plpgsql")
    run_sql(log_url, "CREATE TRIGGER no BEFORE INSERT ON procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION no()")

    with pytest.raises(StoreError):
        await ask(store, settings)

    assert run_sql(log_url, "SELECT count(*) FROM checks") == [(0,)]


@pytest.mark.parametrize("database", ["postgresql"])
async def test_a_lost_connection_is_outlasted(store: Store, settings: Settings, log_url: str) -> None:
    async with working(settings, engines.QUICK):
        await over(store, await ask(store, settings))
        run_sql(
            log_url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        assert (await over(store, await ask(store, settings, b"after that"))).status is CheckStatus.DONE
