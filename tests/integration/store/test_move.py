"""A log moves to another database whole, or not at all."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.commands.db import db
from core.errors import StoreError
from core.services.reviews import FlagKind, Reviews
from core.store import Asker, Origin, move, open_store
from core.store.move import tables
from tests.synth.logs import NOON, Clock, make_question, make_report
from tests.synth.raw import columns_of, run_sql

LEASE = timedelta(seconds=30)
NAMES = [table.name for table in tables()]


@pytest.fixture(params=["sqlite to postgresql", "postgresql to sqlite"])
def urls(request: pytest.FixtureRequest, sqlite_url: str, postgres_url: str) -> tuple[str, str]:
    """Two logs without rows: from where and to where."""
    return (sqlite_url, postgres_url) if request.param == "sqlite to postgresql" else (postgres_url, sqlite_url)


async def fill(url: str) -> None:
    """Checks in every state, a case with a note and an act; number 1 is gone."""
    discord = Asker(Origin.DISCORD, 2**62, 2**61, 3, 4, 5, 6, "pt-BR")
    async with open_store(url) as store:
        await store.checks.add(make_question(b"gone"))
        run_sql(url, "DELETE FROM checks")
        answered = await store.checks.add_answered(
            make_question(asker=discord, source_name="a 'clip' 🙂\n.mp4"),
            make_report(),
            NOON + timedelta(microseconds=7),
        )
        await store.checks.add_repeat(make_question(requested_at=NOON), answered)
        await store.checks.add_failed(make_question(b"other"), "unreadable", "Not a video.", NOON)
        await store.checks.add(make_question(b"running", incoming_name="abc"))
        assert await store.queue.claim("w1", NOON, LEASE)
        await store.checks.add(make_question(b"third", incoming_name="def", asker=discord))
        await Reviews(store, Clock()).flag(answered.id, kind=FlagKind.MEMBER, by=9, note="odd é 你")


async def whole(url: str) -> tuple[object, ...]:
    """Everything of a log that its readers see."""
    async with open_store(url) as store:
        checks = [await store.checks.get(number) for number in range(1, 8)]
        parts = [(await store.checks.evidence(n), await store.checks.weights(n)) for n in range(1, 8)]
        case = await store.cases.get(2)
        return checks, parts, case, columns_of(url, "audit")


async def test_everything_arrives_as_it_was_and_numbers_go_on(urls: tuple[str, str]) -> None:
    source, target = urls
    await fill(source)

    moved = {table.name: table.rows for table in await move(source, target, NOON + 2 * LEASE)}

    assert await whole(target) == await whole(source)
    assert moved == {name: len(columns_of(source, name)) for name in NAMES}
    assert (moved["checks"], moved["evidence"], moved["cases"], moved["disputes"]) == (5, 2, 1, 1)
    async with open_store(target) as store:
        assert (await store.checks.add(make_question())).id == 7


async def test_what_waited_is_handed_out_by_the_new_database(sqlite_url: str, postgres_url: str) -> None:
    await fill(sqlite_url)

    await move(sqlite_url, postgres_url, NOON + 2 * LEASE)

    assert run_sql(postgres_url, "SELECT args->>'check_id' FROM procrastinate_jobs") == [("6",)]
    async with open_store(postgres_url) as store:
        assert await store.queue.requeue_expired(NOON + 2 * LEASE, 3, "") == 1


async def test_numbers_go_on_after_the_highest_ever_given(urls: tuple[str, str]) -> None:
    source, target = urls
    async with open_store(source) as store:
        await store.checks.add(make_question())
        last = await store.checks.add(make_question())
    run_sql(source, f"DELETE FROM checks WHERE id = {last.id}")

    await move(source, target, NOON)

    async with open_store(target) as store:
        assert (await store.checks.add(make_question())).id == last.id + 1


async def test_a_database_with_rows_is_refused_untouched(urls: tuple[str, str]) -> None:
    source, target = urls
    await fill(source)
    async with open_store(target) as store:
        there = await store.checks.add(make_question(b"of somebody else"))

        with pytest.raises(StoreError, match=r"already has rows in c\w+; name an empty one"):
            await move(source, target, NOON + 2 * LEASE)

        assert await store.checks.get(there.id) == there
    assert run_sql(target, "SELECT count(*) FROM checks") == [(1,)]


async def test_a_log_that_a_worker_is_busy_with_stays(urls: tuple[str, str]) -> None:
    source, target = urls
    await fill(source)

    with pytest.raises(StoreError, match="stop the service"):
        await move(source, target, NOON)


async def test_a_row_that_does_not_arrive_as_it_is_stops_everything(
    urls: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = urls
    await fill(source)
    if "sqlite" in target:
        spoiling = "CREATE TRIGGER spoil AFTER INSERT ON evidence BEGIN UPDATE evidence SET quality = 0; END"
    else:
        run_sql(target, "CREATE FUNCTION spoil() RETURNS trigger AS $$ BEGIN NEW.quality = 0; RETURN NEW; END $$"
                        " LANGUAGE plpgsql")  # fmt: skip
        spoiling = "CREATE TRIGGER spoil BEFORE INSERT ON evidence FOR EACH ROW EXECUTE FUNCTION spoil()"
    run_sql(target, spoiling)

    with pytest.raises(StoreError, match="evidence do not arrive"):
        await move(source, target, NOON + 2 * LEASE)

    assert [name for name in NAMES if columns_of(target, name)] == []


async def test_a_log_is_not_moved_onto_itself(sqlite_url: str) -> None:
    with pytest.raises(StoreError, match="name two databases"):
        await move(sqlite_url, sqlite_url.replace("+aiosqlite", ""), NOON)


def test_the_command_moves_and_says_what_arrived(sqlite_url: str, postgres_url: str, tmp_path: Path) -> None:
    asyncio.run(fill(sqlite_url))
    short = sqlite_url.replace("+aiosqlite", "")

    done = CliRunner().invoke(db, ["move", "--from", short, "--to", postgres_url], catch_exceptions=False)

    assert done.exit_code == 0
    assert [line.split()[:2] for line in done.output.splitlines() if line.startswith("checks ")] == [["checks", "5"]]
    assert done.output.endswith("Set FACEPULSE_DATABASE_URL to the new database and start the service.\n")
