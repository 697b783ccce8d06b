"""The tables of the log. A check's row is the truth about it, from the question to the answer."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.types import DateTime

from core.store.rows import CheckStatus, Origin
from core.types import VerdictLabel

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only for a key of type INTEGER.
CaseNumber = BigInteger().with_variant(Integer(), "sqlite")
Json = JSON(none_as_null=True)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC: takes only datetimes with a time zone, gives them back in UTC on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC; refuse a datetime that does not say its zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back to databases that do not keep it."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def one_of(column: str, values: type[StrEnum]) -> str:
    """Return the SQL condition that a column holds one of the values of an enumeration."""
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


def _sha256(name: str, *args: Any, **options: Any) -> Column[str]:
    return Column(name, String(64), *args, **options)


CLIPS = Table(
    "clips",
    METADATA,
    _sha256("sha256", primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    # What the stream is stays unknown until the clip was opened once.
    Column("container", String(64)),
    Column("codec", String(64)),
    Column("width", Integer),
    Column("height", Integer),
    Column("duration_s", Float),
    Column("first_seen_at", UtcDateTime, nullable=False),
    CheckConstraint("length(sha256) = 64", name="sha256_length"),
)

CHECKS = Table(
    "checks",
    METADATA,
    Column("id", CaseNumber, primary_key=True),
    _sha256("clip_sha256", ForeignKey("clips.sha256")),
    Column("source_name", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("origin", String(16), nullable=False),
    Column("requester_id", BigInteger),
    Column("guild_id", BigInteger),
    Column("channel_id", BigInteger),
    Column("message_id", BigInteger),
    Column("answer_message_id", BigInteger),
    Column("versions_key", Text, nullable=False),
    Column("label", String(32)),
    Column("probability_fake", Float),
    Column("report_json", Text),
    Column("error_code", String(32)),
    Column("error_sentence", Text),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("lease_until", UtcDateTime),
    Column("heartbeat_at", UtcDateTime),
    Column("worker", Text),
    Column("progress_json", Json),
    Column("incoming_name", Text),
    Column("repeats_check_id", ForeignKey("checks.id", ondelete="SET NULL")),
    Column("poster_id", BigInteger),
    Column("attachment_id", BigInteger),
    Column("locale", String(16)),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("expired_at", UtcDateTime),
    Column("answered_at", UtcDateTime),
    Column("not_before", UtcDateTime),
    Column("queue", String(16), nullable=False, server_default="cpu"),
    Column("answering_until", UtcDateTime),
    Column("answer_channel_id", BigInteger),
    CheckConstraint(one_of("status", CheckStatus), name="status"),
    CheckConstraint(one_of("origin", Origin), name="origin"),
    CheckConstraint(one_of("label", VerdictLabel), name="label"),
    CheckConstraint("probability_fake BETWEEN 0 AND 1", name="probability_fake"),
    CheckConstraint(
        "status <> 'done' OR (label IS NOT NULL AND finished_at IS NOT NULL"
        " AND (expired_at IS NOT NULL OR (clip_sha256 IS NOT NULL AND report_json IS NOT NULL)))",
        name="done_is_whole",
    ),
    CheckConstraint(
        "status <> 'failed' OR (error_code IS NOT NULL AND error_sentence IS NOT NULL AND finished_at IS NOT NULL)",
        name="failed_is_whole",
    ),
    CheckConstraint(
        "status <> 'running' OR (worker IS NOT NULL AND lease_until IS NOT NULL)", name="running_is_leased"
    ),
    Index(None, "clip_sha256", "versions_key"),
    Index(None, "guild_id", "requested_at"),
    Index(None, "status", "priority", "requested_at"),
    Index(None, "requested_at"),
    Index(None, "requester_id", "requested_at"),
    Index(None, "poster_id", "requested_at"),
    Index(None, "answer_message_id", unique=True),
    sqlite_autoincrement=True,
)

OPEN_QUESTIONS = Table(
    "open_questions",
    METADATA,
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
)

EVIDENCE = Table(
    "evidence",
    METADATA,
    Column("id", CaseNumber, primary_key=True),
    Column("check_id", ForeignKey("checks.id", ondelete="CASCADE"), nullable=False),
    Column("detector", String(64), nullable=False),
    Column("version", String(32), nullable=False),
    Column("track", Integer),
    Column("fake_score", Float),
    Column("quality", Float, nullable=False),
    Column("abstained_because", Text),
    Column("declares_synthetic", Boolean, nullable=False),
    Column("measurements_json", Json, nullable=False),
    Column("findings_json", Json, nullable=False),
    CheckConstraint("fake_score BETWEEN 0 AND 1", name="fake_score"),
    CheckConstraint("quality BETWEEN 0 AND 1", name="quality"),
    Index(None, "check_id"),
)

MODEL_VERSIONS = Table(
    "model_versions",
    METADATA,
    Column("name", String(128), primary_key=True),
    _sha256("sha256", primary_key=True),
    Column("first_seen_at", UtcDateTime, nullable=False),
)

CHECK_WEIGHTS = Table(
    "check_weights",
    METADATA,
    Column("check_id", ForeignKey("checks.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(128), primary_key=True),
    _sha256("sha256", nullable=False),
    ForeignKeyConstraint(["name", "sha256"], ["model_versions.name", "model_versions.sha256"]),
)
