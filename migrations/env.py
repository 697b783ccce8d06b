"""How Alembic reaches the database: through the connection that it is handed, or else the one of the settings."""

from __future__ import annotations

import asyncio

from alembic import context
from sqlalchemy import Connection

from core.settings import read_settings
from core.store.database import Database, connect
from core.store.tables import METADATA


def run(connection: Connection) -> None:
    """Run the migrations that were asked for, in the transaction of `connection`."""
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        # SQLite can hardly change a table: Alembic copies it instead.
        render_as_batch=connection.dialect.name == "sqlite",
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_with_settings() -> None:
    """Run on the database of the settings: the way of `alembic` on the command line."""
    engine = connect(read_settings().resolved_database_url, references=False)
    try:
        async with Database(engine).writing() as connection:
            await connection.run_sync(run)
    finally:
        await engine.dispose()


handed: Connection | None = context.config.attributes.get("connection")
if handed is not None:
    run(handed)
else:
    asyncio.run(run_with_settings())
