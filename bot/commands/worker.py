"""`facepulse worker`: a worker on this machine, for a database that others use too."""

from __future__ import annotations

from typing import NoReturn

import click

from core.errors import StoreError
from core.settings import read_settings
from core.store import QUEUES, migrate


@click.command("worker")
@click.option(
    "--queue",
    "queues",
    type=click.Choice(QUEUES),
    multiple=True,
    help="Take only checks of this queue; may be repeated. By default of all.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Analyse so many checks at once. Several workers with one each use several cores better.",
)
@click.option(
    "--grace-s",
    type=click.FloatRange(0, 3600),
    default=20.0,
    show_default=True,
    help="When stopped, finish what was begun for so long; what is not finished then goes to another worker.",
)
def worker(queues: tuple[str, ...], concurrency: int, grace_s: float) -> NoReturn:
    """Answer checks until SIGTERM or Ctrl-C.

    With PostgreSQL as the database any number of workers may run on any number of machines. They need the same
    FACEPULSE_DATABASE_URL as the service, and must reach the clips that wait: in the same bucket (FACEPULSE_MEDIA_URL),
    or in the same data folder.
    """
    settings = read_settings()
    try:
        migrate(settings.resolved_database_url)
    except StoreError as error:
        raise click.ClickException(str(error)) from error
    from core.jobs.worker import leave, main  # noqa: PLC0415  (loads what only a worker needs)

    named = [part for queue in queues for part in ("--queue", queue)]
    leave(main([*named, "--concurrency", str(concurrency), "--drain-s", str(grace_s)]))
