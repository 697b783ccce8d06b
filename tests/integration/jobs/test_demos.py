"""Demos beside checks, with a studio that draws nothing: made once, after the checks, stopped, tried again, or not."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConsentError, FaceSetError, LabelError, SwapModelError
from core.jobs.demos import BROKEN, GAVE_UP, LONELY, WAITS_AT_MOST, DemoWorker, load_studio
from core.jobs.local import LocalWorkers
from core.jobs.loop import MAX_ATTEMPTS, Timing
from core.jobs.worker import run_worker
from core.services import demo_making
from core.services.clock import utc_now
from core.services.demos import NOT_BOUND, Demos
from core.services.folders import Folders
from core.settings import Settings
from core.store import CheckStatus, Demo, Store, SwapModel
from core.types.swap import ConsentScope
from tests.synth import engines
from tests.synth.logs import Clock, becomes, make_question
from tests.synth.studios import LABEL, FakeStudio, labelled, unreadable
from tests.synth.wishes import GUILD, make_consent, make_model, make_swap, make_wish

ROOT = Path(__file__).resolve().parents[3]
MEDIA = b"the bytes of a driver"
SOURCE, OTHER = "5" * 64, "6" * 64
TIMING = Timing(lease_s=30, tick_s=0.01, grace_s=5, sweep_s=60)
LEASE = timedelta(seconds=30)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "data")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fake() -> FakeStudio:
    return FakeStudio()


@pytest.fixture
async def never() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
async def model(store: Store, tmp_path: Path, clock: Clock) -> SwapModel:
    path = tmp_path / "ron"
    path.mkdir()
    registered = await store.swap_models.add(make_model(path=str(path)), clock())
    assert await store.swap_models.allow(registered, 9, {}, clock())
    return registered


@pytest.fixture
async def demo(store: Store, folders: Folders, model: SwapModel, clock: Clock) -> Demo:
    return await wish(store, folders, model, clock)


async def wish(store: Store, folders: Folders, model: SwapModel, clock: Clock) -> Demo:
    added = await store.demos.add(make_wish(model.id, clock(), folders.keep(MEDIA)))
    assert added is not None
    return added


@pytest.fixture
def worker(store: Store, folders: Folders, clock: Clock, fake: FakeStudio) -> DemoWorker:
    return DemoWorker(
        store, studio=fake.studio, folders=folders, settings=Settings(), name="w1", timing=TIMING, clock=clock
    )


async def now(store: Store, demo: Demo) -> Demo:
    found = await store.demos.get(demo.id)
    assert found is not None
    return found


async def begun(worker: DemoWorker, fake: FakeStudio, stop: asyncio.Event) -> asyncio.Task[bool]:
    """Have a demo begun, and held until the studio may go on."""
    fake.go.clear()
    working = asyncio.create_task(worker.work_once(stop))
    await becomes(lambda: _more_than(fake, 0))
    return working


def left(folders: Folders) -> list[bytes]:
    """What lies in the folder of waiting clips, and what was left behind by making."""
    assert not list((folders.data_dir / "making").glob("*/*"))
    return [path.read_bytes() for path in (folders.data_dir / "incoming").glob("*")]


async def test_a_demo_is_made_with_its_marks_and_only_its_labelled_file_stays(
    store: Store, folders: Folders, worker: DemoWorker, demo: Demo, never: asyncio.Event, fake: FakeStudio
) -> None:
    assert await worker.work_once(never)

    made = await now(store, demo)
    assert (made.status, made.demo_id, made.size_bytes) == (CheckStatus.DONE, "00000001", len(LABEL + MEDIA))
    assert left(folders) == [LABEL + MEDIA]
    assert made.provenance is not None
    assert made.provenance.swap == fake.swap
    (order,) = fake.orders
    assert order.limits.max_duration_s == 20
    assert str(GUILD) in order.made_by
    assert not await worker.work_once(never)


async def test_a_check_that_waits_goes_first(
    store: Store, worker: DemoWorker, demo: Demo, never: asyncio.Event, clock: Clock
) -> None:
    await store.checks.add(make_question())

    assert not await worker.work_once(never)
    claim = await store.queue.claim("w1", clock(), LEASE)
    assert claim is not None
    assert not await worker.work_once(never)
    assert await store.queue.fail(claim, "unreadable", "No.", clock())
    assert await worker.work_once(never)


async def test_a_demo_stands_still_while_a_check_is_in_work_and_goes_on_after_it(
    store: Store,
    worker: DemoWorker,
    demo: Demo,
    never: asyncio.Event,
    clock: Clock,
    fake: FakeStudio,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, looks = store.demo_queue.checks_first, []

    async def looked(*arguments: Any) -> bool:
        looks.append(await real(*arguments))
        return looks[-1]

    async def looks_ten_times_more() -> None:
        enough = len(looks) + 10

        async def has_looked() -> bool:
            return len(looks) >= enough

        await becomes(has_looked)

    working = await begun(worker, fake, never)
    monkeypatch.setattr(store.demo_queue, "checks_first", looked)
    await store.checks.add(make_question())
    await looks_ten_times_more()
    stood = fake.told
    claim = await store.queue.claim("w1", clock(), LEASE)
    assert claim is not None
    await looks_ten_times_more()
    assert all(looks[-11:])
    assert fake.told <= stood + 1, "it may have been about to tell when it was stopped"
    assert await store.queue.fail(claim, "unreadable", "No.", clock())
    stood = fake.told
    await becomes(lambda: _more_than(fake, stood + 1))
    fake.go.set()
    assert await working
    assert (await now(store, demo)).status is CheckStatus.DONE


async def test_a_demo_that_stands_still_can_be_cancelled(
    store: Store, folders: Folders, worker: DemoWorker, demo: Demo, never: asyncio.Event, fake: FakeStudio
) -> None:
    working = await begun(worker, fake, never)
    await store.checks.add(make_question())

    assert await Demos(store, folders.data_dir).cancel(demo.id)

    assert await asyncio.wait_for(working, 60)
    assert (await now(store, demo)).status is CheckStatus.CANCELLED
    assert left(folders) == []


async def test_a_demo_whose_model_is_withdrawn_while_it_is_made_ends_and_leaves_nothing(
    store: Store, folders: Folders, worker: DemoWorker, demo: Demo, never: asyncio.Event, fake: FakeStudio
) -> None:
    fake.go.clear()
    working = asyncio.create_task(worker.work_once(never))
    await becomes(lambda: _more_than(fake, 0))

    assert (await Demos(store, folders.data_dir).withdraw(GUILD, "ron", by=9)).cancelled == 1

    assert await asyncio.wait_for(working, 60)
    over = await now(store, demo)
    assert (over.status, over.file_name, over.demo_id) == (CheckStatus.CANCELLED, None, None)
    assert left(folders) == []


async def test_a_demo_that_was_finished_as_its_model_was_withdrawn_leaves_nothing(
    store: Store,
    folders: Folders,
    worker: DemoWorker,
    demo: Demo,
    never: asyncio.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = store.demo_queue.finish

    async def too_late(*claimed: Any) -> bool:
        await Demos(store, folders.data_dir).withdraw(GUILD, "ron", by=9)
        return await real(*claimed)

    monkeypatch.setattr(store.demo_queue, "finish", too_late)
    assert await worker.work_once(never)
    assert (await now(store, demo)).status is CheckStatus.CANCELLED
    assert left(folders) == []


async def test_a_worker_that_stops_puts_its_demo_back(
    store: Store, folders: Folders, worker: DemoWorker, demo: Demo, never: asyncio.Event, fake: FakeStudio
) -> None:
    working = await begun(worker, fake, never)
    never.set()
    await working

    back = await now(store, demo)
    assert (back.status, back.attempts) == (CheckStatus.QUEUED, 0)
    assert left(folders) == [MEDIA], "its clip still waits"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"swap": make_swap(weights=b"others")}, demo_making.OTHER_MODEL),
        ({"swap": make_swap(ConsentScope.DEMOS)}, demo_making.NO_CONSENT),
        (
            {"swap": replace(make_swap(), target_consent=replace(make_consent(), person="Else"))},
            demo_making.OTHER_MODEL,
        ),
        ({"made_with": make_swap(weights=b"a later state")}, demo_making.OTHER_MODEL),
        ({"made_with": make_swap(ConsentScope.TRAINING)}, demo_making.NO_CONSENT),
        ({"refusal": ConsentError("Jo Doe did not allow that demos are made with their face.")}, demo_making.UNUSABLE),
        ({"refusal": unreadable()}, str(unreadable())),
    ],
)
async def test_what_cannot_be_made_fails_at_once_with_its_sentence(
    store: Store, folders: Folders, worker: DemoWorker, demo: Demo, never: asyncio.Event, fake: FakeStudio,
    change: dict[str, object], sentence: str,
) -> None:  # fmt: skip
    for name, value in change.items():
        setattr(fake, name, value)

    assert await worker.work_once(never)

    failed = await now(store, demo)
    assert (failed.status, failed.error_sentence, failed.file_name) == (CheckStatus.FAILED, sentence, None)
    assert left(folders) == []


@pytest.mark.parametrize(
    ("noted", "there", "later", "told"),
    [
        (SOURCE, SOURCE, SOURCE, None),
        (SOURCE, OTHER, OTHER, demo_making.OTHER_SOURCE),
        (SOURCE, SOURCE, OTHER, demo_making.OTHER_SOURCE),
        (None, SOURCE, SOURCE, NOT_BOUND),
        (SOURCE, ConsentError("Ada did not allow it."), SOURCE, demo_making.UNUSABLE),
        (SOURCE, SOURCE, ConsentError("Ada did not allow it."), demo_making.UNUSABLE),
        (SOURCE, SOURCE, FaceSetError("There is no face set in /sets/ada."), demo_making.UNUSABLE),
    ],
    ids=["as it was", "another", "exchanged meanwhile", "never noted", "consent gone", "consent gone meanwhile",
         "set gone meanwhile"],
)  # fmt: skip
async def test_a_demo_is_made_only_with_the_source_that_was_registered_before_and_after(
    store: Store, folders: Folders, worker: DemoWorker, never: asyncio.Event, fake: FakeStudio, clock: Clock,
    tmp_path: Path, noted: str | None, there: str | Exception, later: str | Exception, told: str | None,
) -> None:  # fmt: skip
    new = make_model("driven", path=str(tmp_path), source_path="/sets/ada", source_sha256=noted)
    model = await store.swap_models.add(new, clock())
    assert await store.swap_models.allow(model, 9, {}, clock())
    demo = await wish(store, folders, model, clock)
    fake.source_sha256, fake.source_later = there, later

    assert await worker.work_once(never)

    over = await now(store, demo)
    assert (over.status, over.error_sentence) == (CheckStatus.FAILED if told else CheckStatus.DONE, told)
    assert left(folders) == ([] if told else [LABEL + MEDIA])
    assert len(fake.orders) == (1 if there == SOURCE and noted else 0), "what is known to be wrong is not begun"


async def test_where_models_lie_is_not_told(
    store: Store, worker: DemoWorker, demo: Demo, never: asyncio.Event, fake: FakeStudio
) -> None:
    fake.refusal = SwapModelError(f"There is no trained swap in {demo.model.path}.")

    assert await worker.work_once(never)
    assert (await now(store, demo)).error_sentence == demo_making.UNUSABLE


async def test_trouble_of_the_machine_is_tried_again_and_then_told_without_its_cause(
    store: Store, worker: DemoWorker, demo: Demo, never: asyncio.Event, fake: FakeStudio, clock: Clock
) -> None:
    fake.refusal = ZeroDivisionError("/secret/path")
    for _ in range(MAX_ATTEMPTS):
        assert await worker.work_once(never)
        assert not await worker.work_once(never), "not before its pause is over"
        clock.forward(60)

    failed = await now(store, demo)
    assert (failed.status, failed.error_sentence, failed.attempts) == (CheckStatus.FAILED, BROKEN, MAX_ATTEMPTS)


async def test_a_demo_without_its_model_here_waits_for_another_machine_and_not_for_ever(
    store: Store, worker: DemoWorker, demo: Demo, never: asyncio.Event, clock: Clock
) -> None:
    await asyncio.to_thread(Path(demo.model.path).rmdir)

    assert not await worker.work_once(never)
    clock.forward(WAITS_AT_MOST.total_seconds() + 1)
    assert not await worker.work_once(never)
    assert (await now(store, demo)).error_sentence == LONELY


async def test_a_demo_that_kills_its_workers_is_given_up(
    store: Store, worker: DemoWorker, demo: Demo, never: asyncio.Event, clock: Clock
) -> None:
    for attempt in range(MAX_ATTEMPTS):
        assert await store.demo_queue.claim(demo.id, f"dead {attempt}", clock(), LEASE)
        clock.forward(31)
        await store.demo_queue.give_up(clock(), MAX_ATTEMPTS, GAVE_UP, clock() - WAITS_AT_MOST, LONELY)

    assert not await worker.work_once(never)
    assert (await now(store, demo)).error_sentence == GAVE_UP


async def test_only_a_labelled_video_whose_file_is_unchanged_is_kept(folders: Folders, tmp_path: Path) -> None:
    path = tmp_path / "made.mp4"
    path.write_bytes(b"as it was made")
    video = labelled(path)

    with pytest.raises(LabelError, match="without its label"):
        demo_making.keep(path, folders)  # type: ignore[arg-type]
    path.write_bytes(b"changed")
    with pytest.raises(LabelError, match="changed"):
        demo_making.keep(video, folders)
    assert not (folders.data_dir / "incoming").exists()


async def test_what_dead_workers_left_behind_is_swept(folders: Folders, demo: Demo, clock: Clock) -> None:
    bench = demo_making.workshop(folders, demo)
    bench.mkdir(parents=True)
    demo_making.sweep(folders, clock())
    assert bench.exists(), "it may be in work"

    clock.forward(60 * 60 * 24 * 365 * 100)
    demo_making.sweep(folders, clock())
    assert not bench.exists()


async def test_a_worker_process_makes_demos_too(
    log_url: str, store: Store, folders: Folders, demo: Demo, fake: FakeStudio
) -> None:
    settings = Settings(data_dir=folders.data_dir, database_url=log_url)
    await store.demos.set_answer_message(demo.id, 1)
    stop = asyncio.Event()
    working = asyncio.create_task(
        run_worker(settings, stop, engine=engines.QUICK, name="w", timing=TIMING, studio=fake.studio)
    )

    async def is_over() -> bool:
        return (await now(store, demo)).is_final

    # Its clock is today's, the wish is from noon of another day.
    await becomes(is_over)
    stop.set()
    await working
    assert (await now(store, demo)).error_sentence == LONELY


@pytest.mark.parametrize("database", ["sqlite"])
async def test_a_killed_worker_process_is_replaced_and_its_demo_made_once(
    log_url: str, store: Store, folders: Folders, model: SwapModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    settings = Settings(data_dir=folders.data_dir, database_url=log_url)
    demo = await store.demos.add(make_wish(model.id, utc_now(), folders.keep(MEDIA)))
    assert demo is not None
    started, go = folders.data_dir / "started", folders.data_dir / "go"

    async def begun(times: int) -> bool:
        return started.exists() and len(started.read_text().splitlines()) == times

    async def is_over() -> bool:
        return (await now(store, demo)).is_final

    options = ("--engine", "tests.synth.engines:QUICK", "--studio", "tests.synth.studios:WAITING", "--lease-s", "0.5")
    async with LocalWorkers(settings, options) as workers:
        await becomes(lambda: begun(1))
        os.kill(workers.pids[0], signal.SIGKILL)
        await becomes(lambda: begun(2))
        await asyncio.to_thread(go.touch)
        await becomes(is_over)

    made = await now(store, demo)
    assert (made.status, made.attempts) == (CheckStatus.DONE, 2)
    assert left(folders) == [LABEL + MEDIA]


def test_a_name_that_is_no_studio_is_refused() -> None:
    with pytest.raises(TypeError, match="not a Studio"):
        load_studio("tests.synth.wishes:GUILD")


async def _more_than(fake: FakeStudio, told: int) -> bool:
    return fake.told > told
