"""What clips look like, to find re-encoded copies of them, and which checks are about copies."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    and_,
    delete,
    insert,
    or_,
    select,
)

from core.store.database import Database, insert_missing
from core.store.rows import Check, CheckStatus
from core.store.tables import CHECKS, CLIPS, METADATA

MOST_CANDIDATES = 200

CLIP_LOOKS = Table(
    "clip_looks",
    METADATA,
    # Without the clip nothing of its look is kept.
    Column("clip_sha256", String(64), ForeignKey("clips.sha256", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("duration_s", Float, nullable=False),
    Column("signs", LargeBinary, nullable=False),
    Index(None, "duration_s"),
)

COPIES = Table(
    "copies",
    METADATA,
    Column("check_id", ForeignKey("checks.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("copy_of_check_id", ForeignKey("checks.id", ondelete="CASCADE"), nullable=False),
    Index(None, "copy_of_check_id"),
)


@dataclass(frozen=True, slots=True)
class ClipLook:
    """The look of a clip as the analysis made it: only looks of one version can be compared."""

    version: int
    duration_s: float
    signs: bytes


class LookRepository:
    """The rows of `clip_looks` and `copies`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, clip_sha256: str, look: ClipLook) -> None:
        """Remember what a clip looks like, in place of what an older version made of it."""
        values = {
            "clip_sha256": clip_sha256,
            "version": look.version,
            "duration_s": look.duration_s,
            "signs": look.signs,
        }
        async with self._database.writing() as connection:
            if await connection.scalar(select(CLIPS.c.sha256).where(CLIPS.c.sha256 == clip_sha256)) is None:
                return
            await connection.execute(delete(CLIP_LOOKS).where(CLIP_LOOKS.c.clip_sha256 == clip_sha256))
            await connection.execute(insert(CLIP_LOOKS).values(values))

    async def like(self, check: Check, look: ClipLook, within_s: float) -> tuple[tuple[int, ClipLook], ...]:
        """Return analysed checks of other clips that are as long, newest first, with what those look like.

        Only those of the same server; outside of servers only those that the same person asked for in the same way.
        """
        asker = check.asker
        if asker.guild_id is not None:
            near = CHECKS.c.guild_id == asker.guild_id
        else:
            same_person = CHECKS.c.requester_id.is_not_distinct_from(asker.requester_id)
            near = and_(CHECKS.c.guild_id.is_(None), CHECKS.c.origin == asker.origin, same_person)
        wanted = (
            select(CHECKS.c.id, CLIP_LOOKS)
            .join(CLIP_LOOKS, CLIP_LOOKS.c.clip_sha256 == CHECKS.c.clip_sha256)
            .where(
                near,
                CHECKS.c.status == CheckStatus.DONE,
                CHECKS.c.repeats_check_id.is_(None),
                CHECKS.c.clip_sha256 != check.clip_sha256,
                CLIP_LOOKS.c.version == look.version,
                CLIP_LOOKS.c.duration_s.between(look.duration_s - within_s, look.duration_s + within_s),
            )
            .order_by(CHECKS.c.id.desc())
            .limit(MOST_CANDIDATES)
        )
        async with self._database.reading() as connection:
            rows = await connection.execute(wanted)
            return tuple((row.id, ClipLook(row.version, row.duration_s, row.signs)) for row in rows)

    async def set_copy(self, check_id: int, copy_of: int) -> None:
        """Remember that the clip of a check looks like that of an earlier one."""
        values = {"check_id": check_id, "copy_of_check_id": copy_of}
        async with self._database.writing() as connection:
            await connection.execute(insert_missing(connection, COPIES).values(values))

    async def copy_of(self, check_id: int) -> int | None:
        """Return the earlier check whose clip that of this one looks like; None without one, or when it expired.

        A check that repeats another one's answer is about the same clip as that one.
        """
        repeated = select(CHECKS.c.repeats_check_id).where(CHECKS.c.id == check_id).scalar_subquery()
        wanted = (
            select(COPIES.c.copy_of_check_id)
            .join(CHECKS, CHECKS.c.id == COPIES.c.copy_of_check_id)
            .where(or_(COPIES.c.check_id == check_id, COPIES.c.check_id == repeated), CHECKS.c.expired_at.is_(None))
        )
        async with self._database.reading() as connection:
            number: int | None = await connection.scalar(wanted.limit(1))
            return number
