"""Carrying a whole log from one database to another: everything, proven equal, or nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, String, Table, collate, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import StoreError
from core.store import bell
from core.store.database import Database, connect, parse_url
from core.store.rows import CheckStatus
from core.store.tables import CHECKS, METADATA

AT_ONCE = 500
NOT_MOVED = frozenset({"workers"})
"""Who works now is no history."""


@dataclass(frozen=True, slots=True)
class MovedTable:
    """How many rows of a table were carried over, and the sha256 that they have in both databases."""

    name: str
    rows: int
    sha256: str


async def move(source_url: str, target_url: str, now: datetime) -> tuple[MovedTable, ...]:
    """Copy every row into the target, which `migrate` has made ready as it has the source; return what was copied.

    One transaction of the target holds it all, and is written only when the rows that it reads back are those of the
    source. The source is read as it was at one moment, and not changed. Case numbers go on where they were.

    Args:
        source_url: the log as it is.
        target_url: a database with all tables and no rows.
        now: the present moment.

    Raises:
        StoreError: the target has rows, both are one database, a worker is busy with a check of the source, or a
            database failed; the target is as it was.
    """
    if parse_url(source_url) == parse_url(target_url):
        raise StoreError("The log cannot be moved to where it is; name two databases.")
    source, target = connect(source_url), connect(target_url)
    try:
        async with Database(source).reading() as old, Database(target).writing() as new:
            await _refuse_rows(new)
            await _refuse_workers(old, now)
            moved = [await _copy(old, new, table) for table in tables()]
            await _go_on_counting(old, new)
            await bell.ring_by(new, CHECKS.c.status == CheckStatus.QUEUED)
            return tuple(moved)
    finally:
        await source.dispose()
        await target.dispose()


def tables() -> Iterator[Table]:
    """Yield the tables that are carried over, those that others refer to first."""
    return (table for table in METADATA.sorted_tables if table.name not in NOT_MOVED)


async def _refuse_rows(new: AsyncConnection) -> None:
    for table in tables():
        if await new.scalar(select(func.count()).select_from(table)):
            raise StoreError(f"The database to move to already has rows in {table.name}; name an empty one.")


async def _refuse_workers(old: AsyncConnection, now: datetime) -> None:
    busy = CHECKS.c.status == CheckStatus.RUNNING, CHECKS.c.lease_until > now
    if await old.scalar(select(func.count()).select_from(CHECKS).where(*busy)):
        raise StoreError("A worker is busy with a check; stop the service and its workers before the log is moved.")


async def _copy(old: AsyncConnection, new: AsyncConnection, table: Table) -> MovedTable:
    sent, count = hashlib.sha256(), 0
    async for rows in _read(old, table):
        await new.execute(insert(table), [dict(row._mapping) for row in rows])
        count += len(rows)
        _hash(sent, rows)
    arrived, arrived_count = hashlib.sha256(), 0
    async for rows in _read(new, table):
        arrived_count += len(rows)
        _hash(arrived, rows)
    if (arrived_count, arrived.digest()) != (count, sent.digest()):
        raise StoreError(f"The rows of {table.name} do not arrive as they are; nothing was moved.")
    return MovedTable(table.name, count, sent.hexdigest())


async def _read(connection: AsyncConnection, table: Table) -> AsyncIterator[Sequence[Row[Any]]]:
    """Yield the rows in the order of their keys, some at once: a check comes after the one that it repeats."""
    # Texts bytewise: a server would sort them in its own language.
    bytewise = "BINARY" if connection.dialect.name == "sqlite" else "C"
    keys = [collate(key, bytewise) if isinstance(key.type, String) else key for key in table.primary_key.columns]
    result = await connection.stream(select(table).order_by(*keys))
    async for rows in result.partitions(AT_ONCE):
        yield rows


def _hash(digest: Any, rows: Sequence[Row[Any]]) -> None:
    for row in rows:
        digest.update(json.dumps(list(row), sort_keys=True, default=_plain, ensure_ascii=True).encode() + b"\n")


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


async def _go_on_counting(old: AsyncConnection, new: AsyncConnection) -> None:
    """Have every numbered table go on after the highest number that it ever gave."""
    for table in tables():
        key = table.primary_key.columns.values()[0]
        if len(table.primary_key.columns) != 1 or table.autoincrement_column is not key:
            continue
        highest = max(await _highest(old, table), await new.scalar(select(func.max(key))) or 0)
        if highest:
            await _set_highest(new, table, highest)


async def _highest(connection: AsyncConnection, table: Table) -> int:
    if connection.dialect.name == "sqlite":
        asked = text("SELECT max(seq) FROM sqlite_sequence WHERE name = :table")
        return await connection.scalar(asked, {"table": table.name}) or 0
    sequence = await connection.scalar(text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": table.name})
    if sequence is None:
        return 0
    return (
        await connection.scalar(text("SELECT pg_sequence_last_value(CAST(:name AS regclass))"), {"name": sequence}) or 0
    )


async def _set_highest(connection: AsyncConnection, table: Table, highest: int) -> None:
    values = {"table": table.name, "highest": highest}
    if connection.dialect.name == "sqlite":
        if table.dialect_options["sqlite"]["autoincrement"]:
            await connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :table"), values)
            await connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :highest)"), values)
        return
    await connection.execute(text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :highest)"), values)
