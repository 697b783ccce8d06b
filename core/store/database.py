"""Connections: SQLite made durable and honest about transactions, PostgreSQL made to say when it is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, Insert, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from core.errors import StoreError
from core.store.sentences import sentences

BUSY_TIMEOUT_MS = 10_000
CONNECT_TIMEOUT_S, COMMAND_TIMEOUT_S = 10.0, 60.0
"""How long a PostgreSQL server may take to answer."""
WRITES = {"facepulse_writes": True}
"""Execution options of an engine or connection whose transactions take the write lock at once."""

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}
_LIBPQ_WORDS = {"ssl": "sslmode"}
_POSTGRESQL: dict[str, Any] = {
    "connect_args": {"timeout": CONNECT_TIMEOUT_S, "command_timeout": COMMAND_TIMEOUT_S},
    # A connection that was lost while nobody used it is replaced before it is used.
    "pool_pre_ping": True,
}
_INSERTS: dict[str, Callable[[Table], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Database:
    """One engine; `reading()` and `writing()` are its only transactions."""

    def __init__(self, engine: AsyncEngine) -> None:
        # PostgreSQL would show what others commit between two statements.
        at_once = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        self._reader = engine.execution_options(**at_once)
        self._writer = engine.execution_options(**WRITES)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees one state of the database and changes nothing.

        Raises:
            StoreError: the database failed.
        """
        with sentences():
            async with self._reader.connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that is written whole at its end, or not at all when the block raises.

        Raises:
            StoreError: the database failed; nothing of the block was written.
        """
        with sentences():
            async with self._writer.begin() as connection:
                yield connection


def connect(url: str, *, references: bool = True) -> AsyncEngine:
    """Return an engine for `url`; nothing is opened yet.

    Args:
        url: an SQLAlchemy URL.
        references: whether SQLite enforces foreign keys; a migration that copies a table must not have its rows
            deleted along with the old copy.

    Raises:
        StoreError: the URL is not one of a database that can be used.
    """
    with _usable(url):
        parsed = parse_url(url)
        engine = create_async_engine(parsed, **(_POSTGRESQL if parsed.get_backend_name() == "postgresql" else {}))
    _prepare(engine.sync_engine, references)
    return engine


def connect_blocking(url: str, *, references: bool = True) -> Engine:
    """Return an engine like that of `connect` for the SQLite file of `url`, which needs no event loop.

    Raises:
        StoreError: the URL is not one of a database that can be used.
    """
    with _usable(url):
        engine = create_engine(parse_url(url).set(drivername="sqlite"))
    _prepare(engine, references)
    return engine


def parse_url(url: str) -> URL:
    """Return the parsed database URL; one that names only the kind of database gets the driver that is used for it.

    Raises:
        StoreError: it is not a URL.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError("The setting FACEPULSE_DATABASE_URL is not a database URL.") from error
    return parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))


def postgres_conninfo(url: str) -> str | None:
    """Return what libpq connects to the database of `url` with; None when that is not PostgreSQL.

    Raises:
        StoreError: it is not a URL.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() != "postgresql":
        return None
    query = {_LIBPQ_WORDS.get(word, word): value for word, value in parsed.query.items()}
    return parsed.set(drivername="postgresql", query=query).render_as_string(hide_password=False)


def insert_missing(connection: AsyncConnection, table: Table) -> Insert:
    """Return an INSERT into `table` that leaves a row with the same key as it is."""
    statement: Insert = _INSERTS[connection.dialect.name](table).on_conflict_do_nothing()
    return statement


@contextmanager
def _usable(url: str) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        raise StoreError(f"The database type {parse_url(url).drivername!r} cannot be used.") from error


def _prepare(engine: Engine, references: bool) -> None:
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", partial(_prepare_sqlite, references))
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "handle_error", _give_up_read_only)


def _prepare_sqlite(references: bool, dbapi_connection: Any, record: object) -> None:
    # Without this the driver begins transactions by itself, and only before writes: reads would not be consistent.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        f"foreign_keys = {'ON' if references else 'OFF'}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _give_up_read_only(context: ExceptionContext) -> None:
    # SQLite opens a file that it may only read for reading, and never again: the next connection may write.
    if "readonly database" in str(context.original_exception):
        context.is_disconnect = True


def _begin_sqlite(connection: Connection) -> None:
    # A write takes the lock at once: a read lock that must be raised later can fail where waiting would have helped.
    writes = connection.get_execution_options().get("facepulse_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
