"""When a check may be tried again, where it may run, who is answering it; on PostgreSQL, what hands checks out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
COLUMNS = ("answering_until", "queue", "not_before")
LEFT_BY_PROCRASTINATE = """
DO $$
DECLARE found record;
BEGIN
    FOR found IN SELECT tablename FROM pg_tables
        WHERE schemaname = current_schema() AND tablename LIKE 'procrastinate\\_%' LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I CASCADE', found.tablename);
    END LOOP;
    FOR found IN SELECT oid::regprocedure AS name FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'procrastinate\\_%' LOOP
        EXECUTE 'DROP FUNCTION IF EXISTS ' || found.name || ' CASCADE';
    END LOOP;
    FOR found IN SELECT typname FROM pg_type WHERE typnamespace = current_schema()::regnamespace
        AND typtype IN ('e', 'c') AND typname LIKE 'procrastinate\\_%' LOOP
        EXECUTE format('DROP TYPE IF EXISTS %I CASCADE', found.typname);
    END LOOP;
END $$
"""


def upgrade() -> None:
    # SQLite adds these without copying the table.
    op.add_column("checks", sa.Column("not_before", MOMENT))
    op.add_column("checks", sa.Column("queue", sa.String(length=16), server_default="cpu", nullable=False))
    op.add_column("checks", sa.Column("answering_until", MOMENT))
    if op.get_context().dialect.name == "postgresql":
        # What its pinned release creates; a release with other tables comes with a revision of its own.
        from procrastinate.schema import SchemaManager  # noqa: PLC0415

        _run_script(SchemaManager.get_schema())


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        _run_script(LEFT_BY_PROCRASTINATE)
    for name in COLUMNS:
        op.drop_column("checks", name)


def _run_script(script: str) -> None:
    """Run several statements at once, in the transaction of the migration, which has begun."""
    bind = op.get_bind()
    bind.exec_driver_sql("SELECT 1")
    bind.connection.dbapi_connection.run_async(lambda connection: connection.execute(script))  # type: ignore[union-attr]
