"""The queue: which check is next, who works on it, and that it is answered once.

Any engine that hands out checks stands behind these methods. Here the rows themselves are the queue.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store import answers, serialise
from core.store.checks import UNLEASED, check_of, failure_values, repeat_values
from core.store.database import Database
from core.store.rows import Check, CheckStatus
from core.store.tables import CHECKS
from core.types import Progress, Report


class QueueRepository:
    """The rows of `checks`, as workers see them.

    A claim is the `Check` that `claim` gave out. It names the worker and the attempt, and every later call changes
    the row only while it is still running under that claim: a worker that was taken for dead cannot answer twice.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, worker: str, now: datetime, lease: timedelta) -> Check | None:
        """Take the next queued check for `worker` until `now + lease`; None when nothing waits.

        The next is the oldest of the lowest priority.

        Two workers never get the same check: the row changes only while it is still queued.
        """
        if not await self._any(CHECKS.c.status == CheckStatus.QUEUED):
            return None  # An idle worker only reads, so that it never holds up who asks.
        first = (
            select(CHECKS.c.id)
            .where(CHECKS.c.status == CheckStatus.QUEUED)
            .order_by(CHECKS.c.priority, CHECKS.c.requested_at, CHECKS.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        values = {
            "status": CheckStatus.RUNNING,
            "worker": worker,
            "started_at": now,
            "heartbeat_at": now,
            "lease_until": now + lease,
            "attempts": CHECKS.c.attempts + 1,
        }
        taking = update(CHECKS).where(CHECKS.c.id == first, CHECKS.c.status == CheckStatus.QUEUED).values(values)
        async with self._database.writing() as connection:
            row = (await connection.execute(taking.returning(*CHECKS.c))).one_or_none()
        return None if row is None else check_of(row)

    async def heartbeat(self, claim: Check, now: datetime, lease: timedelta, progress: Progress | None) -> bool:
        """Prolong a claim and note its progress; False when it was cancelled or given to another worker."""
        values: dict[str, Any] = {"heartbeat_at": now, "lease_until": now + lease}
        if progress is not None:
            values["progress_json"] = serialise.dump_progress(progress)
        async with self._database.writing() as connection:
            return await _change_claimed(connection, claim, values)

    async def finish(self, claim: Check, report: Report, versions_key: str, now: datetime) -> bool:
        """Answer a claimed check, whole; False, and nothing written, when the claim was lost."""
        async with self._database.writing() as connection:
            await answers.write_clip(connection, report, now)
            values = {**answers.columns(report, now), "versions_key": versions_key, "incoming_name": None, **UNLEASED}
            if not await _change_claimed(connection, claim, values):
                await connection.rollback()
                return False
            await answers.write_parts(connection, claim.id, report, now)
            return True

    async def finish_repeat(self, claim: Check, earlier: Check, now: datetime) -> bool:
        """Answer a claimed check with an earlier one of the same clip; False when the claim was lost."""
        values = {**repeat_values(earlier, now), "incoming_name": None, **UNLEASED}
        async with self._database.writing() as connection:
            return await _change_claimed(connection, claim, values)

    async def fail(self, claim: Check, code: str, sentence: str, now: datetime) -> bool:
        """Close a claimed check without an answer; False when the claim was lost."""
        values = {**failure_values(code, sentence, now), "incoming_name": None, **UNLEASED}
        async with self._database.writing() as connection:
            return await _change_claimed(connection, claim, values)

    async def release(self, claim: Check) -> bool:
        """Put a claimed check back as if it had never been claimed; False when the claim was lost."""
        values = {"status": CheckStatus.QUEUED, "started_at": None, "attempts": CHECKS.c.attempts - 1, **UNLEASED}
        async with self._database.writing() as connection:
            return await _change_claimed(connection, claim, values)

    async def requeue_expired(self, now: datetime, max_attempts: int, sentence: str) -> int:
        """Put checks whose worker fell silent back in the queue; return how many.

        One that was claimed `max_attempts` times fails with `sentence` instead.
        """
        expired = and_(CHECKS.c.status == CheckStatus.RUNNING, CHECKS.c.lease_until < now)
        if not await self._any(expired):
            return 0
        failed = {**failure_values("gave_up", sentence, now), "incoming_name": None, **UNLEASED}
        queued = {"status": CheckStatus.QUEUED, "started_at": None, **UNLEASED}
        async with self._database.writing() as connection:
            await connection.execute(update(CHECKS).where(expired, CHECKS.c.attempts >= max_attempts).values(failed))
            return (await connection.execute(update(CHECKS).where(expired).values(queued))).rowcount

    async def _any(self, condition: ColumnElement[bool]) -> bool:
        async with self._database.reading() as connection:
            return await connection.scalar(select(CHECKS.c.id).where(condition).limit(1)) is not None


async def _change_claimed(connection: AsyncConnection, claim: Check, values: dict[str, Any]) -> bool:
    held = and_(
        CHECKS.c.id == claim.id,
        CHECKS.c.status == CheckStatus.RUNNING,
        CHECKS.c.worker == claim.worker,
        CHECKS.c.attempts == claim.attempts,
    )
    return (await connection.execute(update(CHECKS).where(held).values(values))).rowcount == 1
