"""All checks of a server with what moderators made of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from core.store.case_rows import Case
from core.store.cases import read_cases
from core.store.checks import check_of
from core.store.database import Database
from core.store.moderation_tables import CASES
from core.store.rows import Check
from core.store.tables import CHECKS

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ExportRow:
    """A check, and its case when it was flagged."""

    check: Check
    case: Case | None


class ExportRepository:
    """Reads a server's checks piece by piece: nobody waits while a large server is exported."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_guild(self, guild_id: int, since: datetime | None) -> tuple[ExportRow, ...]:
        """Return the checks of a server that did not expire, asked for since `since`, in the order of numbers."""
        rows: list[ExportRow] = []
        while part := await self._part(guild_id, since, rows[-1].check.id if rows else 0):
            rows += part
        return tuple(rows)

    async def _part(self, guild_id: int, since: datetime | None, after: int) -> list[ExportRow]:
        wanted = select(CHECKS).where(CHECKS.c.guild_id == guild_id, CHECKS.c.expired_at.is_(None), CHECKS.c.id > after)
        if since is not None:
            wanted = wanted.where(CHECKS.c.requested_at >= since)
        async with self._database.reading() as connection:
            checks = [check_of(row) for row in await connection.execute(wanted.order_by(CHECKS.c.id).limit(AT_ONCE))]
            cases = await read_cases(connection, CASES.c.check_id.in_([check.id for check in checks]))
        flagged = {case.check.id: case for case in cases}
        return [ExportRow(check, flagged.get(check.id)) for check in checks]
