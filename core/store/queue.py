"""The queue: which check is next, who works on it, and that it is answered once.

Any engine that hands out checks stands behind these methods. Here the rows themselves are the queue.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store import answers, bell, serialise
from core.store.checks import UNLEASED, check_of, failure_values, repeat_values
from core.store.database import Database
from core.store.rows import DEAD_LETTERS, GAVE_UP, Check, CheckStatus
from core.store.tables import CHECKS
from core.types import Progress, Report

_ORDER = CHECKS.c.priority, CHECKS.c.requested_at, CHECKS.c.id
_UNTROUBLED: dict[str, None] = {"error_code": None, "error_sentence": None, "not_before": None}


class QueueRepository:
    """The rows of `checks`, as workers see them.

    A claim is the `Check` that `claim` gave out. It names the worker and the attempt, and every later call changes
    the row only while it is still running under that claim: a worker that was taken for dead cannot answer twice.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(
        self, worker: str, now: datetime, lease: timedelta, queues: Collection[str] | None = None
    ) -> Check | None:
        """Take the next queued check for `worker` until `now + lease`; None when nothing waits that may begin.

        The next is the oldest of the lowest priority, of all `queues` when none are named.

        Two workers never get the same check: the row changes only while it is still queued.
        """
        due = _due(now, queues)
        if not await self._any(due):
            return None  # An idle worker only reads, so that it never holds up who asks.
        first = (
            select(CHECKS.c.id)
            .where(due)
            .order_by(*_ORDER)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        return await self._take(CHECKS.c.id == first, worker, now, lease)

    async def claim_one(self, check_id: int, worker: str, now: datetime, lease: timedelta) -> Check | None:
        """Take this check for `worker`, whatever else waits; None when it does not wait any more."""
        return await self._take(CHECKS.c.id == check_id, worker, now, lease)

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
        """Close a claimed check without an answer; False when the claim was lost.

        A dead letter keeps its clip, so that a person can have it tried again.
        """
        values = {**failure_values(code, sentence, now), **UNLEASED}
        if code not in DEAD_LETTERS:
            values["incoming_name"] = None
        async with self._database.writing() as connection:
            return await _change_claimed(connection, claim, values)

    async def release(self, claim: Check) -> bool:
        """Put a claimed check back as if it had never been claimed; False when the claim was lost."""
        values = {"status": CheckStatus.QUEUED, "started_at": None, "attempts": CHECKS.c.attempts - 1, **UNLEASED}
        return await self._put_back(claim, values)

    async def retry_later(self, claim: Check, not_before: datetime, code: str, sentence: str) -> bool:
        """Put a claimed check back to be tried again from then on, with what went wrong; False when it was lost."""
        values = {"status": CheckStatus.QUEUED, "started_at": None, "not_before": not_before, **UNLEASED}
        return await self._put_back(claim, {**values, "error_code": code, "error_sentence": sentence})

    async def revive(self, check_id: int) -> bool:
        """Put a dead letter back as if it had just been asked; False when this check is none."""
        dead = and_(
            CHECKS.c.id == check_id,
            CHECKS.c.status == CheckStatus.FAILED,
            CHECKS.c.error_code.in_(DEAD_LETTERS),
            CHECKS.c.incoming_name.is_not(None),
        )
        values = {"status": CheckStatus.QUEUED, "started_at": None, "finished_at": None, "attempts": 0,
                  "answered_at": None, "answering_until": None, **_UNTROUBLED, **UNLEASED}  # fmt: skip
        async with self._database.writing() as connection:
            revived = (await connection.execute(update(CHECKS).where(dead).values(values))).rowcount == 1
            if revived:
                await bell.ring_by(connection, CHECKS.c.id == check_id)
            return revived

    async def open_checks(self, limit: int) -> tuple[Check, ...]:
        """Return the running checks and after them the queued ones, in the order in which they are taken."""
        states = (CheckStatus.RUNNING, CheckStatus.QUEUED)
        order = case((CHECKS.c.status == CheckStatus.RUNNING, 0), else_=1), *_ORDER
        return await self._list(select(CHECKS).where(CHECKS.c.status.in_(states)).order_by(*order).limit(limit))

    async def dead_letters(self, limit: int) -> tuple[Check, ...]:
        """Return the checks that were given up and can be tried again, the last first."""
        dead = (
            CHECKS.c.status == CheckStatus.FAILED,
            CHECKS.c.error_code.in_(DEAD_LETTERS),
            CHECKS.c.incoming_name.is_not(None),
        )
        return await self._list(select(CHECKS).where(*dead).order_by(CHECKS.c.finished_at.desc()).limit(limit))

    async def requeue_expired(self, now: datetime, max_attempts: int, sentence: str) -> int:
        """Put checks whose worker fell silent back in the queue; return how many.

        One that was claimed `max_attempts` times fails with `sentence` instead.
        """
        expired = and_(CHECKS.c.status == CheckStatus.RUNNING, CHECKS.c.lease_until < now)
        if not await self._any(expired):
            return 0
        failed = {**failure_values(GAVE_UP, sentence, now), **UNLEASED}
        queued = {"status": CheckStatus.QUEUED, "started_at": None, **UNLEASED}
        async with self._database.writing() as connection:
            await connection.execute(update(CHECKS).where(expired, CHECKS.c.attempts >= max_attempts).values(failed))
            back = await connection.execute(update(CHECKS).where(expired).values(queued).returning(*bell.RUNG_BY))
            rows = back.all()
            await bell.ring(connection, rows)
            return len(rows)

    async def ring_again(self, now: datetime) -> int:
        """On PostgreSQL: have waiting checks handed out whose job got lost; return how many."""
        async with self._database.writing() as connection:
            return await bell.ring_again(connection, now)

    async def _take(self, condition: ColumnElement[bool], worker: str, now: datetime, lease: timedelta) -> Check | None:
        values = {
            "status": CheckStatus.RUNNING,
            "worker": worker,
            "started_at": now,
            "heartbeat_at": now,
            "lease_until": now + lease,
            "attempts": CHECKS.c.attempts + 1,
            **_UNTROUBLED,
        }
        taking = update(CHECKS).where(condition, CHECKS.c.status == CheckStatus.QUEUED).values(values)
        async with self._database.writing() as connection:
            row = (await connection.execute(taking.returning(*CHECKS.c))).one_or_none()
        return None if row is None else check_of(row)

    async def _put_back(self, claim: Check, values: dict[str, Any]) -> bool:
        async with self._database.writing() as connection:
            changed = await _change_claimed(connection, claim, values)
            if changed:
                await bell.ring_by(connection, CHECKS.c.id == claim.id)
            return changed

    async def _list(self, wanted: Select[Any]) -> tuple[Check, ...]:
        async with self._database.reading() as connection:
            return tuple(check_of(row) for row in await connection.execute(wanted))

    async def _any(self, condition: ColumnElement[bool]) -> bool:
        async with self._database.reading() as connection:
            return await connection.scalar(select(CHECKS.c.id).where(condition).limit(1)) is not None


def _due(now: datetime, queues: Collection[str] | None) -> ColumnElement[bool]:
    waits = and_(CHECKS.c.status == CheckStatus.QUEUED, or_(CHECKS.c.not_before.is_(None), CHECKS.c.not_before <= now))
    return waits if queues is None else and_(waits, CHECKS.c.queue.in_(queues))


async def _change_claimed(connection: AsyncConnection, claim: Check, values: dict[str, Any]) -> bool:
    held = and_(
        CHECKS.c.id == claim.id,
        CHECKS.c.status == CheckStatus.RUNNING,
        CHECKS.c.worker == claim.worker,
        CHECKS.c.attempts == claim.attempts,
    )
    return (await connection.execute(update(CHECKS).where(held).values(values))).rowcount == 1
