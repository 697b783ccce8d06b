"""Questions in the log and their answers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import StoreError
from core.store import answers, bell, serialise
from core.store.database import Database, insert_missing
from core.store.demo_tables import DEMOS
from core.store.rows import Asker, Check, CheckStatus, NewCheck, Origin, ShownAt
from core.store.tables import CHECKS, CLIPS
from core.types import Evidence, Report, VerdictLabel

UNLEASED: dict[str, None] = {"worker": None, "lease_until": None, "heartbeat_at": None, "progress_json": None}


class CheckRepository:
    """The rows of `checks`, as those see them who ask."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: NewCheck) -> Check:
        """Put a question at the end of the queue.

        Raises:
            StoreError: the log cannot be written, or `new.answer_at` is the answer to another check.
        """
        async with self._database.writing() as connection:
            check = await _insert(connection, new, status=CheckStatus.QUEUED)
            await bell.ring_by(connection, CHECKS.c.id == check.id)
            return check

    async def add_repeat(self, new: NewCheck, earlier: Check) -> Check:
        """Log a question that `earlier` already answers; the new row is done and carries the earlier report."""
        async with self._database.writing() as connection:
            return await _insert(connection, new, **repeat_values(earlier, new.requested_at))

    async def add_answered(self, new: NewCheck, report: Report, finished_at: datetime) -> Check:
        """Log a question together with its answer, for a check that was not queued. It started when asked."""
        asked = replace(new, clip_sha256=report.clip_sha256, size_bytes=report.size_bytes)
        async with self._database.writing() as connection:
            values = {**answers.columns(report, finished_at), "started_at": new.requested_at, "attempts": 1}
            check = await _insert(connection, asked, **values)
            await answers.write_parts(connection, check.id, report, finished_at)
            return check

    async def add_failed(self, new: NewCheck, code: str, sentence: str, finished_at: datetime) -> Check:
        """Log a question that could not be answered, and why, for a check that was not queued."""
        async with self._database.writing() as connection:
            values = {**failure_values(code, sentence, finished_at), "started_at": new.requested_at, "attempts": 1}
            return await _insert(connection, new, **values)

    async def get(self, check_id: int) -> Check | None:
        """Return one check, or None when there is none with this number."""
        async with self._database.reading() as connection:
            return await _get(connection, check_id)

    async def queue_position(self, check_id: int) -> int | None:
        """Return how many queued checks go before this one; None when it is not queued."""
        waiting, this = CHECKS.alias("waiting"), CHECKS.alias("this")
        earlier = or_(
            waiting.c.priority < this.c.priority,
            and_(waiting.c.priority == this.c.priority, waiting.c.requested_at < this.c.requested_at),
            and_(
                waiting.c.priority == this.c.priority,
                waiting.c.requested_at == this.c.requested_at,
                waiting.c.id < this.c.id,
            ),
        )
        count = (
            select(func.count())
            .select_from(waiting)
            .where(waiting.c.status == CheckStatus.QUEUED, earlier)
            .correlate(this)
            .scalar_subquery()
        )
        async with self._database.reading() as connection:
            position: int | None = await connection.scalar(
                select(count).select_from(this).where(this.c.id == check_id, this.c.status == CheckStatus.QUEUED)
            )
            return position

    async def unfinished(self, origin: Origin) -> tuple[Check, ...]:
        """Return the checks of `origin` that are queued or running, oldest first."""
        open_states = (CheckStatus.QUEUED, CheckStatus.RUNNING)
        wanted = and_(CHECKS.c.origin == origin, CHECKS.c.status.in_(open_states))
        async with self._database.reading() as connection:
            rows = await connection.execute(select(CHECKS).where(wanted).order_by(CHECKS.c.id))
            return tuple(check_of(row) for row in rows)

    async def unanswered(self, origins: Collection[Origin], since: datetime) -> tuple[Check, ...]:
        """Return the checks of `origins`, asked `since` then, whose answer was not shown; over or not, oldest first."""
        wanted = and_(
            CHECKS.c.origin.in_(origins),
            CHECKS.c.requested_at >= since,
            CHECKS.c.answered_at.is_(None),
            CHECKS.c.expired_at.is_(None),
        )
        async with self._database.reading() as connection:
            rows = await connection.execute(select(CHECKS).where(wanted).order_by(CHECKS.c.id))
            return tuple(check_of(row) for row in rows)

    async def mark_answered(self, check_id: int, now: datetime) -> bool:
        """Remember that whoever asked was shown the answer; False when that was so already."""
        unseen = CHECKS.c.id == check_id, CHECKS.c.answered_at.is_(None)
        async with self._database.writing() as connection:
            changed = await connection.execute(update(CHECKS).where(*unseen).values(answered_at=now))
            return changed.rowcount == 1

    async def begin_answer(self, check_id: int, now: datetime, until: datetime, mine: datetime | None = None) -> bool:
        """Take the right to show the answer until then; False when another has it, or the answer was shown.

        `mine` is the `until` of the right that is held already and is prolonged.
        """
        free = or_(CHECKS.c.answering_until.is_(None), CHECKS.c.answering_until < now)
        held = free if mine is None else CHECKS.c.answering_until == mine
        taking = update(CHECKS).where(CHECKS.c.id == check_id, CHECKS.c.answered_at.is_(None), held)
        async with self._database.writing() as connection:
            return (await connection.execute(taking.values(answering_until=until))).rowcount == 1

    async def end_answer(self, check_id: int, mine: datetime) -> None:
        """Give the right back that is held until `mine`."""
        held = CHECKS.c.id == check_id, CHECKS.c.answering_until == mine
        async with self._database.writing() as connection:
            await connection.execute(update(CHECKS).where(*held).values(answering_until=None))

    async def is_answered(self, check_id: int) -> bool:
        """Return whether the answer was shown, or there is no such check."""
        wanted = select(CHECKS.c.id).where(CHECKS.c.id == check_id, CHECKS.c.answered_at.is_(None))
        async with self._database.reading() as connection:
            return await connection.scalar(wanted) is None

    async def incoming_names(self, failed_since: datetime | None = None) -> frozenset[str]:
        """Return the names of the waiting clips that are needed: for queued and running checks.

        Those of checks that were given up since `failed_since` are needed too, to be tried again, and so are the clips
        and files of demos.
        """
        open_or_dead: ColumnElement[bool] = CHECKS.c.finished_at.is_(None)
        if failed_since is not None:
            open_or_dead = or_(open_or_dead, CHECKS.c.finished_at >= failed_since)
        wanted = and_(CHECKS.c.incoming_name.is_not(None), open_or_dead)
        async with self._database.reading() as connection:
            names = set(await connection.scalars(select(CHECKS.c.incoming_name).where(wanted)))
            for column in (DEMOS.c.incoming_name, DEMOS.c.file_name):
                names |= set(await connection.scalars(select(column).where(column.is_not(None))))
            return frozenset(names)

    async def find_answer(self, clip_sha256: str, versions_key: str) -> Check | None:
        """Return the newest check of the same clip that was analysed, not repeated, with the same versions.

        A report that cannot be read any more is no answer.
        """
        wanted = and_(
            CHECKS.c.clip_sha256 == clip_sha256,
            CHECKS.c.versions_key == versions_key,
            CHECKS.c.status == CheckStatus.DONE,
            CHECKS.c.repeats_check_id.is_(None),
        )
        async with self._database.reading() as connection:
            found = await connection.execute(select(CHECKS).where(wanted).order_by(CHECKS.c.id.desc()).limit(1))
            row = found.one_or_none()
        return None if row is None else _readable(check_of(row))

    async def set_answer_message(self, check_id: int, shown_at: ShownAt) -> None:
        """Remember the message in which the answer is shown."""
        values = {"answer_message_id": shown_at.message_id, "answer_channel_id": shown_at.channel_id}
        async with self._database.writing() as connection:
            await connection.execute(update(CHECKS).where(CHECKS.c.id == check_id).values(values))

    async def shown_at(self, message_id: int) -> Check | None:
        """Return the check whose answer is shown in this message; None when it is no answer."""
        wanted = select(CHECKS).where(CHECKS.c.answer_message_id == message_id)
        async with self._database.reading() as connection:
            row = (await connection.execute(wanted)).one_or_none()
        return None if row is None else check_of(row)

    async def is_asked(self, asker: Asker, since: datetime) -> bool:
        """Return whether this asker asked about this attachment of this message since then."""
        asked = (
            CHECKS.c.requester_id == asker.requester_id,
            CHECKS.c.message_id == asker.message_id,
            CHECKS.c.attachment_id == asker.attachment_id,
            CHECKS.c.requested_at >= since,
        )
        async with self._database.reading() as connection:
            return await connection.scalar(select(CHECKS.c.id).where(*asked).limit(1)) is not None

    async def overdue(self, origins: Collection[Origin], since: datetime, ended: datetime) -> tuple[Check, ...]:
        """Return the checks of `origins`, asked `since` then, that ended before `ended` and whose answer nobody shows.

        Those that a process shows at the moment are left out.
        """
        wanted = and_(
            CHECKS.c.origin.in_(origins),
            CHECKS.c.requested_at >= since,
            CHECKS.c.finished_at < ended,
            CHECKS.c.answered_at.is_(None),
            or_(CHECKS.c.answering_until.is_(None), CHECKS.c.answering_until < ended),
            CHECKS.c.expired_at.is_(None),
        )
        async with self._database.reading() as connection:
            rows = await connection.execute(select(CHECKS).where(wanted).order_by(CHECKS.c.id))
            return tuple(check_of(row) for row in rows)

    async def cancel(self, check_id: int, now: datetime) -> Check | None:
        """Cancel a queued or running check; return it as it was before, None when it was too late."""
        open_states = (CheckStatus.QUEUED, CheckStatus.RUNNING)
        values = {"status": CheckStatus.CANCELLED, "finished_at": now, "incoming_name": None, **UNLEASED}
        still_open = and_(CHECKS.c.id == check_id, CHECKS.c.status.in_(open_states))
        async with self._database.writing() as connection:
            before = await _get(connection, check_id, lock=True)
            done = await connection.execute(update(CHECKS).where(still_open).values(values))
            return before if done.rowcount else None

    async def evidence(self, check_id: int) -> tuple[Evidence, ...]:
        """Return what each detector said in this check, in the order of the report."""
        async with self._database.reading() as connection:
            return await answers.read_evidence(connection, check_id)

    async def weights(self, check_id: int) -> dict[str, str]:
        """Return name -> sha256 of the weight files that this check used."""
        async with self._database.reading() as connection:
            return await answers.read_weights(connection, check_id)


async def _insert(connection: AsyncConnection, new: NewCheck, **values: Any) -> Check:
    if new.clip_sha256 is not None:
        clip = {"sha256": new.clip_sha256, "size_bytes": new.size_bytes, "first_seen_at": new.requested_at}
        await connection.execute(insert_missing(connection, CLIPS).values(clip))
    asked = {
        "clip_sha256": new.clip_sha256,
        "source_name": new.source_name,
        "requested_at": new.requested_at,
        "versions_key": new.versions_key,
        "incoming_name": new.incoming_name,
        "origin": new.asker.origin,
        "requester_id": new.asker.requester_id,
        "guild_id": new.asker.guild_id,
        "channel_id": new.asker.channel_id,
        "message_id": new.asker.message_id,
        "poster_id": new.asker.poster_id,
        "attachment_id": new.asker.attachment_id,
        "locale": new.asker.locale,
        "priority": new.asker.priority,
        "queue": new.queue,
        "answer_message_id": None if new.answer_at is None else new.answer_at.message_id,
        "answer_channel_id": None if new.answer_at is None else new.answer_at.channel_id,
    }
    return check_of((await connection.execute(insert(CHECKS).values({**asked, **values}).returning(*CHECKS.c))).one())


def _readable(check: Check) -> Check | None:
    try:
        check.report()
    except StoreError:
        return None
    return check


async def _get(connection: AsyncConnection, check_id: int, *, lock: bool = False) -> Check | None:
    wanted = select(CHECKS).where(CHECKS.c.id == check_id)
    row = (await connection.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
    return None if row is None else check_of(row)


def repeat_values(earlier: Check, now: datetime) -> dict[str, Any]:
    """Return the columns that make a row done with the answer of `earlier`."""
    return {
        "status": CheckStatus.DONE,
        "clip_sha256": earlier.clip_sha256,
        "versions_key": earlier.versions_key,
        "label": earlier.label,
        "probability_fake": earlier.probability_fake,
        "report_json": earlier.report_json,
        "repeats_check_id": earlier.figures_check_id,
        "started_at": now,
        "finished_at": now,
    }


def failure_values(code: str, sentence: str, now: datetime) -> dict[str, Any]:
    """Return the columns that make a row failed."""
    return {"status": CheckStatus.FAILED, "error_code": code, "error_sentence": sentence, "finished_at": now}


def check_of(row: Row[Any]) -> Check:
    """Return a whole row of `checks`."""
    values = row._mapping
    return Check(
        id=values["id"],
        clip_sha256=values["clip_sha256"],
        source_name=values["source_name"],
        status=CheckStatus(values["status"]),
        requested_at=values["requested_at"],
        started_at=values["started_at"],
        finished_at=values["finished_at"],
        asker=asker_of(row),
        answer_message_id=values["answer_message_id"],
        versions_key=values["versions_key"],
        label=None if values["label"] is None else VerdictLabel(values["label"]),
        probability_fake=values["probability_fake"],
        report_json=values["report_json"],
        error_code=values["error_code"],
        error_sentence=values["error_sentence"],
        attempts=values["attempts"],
        lease_until=values["lease_until"],
        heartbeat_at=values["heartbeat_at"],
        worker=values["worker"],
        progress=serialise.load_progress(values["progress_json"]),
        incoming_name=values["incoming_name"],
        repeats_check_id=values["repeats_check_id"],
        expired_at=values["expired_at"],
        not_before=values["not_before"],
        queue=values["queue"],
        answer_channel_id=values["answer_channel_id"],
    )


def asker_of(row: Row[Any]) -> Asker:
    """Return who asked, from a row that holds those columns of `checks`."""
    values = row._mapping
    return Asker(
        origin=Origin(values["origin"]),
        requester_id=values["requester_id"],
        guild_id=values["guild_id"],
        channel_id=values["channel_id"],
        message_id=values["message_id"],
        poster_id=values["poster_id"],
        attachment_id=values["attachment_id"],
        locale=values["locale"],
        priority=values["priority"],
    )
