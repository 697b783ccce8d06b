"""What moderators look up: cases, the next one to decide, the history, counts, and all of it as a file."""

from __future__ import annotations

import asyncio
import io
import logging
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str
from discord.ext import commands

from bot import i18n
from bot.answer_views import verdict_view
from bot.answers import Content
from bot.case_text import list_line
from bot.finished import finished_content
from bot.history_text import counts_by_label, history_line, statistics_embed
from bot.i18n import ENGLISH, Say
from bot.mod_log import case_content
from bot.pages import PER_PAGE, Page, Pages
from bot.services import Services
from core.errors import OutputError, ReviewError
from core.report.plot_apart import is_weekly, plot_apart
from core.report.words import VERDICT_WORDS
from core.services.history import HistoryFilter
from core.services.reviews import NOT_THERE, CaseFilter, CaseState
from core.services.statistics import GuildStatistics
from core.types import VerdictLabel

if TYPE_CHECKING:
    from bot.client import FacepulseBot

logger = logging.getLogger(__name__)

Interaction = discord.Interaction[Any]
CommandT = TypeVar("CommandT", bound=app_commands.Command[Any, ..., Any])

PLOT = "statistics.png"
WITHOUT_GLYPHS = frozenset({"ja"})
"""Languages whose letters are missing in the font that comes with the plots: their plots are in English."""
FORMS: list[Choice[Any]] = [
    Choice(name=locale_str("CSV"), value="csv"),
    Choice(name=locale_str("JSON"), value="json"),
]
HIGHEST_NUMBER = 2**53 - 1
"""The highest whole number that Discord lets somebody type."""

VERDICTS: list[Choice[Any]] = [
    Choice(name=locale_str(told.title), value=label.value) for label, told in VERDICT_WORDS.items()
]
STATES: list[Choice[Any]] = [Choice(name=locale_str(state.value), value=state.value) for state in CaseState]
SINCE: list[Choice[Any]] = [
    Choice(name=locale_str("the last 24 hours"), value=1),
    Choice(name=locale_str("the last 7 days"), value=7),
    Choice(name=locale_str("the last 30 days"), value=30),
    Choice(name=locale_str("the last 90 days"), value=90),
    Choice(name=locale_str("the last year"), value=365),
]

ONLY_HERE: dict[str, Any] = {
    "default_permissions": discord.Permissions(manage_messages=True),
    "guild_only": True,
    "allowed_contexts": app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
    "allowed_installs": app_commands.AppInstallationType(guild=True, user=False),
}


def _for_moderators(command: CommandT) -> CommandT:
    """Give a command that is in no group what `ONLY_HERE` gives to groups."""
    command.default_permissions = ONLY_HERE["default_permissions"]
    command.guild_only = ONLY_HERE["guild_only"]
    command.allowed_contexts = ONLY_HERE["allowed_contexts"]
    command.allowed_installs = ONLY_HERE["allowed_installs"]
    return command


class CasesCog(commands.Cog):
    """For moderators: every answer is for the one who asked alone."""

    case = app_commands.Group(name=locale_str("case"), description=locale_str("Look at flagged cases"), **ONLY_HERE)
    review = app_commands.Group(
        name=locale_str("review"), description=locale_str("Decide the cases that wait"), **ONLY_HERE
    )

    def __init__(self, bot: FacepulseBot, services: Services) -> None:
        self._bot = bot
        self._services = services
        self._drawing = asyncio.Semaphore(1)

    @case.command(name=locale_str("show"), description=locale_str("See one case: its verdict and what was decided"))
    @app_commands.rename(number=locale_str("number"))
    @app_commands.describe(number=locale_str("The number of the case, as it stands under its answer"))
    async def show(self, interaction: Interaction, number: app_commands.Range[int, 1, HIGHEST_NUMBER]) -> None:
        """Show a case, or a check of this server that nobody flagged."""
        guild_id, say = await self._seen(interaction)
        case = await self._services.reviews.get(number, guild_id)
        if case is not None:
            content = await case_content(self._services, case, say)
        else:
            content = await self._unflagged(number, guild_id, say)
        await _send_alone(interaction, content)

    @case.command(name=locale_str("list"), description=locale_str("List flagged cases, the newest first"))
    @app_commands.rename(
        user=locale_str("user"), verdict=locale_str("verdict"), since=locale_str("since"), status=locale_str("status")
    )
    @app_commands.describe(
        user=locale_str("Who posted the clip"),
        verdict=locale_str("What was found"),
        since=locale_str("When it was flagged"),
        status=locale_str("What moderators made of it"),
    )
    @app_commands.choices(verdict=VERDICTS, since=SINCE, status=STATES)
    async def list_cases(
        self,
        interaction: Interaction,
        user: discord.User | None = None,
        verdict: str | None = None,
        since: int | None = None,
        status: str | None = None,
    ) -> None:
        """List cases page by page."""
        guild_id, say = await self._seen(interaction)
        wanted = {
            "poster_id": None if user is None else user.id,
            "verdict": None if verdict is None else VerdictLabel(verdict),
            "since": None if since is None else discord.utils.utcnow() - timedelta(days=since),
            "state": None if status is None else CaseState(status),
        }

        async def fetch(start: int) -> Page:
            found = CaseFilter(guild_id, **wanted, limit=PER_PAGE, offset=start)  # type: ignore[arg-type]
            cases = await self._services.reviews.find(found)
            return Page(tuple(list_line(case, say) for case in cases), await self._services.reviews.count(found))

        pages = Pages(fetch, title=say("Cases"), nothing=say("No case matches."), say=say)
        await pages.show(interaction)

    @review.command(
        name=locale_str("next"), description=locale_str("See the oldest case that waits, first those assigned to you")
    )
    async def next(self, interaction: Interaction) -> None:
        """Show the case that should be decided next."""
        guild_id, say = await self._seen(interaction)
        case = await self._services.reviews.next_open(guild_id, for_user=interaction.user.id)
        if case is None:
            await interaction.response.send_message(say("✅ No case waits for a decision."), ephemeral=True)
            return
        await _send_alone(interaction, await case_content(self._services, case, say))

    @_for_moderators
    @app_commands.command(name=locale_str("history"), description=locale_str("See what was checked in this server"))
    @app_commands.rename(
        verdict=locale_str("verdict"), since=locale_str("since"), user=locale_str("user"), channel=locale_str("channel")
    )
    @app_commands.describe(
        verdict=locale_str("What was found"),
        since=locale_str("When it was asked for"),
        user=locale_str("Who asked for the check"),
        channel=locale_str("Where it was asked for"),
    )
    @app_commands.choices(verdict=VERDICTS, since=SINCE)
    async def history(
        self,
        interaction: Interaction,
        verdict: str | None = None,
        since: int | None = None,
        user: discord.User | None = None,
        channel: discord.TextChannel | discord.VoiceChannel | discord.Thread | None = None,
    ) -> None:
        """List checks page by page, flagged or not."""
        guild_id, say = await self._seen(interaction)
        wanted = HistoryFilter(
            verdict=None if verdict is None else VerdictLabel(verdict),
            since=None if since is None else discord.utils.utcnow() - timedelta(days=since),
            requester_id=None if user is None else user.id,
            channel_id=None if channel is None else channel.id,
            guild_id=guild_id,
            limit=PER_PAGE,
        )

        async def fetch(start: int) -> Page:
            rows, total = await self._services.desk.history(wanted, start)
            return Page(tuple(history_line(row, say) for row in rows), total)

        pages = Pages(fetch, title=say("What was checked here"), nothing=say("No check matches."), say=say)
        await pages.show(interaction)

    @_for_moderators
    @app_commands.command(name=locale_str("stats"), description=locale_str("See how many clips were checked, by day"))
    @app_commands.rename(since=locale_str("since"))
    @app_commands.describe(since=locale_str("How far back to count; 30 days where you choose nothing"))
    @app_commands.choices(since=SINCE[1:])
    async def stats(self, interaction: Interaction, since: int = 30) -> None:
        """Show counts with a plot."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        guild_id, say = await self._seen(interaction)
        found = await self._services.statistics.of_guild(guild_id, discord.utils.utcnow() - timedelta(days=since))
        try:
            async with self._drawing:  # each is a process for a second or two
                png = await asyncio.to_thread(_plot, found, say if say.locale not in WITHOUT_GLYPHS else ENGLISH)
        except OutputError:
            logger.exception("the counts of guild %d are told without their plot", guild_id)
            await interaction.followup.send(embed=statistics_embed(found, since, None, say), ephemeral=True)
            return
        embed = statistics_embed(found, since, PLOT, say)
        await interaction.followup.send(embed=embed, file=discord.File(io.BytesIO(png), PLOT), ephemeral=True)

    @_for_moderators
    @app_commands.command(name=locale_str("export"), description=locale_str("Get the checks of this server as a file"))
    @app_commands.rename(form=locale_str("form"), since=locale_str("since"))
    @app_commands.describe(
        form=locale_str("CSV for spreadsheets, JSON for programs"),
        since=locale_str("From when on; all that is kept where you choose nothing"),
    )
    @app_commands.choices(form=FORMS, since=SINCE)
    async def export(self, interaction: Interaction, form: str, since: int | None = None) -> None:
        """Send the checks of this server as a file, packed where it is large."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        guild_id, say = await self._seen(interaction)
        begin = None if since is None else discord.utils.utcnow() - timedelta(days=since)
        data = await self._services.exports.cases(guild_id, begin, "csv" if form == "csv" else "json")
        name = f"facepulse-cases.{form}"
        if len(data) > interaction.filesize_limit:
            data, name = await asyncio.to_thread(_packed, data, name), f"{name}.zip"
        if len(data) > interaction.filesize_limit:
            raise OutputError(say("The file is larger than Discord lets me send; choose a shorter time."))
        file = discord.File(io.BytesIO(data), name)
        await interaction.followup.send(say("The checks of this server:"), file=file, ephemeral=True)

    async def _seen(self, interaction: Interaction) -> tuple[int, Say]:
        if interaction.guild_id is None:
            raise app_commands.NoPrivateMessage
        settings = await self._services.guilds.get(interaction.guild_id)
        return interaction.guild_id, i18n.for_interaction(interaction, settings)

    async def _unflagged(self, number: int, guild_id: int, say: Say) -> Content:
        check = await self._services.desk.look(number)
        if check is None or check.guild_id != guild_id or not check.is_over:
            raise ReviewError(NOT_THERE)
        content = await finished_content(self._services.desk, check, say)
        if check.report is not None:
            text = f"{content.text}\n{say('Nobody has flagged this answer.')}"
            return Content(text, content.embed, verdict_view(say, check), content.picture)
        return content


async def _send_alone(interaction: Interaction, content: Content) -> None:
    shown = content.fitting(interaction.filesize_limit)
    await interaction.response.send_message(**shown.to_send(), ephemeral=True)


def _plot(found: GuildStatistics, say: Say) -> bytes:
    counts = {say.told(VERDICT_WORDS[label].title): row for label, row in counts_by_label(found).items()}
    colours = [VERDICT_WORDS[label].colour for label in counts_by_label(found)]
    days = [day.day for day in found.days]
    title = say("Clips checked in each week") if is_weekly(days) else say("Clips checked on each day")
    return plot_apart(days, counts, colours, title)


def _packed(data: bytes, name: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return packed.getvalue()
