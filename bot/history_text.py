"""What `/history` and `/stats` say: pure functions."""

from __future__ import annotations

import discord
from discord.utils import format_dt

from bot import words
from bot.case_text import who
from bot.embeds import clip_name
from bot.i18n import N_, Say
from core.report.words import VERDICT_WORDS
from core.services.history import HistoryRow
from core.services.requests import CheckStatus, Origin
from core.services.statistics import GuildStatistics
from core.types import VerdictLabel

STATUSES = {
    CheckStatus.QUEUED: N_("waiting"),
    CheckStatus.RUNNING: N_("running"),
    CheckStatus.DONE: N_("done"),
    CheckStatus.FAILED: N_("no answer"),
    CheckStatus.CANCELLED: N_("cancelled"),
}


def history_line(row: HistoryRow, say: Say) -> str:
    """Return a check in one line: number, verdict or what became of it, clip, who asked, when."""
    if row.label is None:
        verdict = f"▫️ {say(STATUSES[row.status])}"
    else:
        verdict = f"{words.EMOJI[row.label]} {say.told(VERDICT_WORDS[row.label].title)}"
    asked = say("found by itself") if row.asker.origin is Origin.SCAN else who(row.asker.requester_id, say)
    name = clip_name(row.source_name) or "–"
    return " · ".join([f"`{row.id}`", verdict, name, asked, format_dt(row.requested_at, "d")])


def statistics_embed(found: GuildStatistics, days: int, picture: str | None, say: Say) -> discord.Embed:
    """Return the counts of a server.

    Args:
        found: the counts.
        days: over how many days.
        picture: name of the attached plot, if there is one.
        say: the reader's language.
    """
    totals = found.totals
    lines = [say.plural("{n} clip was checked.", "{n} clips were checked.", totals.total)]
    for label, count in counts_by_label(found).items():
        title = f"{words.EMOJI[label]} {say.told(VERDICT_WORDS[label].title)}"
        lines.append(say(words.NAMED, name=title, value=f"**{sum(count)}**"))
    lines.append(say(words.NAMED, name=f"▫️ {say('No answer')}", value=f"**{totals.failed}**"))
    if found.median_wait_s is not None:
        wait = words.duration(found.median_wait_s, say)
        lines.append(say("Half of the answers came within {duration}.", duration=wait))
    title = say.plural("📊 The last {n} day", "📊 The last {n} days", days)
    embed = discord.Embed(title=title, description="\n".join(lines))
    cases = [
        say("Open: {count}", count=found.open_cases),
        say("Upheld: {count}", count=found.upheld),
        say("Dismissed: {count}", count=found.dismissed),
    ]
    embed.add_field(name=say("Cases"), value=" · ".join(cases), inline=False)
    if picture is not None:
        embed.set_image(url=f"attachment://{picture}")
    return embed


def counts_by_label(found: GuildStatistics) -> dict[VerdictLabel, tuple[int, ...]]:
    """Return the checks of each day by verdict."""
    return {label: tuple(getattr(day, label.value) for day in found.days) for label in words.EMOJI}
