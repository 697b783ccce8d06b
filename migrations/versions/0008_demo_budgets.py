"""How many demos a server allows in 24 hours, for each member and together: 5 and 20 until it sets others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("guild_settings", sa.Column("user_daily_demos", sa.Integer(), server_default="5", nullable=False))
    op.add_column("guild_settings", sa.Column("guild_daily_demos", sa.Integer(), server_default="20", nullable=False))


def downgrade() -> None:
    op.drop_column("guild_settings", "guild_daily_demos")
    op.drop_column("guild_settings", "user_daily_demos")
