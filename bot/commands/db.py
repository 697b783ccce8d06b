"""`facepulse db`: the log as a whole."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import click

from core.store import migrate, move


@click.group()
def db() -> None:
    """Move the log to another database."""


@db.command("move")
@click.option("--from", "source", required=True, metavar="URL", help="The log as it is, e.g. sqlite:////path/to/file.")
@click.option("--to", "target", required=True, metavar="URL", help="An empty database, e.g. postgresql://host/name.")
def move_log(source: str, target: str) -> None:
    """Carry the whole log over to an empty database, and prove that it arrived.

    Stop the service and its workers first. Every row is read back and compared before anything is written for good;
    the old database is not changed. The files in the data folder stay where they are.
    """
    migrate(source)
    migrate(target)
    for table in asyncio.run(move(source, target, datetime.now(UTC))):
        click.echo(f"{table.name:16} {table.rows:>9} rows   sha256 {table.sha256[:16]}…")
    click.echo("Everything arrived as it was. Set FACEPULSE_DATABASE_URL to the new database and start the service.")
