"""What servers set, cases under review, the audit log, and what the log of checks needs for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
CASE_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

ORIGINS_BEFORE = "origin IN ('discord', 'web', 'cli')"
ORIGINS = "origin IN ('discord', 'scan', 'web', 'cli')"
DONE_BEFORE = (
    "status <> 'done' OR (clip_sha256 IS NOT NULL AND label IS NOT NULL AND report_json IS NOT NULL"
    " AND finished_at IS NOT NULL)"
)
DONE = (
    "status <> 'done' OR (label IS NOT NULL AND finished_at IS NOT NULL"
    " AND (expired_at IS NOT NULL OR (clip_sha256 IS NOT NULL AND report_json IS NOT NULL)))"
)
FLAGS = "kind IN ('automatic', 'member', 'dispute')"
NEW_COLUMNS = (
    ("poster_id", sa.BigInteger()),
    ("attachment_id", sa.BigInteger()),
    ("locale", sa.String(length=16)),
    ("expired_at", MOMENT),
    ("answered_at", MOMENT),
)


def upgrade() -> None:
    _guard_references()
    highest = _highest_number()
    op.drop_index(op.f("ix_checks_status_requested_at"), table_name="checks")
    with op.batch_alter_table("checks", copy_from=_checks(ORIGINS_BEFORE, DONE_BEFORE)) as checks:
        for name, kind in NEW_COLUMNS:
            checks.add_column(sa.Column(name, kind))
        checks.add_column(sa.Column("priority", sa.Integer(), server_default="0", nullable=False))
        _replace_conditions(checks, ORIGINS, DONE)
    _restore_number(highest)
    op.execute("UPDATE checks SET answered_at = finished_at")  # of those before, nobody waits for the answer any more
    op.create_index(
        op.f("ix_checks_status_priority_requested_at"), "checks", ["status", "priority", "requested_at"], unique=False
    )
    op.create_index(op.f("ix_checks_requester_id_requested_at"), "checks", ["requester_id", "requested_at"])
    op.create_index(op.f("ix_checks_poster_id_requested_at"), "checks", ["poster_id", "requested_at"])
    _create_tables()


def downgrade() -> None:
    _guard_references()
    op.drop_table("audit")
    op.drop_table("disputes")
    op.drop_table("cases")
    op.drop_table("guild_settings")
    # What the older tables cannot hold: a scan is a question from Discord, an answer without its report is none.
    op.execute("UPDATE checks SET origin = 'discord' WHERE origin = 'scan'")
    expired = "SELECT id FROM checks WHERE expired_at IS NOT NULL"
    op.execute(f"UPDATE checks SET repeats_check_id = NULL WHERE repeats_check_id IN ({expired})")  # noqa: S608
    op.execute(f"DELETE FROM check_weights WHERE check_id IN ({expired})")  # noqa: S608
    op.execute("DELETE FROM checks WHERE expired_at IS NOT NULL")
    highest = _highest_number()
    for index in ("status_priority_requested_at", "requester_id_requested_at", "poster_id_requested_at"):
        op.drop_index(op.f(f"ix_checks_{index}"), table_name="checks")
    now = _checks(ORIGINS, DONE)
    for name, kind in NEW_COLUMNS:
        now.append_column(sa.Column(name, kind))
    now.append_column(sa.Column("priority", sa.Integer(), server_default="0", nullable=False))
    with op.batch_alter_table("checks", copy_from=now) as checks:
        _replace_conditions(checks, ORIGINS_BEFORE, DONE_BEFORE)
        for name, _ in NEW_COLUMNS:
            checks.drop_column(name)
        checks.drop_column("priority")
    _restore_number(highest)
    op.create_index(op.f("ix_checks_status_requested_at"), "checks", ["status", "requested_at"], unique=False)


def _replace_conditions(checks: op.BatchOperations, origins: str, done: str) -> None:
    for name, condition in (("origin", origins), ("done_is_whole", done)):
        checks.drop_constraint(op.f(f"ck_checks_{name}"), type_="check")
        checks.create_check_constraint(op.f(f"ck_checks_{name}"), condition)


def _is_sqlite() -> bool:
    return op.get_context().dialect.name == "sqlite"


def _guard_references() -> None:
    """Stop before harm: SQLite copies `checks`, and dropping the old one would delete its evidence along with it."""
    if _is_sqlite() and op.get_bind().exec_driver_sql("PRAGMA foreign_keys").scalar():
        raise RuntimeError("This migration must run on a connection that does not enforce foreign keys.")


def _highest_number() -> int | None:
    if not _is_sqlite():
        return None
    highest: int | None = (
        op.get_bind().exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'checks'").scalar()
    )
    return highest


def _restore_number(highest: int | None) -> None:
    """Have case numbers go on after the highest that was ever given, which the copied rows need not show."""
    if highest is not None:
        connection = op.get_bind()
        connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = 'checks'")
        connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES ('checks', ?)", (highest,))


def _checks(origins: str, done: str) -> sa.Table:
    """Return `checks` of revision 0001 with these conditions; SQLite cannot tell them by itself."""
    return sa.Table(
        "checks",
        sa.MetaData(),
        sa.Column("id", CASE_NUMBER, nullable=False),
        sa.Column("clip_sha256", sa.String(length=64)),
        sa.Column("source_name", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("requester_id", sa.BigInteger()),
        sa.Column("guild_id", sa.BigInteger()),
        sa.Column("channel_id", sa.BigInteger()),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("answer_message_id", sa.BigInteger()),
        sa.Column("versions_key", sa.Text(), nullable=False),
        sa.Column("label", sa.String(length=32)),
        sa.Column("probability_fake", sa.Float()),
        sa.Column("report_json", sa.Text()),
        sa.Column("error_code", sa.String(length=32)),
        sa.Column("error_sentence", sa.Text()),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_until", MOMENT),
        sa.Column("heartbeat_at", MOMENT),
        sa.Column("worker", sa.Text()),
        sa.Column("progress_json", sa.JSON()),
        sa.Column("incoming_name", sa.Text()),
        sa.Column("repeats_check_id", CASE_NUMBER),
        sa.CheckConstraint(
            "label IN ('likely_fake', 'likely_real', 'inconclusive', 'declared_synthetic')",
            name=op.f("ck_checks_label"),
        ),
        sa.CheckConstraint(origins, name=op.f("ck_checks_origin")),
        sa.CheckConstraint(done, name=op.f("ck_checks_done_is_whole")),
        sa.CheckConstraint(
            "status <> 'failed' OR (error_code IS NOT NULL AND error_sentence IS NOT NULL AND finished_at IS NOT NULL)",
            name=op.f("ck_checks_failed_is_whole"),
        ),
        sa.CheckConstraint(
            "status <> 'running' OR (worker IS NOT NULL AND lease_until IS NOT NULL)",
            name=op.f("ck_checks_running_is_leased"),
        ),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_checks_status")
        ),
        sa.CheckConstraint("probability_fake BETWEEN 0 AND 1", name=op.f("ck_checks_probability_fake")),
        sa.ForeignKeyConstraint(["clip_sha256"], ["clips.sha256"], name=op.f("fk_checks_clip_sha256_clips")),
        sa.ForeignKeyConstraint(
            ["repeats_check_id"], ["checks.id"], name=op.f("fk_checks_repeats_check_id_checks"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checks")),
        sa.Index(op.f("ix_checks_clip_sha256_versions_key"), "clip_sha256", "versions_key"),
        sa.Index(op.f("ix_checks_guild_id_requested_at"), "guild_id", "requested_at"),
        sa.Index(op.f("ix_checks_requested_at"), "requested_at"),
        sqlite_autoincrement=True,
    )


def _create_tables() -> None:
    op.create_table(
        "guild_settings",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("mod_log_channel_id", sa.BigInteger()),
        sa.Column("scan_channel_ids", sa.JSON(), nullable=False),
        sa.Column("exempt_role_ids", sa.JSON(), nullable=False),
        sa.Column("exempt_channel_ids", sa.JSON(), nullable=False),
        sa.Column("who_may_ask", sa.String(length=16), nullable=False),
        sa.Column("ask_role_ids", sa.JSON(), nullable=False),
        sa.Column("user_daily_budget", sa.Integer(), nullable=False),
        sa.Column("guild_daily_budget", sa.Integer(), nullable=False),
        sa.Column("answer_place", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=16)),
        sa.Column("flag_probability", sa.Float()),
        sa.Column("flag_declared", sa.Boolean(), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=False),
        sa.Column("keep_evidence", sa.Boolean(), nullable=False),
        sa.Column("action_mode", sa.String(length=16), nullable=False),
        sa.Column("action_kind", sa.String(length=16), nullable=False),
        sa.Column("action_probability", sa.Float(), nullable=False),
        sa.Column("timeout_minutes", sa.Integer(), nullable=False),
        sa.Column("reason_required", sa.Boolean(), nullable=False),
        sa.Column("demos_allowed", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "who_may_ask IN ('everyone', 'roles', 'moderators')", name=op.f("ck_guild_settings_who_may_ask")
        ),
        sa.CheckConstraint("answer_place IN ('public', 'private')", name=op.f("ck_guild_settings_answer_place")),
        sa.CheckConstraint("action_mode IN ('off', 'dry_run', 'on')", name=op.f("ck_guild_settings_action_mode")),
        sa.CheckConstraint("action_kind IN ('hide', 'remove', 'timeout')", name=op.f("ck_guild_settings_action_kind")),
        sa.PrimaryKeyConstraint("guild_id", name=op.f("pk_guild_settings")),
    )
    op.create_table(
        "cases",
        sa.Column("check_id", CASE_NUMBER, autoincrement=False, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("flagged_by", sa.BigInteger()),
        sa.Column("flagged_at", MOMENT, nullable=False),
        sa.Column("assigned_to", sa.BigInteger()),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("decided_at", MOMENT),
        sa.Column("reason", sa.Text()),
        sa.Column("log_channel_id", sa.BigInteger()),
        sa.Column("log_message_id", sa.BigInteger()),
        sa.CheckConstraint("state IN ('open', 'upheld', 'dismissed')", name=op.f("ck_cases_state")),
        sa.CheckConstraint(FLAGS, name=op.f("ck_cases_kind")),
        sa.CheckConstraint("state = 'open' OR decided_at IS NOT NULL", name=op.f("ck_cases_decided_is_whole")),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name=op.f("fk_cases_check_id_checks"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("check_id", name=op.f("pk_cases")),
    )
    op.create_index(op.f("ix_cases_guild_id_state_flagged_at"), "cases", ["guild_id", "state", "flagged_at"])
    op.create_table(
        "disputes",
        sa.Column("id", CASE_NUMBER, nullable=False),
        sa.Column("check_id", CASE_NUMBER, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.BigInteger()),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("noted_at", MOMENT, nullable=False),
        sa.CheckConstraint(FLAGS, name=op.f("ck_disputes_kind")),
        sa.ForeignKeyConstraint(
            ["check_id"], ["cases.check_id"], name=op.f("fk_disputes_check_id_cases"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
    )
    op.create_index(op.f("ix_disputes_check_id"), "disputes", ["check_id"])
    op.create_index(op.f("ix_disputes_user_id"), "disputes", ["user_id"])
    op.create_table(
        "audit",
        sa.Column("id", CASE_NUMBER, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("acted_at", MOMENT, nullable=False),
        sa.Column("actor_id", sa.BigInteger()),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("check_id", CASE_NUMBER),
        sa.Column("details_json", sa.JSON(), nullable=False),
        sa.Column("undo_json", sa.JSON()),
        sa.Column("undone_at", MOMENT),
        sa.Column("undone_by", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["check_id"], ["checks.id"], name=op.f("fk_audit_check_id_checks"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_guild_id_id"), "audit", ["guild_id", "id"])
    op.create_index(op.f("ix_audit_check_id"), "audit", ["check_id"])
