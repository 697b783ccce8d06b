"""Numbers about the whole log."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.store import GpuUse, Store, WorkerSeen, gauges
from tests.synth.logs import NOON, make_question, make_report


async def test_the_queue_tells_how_many_wait_and_since_when(store: Store) -> None:
    assert (await store.gauges.queue()).oldest_at is None
    await store.checks.add(make_question(requested_at=NOON))
    await store.checks.add(make_question(b"2", requested_at=NOON + timedelta(seconds=5)))
    await store.checks.add(make_question(b"3", requested_at=NOON + timedelta(seconds=7)))
    await store.queue.claim("w", NOON, timedelta(seconds=30))

    now = await store.gauges.queue()

    assert (now.queued, now.running, now.oldest_at) == (2, 1, NOON + timedelta(seconds=5))


async def _a_day(store: Store) -> None:
    done = await store.checks.add_answered(make_question(), make_report(), NOON)
    await store.checks.add_repeat(make_question(requested_at=NOON), done)
    await store.checks.add_failed(make_question(b"x"), "unreadable", "Not a video.", NOON)
    taken_back = await store.checks.add(make_question(b"y"))
    await store.checks.cancel(taken_back.id, NOON)
    await store.checks.add(make_question(b"z"))


@pytest.mark.parametrize("unsettled", [0, 1000])
async def test_ends_are_counted_once_however_often_one_looks(
    store: Store, monkeypatch: pytest.MonkeyPatch, unsettled: int
) -> None:
    monkeypatch.setattr(gauges, "UNSETTLED", unsettled)
    label = make_report().verdict.label
    await _a_day(store)
    day = {("done", label): 1, ("repeated", label): 1, ("failed", "unreadable"): 1, ("cancelled", ""): 1}

    assert dict((await store.gauges.count()).ended) == day
    assert dict((await store.gauges.count()).ended) == day
    await _a_day(store)
    assert dict((await store.gauges.count()).ended) == {end: 2 * number for end, number in day.items()}


async def test_two_processes_count_the_same(store: Store, log_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gauges, "UNSETTLED", 0)
    await _a_day(store)
    await store.gauges.count()
    await _a_day(store)
    late = gauges.GaugeRepository(store.gauges._database)

    assert dict((await late.count()).ended) == dict((await store.gauges.count()).ended)


@pytest.mark.parametrize("unsettled", [0, 1000])
async def test_the_times_of_an_answer_are_given_once(
    store: Store, monkeypatch: pytest.MonkeyPatch, unsettled: int
) -> None:
    monkeypatch.setattr(gauges, "UNSETTLED", unsettled)
    report = replace(make_report(), timings_s={"frames": 2.5, "signals": 0.25})
    done = await store.checks.add_answered(make_question(), report, NOON)
    await store.checks.add_repeat(make_question(requested_at=NOON), done)

    assert (await store.gauges.count()).new_times_s == ({"frames": 2.5, "signals": 0.25},)
    assert (await store.gauges.count()).new_times_s == ()
    await store.checks.add_answered(make_question(b"2"), replace(make_report(), timings_s={"frames": 4.0}), NOON)
    assert (await store.gauges.count()).new_times_s == ({"frames": 4.0},)


async def test_a_check_that_ends_after_later_ones_is_counted_too(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gauges, "UNSETTLED", 0)
    await store.checks.add(make_question(b"slow"))
    claim = await store.queue.claim("w", NOON, timedelta(seconds=30))
    await store.checks.add_failed(make_question(b"x"), "unreadable", "Not a video.", NOON)
    await store.gauges.count()
    assert claim is not None
    await store.queue.finish(claim, replace(make_report(), timings_s={"frames": 9.0}), "v1", NOON)

    counted = await store.gauges.count()

    assert sum(counted.ended.values()) == 2
    assert counted.new_times_s == ({"frames": 9.0},)


async def test_a_worker_is_seen_until_it_leaves_or_falls_silent(store: Store) -> None:
    gpu = GpuUse(0.5, 10, 100)
    await store.workers.beat(WorkerSeen("a", "box", NOON, gpu))
    await store.workers.beat(WorkerSeen("b", "box", NOON))
    later = NOON + timedelta(seconds=10)
    await store.workers.beat(WorkerSeen("b", "box", later))

    assert await store.workers.seen(NOON) == (WorkerSeen("a", "box", NOON, gpu), WorkerSeen("b", "box", later))
    await store.workers.forget_silent(later)
    assert [worker.name for worker in await store.workers.seen(NOON)] == ["b"]
    await store.workers.leave("b")
    assert await store.workers.seen(NOON) == ()
