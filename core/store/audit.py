"""The audit log: what moderators, and Facepulse by itself, did in a server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.case_rows import AuditEntry
from core.store.database import Database
from core.store.moderation_tables import AUDIT


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An act that is to be noted; see `AuditEntry`."""

    guild_id: int
    by: int | None
    action: str
    check_id: int | None
    details: dict[str, Any]
    undo: dict[str, Any] | None


class AuditRepository:
    """The acts, newest first. None is ever deleted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, entry: NewEntry, now: datetime) -> AuditEntry:
        """Note an act."""
        async with self._database.writing() as connection:
            return await insert_entry(connection, entry, now)

    async def get(self, entry_id: int, guild_id: int) -> AuditEntry | None:
        """Return one act of a server, or None when the server has none of this number."""
        wanted = select(AUDIT).where(AUDIT.c.id == entry_id, AUDIT.c.guild_id == guild_id)
        async with self._database.reading() as connection:
            row = (await connection.execute(wanted)).one_or_none()
            return None if row is None else entry_of(row)

    async def list(self, guild_id: int, limit: int, offset: int, action: str | None) -> tuple[AuditEntry, ...]:
        """Return acts of a server, of one kind when `action` is given."""
        wanted = select(AUDIT).where(AUDIT.c.guild_id == guild_id)
        if action is not None:
            wanted = wanted.where(AUDIT.c.action == action)
        async with self._database.reading() as connection:
            rows = await connection.execute(wanted.order_by(AUDIT.c.id.desc()).limit(limit).offset(offset))
            return tuple(entry_of(row) for row in rows)

    async def of_check(self, check_id: int, guild_id: int) -> tuple[AuditEntry, ...]:
        """Return the acts of a server about one check, oldest first."""
        wanted = select(AUDIT).where(AUDIT.c.check_id == check_id, AUDIT.c.guild_id == guild_id)
        async with self._database.reading() as connection:
            return tuple(entry_of(row) for row in await connection.execute(wanted.order_by(AUDIT.c.id)))

    async def set_undone(self, entry_id: int, by: int, now: datetime) -> bool:
        """Note that an act was taken back; False when it was already, or there is none of this number."""
        done = AUDIT.c.id == entry_id, AUDIT.c.undone_at.is_(None)
        async with self._database.writing() as connection:
            changed = await connection.execute(update(AUDIT).where(*done).values(undone_at=now, undone_by=by))
            return changed.rowcount == 1


async def insert_entry(connection: AsyncConnection, entry: NewEntry, now: datetime) -> AuditEntry:
    """Note an act in the transaction of `connection`, together with what it changed."""
    values = {
        "guild_id": entry.guild_id,
        "acted_at": now,
        "actor_id": entry.by,
        "action": entry.action,
        "check_id": entry.check_id,
        "details_json": entry.details,
        "undo_json": entry.undo,
    }
    return entry_of((await connection.execute(insert(AUDIT).values(values).returning(*AUDIT.c))).one())


def entry_of(row: Row[Any]) -> AuditEntry:
    """Return a whole row of `audit`."""
    return AuditEntry(
        id=row.id,
        guild_id=row.guild_id,
        at=row.acted_at,
        by=row.actor_id,
        action=row.action,
        check_id=row.check_id,
        details=row.details_json,
        undo=row.undo_json,
        undone_at=row.undone_at,
        undone_by=row.undone_by,
    )
