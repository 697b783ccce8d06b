"""Bringing a database to the tables of this version, from anywhere, as often as one likes."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import URL

from core.errors import StoreError
from core.store.database import WRITES, Database, connect, connect_blocking, parse_url
from core.store.sentences import sentences

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"

HEAD = "0009"
"""The newest revision. Kept here so that a start with nothing to do need not load Alembic; a test holds it true."""

MIGRATING = 0xFACE_0001
"""The advisory lock on PostgreSQL that one migration at a time holds."""
FOREIGN_PREFIX = "procrastinate_"
"""Tables and types that begin like this belong to the library that hands out jobs."""


def is_ours(name: str | None, kind: str, parents: object) -> bool:
    """Say whether Alembic may compare what is called so, in the form of its `include_name`."""
    return kind != "table" or not (name or "").startswith(FOREIGN_PREFIX)


def migrate(url: str) -> None:
    """Create or upgrade the tables of the database at `url`; quick when they are as they should be.

    The folder of an SQLite file is created. Call it where no event loop runs, or with `asyncio.to_thread`.

    Raises:
        StoreError: the database cannot be reached or written, or a newer version of Facepulse made it.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        _make_folder(parsed)
        _migrate_blocking(url)
    else:
        asyncio.run(_migrate(url))


def upgrade(connection: Connection, target: str = "head") -> None:
    """Run the migrations up to `target` on an open connection, in the transaction that the caller began.

    Raises:
        StoreError: the database is at a revision that this version does not know.
    """
    # Only here: loading Alembic takes longer than a start with nothing to migrate.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    current = current_revision(connection)
    if current is not None and current not in known:
        raise StoreError("The database was made by a newer version of Facepulse; update the program to use it.")
    command.upgrade(config, target)


def current_revision(connection: Connection) -> str | None:
    """Return the revision that the database is at, None when it has no tables yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def _migrate_blocking(url: str) -> None:
    # Without an event loop: a connection that fails to open must not leave the driver's thread behind.
    engine = connect_blocking(url, references=False)
    try:
        with sentences():
            with engine.connect() as connection:
                current = current_revision(connection)
            if current != HEAD:
                with engine.execution_options(**WRITES).begin() as connection:
                    upgrade(connection)
    finally:
        engine.dispose()


async def _migrate(url: str) -> None:
    engine = connect(url, references=False)
    try:
        database = Database(engine)
        async with database.reading() as connection:
            current = await connection.run_sync(current_revision)
        if current != HEAD:
            async with database.writing() as connection:
                # Programs that start together migrate one after the other; SQLite's write lock does that by itself.
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
                await connection.run_sync(upgrade)
    finally:
        await engine.dispose()


def _make_folder(url: URL) -> None:
    if not url.database or url.database.startswith((":memory:", "file:")):
        return
    try:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            "The folder for the database cannot be created: check FACEPULSE_DATA_DIR and its permissions."
        ) from error
