"""`facepulse history`: the checks that were made, newest first."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, TextIO

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.terminal import answers, may_colour, printable
from bot.words import duration
from core.report.words import VERDICT_WORDS
from core.services import history as log
from core.services.history import HistoryFilter, HistoryRow
from core.services.requests import CheckStatus, Origin
from core.settings import Settings, read_settings
from core.store import migrate, open_store
from core.types import VerdictLabel

PLAIN_WIDTH = 160
"""Columns where the output is no terminal, which would say its own."""

LARGEST = 2**63 - 1
"""The largest number that the log can hold."""

_SPAN = re.compile(r"(\d{1,6})\s*([mhdw])")
_SPAN_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_UNFINISHED = {
    CheckStatus.QUEUED: "waiting",
    CheckStatus.RUNNING: "being checked",
    CheckStatus.CANCELLED: "taken back",
}


class Moment(click.ParamType[datetime]):
    """A point in time: a date, a date with a time (local unless it says its zone), or a span back from now: 24h, 7d.

    Args:
        end_of_day: whether a date alone means its end instead of its beginning.
    """

    name = "time"

    def __init__(self, *, end_of_day: bool = False) -> None:
        self._day_offset = timedelta(days=1 if end_of_day else 0)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the moment in UTC; fail with what can be written."""
        if isinstance(value, datetime):
            return value
        text = str(value).strip()
        try:
            if span := _SPAN.fullmatch(text):
                return datetime.now(UTC) - timedelta(**{_SPAN_UNITS[span[2]]: int(span[1])})
            moment = datetime.fromisoformat(text)
            if re.fullmatch(r"\d{4}-?\d{2}-?\d{2}", text):
                moment = datetime.combine(moment + self._day_offset, time())
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time; write 2026-05-04, 2026-05-04T18:30, 24h or 7d.", param, ctx)


@click.command()
@click.option("--verdict", type=click.Choice([label.value for label in VerdictLabel]), help="Only this answer.")
@click.option("--status", type=click.Choice([status.value for status in CheckStatus]), help="Only in this state.")
@click.option("--origin", type=click.Choice([origin.value for origin in Origin]), help="Only asked from here.")
@click.option("--since", type=Moment(), help="Asked since then: 2026-05-04, 2026-05-04T18:30, 24h, 7d.")
@click.option("--until", type=Moment(end_of_day=True), help="Asked before then; a date alone is included.")
@click.option("--sha256", metavar="HEX", help="Only clips whose sha256 begins like this.")
@click.option(
    "--guild", "guild_id", type=click.IntRange(0, LARGEST), metavar="ID", help="Only asked in this Discord server."
)
@click.option(
    "--requester",
    "requester_id",
    type=click.IntRange(0, LARGEST),
    metavar="ID",
    help="Only asked by this Discord user.",
)
@click.option("--limit", type=click.IntRange(1, LARGEST), default=20, show_default=True, help="At most so many.")
@click.option("--offset", type=click.IntRange(0, LARGEST), default=0, help="Leave out so many of the newest.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a check, one a line.")
@click.pass_context
def history(  # noqa: PLR0917 - click calls it by name
    ctx: click.Context,
    verdict: str | None,
    status: str | None,
    origin: str | None,
    since: datetime | None,
    until: datetime | None,
    sha256: str | None,
    guild_id: int | None,
    requester_id: int | None,
    limit: int,
    offset: int,
    as_json: bool,
) -> int:
    """List and filter the checks that were made, newest first."""
    wanted = HistoryFilter(
        verdict=None if verdict is None else VerdictLabel(verdict),
        status=None if status is None else CheckStatus(status),
        origin=None if origin is None else Origin(origin),
        since=since,
        until=until,
        guild_id=guild_id,
        requester_id=requester_id,
        sha256_prefix=sha256,
        limit=limit,
        offset=offset,
    )
    settings: Settings = ctx.obj.settings if hasattr(ctx.obj, "settings") else read_settings()
    rows = read(settings.resolved_database_url, wanted)
    with answers() as out:
        if as_json:
            for row in rows:
                print(json.dumps(row_json(row)), file=out)
        else:
            print_table(rows, wanted, out)
    return 0


def read(url: str, wanted: HistoryFilter) -> tuple[HistoryRow, ...]:
    """Return the rows that match.

    Raises:
        StoreError: the log cannot be read.
    """

    async def find() -> tuple[HistoryRow, ...]:
        async with open_store(url) as store:
            return await log.find(store, wanted)

    migrate(url)
    return asyncio.run(find())


def row_json(row: HistoryRow) -> dict[str, Any]:
    """Return one check as plain JSON values; times in UTC."""
    return {
        "case": row.id,
        "requested_at": row.requested_at.isoformat(),
        "clip": row.source_name,
        "sha256": row.clip_sha256,
        "status": row.status.value,
        "verdict": None if row.label is None else row.label.value,
        "probability_fake": row.probability_fake,
        "origin": row.asker.origin.value,
        "requester_id": row.asker.requester_id,
        "guild_id": row.asker.guild_id,
        "channel_id": row.asker.channel_id,
        "took_s": row.took_s,
        "checked_before": row.repeats_check_id,
        "error": row.error_sentence,
    }


def print_table(rows: Sequence[HistoryRow], wanted: HistoryFilter, out: TextIO) -> None:
    """Write the checks as a table for people, or the sentence that there are none."""
    if not rows:
        anything = wanted == HistoryFilter(limit=wanted.limit)
        print("Nothing was checked yet." if anything else "No check matches.", file=out)
        return
    # Each cell is a Text: names of files and sentences are never read as markup.
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("Case", justify="right", no_wrap=True)
    table.add_column("When", no_wrap=True)
    table.add_column("Clip", overflow="fold", max_width=40)
    table.add_column("Answer", overflow="fold")
    table.add_column("Asked from", overflow="fold")
    table.add_column("Took", justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in cells(row)))
    width = None if out.isatty() else PLAIN_WIDTH
    Console(file=out, width=width, no_color=not may_colour(out), highlight=False).print(table)
    if len(rows) == wanted.limit:
        print(f"There may be more: --limit {2 * wanted.limit} or --offset {wanted.offset + wanted.limit}.", file=out)


def cells(row: HistoryRow) -> tuple[str, str, str, str, str, str]:
    """Return the words of one line: case, local time, clip, answer, who asked where, time taken."""
    return (
        str(row.id),
        row.requested_at.astimezone().strftime("%Y-%m-%d %H:%M"),
        row.source_name,
        _answer(row),
        _place(row),
        "" if row.took_s is None or row.repeats_check_id is not None else duration(row.took_s),
    )


def _answer(row: HistoryRow) -> str:
    if row.label is not None:
        again = "" if row.repeats_check_id is None else f" (as in case {row.repeats_check_id})"
        return VERDICT_WORDS[row.label].title + again
    return _UNFINISHED.get(row.status) or f"no answer: {row.error_sentence or 'no longer kept'}"


def _place(row: HistoryRow) -> str:
    asker = row.asker
    if asker.origin is Origin.CLI:
        return "terminal"
    if asker.origin is Origin.WEB:
        return "local page"
    named = (("server", asker.guild_id), ("channel", asker.channel_id), ("user", asker.requester_id))
    return ", ".join(["Discord", *(f"{name} {number}" for name, number in named if number is not None)])
