"""The tables of face-swap demos. A demo's row is the truth about it, as a check's is about a check."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text, text

from core.store.demo_rows import Declaration
from core.store.rows import CheckStatus
from core.store.tables import METADATA, CaseNumber, Json, UtcDateTime, one_of

IN_USE = text("withdrawn_at IS NULL")

SWAP_MODELS = Table(
    "swap_models",
    METADATA,
    Column("id", CaseNumber, primary_key=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("name", String(64), nullable=False),
    Column("path", Text, nullable=False),
    Column("source_path", Text),
    Column("swap_json", Text, nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),
    Column("allowed_at", UtcDateTime),
    Column("withdrawn_at", UtcDateTime),
    Column("source_sha256", String(64)),
    Index(None, "guild_id", "name"),
    Index("ix_swap_models_name_in_use", "guild_id", "name", unique=True, sqlite_where=IN_USE, postgresql_where=IN_USE),
    sqlite_autoincrement=True,
)

DEMOS = Table(
    "demos",
    METADATA,
    Column("id", CaseNumber, primary_key=True),
    Column("model_id", ForeignKey("swap_models.id"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("requester_id", BigInteger),
    Column("poster_id", BigInteger),
    Column("guild_id", BigInteger, nullable=False),
    Column("channel_id", BigInteger),
    Column("message_id", BigInteger),
    Column("answer_message_id", BigInteger),
    Column("locale", String(16)),
    Column("driver_name", Text, nullable=False),
    Column("driver_sha256", String(64)),
    Column("incoming_name", Text),
    Column("declaration", String(16), nullable=False),
    Column("declared_how", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("worker", Text),
    Column("lease_until", UtcDateTime),
    Column("heartbeat_at", UtcDateTime),
    Column("not_before", UtcDateTime),
    Column("progress_json", Json),
    Column("error_code", String(32)),
    Column("error_sentence", Text),
    # What the marks of the labelled video say, and its file while that is kept.
    Column("demo_id", String(8)),
    Column("provenance_json", Text),
    Column("file_name", Text),
    Column("file_sha256", String(64)),
    Column("size_bytes", BigInteger),
    Column("answered_at", UtcDateTime),
    Column("answering_until", UtcDateTime),
    Column("log_channel_id", BigInteger),
    Column("log_message_id", BigInteger),
    Column("deleted_at", UtcDateTime),
    Column("expired_at", UtcDateTime),
    CheckConstraint(one_of("status", CheckStatus), name="status"),
    CheckConstraint(one_of("declaration", Declaration), name="declaration"),
    CheckConstraint(
        "status <> 'done' OR (demo_id IS NOT NULL AND file_sha256 IS NOT NULL AND finished_at IS NOT NULL"
        " AND (expired_at IS NOT NULL OR provenance_json IS NOT NULL))",
        name="done_is_whole",
    ),
    CheckConstraint(
        "status <> 'failed' OR (error_code IS NOT NULL AND error_sentence IS NOT NULL AND finished_at IS NOT NULL)",
        name="failed_is_whole",
    ),
    CheckConstraint(
        "status <> 'running' OR (worker IS NOT NULL AND lease_until IS NOT NULL)", name="running_is_leased"
    ),
    Index(None, "demo_id", unique=True),
    Index(None, "guild_id", "requested_at"),
    Index(None, "status", "requested_at"),
    Index(None, "model_id"),
    Index(None, "requester_id"),
    sqlite_autoincrement=True,
)
