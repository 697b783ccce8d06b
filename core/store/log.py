"""Reading the log: which checks there were."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Result, Row, func, select

from core.store.checks import asker_of
from core.store.database import Database
from core.store.rows import CheckStatus, HistoryFilter, HistoryRow
from core.store.tables import CHECKS
from core.types import VerdictLabel

_SHOWN = (
    CHECKS.c.id,
    CHECKS.c.requested_at,
    CHECKS.c.started_at,
    CHECKS.c.finished_at,
    CHECKS.c.source_name,
    CHECKS.c.clip_sha256,
    CHECKS.c.status,
    CHECKS.c.label,
    CHECKS.c.probability_fake,
    CHECKS.c.error_sentence,
    CHECKS.c.origin,
    CHECKS.c.requester_id,
    CHECKS.c.guild_id,
    CHECKS.c.channel_id,
    CHECKS.c.message_id,
    CHECKS.c.poster_id,
    CHECKS.c.attachment_id,
    CHECKS.c.locale,
    CHECKS.c.priority,
    CHECKS.c.repeats_check_id,
)


class LogRepository:
    """The history of checks, newest first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, wanted: HistoryFilter) -> tuple[HistoryRow, ...]:
        """Return the checks that match every condition of `wanted`."""
        statement = (
            select(*_SHOWN)
            .where(*_conditions(wanted))
            .order_by(CHECKS.c.requested_at.desc(), CHECKS.c.id.desc())
            .limit(wanted.limit)
            .offset(wanted.offset)
        )
        async with self._database.reading() as connection:
            rows: Result[Any] = await connection.execute(statement)
            return tuple(_history_row(row) for row in rows)

    async def count(self, wanted: HistoryFilter) -> int:
        """Return how many checks match; `limit` and `offset` do not count."""
        counted = select(func.count()).select_from(CHECKS).where(*_conditions(wanted))
        async with self._database.reading() as connection:
            return await connection.scalar(counted) or 0


def _conditions(wanted: HistoryFilter) -> Iterator[ColumnElement[bool]]:
    for column, value in (
        (CHECKS.c.label, wanted.verdict),
        (CHECKS.c.status, wanted.status),
        (CHECKS.c.origin, wanted.origin),
        (CHECKS.c.guild_id, wanted.guild_id),
        (CHECKS.c.requester_id, wanted.requester_id),
        (CHECKS.c.channel_id, wanted.channel_id),
    ):
        if value is not None:
            yield column == value
    if wanted.since is not None:
        yield CHECKS.c.requested_at >= wanted.since
    if wanted.until is not None:
        yield CHECKS.c.requested_at < wanted.until
    if wanted.sha256_prefix:
        yield CHECKS.c.clip_sha256.startswith(wanted.sha256_prefix.lower(), autoescape=True)


def _history_row(row: Row[Any]) -> HistoryRow:
    ended = row.started_at is not None and row.finished_at is not None
    return HistoryRow(
        id=row.id,
        requested_at=row.requested_at,
        source_name=row.source_name,
        clip_sha256=row.clip_sha256,
        status=CheckStatus(row.status),
        label=None if row.label is None else VerdictLabel(row.label),
        probability_fake=row.probability_fake,
        error_sentence=row.error_sentence,
        asker=asker_of(row),
        took_s=(row.finished_at - row.started_at).total_seconds() if ended else None,
        repeats_check_id=row.repeats_check_id,
    )
