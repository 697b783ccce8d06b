"""The networks that servers may make demos with: registered on the machine, allowed and withdrawn by people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import StoreError
from core.store import audit
from core.store.database import Database, insert_missing
from core.store.demo_rows import NewModel, SwapModel, dump_swap, load_swap
from core.store.demo_tables import DEMOS, SWAP_MODELS
from core.store.rows import CheckStatus

ALLOWED, WITHDRAWN = "demo.allow", "demo.withdraw"
"""The acts in the audit log."""
OPEN_STATES = (CheckStatus.QUEUED, CheckStatus.RUNNING)
USABLE = and_(SWAP_MODELS.c.allowed_at.is_not(None), SWAP_MODELS.c.withdrawn_at.is_(None))


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What withdrawing a network ended: `file_names` are to be deleted, `posted` are messages that show its demos.

    `posted` holds (number of the demo, channel, message).
    """

    model: SwapModel
    cancelled: int
    file_names: tuple[str, ...]
    posted: tuple[tuple[int, int, int], ...]


class SwapModelRepository:
    """The rows of `swap_models`. None is ever deleted: demos name theirs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: NewModel, now: datetime) -> SwapModel:
        """Register a network, which is not allowed yet.

        Raises:
            StoreError: the server has one of that name that was not withdrawn.
        """
        values = {
            "guild_id": new.guild_id,
            "name": new.name,
            "path": new.path,
            "source_path": new.source_path,
            "source_sha256": new.source_sha256,
            "swap_json": dump_swap(new.swap),
            "registered_at": now,
        }
        async with self._database.writing() as connection:
            # The index decides: two that register at one moment do not see each other's row.
            adding = insert_missing(connection, SWAP_MODELS).values(values).returning(SWAP_MODELS)
            row = (await connection.execute(adding)).one_or_none()
        if row is None:
            raise StoreError(f"This server has a model called {new.name} already; unregister it first.")
        return model_of(row)

    async def get(self, guild_id: int, name: str) -> SwapModel | None:
        """Return the network of that name that was not withdrawn; None when there is none."""
        async with self._database.reading() as connection:
            return await _named(connection, guild_id, name)

    async def of_guild(self, guild_id: int | None, *, withdrawn: bool = False) -> tuple[SwapModel, ...]:
        """Return the networks of a server (None: of all), by name; with `withdrawn` those too that were."""
        wanted = select(SWAP_MODELS).order_by(SWAP_MODELS.c.guild_id, SWAP_MODELS.c.name, SWAP_MODELS.c.id)
        if guild_id is not None:
            wanted = wanted.where(SWAP_MODELS.c.guild_id == guild_id)
        if not withdrawn:
            wanted = wanted.where(SWAP_MODELS.c.withdrawn_at.is_(None))
        async with self._database.reading() as connection:
            return tuple(model_of(row) for row in await connection.execute(wanted))

    async def allow(self, model: SwapModel, by: int, details: dict[str, Any], now: datetime) -> bool:
        """Let a network be used, and note it in the audit log; False when it was withdrawn or allowed meanwhile."""
        waits = SWAP_MODELS.c.id == model.id, SWAP_MODELS.c.allowed_at.is_(None), SWAP_MODELS.c.withdrawn_at.is_(None)
        async with self._database.writing() as connection:
            changed = await connection.execute(update(SWAP_MODELS).where(*waits).values(allowed_at=now))
            if changed.rowcount == 1:
                entry = audit.NewEntry(model.guild_id, by, ALLOWED, None, details, None)
                await audit.insert_entry(connection, entry, now)
            return changed.rowcount == 1

    async def withdraw(self, guild_id: int, name: str, by: int | None, now: datetime) -> Withdrawal | None:
        """End the use of a network at once: demos that wait are cancelled, kept files and posted ones are told.

        A network that was withdrawn before is told again as long as demos of it are posted. None when there is no
        such network. `by` None: on the machine, not in Discord.
        """
        async with self._database.writing() as connection:
            models = await _all_named(connection, guild_id, name)
            if not models:
                return None
            current = models[-1]
            if current.withdrawn_at is None:
                values = {"withdrawn_at": now}
                await connection.execute(update(SWAP_MODELS).where(SWAP_MODELS.c.id == current.id).values(values))
                details = {"model": current.name, "weights_sha256": current.swap.weights_sha256}
                entry = audit.NewEntry(guild_id, by, WITHDRAWN, None, details, None)
                await audit.insert_entry(connection, entry, now)
            return await _end(connection, current, [model.id for model in models], now)


async def _end(connection: AsyncConnection, model: SwapModel, numbers: Sequence[int], now: datetime) -> Withdrawal:
    of_these = DEMOS.c.model_id.in_(numbers)
    waiting = and_(of_these, DEMOS.c.status.in_(OPEN_STATES))
    names = await _names(connection, DEMOS.c.incoming_name, and_(of_these, DEMOS.c.status == CheckStatus.QUEUED))
    names += await _names(connection, DEMOS.c.file_name, of_these)
    ended = {"status": CheckStatus.CANCELLED, "finished_at": now, "incoming_name": None, "worker": None,
             "lease_until": None, "heartbeat_at": None, "progress_json": None}  # fmt: skip
    cancelled = (await connection.execute(update(DEMOS).where(waiting).values(ended))).rowcount
    await connection.execute(update(DEMOS).where(of_these).values(file_name=None))
    shown = select(DEMOS.c.id, DEMOS.c.channel_id, DEMOS.c.answer_message_id).where(
        of_these,
        DEMOS.c.status == CheckStatus.DONE,
        DEMOS.c.deleted_at.is_(None),
        DEMOS.c.channel_id.is_not(None),
        DEMOS.c.answer_message_id.is_not(None),
    )
    posted = tuple((row.id, row.channel_id, row.answer_message_id) for row in await connection.execute(shown))
    return Withdrawal(model, cancelled, tuple(names), posted)


async def _names(connection: AsyncConnection, column: Any, condition: ColumnElement[bool]) -> list[str]:
    return list(await connection.scalars(select(column).where(condition, column.is_not(None))))


async def _named(connection: AsyncConnection, guild_id: int, name: str) -> SwapModel | None:
    named = SWAP_MODELS.c.guild_id == guild_id, SWAP_MODELS.c.name == name, SWAP_MODELS.c.withdrawn_at.is_(None)
    row = (await connection.execute(select(SWAP_MODELS).where(*named))).one_or_none()
    return None if row is None else model_of(row)


async def _all_named(connection: AsyncConnection, guild_id: int, name: str) -> list[SwapModel]:
    """Return the networks of that name that are registered or whose demos are still posted; the newest last."""
    posted = select(DEMOS.c.id).where(
        DEMOS.c.model_id == SWAP_MODELS.c.id,
        DEMOS.c.status == CheckStatus.DONE,
        DEMOS.c.channel_id.is_not(None),
        DEMOS.c.answer_message_id.is_not(None),
        DEMOS.c.deleted_at.is_(None),
    )
    named = SWAP_MODELS.c.guild_id == guild_id, SWAP_MODELS.c.name == name
    wanted = select(SWAP_MODELS).where(*named, or_(SWAP_MODELS.c.withdrawn_at.is_(None), posted.exists()))
    return [model_of(row) for row in await connection.execute(wanted.order_by(SWAP_MODELS.c.id))]


def model_of(row: Row[Any]) -> SwapModel:
    """Return a whole row of `swap_models`."""
    return SwapModel(
        id=row.id,
        guild_id=row.guild_id,
        name=row.name,
        path=row.path,
        swap=load_swap(row.swap_json),
        source_path=row.source_path,
        registered_at=row.registered_at,
        allowed_at=row.allowed_at,
        withdrawn_at=row.withdrawn_at,
        source_sha256=row.source_sha256,
    )
