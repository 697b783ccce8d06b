"""One worker, in this process, with engines that stand in for the analysis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import WeightsError
from core.jobs.loop import DEAD_LETTER_FOR, GAVE_UP, Timing, Worker
from core.jobs.worker import load_engine, run_worker
from core.services import requests
from core.services.analysis import INTERNAL_SENTENCE, RETRY_AFTER_S, Engine
from core.services.clock import utc_now
from core.services.folders import Folders
from core.services.requests import Asker, Check, CheckStatus, Origin
from core.settings import Settings
from core.store import Store
from core.types import Stage, VerdictLabel
from tests.synth import engines
from tests.synth.logs import Clock, becomes, make_report

MEDIA = b"the bytes of a clip"
TIMING = Timing(lease_s=30, tick_s=0.01, grace_s=5, sweep_s=60)
WAIT_S = 60


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "data")


@pytest.fixture
def clock() -> Clock:
    return Clock()


def make_worker(
    store: Store, folders: Folders, clock: Clock, engine: Engine = engines.QUICK, **timing: float
) -> Worker:
    return Worker(
        store,
        engine=engine,
        folders=folders,
        limits=Settings().video,
        keep_figures_s=3600,
        name="w1",
        timing=replace(TIMING, **timing),
        clock=clock,
    )


async def ask(store: Store, folders: Folders, clock: Clock, media: bytes = MEDIA) -> Check:
    return await requests.request_check(
        store, media, Asker(Origin.WEB), source_name="a.mp4", folders=folders, max_bytes=1000, clock=clock
    )


async def now(store: Store, check: Check) -> Check:
    found = await store.checks.get(check.id)
    assert found is not None
    return found


def clips(folders: Folders) -> list[Path]:
    return list((folders.data_dir / "incoming").glob("*"))


@pytest.fixture
async def never() -> AsyncIterator[asyncio.Event]:
    yield asyncio.Event()


async def test_an_answer_comes_with_its_figures_and_without_its_clip(
    store: Store, folders: Folders, clock: Clock, never: asyncio.Event
) -> None:
    asked = await ask(store, folders, clock)

    assert await make_worker(store, folders, clock).work_once(never)

    check = await now(store, asked)
    assert (check.status, check.label) == (CheckStatus.DONE, VerdictLabel.LIKELY_FAKE)
    assert (check.report(), check.versions_key) == (make_report(MEDIA), requests.versions_key())
    figures = folders.data_dir / "outgoing" / str(asked.id)
    assert (figures / "report.html").read_text() == "a.mp4"
    assert {path.name for path in (folders.data_dir / "outgoing").iterdir()} == {str(asked.id)}
    assert clips(folders) == []
    assert not await make_worker(store, folders, clock).work_once(never)


@pytest.mark.parametrize(
    ("engine", "code", "sentence"),
    [(engines.REFUSING, "unreadable", "This is not a video.")],
)
async def test_a_failure_is_kept_with_its_sentence_and_nothing_else(
    store: Store, folders: Folders, clock: Clock, never: asyncio.Event, engine: Engine, code: str, sentence: str
) -> None:
    asked = await ask(store, folders, clock)

    await make_worker(store, folders, clock, engine).work_once(never)

    check = await now(store, asked)
    assert (check.status, check.error_code, check.error_sentence) == (CheckStatus.FAILED, code, sentence)
    assert (check.label, check.report_json) == (None, None)
    assert await store.checks.evidence(asked.id) == ()
    assert (clips(folders), (folders.data_dir / "outgoing" / str(asked.id)).exists()) == ([], False)


async def test_what_may_pass_is_tried_three_times_with_pauses_and_then_waits_for_a_person(
    store: Store, folders: Folders, clock: Clock, never: asyncio.Event
) -> None:
    asked = await ask(store, folders, clock)
    broken = make_worker(store, folders, clock, engines.BROKEN)

    for pause_s in RETRY_AFTER_S:
        assert await broken.work_once(never)
        check = await now(store, asked)
        assert (check.status, check.error_code) == (CheckStatus.QUEUED, "internal")
        assert check.not_before == clock() + timedelta(seconds=pause_s)
        assert not await broken.work_once(never)
        clock.forward(pause_s)
    assert await broken.work_once(never)

    check = await now(store, asked)
    assert (check.status, check.error_code, check.error_sentence) == (CheckStatus.FAILED, "internal", INTERNAL_SENTENCE)
    assert (check.attempts, len(clips(folders))) == (3, 1)
    assert await store.queue.dead_letters(10) == (check,)


async def test_a_dead_letter_is_tried_again_when_a_person_says_so_and_answered(
    store: Store, folders: Folders, clock: Clock, never: asyncio.Event
) -> None:
    asked = await ask(store, folders, clock)
    for pause_s in (*RETRY_AFTER_S, 0):
        await make_worker(store, folders, clock, engines.BROKEN).work_once(never)
        clock.forward(pause_s)
    await requests.mark_answered(store, asked.id, clock)

    assert await store.queue.revive(asked.id)
    assert not await store.queue.revive(asked.id)
    assert await make_worker(store, folders, clock).work_once(never)

    check = await now(store, asked)
    assert (check.status, check.error_code, check.error_sentence) == (CheckStatus.DONE, None, None)
    assert (check.attempts, clips(folders)) == (1, [])
    assert not await store.checks.is_answered(asked.id)


async def test_the_clip_of_a_dead_letter_goes_after_its_days(
    store: Store, folders: Folders, clock: Clock, never: asyncio.Event
) -> None:
    clock.now = utc_now()  # of files the age on disk counts
    await ask(store, folders, clock)
    for _ in range(3):
        clock.forward(31)
        await make_worker(store, folders, clock, engines.BROKEN).work_once(never)
    await make_worker(store, folders, clock).sweep()
    assert len(clips(folders)) == 1

    clock.forward(DEAD_LETTER_FOR.total_seconds() + 1)
    await make_worker(store, folders, clock).sweep()

    assert clips(folders) == []


async def test_a_check_that_was_tried_in_vain_before_is_answered_without_a_trace_of_that(
    store: Store, folders: Folders, clock: Clock, never: asyncio.Event
) -> None:
    asked = await ask(store, folders, clock)
    await make_worker(store, folders, clock, engines.BROKEN).work_once(never)
    clock.forward(RETRY_AFTER_S[0])

    await make_worker(store, folders, clock).work_once(never)

    check = await now(store, asked)
    assert (check.status, check.error_code, check.not_before, check.attempts) == (CheckStatus.DONE, None, None, 2)


async def test_a_clip_that_is_gone_is_a_sentence(
    store: Store, folders: Folders, clock: Clock, never: asyncio.Event
) -> None:
    asked = await ask(store, folders, clock)
    folders.discard(asked.incoming_name)

    await make_worker(store, folders, clock).work_once(never)

    check = await now(store, asked)
    assert (check.error_code, check.error_sentence) == (
        "not_found", "The clip is no longer here to be checked; please send it again."
    )  # fmt: skip


async def test_figures_that_cannot_be_drawn_do_not_cost_the_answer(
    store: Store, folders: Folders, clock: Clock, never: asyncio.Event
) -> None:
    def fails(*arguments: object) -> None:
        raise OSError("no space left on device")

    asked = await ask(store, folders, clock)

    await make_worker(store, folders, clock, replace(engines.QUICK, draw=fails)).work_once(never)

    assert (await now(store, asked)).status is CheckStatus.DONE
    assert list((folders.data_dir / "outgoing").glob("*")) == []


async def test_the_same_clip_asked_twice_is_analysed_once(
    store: Store, folders: Folders, clock: Clock, never: asyncio.Event
) -> None:
    first, second = await ask(store, folders, clock), await ask(store, folders, clock)
    worker = make_worker(store, folders, clock)

    await worker.work_once(never)
    await worker.work_once(never)

    check = await now(store, second)
    assert (check.status, check.repeats_check_id, check.report()) == (CheckStatus.DONE, first.id, make_report(MEDIA))
    assert clips(folders) == []
    assert [path.name for path in (folders.data_dir / "outgoing").iterdir()] == [str(first.id)]


async def test_a_running_check_shows_progress_and_can_be_taken_back(
    store: Store, folders: Folders, clock: Clock, never: asyncio.Event
) -> None:
    asked = await ask(store, folders, clock)
    work = asyncio.create_task(make_worker(store, folders, clock, engines.WAITING).work_once(never))

    async def shows_progress() -> bool:
        progress = (await now(store, asked)).progress
        return progress is not None and progress.stage is Stage.FRAMES

    await becomes(shows_progress)
    assert await requests.cancel(store, asked.id, folders=folders, clock=clock)
    assert await asyncio.wait_for(work, WAIT_S)

    check = await now(store, asked)
    assert (check.status, check.report_json, check.progress) == (CheckStatus.CANCELLED, None, None)
    assert clips(folders) == []


@pytest.mark.parametrize(("engine", "grace_s"), [(engines.WAITING, 5.0), (engines.DEAF, 0.0)])
async def test_a_stopped_worker_puts_its_check_back(
    store: Store, folders: Folders, clock: Clock, engine: Engine, grace_s: float
) -> None:
    asked, stop = await ask(store, folders, clock), asyncio.Event()
    work = asyncio.create_task(make_worker(store, folders, clock, engine, grace_s=grace_s).run(stop))

    async def has_started() -> bool:
        return (folders.data_dir / "started").exists()

    await becomes(has_started)
    stop.set()
    await asyncio.wait_for(work, WAIT_S)
    (folders.data_dir / "go").touch()

    check = await now(store, asked)
    assert (check.status, check.attempts, check.worker) == (CheckStatus.QUEUED, 0, None)
    assert len(clips(folders)) == 1
    assert await make_worker(store, folders, clock).work_once(asyncio.Event())
    assert (await now(store, asked)).status is CheckStatus.DONE


async def test_an_answer_that_comes_after_its_lease_is_not_taken(
    store: Store, folders: Folders, clock: Clock, never: asyncio.Event
) -> None:
    asked = await ask(store, folders, clock)
    slow = asyncio.create_task(make_worker(store, folders, clock, engines.DEAF, tick_s=0.2).work_once(never))

    async def has_started() -> bool:
        return (folders.data_dir / "started").exists()

    await becomes(has_started)
    clock.forward(31)
    assert await make_worker(store, folders, clock).work_once(never)
    first_answer = await now(store, asked)
    (folders.data_dir / "go").touch()
    await asyncio.wait_for(slow, WAIT_S)

    assert (first_answer.status, first_answer.attempts) == (CheckStatus.DONE, 2)
    assert await now(store, asked) == first_answer
    assert len(await store.checks.evidence(asked.id)) == 2
    assert (folders.data_dir / "outgoing" / str(asked.id)).is_dir()


async def test_a_check_whose_worker_died_three_times_fails(
    store: Store, folders: Folders, clock: Clock, never: asyncio.Event
) -> None:
    asked = await ask(store, folders, clock)
    for _ in range(3):
        assert await store.queue.claim("dies", clock(), timedelta(seconds=30))
        clock.forward(31)
        await store.queue.requeue_expired(clock(), 3, GAVE_UP)

    assert not await make_worker(store, folders, clock).work_once(never)

    check = await now(store, asked)
    assert (check.status, check.error_sentence) == (CheckStatus.FAILED, GAVE_UP)


async def test_weights_that_are_missing_fail_the_check_and_not_the_worker(
    store: Store, log_url: str, folders: Folders, clock: Clock
) -> None:
    def missing(*arguments: object) -> None:
        raise WeightsError("The weight file mesh is missing; run `make setup`.")

    engine = Engine(missing, engines.draw, missing)  # type: ignore[arg-type]
    settings = Settings(data_dir=folders.data_dir, database_url=log_url)
    asked, stop = await ask(store, folders, clock), asyncio.Event()
    work = asyncio.create_task(
        run_worker(settings, stop, engine=engine, name="w1", timing=TIMING, clock=clock),
    )

    async def is_over() -> bool:
        return (await now(store, asked)).is_final

    await becomes(is_over)
    stop.set()
    await asyncio.wait_for(work, WAIT_S)

    assert (await now(store, asked)).error_sentence == "The weight file mesh is missing; run `make setup`."


async def test_a_worker_that_starts_clears_away_what_nobody_needs(store: Store, folders: Folders, clock: Clock) -> None:
    asked = await ask(store, folders, clock)
    folders.keep(b"an orphan")
    with folders.drawing(77) as figures:
        (figures / "evidence.png").touch()
    clock.forward(10 * 365 * 86400)

    await make_worker(store, folders, clock).sweep()

    assert [path.name for path in clips(folders)] == [asked.incoming_name]
    assert list((folders.data_dir / "outgoing").glob("*")) == []


def test_an_engine_is_found_by_its_name_and_nothing_else_is() -> None:
    assert load_engine("tests.synth.engines:QUICK") is engines.QUICK
    with pytest.raises(TypeError, match="not an Engine"):
        load_engine("tests.synth.engines:draw")
