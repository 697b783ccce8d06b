"""Which pictures the source's face set of a network had, and one network in use for each name in a server.

Of networks that were registered under one name at the same moment, the one that an admin allowed stays, or else the
first; the others count as withdrawn as soon as they were registered, as if they had been refused.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

IN_USE = sa.text("withdrawn_at IS NULL")
TWICE = """
UPDATE swap_models SET withdrawn_at = registered_at WHERE id IN
    (SELECT id FROM
        (SELECT id, row_number() OVER (PARTITION BY guild_id, name ORDER BY (allowed_at IS NULL), id) AS place
        FROM swap_models WHERE withdrawn_at IS NULL) AS named
    WHERE place > 1)
"""


def upgrade() -> None:
    op.add_column("swap_models", sa.Column("source_sha256", sa.String(length=64)))
    op.execute(TWICE)
    op.create_index(
        op.f("ix_swap_models_name_in_use"),
        "swap_models",
        ["guild_id", "name"],
        unique=True,
        sqlite_where=IN_USE,
        postgresql_where=IN_USE,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_swap_models_name_in_use"), "swap_models")
    op.drop_column("swap_models", "source_sha256")
