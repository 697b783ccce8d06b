"""The Discord client: which intents, which cogs, and how it joins."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import aiohttp
import discord
from discord.ext import commands

from bot.cogs.checks import Checks
from bot.command_sync import sync_commands
from bot.errors import AnsweringTree
from bot.services import Services
from core.errors import SettingsError

logger = logging.getLogger(__name__)

RETRY_S = 30.0
GATEWAY_AUTHENTICATION_FAILED = 4004

# discord.py warns that it cannot speak; this bot has nothing to say in voice channels.
discord.VoiceClient.warn_nacl = False
discord.VoiceClient.warn_dave = False

LOOK_EVERY_S = 0.5
COGS = (Checks,)


def intents() -> discord.Intents:
    """Return what the bot listens to: servers and messages. None of it is privileged.

    Discord shows the content and attachments of messages that mention the bot without the message content intent.
    """
    return discord.Intents(guilds=True, guild_messages=True, dm_messages=True)


class FacepulseBot(commands.Bot):
    """The client: it mentions no one, has no prefix commands, and adds `COGS` before it connects."""

    def __init__(self, services: Services, look_every_s: float = LOOK_EVERY_S) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=AnsweringTree,
            intents=intents(),
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self.look_every_s = look_every_s
        """Pause between two looks at a check that somebody waits for."""
        self._services = services

    async def setup_hook(self) -> None:
        """Add the cogs, and tell Discord the commands where they have changed."""
        for make_cog in COGS:
            await self.add_cog(make_cog(self, self._services))
        await sync_commands(self.tree, self._services.desk.folders.data_dir)

    async def on_message(self, message: discord.Message, /) -> None:
        """Leave messages to the cogs: a mention is a question here, not the prefix of a command."""

    async def on_ready(self) -> None:
        """Say in the log that Discord was joined."""
        logger.info("joined Discord as %s in %d servers", self.user, len(self.guilds))


async def stay_joined(make_bot: Callable[[], FacepulseBot], token: str) -> None:
    """Join Discord and stay until cancelled; when it cannot be reached, try again every `RETRY_S`.

    Raises:
        SettingsError: Discord does not accept the token.
    """
    while True:
        bot = make_bot()
        try:
            async with bot:
                await bot.start(token)
            return
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            if _is_refusal(error):
                raise SettingsError(
                    "Discord does not accept DISCORD_TOKEN; copy the bot's token again from the developer portal."
                ) from error
            logger.error("Discord cannot be reached (%s); trying again in %.0f s", error, RETRY_S)
            await asyncio.sleep(RETRY_S)


def _is_refusal(error: Exception) -> bool:
    """Return whether it is the token that Discord refuses, at log-in or, when it was reset, at the gateway."""
    if isinstance(error, discord.ConnectionClosed):
        return error.code == GATEWAY_AUTHENTICATION_FAILED
    return isinstance(error, discord.LoginFailure)
