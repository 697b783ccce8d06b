"""Face-swap demos: the networks that servers may use, the demos made with them, and who may ask for one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "swap_models",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("source_path", sa.Text()),
        sa.Column("swap_json", sa.Text(), nullable=False),
        sa.Column("registered_at", MOMENT, nullable=False),
        sa.Column("allowed_at", MOMENT),
        sa.Column("withdrawn_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_swap_models")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_swap_models_guild_id_name"), "swap_models", ["guild_id", "name"])
    _create_demos()
    op.add_column("guild_settings", sa.Column("demo_role_ids", sa.JSON(none_as_null=True)))


def _create_demos() -> None:
    op.create_table(
        "demos",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("model_id", NUMBER, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.Column("requester_id", sa.BigInteger()),
        sa.Column("poster_id", sa.BigInteger()),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger()),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("answer_message_id", sa.BigInteger()),
        sa.Column("locale", sa.String(length=16)),
        sa.Column("driver_name", sa.Text(), nullable=False),
        sa.Column("driver_sha256", sa.String(length=64)),
        sa.Column("incoming_name", sa.Text()),
        sa.Column("declaration", sa.String(length=16), nullable=False),
        sa.Column("declared_how", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("worker", sa.Text()),
        sa.Column("lease_until", MOMENT),
        sa.Column("heartbeat_at", MOMENT),
        sa.Column("not_before", MOMENT),
        sa.Column("progress_json", sa.JSON(none_as_null=True)),
        sa.Column("error_code", sa.String(length=32)),
        sa.Column("error_sentence", sa.Text()),
        sa.Column("demo_id", sa.String(length=8)),
        sa.Column("provenance_json", sa.Text()),
        sa.Column("file_name", sa.Text()),
        sa.Column("file_sha256", sa.String(length=64)),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("answered_at", MOMENT),
        sa.Column("answering_until", MOMENT),
        sa.Column("log_channel_id", sa.BigInteger()),
        sa.Column("log_message_id", sa.BigInteger()),
        sa.Column("deleted_at", MOMENT),
        sa.Column("expired_at", MOMENT),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_demos_status")
        ),
        sa.CheckConstraint("declaration IN ('self', 'consented')", name=op.f("ck_demos_declaration")),
        sa.CheckConstraint(
            "status <> 'done' OR (demo_id IS NOT NULL AND file_sha256 IS NOT NULL AND finished_at IS NOT NULL"
            " AND (expired_at IS NOT NULL OR provenance_json IS NOT NULL))",
            name=op.f("ck_demos_done_is_whole"),
        ),
        sa.CheckConstraint(
            "status <> 'failed' OR (error_code IS NOT NULL AND error_sentence IS NOT NULL AND finished_at IS NOT NULL)",
            name=op.f("ck_demos_failed_is_whole"),
        ),
        sa.CheckConstraint(
            "status <> 'running' OR (worker IS NOT NULL AND lease_until IS NOT NULL)",
            name=op.f("ck_demos_running_is_leased"),
        ),
        sa.ForeignKeyConstraint(["model_id"], ["swap_models.id"], name=op.f("fk_demos_model_id_swap_models")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demos")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_demos_demo_id"), "demos", ["demo_id"], unique=True)
    op.create_index(op.f("ix_demos_guild_id_requested_at"), "demos", ["guild_id", "requested_at"])
    op.create_index(op.f("ix_demos_status_requested_at"), "demos", ["status", "requested_at"])
    op.create_index(op.f("ix_demos_model_id"), "demos", ["model_id"])
    op.create_index(op.f("ix_demos_requester_id"), "demos", ["requester_id"])


def downgrade() -> None:
    op.drop_column("guild_settings", "demo_role_ids")
    op.drop_table("demos")
    op.drop_table("swap_models")
