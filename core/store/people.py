"""One person in the log: what is stored about them, and forgetting them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, String, and_, cast, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store import audit, demo_people, expiry
from core.store.case_rows import AuditEntry, Case, CaseState, Dispute, FlagKind
from core.store.cases import read_cases
from core.store.checks import UNLEASED, check_of
from core.store.database import Database
from core.store.demo_people import NO_DEMOS, ForgottenDemos
from core.store.demo_rows import Demo
from core.store.moderation_tables import AUDIT, CASES, DISPUTES
from core.store.redact import redacted, redacted_text
from core.store.rows import Check, CheckStatus
from core.store.tables import CHECKS

OPEN_STATES = (CheckStatus.QUEUED, CheckStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class PersonalRecord:
    """Everything that holds the id of one person. `named` are acts of others that mention them."""

    asked: tuple[Check, ...]
    posted: tuple[Check, ...]
    cases: tuple[Case, ...]
    notes: tuple[tuple[int, Dispute], ...]
    acted: tuple[AuditEntry, ...]
    named: tuple[AuditEntry, ...]
    demos: tuple[Demo, ...] = ()


@dataclass(frozen=True, slots=True)
class ForgottenRows:
    """What forgetting changed; the files of these checks are still to be deleted.

    `emptied` checks have no content left; `waiting_names` are clips of questions that were taken back; `without_name`
    are checks that moderators keep, of which `under_review` are not decided.
    """

    emptied: tuple[int, ...]
    without_name: tuple[int, ...]
    under_review: tuple[int, ...]
    waiting_names: tuple[str, ...]
    cancelled: int
    notes: int
    acts: int
    demos: ForgottenDemos = NO_DEMOS


class PeopleRepository:
    """The log as one person may see it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, user_id: int) -> PersonalRecord:
        """Return everything that is stored with the id of a user."""
        async with self._database.reading() as connection:
            return PersonalRecord(
                asked=await _checks(connection, CHECKS.c.requester_id == user_id),
                posted=await _checks(connection, CHECKS.c.poster_id == user_id),
                cases=await read_cases(connection, _has_part_in_case(user_id)),
                notes=await _notes(connection, user_id),
                acted=await _entries(connection, or_(AUDIT.c.actor_id == user_id, AUDIT.c.undone_by == user_id)),
                named=await _entries(connection, _mentions(user_id)),
                demos=await demo_people.of_person(connection, user_id),
            )

    async def forget(self, user_id: int, now: datetime) -> ForgottenRows:
        """Take the id of a user, and what only they brought, out of every row."""
        async with self._database.writing() as connection:
            waiting_names, cancelled = await _take_back(connection, user_id, now)
            kept, under_review, theirs = await _kept_and_theirs(connection, user_id)
            emptied = tuple(number for number in theirs if number not in kept)
            await expiry.empty(connection, emptied, now)
            await _forget_names(connection, user_id, theirs, under_review)
            return ForgottenRows(
                emptied=emptied,
                without_name=tuple(number for number in theirs if number in kept),
                under_review=tuple(number for number in theirs if number in under_review),
                waiting_names=waiting_names,
                cancelled=cancelled,
                notes=await _forget_in_cases(connection, user_id),
                acts=await _forget_in_audit(connection, user_id),
                demos=await demo_people.forget(connection, user_id, now),
            )


def _has_part_in_case(user_id: int) -> ColumnElement[bool]:
    return or_(CASES.c.flagged_by == user_id, CASES.c.assigned_to == user_id, CASES.c.decided_by == user_id)


def _mentions(user_id: int) -> ColumnElement[bool]:
    """A wide net over the JSON as text, which every database has; `redacted` looks closely."""
    number = str(user_id)
    return or_(cast(AUDIT.c.details_json, String).contains(number), cast(AUDIT.c.undo_json, String).contains(number))


async def _checks(connection: AsyncConnection, condition: ColumnElement[bool]) -> tuple[Check, ...]:
    rows = await connection.execute(select(CHECKS).where(condition).order_by(CHECKS.c.id))
    return tuple(check_of(row) for row in rows)


async def _notes(connection: AsyncConnection, user_id: int) -> tuple[tuple[int, Dispute], ...]:
    rows = await connection.execute(select(DISPUTES).where(DISPUTES.c.user_id == user_id).order_by(DISPUTES.c.id))
    return tuple((row.check_id, Dispute(row.user_id, row.note, row.noted_at, FlagKind(row.kind))) for row in rows)


async def _entries(connection: AsyncConnection, condition: ColumnElement[bool]) -> tuple[AuditEntry, ...]:
    rows = await connection.execute(select(AUDIT).where(condition).order_by(AUDIT.c.id))
    return tuple(audit.entry_of(row) for row in rows)


async def _take_back(connection: AsyncConnection, user_id: int, now: datetime) -> tuple[tuple[str, ...], int]:
    """Cancel what a user asked for and is not answered; return the clips that no worker reads, and how many."""
    theirs = and_(CHECKS.c.requester_id == user_id, CHECKS.c.status.in_(OPEN_STATES))
    queued = select(CHECKS.c.incoming_name).where(
        theirs, CHECKS.c.status == CheckStatus.QUEUED, CHECKS.c.incoming_name.is_not(None)
    )
    names = tuple(await connection.scalars(queued))
    values = {"status": CheckStatus.CANCELLED, "finished_at": now, "incoming_name": None, **UNLEASED}
    return names, (await connection.execute(update(CHECKS).where(theirs).values(values))).rowcount


async def _kept_and_theirs(connection: AsyncConnection, user_id: int) -> tuple[set[int], set[int], tuple[int, ...]]:
    """Return the numbers of cases, of open cases, and of all finished checks of clips that this user brought."""
    brought = or_(CHECKS.c.poster_id == user_id, and_(CHECKS.c.poster_id.is_(None), CHECKS.c.requester_id == user_id))
    finished = CHECKS.c.status.not_in(OPEN_STATES)
    theirs = tuple(await connection.scalars(select(CHECKS.c.id).where(brought, finished).order_by(CHECKS.c.id)))
    involved = or_(CHECKS.c.poster_id == user_id, CHECKS.c.requester_id == user_id)
    cases: Any = select(CASES.c.check_id, CASES.c.state).join(CHECKS, CASES.c.check_id == CHECKS.c.id).where(involved)
    states = {row.check_id: row.state for row in await connection.execute(cases)}
    return set(states), {number for number, state in states.items() if state == CaseState.OPEN}, theirs


async def _forget_names(
    connection: AsyncConnection, user_id: int, theirs: tuple[int, ...], under_review: set[int]
) -> None:
    """Take a user out of the columns of `checks`."""
    for part in expiry.parts(theirs):
        await connection.execute(update(CHECKS).where(CHECKS.c.id.in_(part)).values(source_name="", attachment_id=None))
    involved = or_(CHECKS.c.poster_id == user_id, CHECKS.c.requester_id == user_id)
    finished = CHECKS.c.status.not_in(OPEN_STATES)
    # A message leads to its author; moderators still need it to decide.
    links = {"channel_id": None, "message_id": None, "answer_message_id": None, "answer_channel_id": None}
    reviewed = select(CASES.c.check_id).where(CASES.c.state == CaseState.OPEN)
    await connection.execute(update(CHECKS).where(involved, finished, CHECKS.c.id.not_in(reviewed)).values(links))
    named = {"poster_id": None, "source_name": "", "attachment_id": None}
    await connection.execute(update(CHECKS).where(CHECKS.c.poster_id == user_id).values(named))
    await connection.execute(
        update(CHECKS).where(CHECKS.c.requester_id == user_id).values(requester_id=None, locale=None)
    )


async def _forget_in_cases(connection: AsyncConnection, user_id: int) -> int:
    """Take a user out of flags, assignments, notes and reasons; return how many notes and flags were theirs."""
    flags = update(CASES).where(CASES.c.flagged_by == user_id).values(flagged_by=None)
    notes = update(DISPUTES).where(DISPUTES.c.user_id == user_id).values(user_id=None, note="")
    changed = (await connection.execute(flags)).rowcount + (await connection.execute(notes)).rowcount
    await connection.execute(update(CASES).where(CASES.c.assigned_to == user_id).values(assigned_to=None))
    await _rewrite(connection, CASES.c.check_id, CASES.c.reason, user_id)
    await _rewrite(connection, DISPUTES.c.id, DISPUTES.c.note, user_id)
    return changed


async def _rewrite(connection: AsyncConnection, key: Any, column: Any, user_id: int) -> None:
    """Blank the id of a user in texts that others wrote."""
    rows = (await connection.execute(select(key, column).where(column.contains(str(user_id))))).all()
    for number, text in rows:
        values = {column.name: redacted_text(text, user_id)}
        await connection.execute(update(column.table).where(key == number).values(values))


async def _forget_in_audit(connection: AsyncConnection, user_id: int) -> int:
    """Blank the id of a user in what acts are about, not in who acted; return how many acts were about them."""
    rows: list[Row[Any]] = list((await connection.execute(select(AUDIT).where(_mentions(user_id)))).all())
    changed = 0
    for row in rows:
        values = {
            "details_json": redacted(row.details_json, user_id),
            "undo_json": redacted(row.undo_json, user_id),
        }
        if values != {"details_json": row.details_json, "undo_json": row.undo_json}:
            await connection.execute(update(AUDIT).where(AUDIT.c.id == row.id).values(values))
            changed += 1
    return changed
