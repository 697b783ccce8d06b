"""Databases are brought to the tables of this version, or say why not."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine

from core.errors import StoreError
from core.store import Asker, Origin, migrate, open_store
from core.store.database import connect_blocking
from core.store.migrate import HEAD, MIGRATIONS
from core.store.tables import METADATA
from core.types import GuildSettings
from tests.synth.logs import NOON, make_question, make_report
from tests.synth.raw import run_sql
from tests.synth.wishes import REGISTERED_TWICE, require_told_apart

TABLES = {
    "alembic_version",
    "audit",
    "cases",
    "check_weights",
    "checks",
    "clips",
    "disputes",
    "evidence",
    "guild_settings",
    "model_versions",
}


def url_of(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


PART = re.compile(r"\n|, (?=[a-z_]+ [A-Z])")


def parts_of(sql: str) -> set[str]:
    """The columns and constraints of a definition, without the quotes around names that SQLite adds when it copies."""
    plain = re.sub(r"[ \t]+", " ", re.sub(r'"(\w+)"', r"\1", sql))
    return {part.strip(" ,)(") for part in PART.split(plain)} - {""}


def tables_of(path: Path) -> dict[str, set[str]]:
    """Table or index name -> the parts of its definition: their order means nothing."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: parts_of(sql) for name, sql in rows if name != "sqlite_sequence"}


def downgrade(path: Path, target: str = "base") -> None:
    def run(connection: Connection) -> None:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        config.set_main_option("path_separator", "os")
        command.downgrade(config, target)

    with create_engine(f"sqlite:///{path}").begin() as connection:
        run(connection)
    connection.engine.dispose()


def test_up_down_and_up_again_gives_the_same_tables(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    migrate(url_of(path))
    first = tables_of(path)

    downgrade(path)
    assert set(tables_of(path)) == {"alembic_version"}

    migrate(url_of(path))
    assert tables_of(path) == first
    assert set(first) >= TABLES


def test_migrations_make_exactly_the_tables_of_the_code(tmp_path: Path) -> None:
    migrated, declared = tmp_path / "migrated.sqlite3", tmp_path / "declared.sqlite3"
    migrate(url_of(migrated))
    engine = create_engine(f"sqlite:///{declared}")
    METADATA.create_all(engine)
    engine.dispose()

    differing = tables_of(migrated)
    del differing["alembic_version"]
    assert differing == tables_of(declared)

    engine = create_engine(f"sqlite:///{migrated}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


def test_the_known_head_is_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")

    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


OLD_COLUMNS = """id, clip_sha256, source_name, status, requested_at, started_at, finished_at, origin, requester_id,
    guild_id, channel_id, message_id, answer_message_id, versions_key, label, probability_fake, report_json, error_code,
    error_sentence, attempts, lease_until, heartbeat_at, worker, progress_json, incoming_name, repeats_check_id"""


def rows_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of the tables that the first version had."""
    columns = {"checks": OLD_COLUMNS, "evidence": "*", "check_weights": "*", "clips": "*", "model_versions": "*"}
    with closing(sqlite3.connect(path)) as database:
        return {
            table: sorted(database.execute(f"SELECT {names} FROM {table}"), key=repr)
            for table, names in columns.items()
        }


async def fill(url: str) -> None:
    """One answered check, one that repeats it, one that failed and one that waits."""
    discord = Asker(Origin.DISCORD, 2**62, 2**61, 3, 4)
    async with open_store(url) as store:
        answered = await store.checks.add_answered(make_question(asker=discord), make_report(), NOON)
        await store.checks.add_repeat(make_question(requested_at=NOON), answered)
        await store.checks.add_failed(make_question(b"other"), "unreadable", "Not a video.", NOON)
        await store.checks.add(make_question(b"third", incoming_name="abc"))


def test_a_history_goes_down_and_up_unchanged_with_its_evidence(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    migrate(url_of(path))
    asyncio.run(fill(url_of(path)))
    before = rows_of(path)
    assert [len(before[table]) for table in ("checks", "evidence", "check_weights")] == [4, 2, 2]

    downgrade(path, "0001")
    assert rows_of(path) == before
    migrate(url_of(path))

    assert rows_of(path) == before
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert set(database.execute("SELECT poster_id, locale, priority, expired_at FROM checks")) == {
            (None, None, 0, None)
        }


def test_case_numbers_go_on_after_a_migration(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    migrate(url_of(path))
    asyncio.run(fill(url_of(path)))
    downgrade(path, "0001")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DELETE FROM checks WHERE id = 4")
    migrate(url_of(path))

    asyncio.run(fill(url_of(path)))

    with closing(sqlite3.connect(path)) as database:
        assert [number for (number,) in database.execute("SELECT id FROM checks ORDER BY id")] == [1, 2, 3, 5, 6, 7, 8]


def test_going_down_keeps_scans_as_questions_and_drops_what_has_expired(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    migrate(url_of(path))
    asyncio.run(fill(url_of(path)))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "UPDATE checks SET expired_at = finished_at, report_json = NULL, clip_sha256 = NULL WHERE id = 1"
        )
        database.execute("UPDATE checks SET origin = 'scan' WHERE id = 3")
    downgrade(path, "0001")

    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT id, origin, repeats_check_id FROM checks ORDER BY id").fetchall()
        assert rows == [(2, "cli", None), (3, "discord", None), (4, "cli", None)]


def test_servers_that_set_something_before_keep_the_demos_they_had(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    migrate(url_of(path))

    async def settings(**changes: int) -> GuildSettings:
        async with open_store(url_of(path)) as store:
            return await store.guilds.change(7, lambda old: replace(old, **changes), 1, NOON)

    asyncio.run(settings(retention_days=3, user_daily_demos=1, guild_daily_demos=2))
    downgrade(path, "0007")
    migrate(url_of(path))

    assert asyncio.run(settings()) == GuildSettings(7, retention_days=3, user_daily_demos=5, guild_daily_demos=20)


def test_of_models_registered_twice_one_stays_in_use_and_old_sources_are_not_bound(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    migrate(url_of(path))
    downgrade(path, "0008")
    for statement in REGISTERED_TWICE:
        run_sql(url_of(path), statement)
    migrate(url_of(path))

    async def look() -> None:
        async with open_store(url_of(path)) as store:
            await require_told_apart(store)

    asyncio.run(look())


def test_a_migration_that_would_lose_evidence_does_not_run(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    migrate(url_of(path))
    engine = connect_blocking(url_of(path))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        with pytest.raises(RuntimeError, match="foreign keys"):
            command.downgrade(config, "0001")
    engine.dispose()


def test_migrating_again_changes_nothing_and_does_not_load_alembic(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    migrate(url_of(path))
    before = tables_of(path)
    code = f"import sys; from core.store import migrate; migrate({url_of(path)!r}); sys.exit('alembic' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False).returncode == 0
    assert tables_of(path) == before


def test_it_works_from_any_directory_and_makes_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "migrations").mkdir()
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "new folder 🙂" / "deeper" / "log.sqlite3"

    migrate(url_of(path))

    assert set(tables_of(path)) >= TABLES


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StoreError, match=r"folder for the database cannot be created.*FACEPULSE_DATA_DIR"):
        migrate(url_of(tmp_path / "file" / "log.sqlite3"))


def test_a_file_that_is_no_database_is_a_sentence_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    path.write_bytes(b"something of somebody else" * 100)

    with pytest.raises(StoreError, match="not an SQLite database"):
        migrate(url_of(path))
    assert path.read_bytes() == b"something of somebody else" * 100


def test_a_damaged_database_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    migrate(url_of(path))
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xaa" * (len(content) - 4096))

    with pytest.raises(StoreError, match="The database is damaged"):
        migrate(url_of(path))


def test_a_database_that_may_not_be_written_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    path.touch()

    with pytest.raises(StoreError, match="read-only"):
        migrate(f"sqlite+aiosqlite:///file:{path}?mode=ro&uri=true")


def test_a_directory_in_place_of_the_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        migrate(url_of(tmp_path))


def test_a_database_of_a_newer_version_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    migrate(url_of(path))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    before = tables_of(path)

    with pytest.raises(StoreError, match="newer version"):
        migrate(url_of(path))
    assert tables_of(path) == before


@pytest.mark.parametrize("url", ["no url", "oracle+nothing://x"])
def test_a_url_that_cannot_be_used_is_a_sentence(url: str) -> None:
    with pytest.raises(StoreError, match="database"):
        migrate(url)


def test_two_programs_that_start_together_make_one_database(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    code = f"from core.store import migrate; migrate({url_of(path)!r})"
    started = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]

    assert [process.wait(60) for process in started] == [0, 0]
    assert set(tables_of(path)) >= TABLES


def test_a_migration_that_fails_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE evidence (somebody TEXT)")
    before = tables_of(path)

    with pytest.raises(StoreError):
        migrate(url_of(path))
    assert tables_of(path) == before
