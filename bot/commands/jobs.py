"""`facepulse jobs`: what waits, what runs and what was given up; trying again and taking back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TextIO, TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.commands.history import LARGEST, PLAIN_WIDTH
from bot.terminal import answers, may_colour, printable
from core.media import open_media
from core.services import requests
from core.services.folders import Folders
from core.services.requests import Check, CheckStatus
from core.settings import Settings, read_settings
from core.store import Store, migrate, open_store

T = TypeVar("T")
CASE = click.IntRange(1, LARGEST)
_STATES = {
    CheckStatus.QUEUED: "waiting",
    CheckStatus.RUNNING: "being checked",
    CheckStatus.FAILED: "given up",
}


@click.group()
def jobs() -> None:
    """See and change what waits to be checked."""


@jobs.command("list")
@click.option("--dead", is_flag=True, help="Only checks that were given up and can be tried again.")
@click.option("--limit", type=click.IntRange(1, LARGEST), default=50, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a check, one a line.")
def list_jobs(dead: bool, limit: int, as_json: bool) -> None:
    """List running checks, waiting ones in their order, and those that were given up."""

    async def find(store: Store) -> tuple[Check, ...]:
        waiting = () if dead else await store.queue.open_checks(limit)
        return waiting + await store.queue.dead_letters(limit)

    found = _with_store(read_settings(), find)
    with answers() as out:
        if as_json:
            for check in found:
                print(json.dumps(job_json(check)), file=out)
        else:
            _print_table(found, out)


@jobs.command("retry")
@click.argument("cases", nargs=-1, type=CASE, metavar="CASE...")
@click.option("--all", "everything", is_flag=True, help="All checks that were given up.")
def retry(cases: tuple[int, ...], everything: bool) -> int:
    """Have checks tried again that were given up.

    Exit status: 0 all of them wait again, 1 one was not given up or its clip is gone, 2 a wrong call.
    """
    if bool(cases) == everything:
        raise click.UsageError("Say which cases, or --all.")

    async def revive(store: Store) -> list[tuple[int, bool]]:
        numbers = [check.id for check in await store.queue.dead_letters(LARGEST)] if everything else cases
        return [(number, await requests.retry(store, number)) for number in numbers]

    done = _with_store(read_settings(), revive)
    for number, revived in done:
        sentence = "waits again" if revived else "was not given up, or its clip is no longer here"
        click.echo(f"Case {number}: {sentence}.", err=not revived)
    if not done:
        click.echo("Nothing was given up.")
    return 0 if all(revived for _, revived in done) else 1


@jobs.command("cancel")
@click.argument("cases", nargs=-1, required=True, type=CASE, metavar="CASE...")
def cancel(cases: tuple[int, ...]) -> int:
    """Take checks back that wait or run.

    Exit status: 0 all of them were taken back, 1 one was over already or is not there, 2 a wrong call.
    """
    settings = read_settings()
    folders = Folders(settings.data_dir, open_media(settings.media_place, settings.data_dir))

    async def take_back(store: Store) -> list[tuple[int, bool]]:
        return [(number, await requests.cancel(store, number, folders=folders)) for number in cases]

    done = _with_store(settings, take_back)
    for number, cancelled in done:
        sentence = "taken back" if cancelled else "neither waits nor runs"
        click.echo(f"Case {number}: {sentence}.", err=not cancelled)
    return 0 if all(cancelled for _, cancelled in done) else 1


def job_json(check: Check) -> dict[str, Any]:
    """Return one check as plain JSON values; times in UTC."""

    def moment(value: datetime | None) -> str | None:
        return None if value is None else value.isoformat()

    return {
        "case": check.id,
        "state": "given_up" if check.is_dead_letter else check.status.value,
        "clip": check.source_name,
        "queue": check.queue,
        "priority": check.asker.priority,
        "attempts": check.attempts,
        "worker": check.worker,
        "requested_at": moment(check.requested_at),
        "not_before": moment(check.not_before),
        "finished_at": moment(check.finished_at),
        "error_code": check.error_code,
        "error": check.error_sentence,
    }


def _print_table(found: Sequence[Check], out: TextIO) -> None:
    if not found:
        print("Nothing waits, and nothing was given up.", file=out)
        return
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("Case", "Priority", "Attempts"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("State", "Queue", "Asked", "Clip", "Because"):
        table.add_column(name, overflow="fold")
    for check in found:
        table.add_row(*(Text(printable(cell)) for cell in _cells(check)))
    width = None if out.isatty() else PLAIN_WIDTH
    Console(file=out, width=width, no_color=not may_colour(out), highlight=False).print(table)


def _cells(check: Check) -> tuple[str, ...]:
    state = _STATES[check.status]
    if check.not_before is not None and check.not_before > datetime.now(UTC):
        state += f" until {_local(check.not_before)}"
    return (
        str(check.id),
        str(check.asker.priority),
        str(check.attempts),
        state,
        check.queue,
        _local(check.requested_at),
        check.source_name,
        check.error_sentence or "",
    )


def _local(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _with_store(settings: Settings, use: Callable[[Store], Awaitable[T]]) -> T:
    async def run() -> T:
        async with open_store(settings.resolved_database_url) as store:
            return await use(store)

    migrate(settings.resolved_database_url)
    return asyncio.run(run())
