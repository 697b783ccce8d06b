"""The end of a check's time: its row stays as a count, everything else goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.case_rows import CaseState
from core.store.database import Database
from core.store.moderation_tables import AUDIT, CASES, DISPUTES
from core.store.rows import CheckStatus, Origin
from core.store.tables import CHECKS, CLIPS, EVIDENCE

AT_ONCE = 500
"""Rows of one transaction: others want to write in between."""

FINAL = tuple(status for status in CheckStatus if status.is_final)


class ExpiryRepository:
    """What retention does to the log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def guilds(self) -> tuple[int | None, ...]:
        """Return the servers, None for direct messages, that have checks from Discord which did not expire."""
        asked = CHECKS.c.origin.in_((Origin.DISCORD, Origin.SCAN))
        wanted = select(CHECKS.c.guild_id).where(asked, CHECKS.c.expired_at.is_(None)).distinct()
        async with self._database.reading() as connection:
            return tuple(await connection.scalars(wanted))

    async def expire(self, guild_id: int | None, before: datetime, now: datetime) -> tuple[int, ...]:
        """Let at most `AT_ONCE` finished checks of a server expire that were asked for before `before`; return them."""
        due = (
            select(CHECKS.c.id)
            .where(
                CHECKS.c.guild_id.is_(None) if guild_id is None else CHECKS.c.guild_id == guild_id,
                CHECKS.c.origin.in_((Origin.DISCORD, Origin.SCAN)),
                CHECKS.c.requested_at < before,
                CHECKS.c.status.in_(FINAL),
                CHECKS.c.expired_at.is_(None),
            )
            .order_by(CHECKS.c.requested_at)
            .limit(AT_ONCE)
        )
        async with self._database.writing() as connection:
            numbers = tuple(await connection.scalars(due))
            if numbers:
                await empty(connection, numbers, now)
                await _close(connection, numbers)
            return numbers

    async def decided_or_gone(self, check_ids: Sequence[int], unflagged_before: datetime) -> frozenset[int]:
        """Return which of these checks need no evidence kept.

        Those are: decided, without an answer, expired or not in the log, and those finished before `unflagged_before`
        that nobody flagged.
        """
        needed: set[int] = set()
        async with self._database.reading() as connection:
            for part in parts(check_ids):
                wanted: Any = (
                    select(CHECKS.c.id, CHECKS.c.finished_at, CASES.c.state)
                    .outerjoin(CASES, CASES.c.check_id == CHECKS.c.id)
                    .where(
                        CHECKS.c.id.in_(part),
                        CHECKS.c.expired_at.is_(None),
                        CHECKS.c.status.not_in((CheckStatus.FAILED, CheckStatus.CANCELLED)),
                    )
                )
                for row in await connection.execute(wanted):
                    young = row.finished_at is None or row.finished_at >= unflagged_before
                    if row.state == CaseState.OPEN or (row.state is None and young):
                        needed.add(row.id)
        return frozenset(check_ids) - needed


def parts(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield `numbers` in pieces that fit into one statement."""
    for start in range(0, len(numbers), AT_ONCE):
        yield numbers[start : start + AT_ONCE]


async def empty(connection: AsyncConnection, check_ids: Sequence[int], now: datetime) -> None:
    """Take the content out of finished checks: report, evidence, hash, names, ids of messages. People stay."""
    values = {
        "expired_at": now,
        "clip_sha256": None,
        "report_json": None,
        "probability_fake": None,
        "source_name": "",
        "error_sentence": case((CHECKS.c.error_sentence.is_not(None), ""), else_=None),
        "channel_id": None,
        "message_id": None,
        "answer_message_id": None,
        "answer_channel_id": None,
        "attachment_id": None,
        "progress_json": None,
        "incoming_name": None,
    }
    for part in parts(check_ids):
        these = CHECKS.c.id.in_(part)
        clips = set(await connection.scalars(select(CHECKS.c.clip_sha256).where(these))) - {None}
        await connection.execute(update(CHECKS).where(these).values(values))
        await connection.execute(delete(EVIDENCE).where(EVIDENCE.c.check_id.in_(part)))
        used = select(CHECKS.c.id).where(CHECKS.c.clip_sha256 == CLIPS.c.sha256).exists()
        await connection.execute(delete(CLIPS).where(CLIPS.c.sha256.in_(clips), ~used))


async def _close(connection: AsyncConnection, check_ids: Sequence[int]) -> None:
    """Take the people out of expired checks, their cases and the acts about them; a case nobody decided goes."""
    nobody = {"requester_id": None, "poster_id": None, "locale": None}
    await connection.execute(update(CHECKS).where(CHECKS.c.id.in_(check_ids)).values(nobody))
    these = CASES.c.check_id.in_(check_ids)
    await connection.execute(delete(DISPUTES).where(DISPUTES.c.check_id.in_(check_ids)))
    await connection.execute(delete(CASES).where(these, CASES.c.state == CaseState.OPEN))
    blank = dict.fromkeys(("flagged_by", "assigned_to", "decided_by", "reason", "log_channel_id", "log_message_id"))
    await connection.execute(update(CASES).where(these).values(blank))
    acts = update(AUDIT).where(AUDIT.c.check_id.in_(check_ids)).values(details_json={}, undo_json=None)
    await connection.execute(acts)
