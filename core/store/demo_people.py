"""People in the rows of demos: what is theirs, forgetting them, and the end of a demo's time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.database import Database
from core.store.demo_rows import Demo
from core.store.demo_tables import DEMOS
from core.store.demos import UNLEASED, read_demos
from core.store.rows import CheckStatus
from core.store.swap_models import OPEN_STATES

AT_ONCE = 500
NOBODY: dict[str, Any] = {"requester_id": None, "poster_id": None, "locale": None}
FINAL = tuple(status for status in CheckStatus if status.is_final)


@dataclass(frozen=True, slots=True)
class ForgottenDemos:
    """What forgetting somebody changed among demos: their files are still to be deleted."""

    file_names: tuple[str, ...]
    cancelled: int
    demos: int


NO_DEMOS = ForgottenDemos((), 0, 0)


async def of_person(connection: AsyncConnection, user_id: int) -> tuple[Demo, ...]:
    """Return the demos that somebody asked for, or whose clip they posted."""
    return await read_demos(connection, or_(DEMOS.c.requester_id == user_id, DEMOS.c.poster_id == user_id))


async def forget(connection: AsyncConnection, user_id: int, now: datetime) -> ForgottenDemos:
    """Take somebody out of the demos; of what they asked for, what waits is cancelled and what is kept goes.

    What explains a video that others have stays: its id, its network, and that a consent was declared. Of demos that
    others made of a clip that they posted, what leads to them goes.
    """
    theirs = DEMOS.c.requester_id == user_id
    found = (await connection.execute(select(DEMOS).where(theirs))).all()
    waiting = [row for row in found if row.status in OPEN_STATES]
    names = [row.incoming_name for row in waiting if row.status == CheckStatus.QUEUED and row.incoming_name]
    names += [row.file_name for row in found if row.file_name]
    ended = {"status": CheckStatus.CANCELLED, "finished_at": now, "incoming_name": None, **UNLEASED}
    await connection.execute(update(DEMOS).where(theirs, DEMOS.c.status.in_(OPEN_STATES)).values(ended))
    await empty(connection, [row.id for row in found], now)
    posted = update(DEMOS).where(DEMOS.c.poster_id == user_id)
    await connection.execute(posted.values(poster_id=None, message_id=None, driver_name=""))
    return ForgottenDemos(tuple(names), len(waiting), len(found))


async def empty(connection: AsyncConnection, numbers: Sequence[int], now: datetime) -> None:
    """Leave of finished demos only what explains their videos: id, hash, network, when it was made."""
    values = {
        "expired_at": now,
        "driver_name": "",
        "driver_sha256": None,
        "declared_how": "",
        "channel_id": None,
        "message_id": None,
        "answer_message_id": None,
        "log_channel_id": None,
        "log_message_id": None,
        "incoming_name": None,
        "file_name": None,
        "provenance_json": None,
        "progress_json": None,
        "error_sentence": case((DEMOS.c.error_sentence.is_not(None), ""), else_=None),
        **NOBODY,
    }
    for start in range(0, len(numbers), AT_ONCE):
        part = numbers[start : start + AT_ONCE]
        await connection.execute(update(DEMOS).where(DEMOS.c.id.in_(part)).values(values))


class DemoExpiryRepository:
    """What retention does to demos."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def guilds(self) -> tuple[int, ...]:
        """Return the servers that have demos which did not expire."""
        wanted = select(DEMOS.c.guild_id).where(DEMOS.c.expired_at.is_(None)).distinct()
        async with self._database.reading() as connection:
            return tuple(await connection.scalars(wanted))

    async def expire(self, guild_id: int, before: datetime, now: datetime) -> tuple[int, tuple[str, ...]]:
        """Let at most `AT_ONCE` finished demos expire that were asked for before `before`.

        Returns how many, and the files that are to be deleted.
        """
        due = (
            select(DEMOS.c.id, DEMOS.c.file_name)
            .where(
                DEMOS.c.guild_id == guild_id,
                DEMOS.c.requested_at < before,
                DEMOS.c.status.in_(FINAL),
                DEMOS.c.expired_at.is_(None),
            )
            .order_by(DEMOS.c.id)
            .limit(AT_ONCE)
        )
        async with self._database.writing() as connection:
            rows = (await connection.execute(due)).all()
            if rows:
                await empty(connection, [row.id for row in rows], now)
        return len(rows), tuple(row.file_name for row in rows if row.file_name)
