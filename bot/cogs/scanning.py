"""New clips in the channels that a server chose are checked in the background; only what is flagged speaks."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot import admission
from bot.attachments import MOST_CLIPS, attachments_of, is_moving, same_attachment
from bot.questions import is_addressed
from bot.services import Services
from core.errors import FacepulseError
from core.services.requests import Asker, Origin
from core.types import GuildSettings

if TYPE_CHECKING:
    from bot.client import FacepulseBot

logger = logging.getLogger(__name__)

LATER = 10
"""The priority of a clip that nobody waits for."""


class Scanning(commands.Cog):
    """Looks at every message, where Discord shows them: without the message content intent it does nothing."""

    def __init__(self, bot: FacepulseBot, services: Services) -> None:
        self._bot = bot
        self._services = services

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Take in the clips of a message that nobody asked about, where the server wants that."""
        clips = [attachment for attachment in attachments_of(message) if is_moving(attachment)]
        if not clips or message.guild is None or not self._bot.intents.message_content:
            return
        if self._bot.user is None or message.author.bot or is_addressed(message, self._bot.user):
            return
        settings = await self._services.guilds.get(message.guild.id)
        if not is_scanned(message, settings):
            return
        budget = await self._services.budgets.left(settings, message.author.id)
        if budget.guild_left <= 0:
            logger.info("guild %d has no checks left today: a clip is not scanned", message.guild.id)
            return
        await asyncio.gather(*(self._scan(message, clip) for clip in clips[: min(MOST_CLIPS, budget.guild_left)]))

    async def _scan(self, message: discord.Message, clip: discord.Attachment) -> None:
        if clip.size > self._bot.intake.max_bytes:
            return

        async def fetch_again() -> discord.Attachment | None:
            again = await message.channel.fetch_message(message.id)
            return same_attachment(attachments_of(again), clip.id)

        asker = Asker(
            Origin.SCAN,
            guild_id=None if message.guild is None else message.guild.id,
            channel_id=message.channel.id,
            message_id=message.id,
            poster_id=message.author.id,
            attachment_id=clip.id,
            priority=LATER,
        )
        try:
            check = await self._bot.intake.take(clip, asker, fetch_again)
        except FacepulseError as error:
            logger.info("a clip in channel %d is not scanned: %s", message.channel.id, error)
            return
        await self._bot.follower.follow_silently(check)


def is_scanned(message: discord.Message, settings: GuildSettings) -> bool:
    """Return whether a server wants the clips of this message checked: by its channel and its author's roles."""
    places = admission.place_ids(message.channel)
    if not places & set(settings.scan_channel_ids) or places & set(settings.exempt_channel_ids):
        return False
    roles = message.author.roles if isinstance(message.author, discord.Member) else []
    return not any(role.id in settings.exempt_role_ids for role in roles)
