"""Numbers about the whole log for those who watch the service: the queue now, and how checks ended so far.

How checks ended is counted without reading the whole log each time: below a check number under which nothing changes
any more the counts are kept, and only what is above it is counted anew.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.database import Database
from core.store.rows import CheckStatus
from core.store.tables import CHECKS

UNSETTLED = 1000
"""So many of the newest checks are counted each time: numbers may be given out before their rows can be seen."""
TIMED_AT_FIRST = 5000
"""So many of the newest checks have their times read when a process starts to count."""

Ended = tuple[str, str]
"""How a check ended: ("done", verdict), ("repeated", verdict), ("failed", code of the error) or ("cancelled", "")."""


@dataclass(frozen=True, slots=True)
class QueueNow:
    """How many checks wait and run, and since when the oldest of those that wait does."""

    queued: int
    running: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Counted:
    """How checks ended, and how long the stages of their analyses took, in seconds and in order of the checks."""

    ended: Mapping[Ended, int]
    new_times_s: tuple[Mapping[str, float], ...]


class GaugeRepository:
    """Counts over all rows of `checks`; one instance counts on from where it was."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._settled: Counter[Ended] = Counter()
        self._settled_to = 0
        self._timed: set[int] = set()
        self._timed_from: int | None = None

    async def try_write(self) -> None:
        """Write something that changes nothing.

        Raises:
            StoreError: the log cannot be written now.
        """
        async with self._database.writing() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = version_num"))

    async def queue(self) -> QueueNow:
        """Return the queue as it is now."""
        open_states = CHECKS.c.status.in_((CheckStatus.QUEUED, CheckStatus.RUNNING))
        wanted = select(CHECKS.c.status, func.count(), func.min(CHECKS.c.requested_at)).where(open_states)
        async with self._database.reading() as connection:
            rows = {row[0]: (row[1], row[2]) for row in await connection.execute(wanted.group_by(CHECKS.c.status))}
        queued, oldest_at = rows.get(CheckStatus.QUEUED, (0, None))
        return QueueNow(queued, rows.get(CheckStatus.RUNNING, (0, None))[0], oldest_at)

    async def count(self) -> Counted:
        """Return how all checks ended, and the times of those whose times were not given before.

        One call after the other, never two at once.
        """
        async with self._database.reading() as connection:
            settled_to = await self._newly_settled(connection)
            self._settled += await _ended(connection, self._settled_to, settled_to)
            self._settled_to = settled_to
            newest = await _ended(connection, settled_to, None)
            times = await self._new_times(connection)
        return Counted(self._settled + newest, times)

    async def _newly_settled(self, connection: AsyncConnection) -> int:
        """Return the number up to which all checks are over for good."""
        highest = await connection.scalar(select(func.max(CHECKS.c.id))) or 0
        open_states = CHECKS.c.status.in_((CheckStatus.QUEUED, CheckStatus.RUNNING))
        first_open = await connection.scalar(select(func.min(CHECKS.c.id)).where(open_states))
        to = highest - UNSETTLED if first_open is None else min(highest - UNSETTLED, first_open - 1)
        return max(to, self._settled_to)

    async def _new_times(self, connection: AsyncConnection) -> tuple[Mapping[str, float], ...]:
        if self._timed_from is None:
            highest = await connection.scalar(select(func.max(CHECKS.c.id))) or 0
            self._timed_from = max(0, highest - TIMED_AT_FIRST)
        timed = and_(
            CHECKS.c.id > self._timed_from,
            CHECKS.c.status == CheckStatus.DONE,
            CHECKS.c.repeats_check_id.is_(None),
            CHECKS.c.report_json.is_not(None),
        )
        wanted = select(CHECKS.c.id).where(timed).order_by(CHECKS.c.id)
        new = [check_id for check_id in await connection.scalars(wanted) if check_id not in self._timed]
        found = [times async for times in _times(connection, new)]
        # What is settled need not be remembered one by one.
        self._timed_from = max(self._timed_from, self._settled_to)
        self._timed = {check_id for check_id in self._timed | set(new) if check_id > self._timed_from}
        return tuple(found)


async def _ended(connection: AsyncConnection, above: int, to: int | None) -> Counter[Ended]:
    within: list[ColumnElement[bool]] = [CHECKS.c.id > above] + ([] if to is None else [CHECKS.c.id <= to])
    repeated = CHECKS.c.repeats_check_id.is_not(None)
    key = (CHECKS.c.status, CHECKS.c.label, CHECKS.c.error_code, repeated)
    over = CHECKS.c.status.in_((CheckStatus.DONE, CheckStatus.FAILED, CheckStatus.CANCELLED))
    wanted: Any = select(*key, func.count()).where(*within, over).group_by(*key)
    counted: Counter[Ended] = Counter()
    for status, label, code, is_repeat, number in await connection.execute(wanted):
        if status == CheckStatus.DONE:
            counted["repeated" if is_repeat else "done", label] += number
        else:
            counted[status, code or ""] += number
    return counted


async def _times(connection: AsyncConnection, check_ids: list[int]) -> Any:
    for start in range(0, len(check_ids), 100):
        ids = check_ids[start : start + 100]
        wanted = select(CHECKS.c.report_json).where(CHECKS.c.id.in_(ids)).order_by(CHECKS.c.id)
        for report in await connection.scalars(wanted):
            yield _timings_of(report)


def _timings_of(text: str | None) -> Mapping[str, float]:
    """Return the times of a stored report; of one that another version wrote in another way, none."""
    try:
        times = json.loads(text or "{}").get("timings_s", {})
        return {str(stage): float(seconds) for stage, seconds in times.items()}
    except (ValueError, TypeError, AttributeError):
        return {}
