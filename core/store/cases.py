"""Cases: flagged checks, who noted what on them, and what moderators decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store import audit
from core.store.case_rows import Case, CaseFilter, CaseState, Dispute, FlagKind
from core.store.checks import check_of
from core.store.database import Database, insert_missing
from core.store.moderation_tables import CASES, DISPUTES
from core.store.rows import CheckStatus
from core.store.tables import CHECKS

_JOINED = select(CHECKS, *(column.label(f"case_{column.name}") for column in CASES.c)).join(
    CASES, CASES.c.check_id == CHECKS.c.id
)
_KNOWN = CHECKS.c.expired_at.is_(None)


@dataclass(frozen=True, slots=True)
class Note:
    """What a person says about a check."""

    kind: FlagKind
    by: int | None
    text: str | None


class CaseRepository:
    """The rows of `cases` with their checks. A check whose time is over is no case any more."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, check_id: int, note: Note, now: datetime) -> Case | None:
        """Put a check before the moderators, with what was noted; one that is there already stays as it is.

        A person has one note of a kind on a check: a later one replaces it. Somebody's first dispute of a decided
        case opens it again. None when there is no answered check of this number in a server.
        """
        async with self._database.writing() as connection:
            guild_id = await _answered_in(connection, check_id)
            if guild_id is None:
                return None
            values = {
                "check_id": check_id,
                "guild_id": guild_id,
                "state": CaseState.OPEN,
                "kind": note.kind,
                "flagged_by": note.by,
                "flagged_at": now,
            }
            await connection.execute(insert_missing(connection, CASES).values(values))
            if note.text:
                is_first = await _write_note(connection, check_id, note, now)
                if is_first and note.kind is FlagKind.DISPUTE:
                    await connection.execute(update(CASES).where(CASES.c.check_id == check_id).values(_UNDECIDED))
            return await _read(connection, check_id)

    async def decide(
        self, check_id: int, state: CaseState, by: int, reason: str | None, *, from_states: tuple[CaseState, ...],
        now: datetime,
    ) -> Case | None:  # fmt: skip
        """Decide a case that is in one of `from_states`, and note it in the audit log; None when it is in none."""
        values = {"state": state, "decided_by": by, "decided_at": now, "reason": reason}
        details = {"state": state.value, "reason": reason}
        return await self._change(check_id, from_states, values, ("case.decide", by, details), now)

    async def assign(self, check_id: int, by: int, to: int | None, now: datetime) -> Case | None:
        """Give an open case to a moderator, or to nobody, and note it in the audit log; None when it is not open."""
        return await self._change(
            check_id, (CaseState.OPEN,), {"assigned_to": to}, ("case.assign", by, {"to": to}), now
        )

    async def set_log_message(self, check_id: int, channel_id: int, message_id: int) -> None:
        """Remember the message that shows a case to the moderators."""
        values = {"log_channel_id": channel_id, "log_message_id": message_id}
        async with self._database.writing() as connection:
            await connection.execute(update(CASES).where(CASES.c.check_id == check_id).values(values))

    async def get(self, check_id: int) -> Case | None:
        """Return a case, or None when this check is none."""
        async with self._database.reading() as connection:
            return await _read(connection, check_id)

    async def next_open(self, guild_id: int, for_user: int | None) -> Case | None:
        """Return the oldest open case of a server: first those of `for_user`, last those of others."""
        whose = case((CASES.c.assigned_to == for_user, 0), (CASES.c.assigned_to.is_(None), 1), else_=2)
        wanted = (
            _JOINED.where(CASES.c.guild_id == guild_id, CASES.c.state == CaseState.OPEN, _KNOWN)
            .order_by(whose, CASES.c.flagged_at, CASES.c.check_id)
            .limit(1)
        )
        async with self._database.reading() as connection:
            found = await _cases(connection, wanted)
            return found[0] if found else None

    async def doubted(self, check_id: int, guild_id: int) -> int | None:
        """Return the newest case of a server about the clip of this check that was dismissed or disputed, or None."""
        clip = select(CHECKS.c.clip_sha256).where(CHECKS.c.id == check_id).scalar_subquery()
        disputed = (
            select(DISPUTES.c.id)
            .where(DISPUTES.c.check_id == CASES.c.check_id, DISPUTES.c.kind == FlagKind.DISPUTE)
            .exists()
        )
        doubts = or_(CASES.c.state == CaseState.DISMISSED, and_(CASES.c.state == CaseState.OPEN, disputed))
        wanted = (
            select(CASES.c.check_id)
            .join(CHECKS, CASES.c.check_id == CHECKS.c.id)
            .where(CASES.c.guild_id == guild_id, CHECKS.c.clip_sha256 == clip, _KNOWN, doubts)
            .order_by(CASES.c.check_id.desc())
            .limit(1)
        )
        async with self._database.reading() as connection:
            number: int | None = await connection.scalar(wanted)
            return number

    async def find(self, wanted: CaseFilter) -> tuple[Case, ...]:
        """Return the cases that match, the last flagged first."""
        ordered = _JOINED.where(*_conditions(wanted)).order_by(CASES.c.flagged_at.desc(), CASES.c.check_id.desc())
        async with self._database.reading() as connection:
            return await _cases(connection, ordered.limit(wanted.limit).offset(wanted.offset))

    async def count(self, wanted: CaseFilter) -> int:
        """Return how many cases match; `limit` and `offset` do not count."""
        counted = select(func.count()).select_from(CASES.join(CHECKS, CASES.c.check_id == CHECKS.c.id))
        async with self._database.reading() as connection:
            return await connection.scalar(counted.where(*_conditions(wanted))) or 0

    async def _change(
        self,
        check_id: int,
        from_states: tuple[CaseState, ...],
        values: dict[str, Any],
        act: tuple[str, int, dict[str, Any]],
        now: datetime,
    ) -> Case | None:
        action, by, details = act
        held = CASES.c.check_id == check_id, CASES.c.state.in_(from_states)
        async with self._database.writing() as connection:
            changed = await connection.execute(update(CASES).where(*held).values(values))
            found = await _read(connection, check_id)
            if changed.rowcount != 1 or found is None:
                await connection.rollback()
                return None
            await audit.insert_entry(
                connection, audit.NewEntry(found.guild_id, by, action, check_id, details, None), now
            )
            return found


_UNDECIDED = {"state": CaseState.OPEN, "decided_by": None, "decided_at": None, "reason": None}


async def _answered_in(connection: AsyncConnection, check_id: int) -> int | None:
    wanted = select(CHECKS.c.guild_id).where(CHECKS.c.id == check_id, CHECKS.c.status == CheckStatus.DONE, _KNOWN)
    # Locked, so that two notes of one person on one check come one after the other.
    guild_id: int | None = await connection.scalar(wanted.with_for_update())
    return guild_id


async def _write_note(connection: AsyncConnection, check_id: int, note: Note, now: datetime) -> bool:
    """Write a note, over an earlier one of the same person; say whether it is their first."""
    theirs = (DISPUTES.c.check_id == check_id, DISPUTES.c.kind == note.kind, DISPUTES.c.user_id == note.by)
    text = {"note": note.text, "noted_at": now}
    if (await connection.execute(update(DISPUTES).where(*theirs).values(text))).rowcount:
        return False
    await connection.execute(insert(DISPUTES).values(check_id=check_id, kind=note.kind, user_id=note.by, **text))
    return True


async def read_cases(connection: AsyncConnection, condition: ColumnElement[bool]) -> tuple[Case, ...]:
    """Return the cases that meet a condition on their columns or those of their checks, in the order of numbers."""
    return await _cases(connection, _JOINED.where(condition, _KNOWN).order_by(CASES.c.check_id))


async def _read(connection: AsyncConnection, check_id: int) -> Case | None:
    found = await _cases(connection, _JOINED.where(CASES.c.check_id == check_id, _KNOWN))
    return found[0] if found else None


async def _cases(connection: AsyncConnection, wanted: Select[Any]) -> tuple[Case, ...]:
    rows = (await connection.execute(wanted)).all()
    noted: dict[int, list[Dispute]] = {row.id: [] for row in rows}
    notes = select(DISPUTES).where(DISPUTES.c.check_id.in_(noted)).order_by(DISPUTES.c.id)
    for note in await connection.execute(notes) if noted else ():
        noted[note.check_id].append(Dispute(note.user_id, note.note, note.noted_at, FlagKind(note.kind)))
    return tuple(_case_of(row, tuple(noted[row.id])) for row in rows)


def _conditions(wanted: CaseFilter) -> Iterator[ColumnElement[bool]]:
    yield CASES.c.guild_id == wanted.guild_id
    yield _KNOWN
    if wanted.poster_id is not None:
        yield CHECKS.c.poster_id == wanted.poster_id
    if wanted.verdict is not None:
        yield CHECKS.c.label == wanted.verdict
    if wanted.state is not None:
        yield CASES.c.state == wanted.state
    if wanted.since is not None:
        yield CASES.c.flagged_at >= wanted.since


def _case_of(row: Row[Any], disputes: tuple[Dispute, ...]) -> Case:
    return Case(
        check=check_of(row),
        guild_id=row.case_guild_id,
        state=CaseState(row.case_state),
        kind=FlagKind(row.case_kind),
        flagged_by=row.case_flagged_by,
        flagged_at=row.case_flagged_at,
        assigned_to=row.case_assigned_to,
        decided_by=row.case_decided_by,
        decided_at=row.case_decided_at,
        reason=row.case_reason,
        log_channel_id=row.case_log_channel_id,
        log_message_id=row.case_log_message_id,
        disputes=disputes,
    )
