"""Counting checks: how many a server had, and how much of a day's budget is used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.case_rows import CaseState
from core.store.database import Database
from core.store.moderation_tables import CASES
from core.store.rows import CheckStatus, Origin
from core.store.tables import CHECKS

DAY = timedelta(days=1)
WAITS_AT_MOST = 1000
"""So many of the newest answers are asked how long they took."""


@dataclass(frozen=True, slots=True)
class DayTally:
    """How the checks of one day (UTC) ended: {(status, label or None): count}."""

    day: date
    ended: dict[tuple[str, str | None], int]


class CountRepository:
    """Counts over `checks` and `cases`; nothing in them says who."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def days(self, guild_id: int, since: datetime, until: datetime) -> tuple[DayTally, ...]:
        """Return a tally of every day (UTC) of `since` up to `until`, also of those without a check."""
        # One query a day: what a day is, each database would say in its own words.
        start = since.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        tallies = []
        async with self._database.reading() as connection:
            while start < until:
                ended = await _ended(connection, guild_id, max(start, since), min(start + DAY, until))
                tallies.append(DayTally(start.date(), ended))
                start += DAY
        return tuple(tallies)

    async def waits_s(self, guild_id: int, since: datetime) -> tuple[float, ...]:
        """Return the seconds from question to answer of the newest answers that were not repeats."""
        answered = (
            select(CHECKS.c.requested_at, CHECKS.c.finished_at)
            .where(
                CHECKS.c.guild_id == guild_id,
                CHECKS.c.requested_at >= since,
                CHECKS.c.status == CheckStatus.DONE,
                CHECKS.c.repeats_check_id.is_(None),
            )
            .order_by(CHECKS.c.requested_at.desc())
            .limit(WAITS_AT_MOST)
        )
        async with self._database.reading() as connection:
            rows = await connection.execute(answered)
            return tuple((finished - asked).total_seconds() for asked, finished in rows)

    async def cases(self, guild_id: int, since: datetime) -> dict[CaseState, int]:
        """Return how many cases are open now, and how many were decided which way since then."""
        counted = select(CASES.c.state, func.count()).where(
            CASES.c.guild_id == guild_id, or_(CASES.c.state == CaseState.OPEN, CASES.c.decided_at >= since)
        )
        async with self._database.reading() as connection:
            found = {CaseState(state): n for state, n in await connection.execute(counted.group_by(CASES.c.state))}
        return {state: found.get(state, 0) for state in CaseState}

    async def used(self, guild_id: int | None, user_id: int | None, since: datetime) -> int:
        """Return how many checks a user, or with None everybody, asked for in a server since then.

        Without a server, direct messages are counted. Answers from the history and questions that were taken back
        before they were worked on are free.
        """
        async with self._database.reading() as connection:
            wanted = select(func.count()).select_from(CHECKS).where(*_paid(guild_id, user_id, since))
            return await connection.scalar(wanted) or 0

    async def asked_at(self, guild_id: int | None, user_id: int | None, since: datetime, place: int) -> datetime | None:
        """Return when the check was asked for that stands at `place`, oldest first from 0, among those of `used`."""
        wanted = select(CHECKS.c.requested_at).where(*_paid(guild_id, user_id, since))
        async with self._database.reading() as connection:
            moment: datetime | None = await connection.scalar(
                wanted.order_by(CHECKS.c.requested_at, CHECKS.c.id).offset(place).limit(1)
            )
            return moment

    async def waiting(self, origin: Origin, guild_id: int | None, user_id: int | None) -> int:
        """Return how many checks of an origin wait or run in a server: of a user, or with None of everybody."""
        unfinished = CHECKS.c.status.in_((CheckStatus.QUEUED, CheckStatus.RUNNING)), CHECKS.c.origin == origin
        wanted = select(func.count()).select_from(CHECKS).where(*unfinished, *_of(guild_id, user_id))
        async with self._database.reading() as connection:
            return await connection.scalar(wanted) or 0


def _of(guild_id: int | None, user_id: int | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        CHECKS.c.guild_id.is_(None) if guild_id is None else CHECKS.c.guild_id == guild_id
    ]
    return conditions if user_id is None else [*conditions, CHECKS.c.requester_id == user_id]


def _paid(guild_id: int | None, user_id: int | None, since: datetime) -> list[ColumnElement[bool]]:
    worked_on = or_(CHECKS.c.status != CheckStatus.CANCELLED, CHECKS.c.started_at.is_not(None))
    return [*_of(guild_id, user_id), CHECKS.c.requested_at > since, CHECKS.c.repeats_check_id.is_(None), worked_on]


async def _ended(
    connection: AsyncConnection, guild_id: int, since: datetime, until: datetime
) -> dict[tuple[str, str | None], int]:
    counted: Any = (
        select(CHECKS.c.status, CHECKS.c.label, func.count())
        .where(CHECKS.c.guild_id == guild_id, CHECKS.c.requested_at >= since, CHECKS.c.requested_at < until)
        .group_by(CHECKS.c.status, CHECKS.c.label)
    )
    return {(status, label): number for status, label, number in await connection.execute(counted)}
