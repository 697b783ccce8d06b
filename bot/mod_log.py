"""The moderation log of a server: one message a case, which shows where it stands, with its buttons."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import discord

from bot import acting, i18n
from bot.answers import PICTURE, Content, nonce
from bot.attachments import UNREACHED
from bot.case_text import HIDE, TIMEOUT, add_case_fields
from bot.case_views import NO_LONGER, can_be_undone, case_view
from bot.desk import CheckView
from bot.finished import finished_content
from bot.i18n import Say
from bot.services import Services
from core.errors import ReviewError
from core.services.audit import AuditEntry
from core.services.reviews import NOT_THERE, Case, CaseState
from core.types import GuildSettings

if TYPE_CHECKING:
    from discord.ext import commands

logger = logging.getLogger(__name__)

BY_DISMISSAL = frozenset({HIDE, TIMEOUT})
"""Acts that a dismissal takes back by itself: the message was hidden until then, the author did nothing wrong."""


async def case_content(services: Services, case: Case, say: Say) -> Content:
    """Return what a case shows: its verdict, where it stands, what was done, and the buttons.

    Raises:
        StoreError: the log cannot be read.
        ReviewError: the check is not there any more.
    """
    check = await services.desk.look(case.check.id)
    if check is None:
        raise ReviewError(NOT_THERE)
    content = await finished_content(services.desk, check, say)
    acts = await services.audit.of_check(check.id, case.guild_id)
    doubted = await services.reviews.doubted(check.id, case.guild_id)
    if content.embed is not None:
        add_case_fields(content.embed, case, acts, say, doubted=doubted)
    return Content(content.text, content.embed, case_view(say, case, acts), content.picture)


async def announce(bot: commands.Bot, services: Services, check: CheckView, settings: GuildSettings) -> None:
    """Show a flagged check in the moderation log of its server, after acting on it where the server wants that.

    A case that is shown there already is shown anew in its message. Without a log, or where nothing can be written in
    it, the case waits for `/review next`; nothing is done by itself then.

    Raises:
        StoreError: the log of checks cannot be read or written.
    """
    case = await services.reviews.get(check.id, settings.guild_id)
    if case is None or settings.mod_log_channel_id is None:
        return
    guild = bot.get_guild(settings.guild_id)
    say = log_speaker(settings, guild)
    if case.log_message_id is not None and await _edit(bot, services, case, say):
        return
    channel = bot.get_partial_messageable(settings.mod_log_channel_id, guild_id=settings.guild_id)
    if guild is not None:
        await acting.Acting(services, guild, channel, settings, say).act_if_due(check, case)
    await _post(services, channel, case, say, upload_limit=None if guild is None else guild.filesize_limit)


async def _post(
    services: Services, channel: discord.abc.Messageable, case: Case, say: Say, *, upload_limit: int | None
) -> None:
    content = await case_content(services, case, say)
    content = content.without_picture() if upload_limit is None else content.fitting(upload_limit)
    # Once, also when its sender dies before that is noted; anew where the message before it was deleted.
    once = nonce("mod log", case.check.id, case.log_message_id)
    posted = await _send(channel, content, once)
    if posted is None and content.picture is not None:
        posted = await _send(channel, content.without_picture(), once)  # it may be what was not allowed
    if posted is not None:
        await services.reviews.logged(case.check.id, posted.channel.id, posted.id)


async def _send(channel: discord.abc.Messageable, content: Content, once: str) -> discord.Message | None:
    try:
        return await channel.send(**content.to_send(), nonce=once)
    except UNREACHED as error:
        logger.warning("cannot write in a moderation log: %s", error)
        return None


async def _edit(bot: commands.Bot, services: Services, case: Case, say: Say) -> bool:
    """Show a case anew in its message; False when the message is gone."""
    if case.log_channel_id is None or case.log_message_id is None:
        return False
    channel = bot.get_partial_messageable(case.log_channel_id, guild_id=case.guild_id)
    content = await case_content(services, case, say)
    try:
        message = await channel.fetch_message(case.log_message_id)
        await message.edit(**shown_in(message, content))
    except discord.NotFound:
        return False
    except UNREACHED as error:
        logger.warning("cannot change the message of case %d: %s", case.check.id, error)
    return True


def shown_in(message: discord.Message, content: Content) -> dict[str, Any]:
    """Return the arguments that make a message show `content` with the picture that it has, if it has one."""
    kept = any(attachment.filename == PICTURE for attachment in message.attachments)
    embed = None if content.embed is None else content.embed.copy()
    if embed is not None:
        embed.set_image(url=f"attachment://{PICTURE}" if kept else None)
    return {"content": content.text, "embed": embed, "view": content.view}


def log_speaker(settings: GuildSettings, guild: discord.Guild | None) -> Say:
    """Return the language of a moderation log: the one that the server chose, else the one it prefers in Discord."""
    return i18n.speaker(settings.language or (None if guild is None else str(guild.preferred_locale)))


class ModLog:
    """What the buttons of cases do to messages; one for each client."""

    def __init__(self, bot: commands.Bot, services: Services) -> None:
        self._bot = bot
        self._services = services
        self._taking_back = asyncio.Lock()

    async def decided(self, interaction: discord.Interaction[Any], case: Case) -> None:
        """Show a decision; a dismissal takes back first what was done by itself."""
        trouble = None
        if case.state is CaseState.DISMISSED:
            try:
                await self._take_all_back(case, interaction.user.id)
            except ReviewError as error:
                trouble = error
        await self.changed(interaction, case)
        if trouble is not None:
            raise trouble

    async def changed(self, interaction: discord.Interaction[Any], case: Case) -> None:
        """Show a case anew in the message whose button was used, and in the moderation log where that is another.

        The interaction was deferred.
        """
        settings = await self._services.guilds.get(case.guild_id)
        in_log = log_speaker(settings, interaction.guild)
        message = interaction.message
        if message is not None:
            alone = message.flags.ephemeral
            say = i18n.for_interaction(interaction, settings) if alone else in_log
            content = await case_content(self._services, case, say)
            await interaction.edit_original_response(**shown_in(message, content))
        if message is None or message.id != case.log_message_id:
            await _edit(self._bot, self._services, case, in_log)

    async def take_back(self, entry: AuditEntry, by: int, say: Say) -> None:
        """Take back one act, once however many press at the same time.

        Raises:
            ReviewError: it was taken back before, or cannot be.
        """
        async with self._taking_back:
            now = await self._services.audit.get(entry.id, entry.guild_id)
            guild = self._bot.get_guild(entry.guild_id)
            if now is None or guild is None or not can_be_undone(now):
                raise ReviewError(say(NO_LONGER))
            settings = await self._services.guilds.get(entry.guild_id)
            await acting.take_back(guild, now, log_speaker(settings, guild))
            await self._services.audit.undone(entry.id, by=by)

    async def _take_all_back(self, case: Case, by: int) -> None:
        settings = await self._services.guilds.get(case.guild_id)
        say = log_speaker(settings, self._bot.get_guild(case.guild_id))
        trouble: ReviewError | None = None
        for entry in await self._services.audit.of_check(case.check.id, case.guild_id):
            if entry.action in BY_DISMISSAL and can_be_undone(entry):
                try:
                    await self.take_back(entry, by, say)
                except ReviewError as error:
                    trouble = error
        if trouble is not None:
            raise trouble
