"""The tables of what servers set and what their moderators do."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from core.store.case_rows import CaseState, FlagKind
from core.store.tables import METADATA, CaseNumber, Json, UtcDateTime, one_of
from core.types import ActionKind, ActionMode, AnswerPlace, WhoMayAsk

GUILD_SETTINGS = Table(
    "guild_settings",
    METADATA,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("mod_log_channel_id", BigInteger),
    Column("scan_channel_ids", Json, nullable=False),
    Column("exempt_role_ids", Json, nullable=False),
    Column("exempt_channel_ids", Json, nullable=False),
    Column("who_may_ask", String(16), nullable=False),
    Column("ask_role_ids", Json, nullable=False),
    Column("user_daily_budget", Integer, nullable=False),
    Column("guild_daily_budget", Integer, nullable=False),
    Column("answer_place", String(16), nullable=False),
    Column("language", String(16)),
    Column("flag_probability", Float),
    Column("flag_declared", Boolean, nullable=False),
    Column("retention_days", Integer, nullable=False),
    Column("keep_evidence", Boolean, nullable=False),
    Column("action_mode", String(16), nullable=False),
    Column("action_kind", String(16), nullable=False),
    Column("action_probability", Float, nullable=False),
    Column("timeout_minutes", Integer, nullable=False),
    Column("reason_required", Boolean, nullable=False),
    Column("demos_allowed", Boolean, nullable=False),
    # None in rows that are older than this column: no roles.
    Column("demo_role_ids", Json),
    # With defaults for rows, and writers, that are older than these columns.
    Column("user_daily_demos", Integer, server_default="5", nullable=False),
    Column("guild_daily_demos", Integer, server_default="20", nullable=False),
    CheckConstraint(one_of("who_may_ask", WhoMayAsk), name="who_may_ask"),
    CheckConstraint(one_of("answer_place", AnswerPlace), name="answer_place"),
    CheckConstraint(one_of("action_mode", ActionMode), name="action_mode"),
    CheckConstraint(one_of("action_kind", ActionKind), name="action_kind"),
)

CASES = Table(
    "cases",
    METADATA,
    Column("check_id", ForeignKey("checks.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("guild_id", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("flagged_by", BigInteger),
    Column("flagged_at", UtcDateTime, nullable=False),
    Column("assigned_to", BigInteger),
    Column("decided_by", BigInteger),
    Column("decided_at", UtcDateTime),
    Column("reason", Text),
    Column("log_channel_id", BigInteger),
    Column("log_message_id", BigInteger),
    CheckConstraint(one_of("state", CaseState), name="state"),
    CheckConstraint(one_of("kind", FlagKind), name="kind"),
    CheckConstraint("state = 'open' OR decided_at IS NOT NULL", name="decided_is_whole"),
    Index(None, "guild_id", "state", "flagged_at"),
)

DISPUTES = Table(
    "disputes",
    METADATA,
    Column("id", CaseNumber, primary_key=True),
    Column("check_id", ForeignKey("cases.check_id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("user_id", BigInteger),
    Column("note", Text, nullable=False),
    Column("noted_at", UtcDateTime, nullable=False),
    CheckConstraint(one_of("kind", FlagKind), name="kind"),
    Index(None, "check_id"),
    Index(None, "user_id"),
)

AUDIT = Table(
    "audit",
    METADATA,
    Column("id", CaseNumber, primary_key=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("acted_at", UtcDateTime, nullable=False),
    # None: Facepulse acted by itself.
    Column("actor_id", BigInteger),
    Column("action", String(64), nullable=False),
    Column("check_id", ForeignKey("checks.id", ondelete="SET NULL")),
    Column("details_json", Json, nullable=False),
    Column("undo_json", Json),
    Column("undone_at", UtcDateTime),
    Column("undone_by", BigInteger),
    Index(None, "guild_id", "id"),
    Index(None, "check_id"),
    sqlite_autoincrement=True,
)
