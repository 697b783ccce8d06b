"""What is different on PostgreSQL: a server that can be gone, full of others, or somebody else's."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, select, text

from core.errors import StoreError
from core.store import Asker, Origin, migrate, open_store
from core.store.database import Database, connect, parse_url
from core.store.migrate import MIGRATIONS, is_ours
from core.store.tables import CHECKS, METADATA
from tests.synth.logs import NOON, make_question, make_report
from tests.synth.postgres import PostgresServer
from tests.synth.raw import columns_of, conninfo_of, run_sql, tables_of
from tests.synth.wishes import REGISTERED_TWICE, require_told_apart

FILLED = ("checks", "clips", "evidence", "check_weights", "model_versions")


def change_revision(url: str, change: str, target: str) -> None:
    """Run `upgrade` or `downgrade` of Alembic on a database."""

    def run(connection: Connection) -> None:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        config.set_main_option("path_separator", "os")
        getattr(command, change)(config, target)

    async def in_transaction() -> None:
        engine = connect(url)
        async with Database(engine).writing() as connection:
            await connection.run_sync(run)
        await engine.dispose()

    asyncio.run(in_transaction())


def fill(url: str) -> None:
    """One answered check, one that repeats it, one that failed and one that waits."""

    async def write() -> None:
        async with open_store(url) as store:
            asked_in_discord = make_question(asker=Asker(Origin.DISCORD, 2**62, 2**61, 3, 4))
            answered = await store.checks.add_answered(asked_in_discord, make_report(), NOON)
            await store.checks.add_repeat(make_question(requested_at=NOON), answered)
            await store.checks.add_failed(make_question(b"other"), "unreadable", "Not a video.", NOON)
            await store.checks.add(make_question(b"third", incoming_name="abc"))

    asyncio.run(write())


def rows_of(url: str) -> dict[str, list[str]]:
    return {table: sorted(map(repr, columns_of(url, table))) for table in FILLED}


def test_the_migrations_make_exactly_the_tables_of_the_code(postgres_url: str) -> None:
    async def differences() -> list[object]:
        engine = connect(postgres_url)
        async with Database(engine).reading() as connection:
            found = await connection.run_sync(
                lambda sync: compare_metadata(
                    MigrationContext.configure(sync, opts={"include_name": is_ours, "compare_server_default": True}),
                    METADATA,
                )
            )
        await engine.dispose()
        return list(found)

    assert asyncio.run(differences()) == []


def test_a_history_goes_down_to_the_first_tables_and_up_again_unchanged(postgres_url: str) -> None:
    fill(postgres_url)
    before = rows_of(postgres_url)

    change_revision(postgres_url, "downgrade", "0001")
    assert "cases" not in tables_of(postgres_url)
    migrate(postgres_url)

    after = rows_of(postgres_url)
    # Of those before, nobody waits for the answer any more: that is what going up writes.
    assert {table: after[table] for table in FILLED[1:]} == {table: before[table] for table in FILLED[1:]}
    assert run_sql(postgres_url, "SELECT count(*) FROM checks WHERE report_json IS NOT NULL") == [(2,)]
    assert len(after["checks"]) == 4


def test_nothing_is_left_of_the_tables_when_all_migrations_are_taken_back(postgres_url: str) -> None:
    change_revision(postgres_url, "downgrade", "base")
    assert set(tables_of(postgres_url)) == {"alembic_version"}

    migrate(postgres_url)
    assert "checks" in tables_of(postgres_url)


def test_of_models_registered_twice_one_stays_in_use_and_old_sources_are_not_bound(postgres_url: str) -> None:
    change_revision(postgres_url, "downgrade", "0008")
    for statement in REGISTERED_TWICE:
        run_sql(postgres_url, statement)
    migrate(postgres_url)

    async def look() -> None:
        async with open_store(postgres_url) as store:
            await require_told_apart(store)

    asyncio.run(look())


def test_two_programs_that_start_together_make_one_database(postgres: PostgresServer) -> None:
    name = postgres.fresh("template1")
    code = f"from core.store import migrate; migrate({postgres.url(name)!r})"
    started = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]

    assert [process.wait(100) for process in started] == [0, 0]
    assert "checks" in tables_of(postgres.url(name))
    postgres.drop(name)


def test_the_kind_of_database_is_enough_in_the_url() -> None:
    assert parse_url("postgresql://u:p@host/db").drivername == "postgresql+asyncpg"
    assert parse_url("postgres://u:p@host/db").password == "p"


async def test_a_reader_sees_one_state_while_others_write(postgres_url: str) -> None:
    engine = connect(postgres_url)
    database = Database(engine)
    async with open_store(postgres_url) as store, database.reading() as connection:
        before = (await connection.scalars(select(CHECKS.c.id))).all()
        await store.checks.add(make_question())
        assert (await connection.scalars(select(CHECKS.c.id))).all() == before
    await engine.dispose()


async def test_a_lost_connection_is_replaced_by_itself(postgres_url: str) -> None:
    async with open_store(postgres_url) as store:
        asked = await store.checks.add(make_question())
        with psycopg.connect(conninfo_of(postgres_url), autocommit=True) as other:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            other.execute(f"{others} AND pid <> pg_backend_pid()".encode())

        assert await store.checks.get(asked.id) == asked


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql+asyncpg://nobody@127.0.0.1:1/none", "cannot be reached"),
        ("postgresql+asyncpg://postgres@/none?host={folder}", "cannot be reached"),
        ("{server}/not_there", "not on its server"),
    ],
)
async def test_a_server_that_is_not_there_is_a_sentence(
    postgres: PostgresServer, tmp_path: Path, url: str, sentence: str
) -> None:
    there = postgres.url("x").replace("/x?", "/not_there?")
    async with open_store(there if "server" in url else url.format(folder=tmp_path)) as store:
        with pytest.raises(StoreError, match=sentence):
            await store.checks.get(1)


async def test_a_database_without_tables_is_a_sentence(postgres: PostgresServer) -> None:
    name = postgres.fresh("template1")
    async with open_store(postgres.url(name)) as store:
        with pytest.raises(StoreError, match="not set up yet"):
            await store.checks.get(1)
    postgres.drop(name)


async def test_a_server_that_only_reads_is_a_sentence(postgres_url: str) -> None:
    name = parse_url(postgres_url).database
    run_sql(postgres_url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")

    async with open_store(postgres_url) as store:
        with pytest.raises(StoreError, match="read-only"):
            await store.checks.add(make_question())


async def test_rights_that_are_missing_are_a_sentence(postgres_url: str) -> None:
    run_sql(postgres_url, "DO $$ BEGIN CREATE ROLE guest LOGIN; EXCEPTION WHEN duplicate_object THEN END $$")

    async with open_store(postgres_url.replace("postgres@", "guest@")) as store:
        with pytest.raises(StoreError, match="lacks rights"):
            await store.checks.get(1)


async def test_a_statement_that_fails_leaves_nothing_of_its_transaction(postgres_url: str) -> None:
    engine = connect(postgres_url)
    with pytest.raises(StoreError):
        async with Database(engine).writing() as connection:
            await connection.execute(text("DELETE FROM alembic_version"))
            await connection.execute(text("SELECT 1 / 0"))
    await engine.dispose()

    assert len(run_sql(postgres_url, "SELECT * FROM alembic_version")) == 1
