"""The log of checks, which is also the queue."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
CASE_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "clips",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("container", sa.String(length=64)),
        sa.Column("codec", sa.String(length=64)),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("duration_s", sa.Float()),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_clips_sha256_length")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_clips")),
    )
    op.create_table(
        "model_versions",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", "sha256", name=op.f("pk_model_versions")),
    )
    op.create_table(
        "checks",
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
        sa.CheckConstraint("origin IN ('discord', 'web', 'cli')", name=op.f("ck_checks_origin")),
        sa.CheckConstraint(
            "status <> 'done' OR (clip_sha256 IS NOT NULL AND label IS NOT NULL AND report_json IS NOT NULL"
            " AND finished_at IS NOT NULL)",
            name=op.f("ck_checks_done_is_whole"),
        ),
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
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_checks_clip_sha256_versions_key"), "checks", ["clip_sha256", "versions_key"], unique=False)
    op.create_index(op.f("ix_checks_guild_id_requested_at"), "checks", ["guild_id", "requested_at"], unique=False)
    op.create_index(op.f("ix_checks_requested_at"), "checks", ["requested_at"], unique=False)
    op.create_index(op.f("ix_checks_status_requested_at"), "checks", ["status", "requested_at"], unique=False)
    op.create_table(
        "check_weights",
        sa.Column("check_id", CASE_NUMBER, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["check_id"], ["checks.id"], name=op.f("fk_check_weights_check_id_checks"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["name", "sha256"],
            ["model_versions.name", "model_versions.sha256"],
            name=op.f("fk_check_weights_name_sha256_model_versions"),
        ),
        sa.PrimaryKeyConstraint("check_id", "name", name=op.f("pk_check_weights")),
    )
    op.create_table(
        "evidence",
        sa.Column("id", CASE_NUMBER, nullable=False),
        sa.Column("check_id", CASE_NUMBER, nullable=False),
        sa.Column("detector", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("track", sa.Integer()),
        sa.Column("fake_score", sa.Float()),
        sa.Column("quality", sa.Float(), nullable=False),
        sa.Column("abstained_because", sa.Text()),
        sa.Column("declares_synthetic", sa.Boolean(), nullable=False),
        sa.Column("measurements_json", sa.JSON(), nullable=False),
        sa.Column("findings_json", sa.JSON(), nullable=False),
        sa.CheckConstraint("fake_score BETWEEN 0 AND 1", name=op.f("ck_evidence_fake_score")),
        sa.CheckConstraint("quality BETWEEN 0 AND 1", name=op.f("ck_evidence_quality")),
        sa.ForeignKeyConstraint(
            ["check_id"], ["checks.id"], name=op.f("fk_evidence_check_id_checks"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    op.create_index(op.f("ix_evidence_check_id"), "evidence", ["check_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_evidence_check_id"), table_name="evidence")
    op.drop_table("evidence")
    op.drop_table("check_weights")
    op.drop_index(op.f("ix_checks_status_requested_at"), table_name="checks")
    op.drop_index(op.f("ix_checks_requested_at"), table_name="checks")
    op.drop_index(op.f("ix_checks_guild_id_requested_at"), table_name="checks")
    op.drop_index(op.f("ix_checks_clip_sha256_versions_key"), table_name="checks")
    op.drop_table("checks")
    op.drop_table("model_versions")
    op.drop_table("clips")
