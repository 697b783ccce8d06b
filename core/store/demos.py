"""Demos as those see them who ask for them, look after them and look them up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store import audit, serialise
from core.store.database import Database
from core.store.demo_rows import Declaration, Demo, NewDemo, load_provenance
from core.store.demo_tables import DEMOS, SWAP_MODELS
from core.store.rows import Asker, CheckStatus, Origin
from core.store.swap_models import OPEN_STATES, USABLE, model_of

UNLEASED: dict[str, None] = {"worker": None, "lease_until": None, "heartbeat_at": None, "progress_json": None}
DELETED = "demo.delete"
"""The act in the audit log."""


class DemoRepository:
    """The rows of `demos`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: NewDemo) -> Demo | None:
        """Put a wish at the end of the queue; None when its network may not be used (any more).

        Args:
            new: the wish; its asker is in a server.
        """
        asker = new.asker
        values = {
            "model_id": new.model_id,
            "status": CheckStatus.QUEUED,
            "requested_at": new.requested_at,
            "requester_id": asker.requester_id,
            "poster_id": asker.poster_id,
            "guild_id": asker.guild_id,
            "channel_id": asker.channel_id,
            "message_id": asker.message_id,
            "locale": asker.locale,
            "driver_name": new.driver_name,
            "driver_sha256": new.driver_sha256,
            "incoming_name": new.incoming_name,
            "declaration": new.declaration,
            "declared_how": new.declared_how,
        }
        usable = select(SWAP_MODELS.c.id).where(SWAP_MODELS.c.id == new.model_id, USABLE).with_for_update()
        async with self._database.writing() as connection:
            if await connection.scalar(usable) is None:
                return None
            number = await connection.scalar(insert(DEMOS).values(values).returning(DEMOS.c.id))
            return (await read_demos(connection, DEMOS.c.id == number))[0]

    async def get(self, number: int) -> Demo | None:
        """Return one demo by its number, None when there is none."""
        return await self._one(DEMOS.c.id == number)

    async def marked(self, demo_id: str) -> Demo | None:
        """Return the demo whose marks say this id, None when there is none."""
        return await self._one(DEMOS.c.demo_id == demo_id)

    async def list(self, guild_id: int | None, limit: int) -> tuple[Demo, ...]:
        """Return the demos of a server, None: of all, the newest first."""
        async with self._database.reading() as connection:
            of_guild = DEMOS.c.id.is_not(None) if guild_id is None else DEMOS.c.guild_id == guild_id
            return await read_demos(connection, of_guild, newest=limit)

    async def unanswered(self, since: datetime) -> tuple[Demo, ...]:
        """Return the demos asked for since then whose end was not shown, over or not, the oldest first."""
        wanted = and_(DEMOS.c.answered_at.is_(None), DEMOS.c.requested_at >= since, DEMOS.c.expired_at.is_(None))
        async with self._database.reading() as connection:
            return await read_demos(connection, wanted)

    async def queue_position(self, number: int) -> int:
        """Return how many demos are before this one."""
        before = DEMOS.c.status.in_(OPEN_STATES), DEMOS.c.id < number
        async with self._database.reading() as connection:
            return await connection.scalar(select(func.count()).select_from(DEMOS).where(*before)) or 0

    async def asked_at(self, guild_id: int, user_id: int | None, since: datetime, place: int) -> datetime | None:
        """Return when a user (None: anybody) asked for the demo that stands at `place`, from 1 for the newest.

        None when they asked for fewer since then; those taken back unbegun are free, and not counted.
        """
        counted = [
            DEMOS.c.guild_id == guild_id,
            DEMOS.c.requested_at >= since,
            or_(DEMOS.c.status != CheckStatus.CANCELLED, DEMOS.c.attempts > 0),
        ]
        if user_id is not None:
            counted.append(DEMOS.c.requester_id == user_id)
        wanted = select(DEMOS.c.requested_at).where(*counted)
        newest = wanted.order_by(DEMOS.c.requested_at.desc(), DEMOS.c.id.desc()).offset(place - 1).limit(1)
        async with self._database.reading() as connection:
            moment: datetime | None = await connection.scalar(newest)
            return moment

    async def open_of(self, guild_id: int, user_id: int) -> int:
        """Return how many demos of a user are not over."""
        return await self._count(
            DEMOS.c.guild_id == guild_id, DEMOS.c.requester_id == user_id, DEMOS.c.status.in_(OPEN_STATES)
        )

    async def cancel(self, number: int, now: datetime) -> Demo | None:
        """Cancel a demo that is not over; return it as it was before, None when it was too late."""
        values = {"status": CheckStatus.CANCELLED, "finished_at": now, "incoming_name": None, **UNLEASED}
        still_open = DEMOS.c.id == number, DEMOS.c.status.in_(OPEN_STATES)
        async with self._database.writing() as connection:
            before = await read_demos(connection, DEMOS.c.id == number)
            done = await connection.execute(update(DEMOS).where(*still_open).values(values))
            return before[0] if done.rowcount else None

    async def refuse(self, number: int, code: str, sentence: str, now: datetime) -> str | None:
        """Turn a finished demo that cannot be shown into a failed one; return the file that is to be deleted."""
        made = DEMOS.c.id == number, DEMOS.c.status == CheckStatus.DONE
        failed = {"status": CheckStatus.FAILED, "error_code": code, "error_sentence": sentence, "finished_at": now}
        async with self._database.writing() as connection:
            name: str | None = await connection.scalar(select(DEMOS.c.file_name).where(*made))
            await connection.execute(update(DEMOS).where(*made).values(**failed, file_name=None))
            return name

    async def set_answer_message(self, number: int, message_id: int) -> None:
        """Remember the message in which the demo is shown."""
        await self._set(number, answer_message_id=message_id)

    async def set_log_message(self, number: int, channel_id: int, message_id: int) -> None:
        """Remember the message in the moderation log."""
        await self._set(number, log_channel_id=channel_id, log_message_id=message_id)

    async def drop_file(self, number: int) -> None:
        """Remember that the file is not kept any more."""
        await self._set(number, file_name=None)

    async def delete(self, number: int, by: int, now: datetime) -> Demo | None:
        """Note that a moderator deleted a demo, also in the audit log; return it as it was, None when it was deleted.

        The file that it had is still to be deleted.
        """
        there = DEMOS.c.id == number, DEMOS.c.deleted_at.is_(None)
        async with self._database.writing() as connection:
            before = await read_demos(connection, and_(*there))
            values = {"deleted_at": now, "file_name": None}
            if (await connection.execute(update(DEMOS).where(*there).values(values))).rowcount == 0:
                return None
            (demo,) = before
            details = {"demo": number, "demo_id": demo.demo_id}
            entry = audit.NewEntry(demo.model.guild_id, by, DELETED, None, details, None)
            await audit.insert_entry(connection, entry, now)
            return demo

    async def set_deleted(self, number: int, now: datetime) -> None:
        """Note that the message with a demo is gone."""
        await self._set(number, deleted_at=now)

    async def mark_answered(self, number: int, now: datetime) -> bool:
        """Remember that the end was shown; False when that was so already."""
        unseen = DEMOS.c.id == number, DEMOS.c.answered_at.is_(None)
        async with self._database.writing() as connection:
            return (await connection.execute(update(DEMOS).where(*unseen).values(answered_at=now))).rowcount == 1

    async def begin_answer(self, number: int, now: datetime, until: datetime, mine: datetime | None = None) -> bool:
        """Take, or with `mine` prolong, the right to show the end until then; False when it was shown or taken."""
        free = or_(DEMOS.c.answering_until.is_(None), DEMOS.c.answering_until < now)
        held = free if mine is None else DEMOS.c.answering_until == mine
        taking = update(DEMOS).where(DEMOS.c.id == number, DEMOS.c.answered_at.is_(None), held)
        async with self._database.writing() as connection:
            return (await connection.execute(taking.values(answering_until=until))).rowcount == 1

    async def end_answer(self, number: int, mine: datetime) -> None:
        """Give the right back that is held until `mine`."""
        held = DEMOS.c.id == number, DEMOS.c.answering_until == mine
        async with self._database.writing() as connection:
            await connection.execute(update(DEMOS).where(*held).values(answering_until=None))

    async def is_answered(self, number: int) -> bool:
        """Return whether the end was shown, or there is no such demo."""
        return await self._count(DEMOS.c.id == number, DEMOS.c.answered_at.is_(None)) == 0

    async def _set(self, number: int, **values: Any) -> None:
        async with self._database.writing() as connection:
            await connection.execute(update(DEMOS).where(DEMOS.c.id == number).values(values))

    async def _one(self, condition: ColumnElement[bool]) -> Demo | None:
        async with self._database.reading() as connection:
            found = await read_demos(connection, condition)
        return found[0] if found else None

    async def _count(self, *conditions: ColumnElement[bool]) -> int:
        async with self._database.reading() as connection:
            return await connection.scalar(select(func.count()).select_from(DEMOS).where(*conditions)) or 0


async def read_demos(
    connection: AsyncConnection, condition: ColumnElement[bool], *, newest: int | None = None, oldest: int | None = None
) -> tuple[Demo, ...]:
    """Return the demos that meet a condition with their networks, the oldest first, or the `newest` so many first."""
    order = DEMOS.c.id if newest is None else DEMOS.c.id.desc()
    limit = oldest if newest is None else newest
    rows = (await connection.execute(select(DEMOS).where(condition).order_by(order).limit(limit))).all()
    models = await _models(connection, [row.model_id for row in rows])
    return tuple(_demo_of(row, models) for row in rows)


async def _models(connection: AsyncConnection, numbers: Sequence[int]) -> dict[int, Any]:
    wanted = select(SWAP_MODELS).where(SWAP_MODELS.c.id.in_(sorted(set(numbers))))
    return {row.id: model_of(row) for row in await connection.execute(wanted)} if numbers else {}


def _demo_of(row: Row[Any], models: dict[int, Any]) -> Demo:
    values = row._mapping
    same = ("id", "driver_name", "driver_sha256", "incoming_name", "declared_how", "requested_at", "started_at",
            "finished_at", "attempts", "worker", "error_code", "error_sentence", "demo_id", "file_name", "file_sha256",
            "size_bytes", "answer_message_id", "log_channel_id", "log_message_id", "deleted_at",
            "expired_at")  # fmt: skip
    asker = ("requester_id", "guild_id", "channel_id", "message_id", "poster_id", "locale")
    return Demo(
        model=models[values["model_id"]],
        status=CheckStatus(values["status"]),
        asker=Asker(Origin.DISCORD, **{name: values[name] for name in asker}),
        declaration=Declaration(values["declaration"]),
        progress=serialise.load_progress(values["progress_json"]),
        provenance=load_provenance(values["provenance_json"]),
        **{name: values[name] for name in same},
    )
