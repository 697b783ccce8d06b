"""The settings of servers, one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store import audit
from core.store.database import Database
from core.store.moderation_tables import GUILD_SETTINGS
from core.types import ActionKind, ActionMode, AnswerPlace, GuildSettings, WhoMayAsk

ENUMS = {
    "who_may_ask": WhoMayAsk,
    "answer_place": AnswerPlace,
    "action_mode": ActionMode,
    "action_kind": ActionKind,
}
CHANGED, RESET = "settings.change", "settings.reset"
"""The acts in the audit log."""


class GuildRepository:
    """What servers have set. A server without a row has the defaults."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, guild_id: int) -> GuildSettings:
        """Return the settings of a server."""
        async with self._database.reading() as connection:
            return await _read(connection, guild_id) or GuildSettings(guild_id)

    async def all(self) -> tuple[GuildSettings, ...]:
        """Return the settings of every server that has set something."""
        async with self._database.reading() as connection:
            rows = await connection.execute(select(GUILD_SETTINGS).order_by(GUILD_SETTINGS.c.guild_id))
            return tuple(settings_of(row) for row in rows)

    async def change(
        self, guild_id: int, make: Callable[[GuildSettings], GuildSettings], by: int, now: datetime
    ) -> GuildSettings:
        """Replace the settings by what `make` makes of them, and note the difference in the audit log.

        What `make` raises leaves everything as it was; settings that stay the same are no act.
        """
        async with self._database.writing() as connection:
            stored = await _read(connection, guild_id, lock=True)
            old = stored or GuildSettings(guild_id)
            new = make(old)
            if new == old:
                return old
            values = columns(new)
            if stored is None:
                await connection.execute(insert(GUILD_SETTINGS).values(values))
            else:
                await connection.execute(
                    update(GUILD_SETTINGS).where(GUILD_SETTINGS.c.guild_id == guild_id).values(values)
                )
            await audit.insert_entry(
                connection, audit.NewEntry(guild_id, by, CHANGED, None, _difference(old, new), None), now
            )
            return new

    async def reset(self, guild_id: int, by: int, now: datetime) -> GuildSettings:
        """Give a server the defaults again, and note in the audit log what it had set."""
        async with self._database.writing() as connection:
            old, new = await _read(connection, guild_id), GuildSettings(guild_id)
            if old is not None:
                await connection.execute(delete(GUILD_SETTINGS).where(GUILD_SETTINGS.c.guild_id == guild_id))
                await audit.insert_entry(
                    connection, audit.NewEntry(guild_id, by, RESET, None, _difference(old, new), None), now
                )
            return new


def columns(settings: GuildSettings) -> dict[str, Any]:
    """Return settings as the columns of `guild_settings`: one a field, tuples as JSON lists."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(settings).items()}


def settings_of(row: Row[Any]) -> GuildSettings:
    """Return a whole row of `guild_settings`."""
    values: dict[str, Any] = {}
    for field in fields(GuildSettings):
        value = row._mapping[field.name]
        if field.name in ENUMS:
            value = ENUMS[field.name](value)
        values[field.name] = tuple(value or ()) if field.name.endswith("_ids") else value
    return GuildSettings(**values)


async def _read(connection: AsyncConnection, guild_id: int, *, lock: bool = False) -> GuildSettings | None:
    wanted = select(GUILD_SETTINGS).where(GUILD_SETTINGS.c.guild_id == guild_id)
    row = (await connection.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
    return None if row is None else settings_of(row)


def _difference(old: GuildSettings, new: GuildSettings) -> dict[str, Any]:
    """Return {field: {"old": …, "new": …}} of the fields that differ."""
    before, after = columns(old), columns(new)
    return {name: {"old": before[name], "new": after[name]} for name in before if before[name] != after[name]}
