"""What clips look like, and which checks are about copies of other ones' clips."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CASE_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "clip_looks",
        sa.Column("clip_sha256", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("signs", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clip_sha256"], ["clips.sha256"], name=op.f("fk_clip_looks_clip_sha256_clips"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("clip_sha256", name=op.f("pk_clip_looks")),
    )
    op.create_index(op.f("ix_clip_looks_duration_s"), "clip_looks", ["duration_s"])
    op.create_table(
        "copies",
        sa.Column("check_id", CASE_NUMBER, autoincrement=False, nullable=False),
        sa.Column("copy_of_check_id", CASE_NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["check_id"], ["checks.id"], name=op.f("fk_copies_check_id_checks"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["copy_of_check_id"], ["checks.id"], name=op.f("fk_copies_copy_of_check_id_checks"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("check_id", name=op.f("pk_copies")),
    )
    op.create_index(op.f("ix_copies_copy_of_check_id"), "copies", ["copy_of_check_id"])


def downgrade() -> None:
    op.drop_table("copies")
    op.drop_table("clip_looks")
