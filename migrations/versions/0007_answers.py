"""Where an answer is shown, in direct messages too and never for two checks; questions that were begun."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TWICE = """
UPDATE checks SET answer_message_id = NULL WHERE answer_message_id IS NOT NULL AND id NOT IN
    (SELECT max(id) FROM checks WHERE answer_message_id IS NOT NULL GROUP BY answer_message_id)
"""


def upgrade() -> None:
    op.add_column("checks", sa.Column("answer_channel_id", sa.BigInteger()))
    op.execute(TWICE)
    op.create_index(op.f("ix_checks_answer_message_id"), "checks", ["answer_message_id"], unique=True)
    op.create_table(
        "open_questions",
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_open_questions")),
    )


def downgrade() -> None:
    op.drop_table("open_questions")
    op.drop_index(op.f("ix_checks_answer_message_id"), "checks")
    op.drop_column("checks", "answer_channel_id")
