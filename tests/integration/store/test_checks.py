"""The log keeps what it is told, whole or not at all."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import text

from core.errors import StoreError
from core.store import Asker, CheckStatus, Origin, ShownAt, Store, open_store
from core.store.database import Database, connect
from core.types import Progress, Stage, VerdictLabel
from tests.synth.logs import NOON, make_question, make_report, sha256_of
from tests.synth.raw import run_sql

LEASE = timedelta(seconds=30)
DISCORD = Asker(Origin.DISCORD, requester_id=2**63 - 1, guild_id=2, channel_id=3, message_id=4)


async def test_sqlite_is_durable_and_checks_its_references(sqlite_url: str) -> None:
    engine = connect(sqlite_url)
    async with Database(engine).reading() as connection:
        values = {
            name: await connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    await engine.dispose()

    assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


async def test_a_question_is_kept_as_it_was_asked(store: Store) -> None:
    added = await store.checks.add(make_question(asker=DISCORD, source_name="a clip 🙂.mp4", incoming_name="abc"))

    check = await store.checks.get(added.id)

    assert check == added
    assert check is not None
    assert (check.asker, check.source_name, check.status) == (DISCORD, "a clip 🙂.mp4", CheckStatus.QUEUED)
    assert (check.label, check.report(), check.progress, check.attempts) == (None, None, None, 0)


async def test_times_come_back_in_utc(store: Store) -> None:
    here = datetime(2026, 5, 4, 14, 0, 0, 5, tzinfo=timezone(timedelta(hours=2)))

    check = await store.checks.get((await store.checks.add(make_question(requested_at=here))).id)

    assert check is not None
    assert check.requested_at == here
    assert check.requested_at.tzinfo is UTC


async def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(StoreError):
        await store.checks.add(make_question(requested_at=datetime(2026, 5, 4)))


async def test_case_numbers_are_never_used_again(store: Store, log_url: str) -> None:
    first = await store.checks.add(make_question())
    run_sql(log_url, "DELETE FROM checks")

    assert (await store.checks.add(make_question())).id > first.id


@pytest.mark.parametrize(
    "change",
    [
        "status = 'lost'",
        "origin = 'post'",
        "label = 'fake'",
        "probability_fake = 1.5",
        "status = 'done'",
        "status = 'failed'",
        "status = 'running'",
        "clip_sha256 = 'ab'",
        "repeats_check_id = 99",
    ],
)
async def test_the_database_refuses_rows_that_make_no_sense(store: Store, log_url: str, change: str) -> None:
    await store.checks.add(make_question())
    engine = connect(log_url)
    with pytest.raises(StoreError):
        async with Database(engine).writing() as connection:
            await connection.execute(text(f"UPDATE checks SET {change}"))
    await engine.dispose()


async def test_an_answer_is_kept_in_all_its_parts(store: Store, log_url: str) -> None:
    report = make_report()
    asked = await store.checks.add(make_question(incoming_name="abc"))
    claim = await store.queue.claim("w1", NOON, LEASE)
    assert claim is not None
    later = NOON + timedelta(seconds=5)

    assert await store.queue.finish(claim, report, "v2", later)

    check = await store.checks.get(asked.id)
    assert check is not None
    assert check.report() == report
    assert (check.status, check.label) == (CheckStatus.DONE, VerdictLabel.LIKELY_FAKE)
    assert (check.probability_fake, check.versions_key, check.finished_at) == (0.93, "v2", later)
    assert (check.worker, check.lease_until, check.incoming_name, check.attempts) == (None, None, None, 1)
    assert await store.checks.evidence(asked.id) == report.verdict.evidence
    assert await store.checks.weights(asked.id) == report.weights
    clip = run_sql(log_url, "SELECT size_bytes, container, codec, width, height, duration_s FROM clips")
    models = run_sql(log_url, "SELECT name FROM model_versions ORDER BY name")
    assert clip == [(6, "mp4", "h264", 1280, 720, 9.97)]
    assert models == [("detector",), ("mesh",)]


async def test_two_checks_with_the_same_weights_share_their_rows(store: Store) -> None:
    report = make_report()

    first = await store.checks.add_answered(make_question(), report, NOON)
    second = await store.checks.add_answered(make_question(), report, NOON)

    assert await store.checks.weights(first.id) == await store.checks.weights(second.id) == report.weights


async def test_an_answer_that_cannot_be_stored_whole_leaves_nothing(store: Store, log_url: str) -> None:
    run_sql(log_url, "DROP TABLE check_weights")

    with pytest.raises(StoreError):
        await store.checks.add_answered(make_question(), make_report(), NOON)

    for table in ("clips", "checks", "evidence", "model_versions"):
        assert run_sql(log_url, f"SELECT count(*) FROM {table}") == [(0,)], table


async def test_an_earlier_answer_is_found_for_the_same_clip_and_versions_only(store: Store) -> None:
    answered = await store.checks.add_answered(make_question(), make_report(), NOON)
    await store.checks.add_failed(make_question(), "clip", "No.", NOON)
    await store.checks.add(make_question())

    found = await store.checks.find_answer(sha256_of(b"a clip"), "v1")

    assert found == answered
    assert await store.checks.find_answer(sha256_of(b"a clip"), "v2") is None
    assert await store.checks.find_answer(sha256_of(b"another"), "v1") is None


async def test_a_report_of_another_form_is_no_earlier_answer(store: Store, log_url: str) -> None:
    await store.checks.add_answered(make_question(), make_report(), NOON)
    run_sql(log_url, "UPDATE checks SET report_json = '{}'")

    assert await store.checks.find_answer(sha256_of(b"a clip"), "v1") is None


async def test_a_repeat_points_at_the_check_that_was_analysed(store: Store) -> None:
    earlier = await store.checks.add_answered(make_question(), make_report(), NOON)
    once = await store.checks.add_repeat(make_question(asker=DISCORD), earlier)

    twice = await store.checks.add_repeat(make_question(), once)

    assert (once.status, once.repeats_check_id, once.report()) == (CheckStatus.DONE, earlier.id, make_report())
    assert (twice.repeats_check_id, twice.figures_check_id) == (earlier.id, earlier.id)
    assert await store.checks.find_answer(sha256_of(b"a clip"), "v1") == earlier


async def test_the_oldest_question_is_claimed_first(store: Store) -> None:
    second = await store.checks.add(make_question(b"2", requested_at=NOON + timedelta(seconds=1)))
    first = await store.checks.add(make_question(b"1"))
    assert await store.checks.queue_position(first.id) == 0
    assert await store.checks.queue_position(second.id) == 1

    claim = await store.queue.claim("w1", NOON, LEASE)

    assert claim is not None
    assert (claim.id, claim.worker, claim.attempts, claim.lease_until) == (first.id, "w1", 1, NOON + LEASE)
    assert await store.checks.queue_position(first.id) is None
    assert await store.checks.queue_position(second.id) == 0


async def test_many_workers_never_claim_the_same_check(log_url: str, store: Store) -> None:
    asked = {(await store.checks.add(make_question(str(n).encode()))).id for n in range(12)}

    async def claims(worker: str) -> list[int]:
        mine = []
        async with open_store(log_url) as own:
            while claim := await own.queue.claim(worker, NOON, LEASE):
                mine.append(claim.id)
        return mine

    claimed = await asyncio.gather(*(claims(f"w{n}") for n in range(4)))

    assert sorted(number for mine in claimed for number in mine) == sorted(asked)


async def test_a_heartbeat_prolongs_the_lease_and_keeps_the_progress(store: Store) -> None:
    await store.checks.add(make_question())
    claim = await store.queue.claim("w1", NOON, LEASE)
    assert claim is not None
    later, progress = NOON + timedelta(seconds=20), Progress(Stage.FRAMES, 10, 300, 4.5)

    assert await store.queue.heartbeat(claim, later, LEASE, progress)
    assert await store.queue.heartbeat(claim, later, LEASE, None)

    check = await store.checks.get(claim.id)
    assert check is not None
    assert (check.lease_until, check.heartbeat_at, check.progress) == (later + LEASE, later, progress)


async def test_a_worker_taken_for_dead_cannot_answer_any_more(store: Store) -> None:
    await store.checks.add(make_question(incoming_name="abc"))
    lost = await store.queue.claim("w1", NOON, LEASE)
    after = NOON + LEASE + timedelta(seconds=1)
    assert await store.queue.requeue_expired(NOON + LEASE, 3, "Gave up.") == 0
    assert await store.queue.requeue_expired(after, 3, "Gave up.") == 1
    # Even the same worker, as it may be started anew under its old name.
    held = await store.queue.claim("w1", after, LEASE)
    assert lost is not None
    assert held is not None
    assert held.incoming_name == "abc"

    assert not await store.queue.heartbeat(lost, after, LEASE, None)
    assert not await store.queue.finish(lost, make_report(), "v1", after)
    assert not await store.queue.fail(lost, "clip", "No.", after)
    assert not await store.queue.release(lost)
    assert await store.queue.finish(held, make_report(), "v1", after)

    assert len(await store.checks.evidence(held.id)) == 2


async def test_a_check_that_kills_its_worker_three_times_fails_with_a_sentence(store: Store) -> None:
    asked = await store.checks.add(make_question(incoming_name="abc"))
    now = NOON
    for _ in range(3):
        assert await store.queue.claim("w1", now, LEASE) is not None
        now += LEASE + timedelta(seconds=1)
        await store.queue.requeue_expired(now, 3, "Gave up.")

    check = await store.checks.get(asked.id)
    assert check is not None
    assert (check.status, check.error_code, check.error_sentence) == (CheckStatus.FAILED, "gave_up", "Gave up.")
    assert check.is_dead_letter
    assert await store.queue.dead_letters(10) == (check,)
    assert await store.checks.incoming_names(now) == {"abc"}
    assert await store.checks.incoming_names(now + timedelta(seconds=1)) == frozenset()
    assert await store.queue.claim("w1", now, LEASE) is None


@pytest.mark.parametrize("code", ["gave_up", "internal", "media", "output", "store"])
async def test_a_failure_that_is_not_the_clips_fault_keeps_the_clip_for_another_try(store: Store, code: str) -> None:
    asked = await store.checks.add(make_question(incoming_name="abc"))
    claim = await store.queue.claim("w1", NOON, LEASE)
    assert claim is not None

    assert await store.queue.fail(claim, code, "The disk is full.", NOON)

    check = await store.checks.get(asked.id)
    assert check is not None
    assert (check.is_dead_letter, check.incoming_name) == (True, "abc")
    assert await store.queue.revive(asked.id)


async def test_a_failure_that_is_the_clips_fault_lets_go_of_it(store: Store) -> None:
    asked = await store.checks.add(make_question(incoming_name="abc"))
    claim = await store.queue.claim("w1", NOON, LEASE)
    assert claim is not None

    assert await store.queue.fail(claim, "unreadable", "This is no video.", NOON)

    check = await store.checks.get(asked.id)
    assert check is not None
    assert (check.is_dead_letter, check.incoming_name) == (False, None)
    assert not await store.queue.revive(asked.id)


async def test_a_released_check_waits_as_if_it_had_never_been_claimed(store: Store) -> None:
    asked = await store.checks.add(make_question())
    claim = await store.queue.claim("w1", NOON, LEASE)
    assert claim is not None

    assert await store.queue.release(claim)

    assert await store.checks.get(asked.id) == asked


async def test_cancelling_ends_open_checks_only(store: Store) -> None:
    queued = await store.checks.add(make_question(incoming_name="abc"))
    answered = await store.checks.add_answered(make_question(), make_report(), NOON)

    assert await store.checks.cancel(queued.id, NOON) == queued
    assert await store.checks.cancel(queued.id, NOON) is None
    assert await store.checks.cancel(answered.id, NOON) is None
    assert await store.checks.cancel(999, NOON) is None

    check = await store.checks.get(queued.id)
    assert check == replace(queued, status=CheckStatus.CANCELLED, finished_at=NOON, incoming_name=None)


async def test_a_cancelled_check_is_lost_to_its_worker(store: Store) -> None:
    await store.checks.add(make_question())
    claim = await store.queue.claim("w1", NOON, LEASE)
    assert claim is not None
    await store.checks.cancel(claim.id, NOON)

    assert not await store.queue.heartbeat(claim, NOON, LEASE, None)
    assert not await store.queue.finish(claim, make_report(), "v1", NOON)
    assert await store.checks.evidence(claim.id) == ()


async def test_only_open_checks_need_their_clips(store: Store) -> None:
    await store.checks.add(make_question(b"1", incoming_name="one"))
    second = await store.checks.add(make_question(b"2", incoming_name="two"))
    await store.queue.claim("w1", NOON, LEASE)
    await store.checks.cancel(second.id, NOON)

    assert await store.checks.incoming_names() == {"one"}


async def test_unfinished_checks_are_found_by_origin(store: Store) -> None:
    asked = await store.checks.add(make_question(asker=DISCORD))
    await store.checks.add(make_question())
    await store.checks.add_answered(make_question(asker=DISCORD), make_report(), NOON)
    await store.checks.set_answer_message(asked.id, ShownAt(70, 77))

    assert await store.checks.unfinished(Origin.DISCORD) == (
        replace(asked, answer_message_id=77, answer_channel_id=70),
    )


async def test_a_log_without_tables_is_a_sentence(tmp_path: Path) -> None:
    async with open_store(f"sqlite+aiosqlite:///{tmp_path / 'new.sqlite3'}") as empty:
        with pytest.raises(StoreError, match="not set up yet"):
            await empty.checks.get(1)


async def test_an_answer_that_was_not_shown_is_found_until_it_is_marked(store: Store) -> None:
    open_one = await store.checks.add(make_question(asker=DISCORD))
    scanned = await store.checks.add_answered(
        make_question(asker=replace(DISCORD, origin=Origin.SCAN)), make_report(), NOON
    )
    await store.checks.add(make_question())

    origins = (Origin.DISCORD, Origin.SCAN)
    assert [check.id for check in await store.checks.unanswered(origins, NOON)] == [open_one.id, scanned.id]
    assert await store.checks.unanswered(origins, NOON + timedelta(seconds=1)) == ()
    await store.checks.mark_answered(scanned.id, NOON)
    assert [check.id for check in await store.checks.unanswered(origins, NOON)] == [open_one.id]
