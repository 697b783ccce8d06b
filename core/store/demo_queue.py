"""The queue of demos, as workers see it: what comes after the checks."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store import serialise
from core.store.database import Database
from core.store.demo_rows import Demo, Made, dump_provenance
from core.store.demo_tables import DEMOS, SWAP_MODELS
from core.store.demos import UNLEASED, read_demos
from core.store.rows import GAVE_UP, CheckStatus
from core.store.swap_models import USABLE
from core.store.tables import CHECKS
from core.types import Progress

LOOKED_AT = 20
"""Waiting demos that a worker looks at: it may not have the networks of all."""


class DemoQueueRepository:
    """The rows of `demos`, as workers see them. A claim is the `Demo` that `claim` gave out."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def waiting(self, now: datetime) -> tuple[Demo, ...]:
        """Return the first demos that wait and may begin, the oldest first."""
        due = and_(DEMOS.c.status == CheckStatus.QUEUED, or_(DEMOS.c.not_before.is_(None), DEMOS.c.not_before <= now))
        async with self._database.reading() as connection:
            return await read_demos(connection, due, oldest=LOOKED_AT)

    async def checks_first(self, worker: str, now: datetime, queues: Collection[str] | None) -> bool:
        """Return whether a check of these queues (None: of all) waits, or is in work at `worker`."""
        waits = and_(
            CHECKS.c.status == CheckStatus.QUEUED, or_(CHECKS.c.not_before.is_(None), CHECKS.c.not_before <= now)
        )
        if queues is not None:
            waits = and_(waits, CHECKS.c.queue.in_(queues))
        in_work = and_(CHECKS.c.status == CheckStatus.RUNNING, CHECKS.c.worker == worker)
        async with self._database.reading() as connection:
            return await connection.scalar(select(CHECKS.c.id).where(or_(waits, in_work)).limit(1)) is not None

    async def claim(self, number: int, worker: str, now: datetime, lease: timedelta) -> Demo | None:
        """Take a waiting demo for `worker`; None when it does not wait any more, or its network was withdrawn."""
        usable = select(SWAP_MODELS.c.id).where(SWAP_MODELS.c.id == DEMOS.c.model_id, USABLE).exists()
        values = {
            "status": CheckStatus.RUNNING,
            "worker": worker,
            "started_at": now,
            "heartbeat_at": now,
            "lease_until": now + lease,
            "attempts": DEMOS.c.attempts + 1,
            "error_code": None,
            "error_sentence": None,
            "not_before": None,
        }
        taking = update(DEMOS).where(DEMOS.c.id == number, DEMOS.c.status == CheckStatus.QUEUED, usable)
        async with self._database.writing() as connection:
            if (await connection.execute(taking.values(values))).rowcount != 1:
                return None
            return (await read_demos(connection, DEMOS.c.id == number))[0]

    async def heartbeat(self, claim: Demo, now: datetime, lease: timedelta, progress: Progress | None) -> bool:
        """Prolong a claim and note its progress; False when it was cancelled or given to another worker."""
        values: dict[str, Any] = {"heartbeat_at": now, "lease_until": now + lease}
        if progress is not None:
            values["progress_json"] = serialise.dump_progress(progress)
        return await self._change(claim, values)

    async def finish(self, claim: Demo, made: Made, now: datetime) -> bool:
        """Note that a claimed demo is made; False, and nothing written, when the claim was lost."""
        values = {
            "status": CheckStatus.DONE,
            "finished_at": now,
            "demo_id": made.provenance.demo_id,
            "provenance_json": dump_provenance(made.provenance),
            "file_name": made.file_name,
            "file_sha256": made.sha256,
            "size_bytes": made.size_bytes,
            "incoming_name": None,
            **UNLEASED,
        }
        return await self._change(claim, values)

    async def fail(self, claim: Demo, code: str, sentence: str, now: datetime) -> bool:
        """Close a claimed demo that cannot be made; False when the claim was lost."""
        return await self._change(claim, {**_failed(code, sentence, now), **UNLEASED})

    async def release(self, claim: Demo) -> bool:
        """Put a claimed demo back as if it had never been claimed; False when the claim was lost."""
        values = {"status": CheckStatus.QUEUED, "started_at": None, "attempts": DEMOS.c.attempts - 1, **UNLEASED}
        return await self._change(claim, values)

    async def retry_later(self, claim: Demo, not_before: datetime) -> bool:
        """Put a claimed demo back to be tried again from then on; False when the claim was lost."""
        values = {"status": CheckStatus.QUEUED, "started_at": None, "not_before": not_before, **UNLEASED}
        return await self._change(claim, values)

    async def give_up(self, now: datetime, max_attempts: int, dead: str, before: datetime, lonely: str) -> int:
        """Put demos of silent workers back in the queue; return how many changed.

        One that was claimed `max_attempts` times fails with the sentence `dead`; one that waits since before `before`
        fails with `lonely`: no machine took it.
        """
        expired = and_(DEMOS.c.status == CheckStatus.RUNNING, DEMOS.c.lease_until < now)
        stale = and_(DEMOS.c.status == CheckStatus.QUEUED, DEMOS.c.requested_at < before)
        if not await self._any(or_(expired, stale)):
            return 0
        queued = {"status": CheckStatus.QUEUED, "started_at": None, **UNLEASED}
        async with self._database.writing() as connection:
            tried = expired, DEMOS.c.attempts >= max_attempts
            changed = await _update(connection, _failed(GAVE_UP, dead, now) | UNLEASED, *tried)
            changed += await _update(connection, queued, expired)
            return changed + await _update(connection, _failed(GAVE_UP, lonely, now), stale)

    async def _change(self, claim: Demo, values: dict[str, Any]) -> bool:
        held = (
            DEMOS.c.id == claim.id,
            DEMOS.c.status == CheckStatus.RUNNING,
            DEMOS.c.worker == claim.worker,
            DEMOS.c.attempts == claim.attempts,
        )
        async with self._database.writing() as connection:
            return await _update(connection, values, *held) == 1

    async def _any(self, condition: ColumnElement[bool]) -> bool:
        async with self._database.reading() as connection:
            return await connection.scalar(select(DEMOS.c.id).where(condition).limit(1)) is not None


def _failed(code: str, sentence: str, now: datetime) -> dict[str, Any]:
    return {
        "status": CheckStatus.FAILED,
        "error_code": code,
        "error_sentence": sentence,
        "finished_at": now,
        "incoming_name": None,
    }


async def _update(connection: AsyncConnection, values: dict[str, Any], *conditions: ColumnElement[bool]) -> int:
    return (await connection.execute(update(DEMOS).where(*conditions).values(values))).rowcount
