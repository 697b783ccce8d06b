"""On PostgreSQL: telling the machines that hand out jobs that a check waits.

A job of Procrastinate carries the number of a check and nothing else. It is written in the transaction that makes the
check wait, through the SQL function that Procrastinate's own clients call, so that there is never a waiting check
without a job. A job without a waiting check does no harm: whoever gets it finds nothing to claim.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.tables import CHECKS, UtcDateTime

TASK = "facepulse.check"
"""The name of the task that every job is of."""
RUNG_BY = (CHECKS.c.id, CHECKS.c.queue, CHECKS.c.priority, CHECKS.c.not_before)
"""What `ring` needs to know of a check."""

_RING = text(
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW("
    "CAST(:queue AS text), CAST(:task AS text), CAST(:priority AS integer), NULL, NULL,"
    " jsonb_build_object('check_id', CAST(:check_id AS bigint)), :at)]::procrastinate_job_to_defer_v1[])"
).bindparams(bindparam("at", type_=UtcDateTime()))
# A job in work counts too: its worker is about to claim the check. Jobs of silent workers are cleared away before.
_UNHEARD = text(
    "SELECT id, queue, priority, not_before FROM checks WHERE status = 'queued'"
    " AND (not_before IS NULL OR not_before <= :now)"
    " AND NOT EXISTS (SELECT FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
    " AND args = jsonb_build_object('check_id', checks.id))"
).bindparams(bindparam("now", type_=UtcDateTime()))


async def ring(connection: AsyncConnection, checks: Sequence[Row[*tuple[Any, ...]]]) -> None:
    """Have these waiting checks handed out, given by rows of `RUNG_BY`; does nothing on SQLite."""
    if connection.dialect.name != "postgresql":
        return
    for check in checks:
        values = {
            "queue": check.queue,
            "task": TASK,
            "priority": -check.priority,  # Procrastinate hands out the highest first
            "check_id": check.id,
            "at": check.not_before,
        }
        await connection.execute(_RING, values)


async def ring_by(connection: AsyncConnection, condition: ColumnElement[bool]) -> None:
    """Have the checks handed out that meet a condition; does nothing on SQLite."""
    if connection.dialect.name == "postgresql":
        await ring(connection, (await connection.execute(select(*RUNG_BY).where(condition))).all())


async def ring_again(connection: AsyncConnection, now: datetime) -> int:
    """Have waiting checks handed out whose job was lost with the worker that got it; return how many.

    A job that a silent worker still seems to work on must have been deleted before.
    """
    if connection.dialect.name != "postgresql":
        return 0
    unheard = (await connection.execute(_UNHEARD, {"now": now})).all()
    await ring(connection, unheard)
    return len(unheard)
