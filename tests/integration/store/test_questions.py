"""Questions that were begun, and the one message that shows the answer to one check."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import StoreError
from core.store import Asker, CheckStatus, OpenQuestion, Origin, ShownAt, Store, migrate
from core.store.rows import GAVE_UP
from tests.integration.store.test_migrate import downgrade
from tests.synth.logs import NOON, make_question, make_report

FIRST, SECOND = OpenQuestion(2**62, 5, NOON), OpenQuestion(2**62 + 1, 6, NOON + timedelta(seconds=1))
ASKER = Asker(Origin.DISCORD, requester_id=1, guild_id=2, channel_id=3, message_id=4, attachment_id=5)
PLACE = ShownAt(70, 77)


async def test_what_was_begun_is_known_until_it_is_ended(store: Store) -> None:
    await store.questions.begin(SECOND)
    await store.questions.begin(FIRST)
    await store.questions.begin(replace(FIRST, asked_at=NOON + timedelta(hours=1)))  # by another process
    assert await store.questions.begun(NOON) == (FIRST, SECOND)

    await store.questions.end(FIRST.message_id)
    assert await store.questions.begun(NOON) == (SECOND,)


async def test_what_was_begun_long_ago_is_forgotten(store: Store) -> None:
    await store.questions.begin(FIRST)
    await store.questions.begin(SECOND)

    assert await store.questions.begun(SECOND.asked_at) == (SECOND,)
    assert await store.questions.begun(NOON) == (SECOND,)


async def test_a_check_knows_from_the_start_where_it_is_answered(store: Store) -> None:
    check = await store.checks.add(make_question(asker=ASKER, answer_at=PLACE))

    assert (check.answer_channel_id, check.answer_message_id) == (70, 77)
    assert await store.checks.shown_at(77) == check
    assert await store.checks.shown_at(78) is None


async def test_one_message_never_answers_two_checks(store: Store) -> None:
    first = await store.checks.add(make_question(asker=ASKER, answer_at=PLACE))
    earlier = await store.checks.add_answered(make_question(b"known"), make_report(b"known"), NOON)
    again = make_question(b"known", asker=ASKER, answer_at=PLACE)

    with pytest.raises(StoreError):
        await store.checks.add(again)
    with pytest.raises(StoreError):
        await store.checks.add_repeat(again, earlier)

    assert await store.checks.unfinished(Origin.DISCORD) == (first,)


async def test_what_somebody_asked_is_known_by_person_message_and_clip(store: Store) -> None:
    await store.checks.add(make_question(asker=ASKER))

    assert await store.checks.is_asked(ASKER, NOON)
    assert not await store.checks.is_asked(ASKER, NOON + timedelta(seconds=1))
    for other in (replace(ASKER, requester_id=9), replace(ASKER, message_id=9), replace(ASKER, attachment_id=9)):
        assert not await store.checks.is_asked(other, NOON)


async def test_an_answer_is_overdue_when_it_ended_a_while_ago_and_nobody_shows_it(store: Store) -> None:
    origins, later = (Origin.DISCORD, Origin.SCAN), NOON + timedelta(minutes=1)
    waits = await store.checks.add(make_question(b"waits", asker=ASKER))
    ended = await store.checks.add_answered(make_question(asker=ASKER), make_report(), NOON)
    await store.checks.add_answered(make_question(asker=Asker(Origin.WEB)), make_report(), NOON)

    assert [check.id for check in await store.checks.overdue(origins, NOON, later)] == [ended.id]
    assert await store.checks.overdue(origins, NOON, NOON) == ()
    assert await store.checks.overdue(origins, later, later) == ()

    assert await store.checks.begin_answer(ended.id, NOON, later)  # somebody shows it
    assert await store.checks.overdue(origins, NOON, NOON + timedelta(seconds=30)) == ()
    await store.checks.mark_answered(ended.id, NOON)
    assert await store.checks.overdue(origins, NOON, NOON + timedelta(days=1)) == ()
    assert waits.status is CheckStatus.QUEUED


async def test_a_dead_letter_that_was_tried_again_is_overdue_once_it_ends(store: Store) -> None:
    asked = await store.checks.add(make_question(asker=ASKER, incoming_name="clip", answer_at=PLACE))
    claim = await store.queue.claim_one(asked.id, "w", NOON, timedelta(minutes=1))
    assert claim is not None
    assert await store.queue.fail(claim, GAVE_UP, "It was given up.", NOON)
    await store.checks.mark_answered(asked.id, NOON)
    assert await store.queue.revive(asked.id)
    again = await store.queue.claim_one(asked.id, "w", NOON, timedelta(minutes=1))
    assert again is not None
    assert await store.queue.finish(again, make_report(), "v1", NOON)

    (overdue,) = await store.checks.overdue((Origin.DISCORD,), NOON, NOON + timedelta(seconds=1))

    assert (overdue.id, overdue.answer_message_id) == (asked.id, 77)


def test_a_history_in_which_two_checks_name_one_message_is_migrated_and_the_newest_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    url = f"sqlite+aiosqlite:///{path}"
    migrate(url)
    downgrade(path, "0006")
    insert = (
        "INSERT INTO checks (source_name, status, requested_at, origin, versions_key, answer_message_id)"
        " VALUES ('a.mp4', 'queued', '2026-05-04 12:00:00', 'discord', 'v', ?)"
    )
    with closing(sqlite3.connect(path)) as database, database:
        database.executemany(insert, [(7,), (7,), (8,), (None,), (None,)])

    migrate(url)

    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT answer_message_id, answer_channel_id FROM checks ORDER BY id").fetchall()
    assert rows == [(None, None), (7, None), (8, None), (None, None), (None, None)]
