"""The Discord client: which intents, which cogs, and how it joins."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import aiohttp
import discord
from discord.ext import commands

from bot import answer_views, case_views, demo_views, mod_log
from bot.cogs.apps import Apps
from bot.cogs.asking import Asking
from bot.cogs.cases import CasesCog
from bot.cogs.demos import DemosCog
from bot.cogs.privacy import PrivacyCog
from bot.cogs.scanning import Scanning
from bot.cogs.settings import SettingsCog
from bot.cogs.setup import SetupCog
from bot.command_sync import sync_commands
from bot.downloads import Downloads
from bot.errors import AnsweringTree
from bot.following import Follower
from bot.i18n import CommandTexts
from bot.intake import Intake
from bot.services import Services
from core import logs
from core.errors import SettingsError

logger = logging.getLogger(__name__)

RETRY_S = 30.0
GATEWAY_AUTHENTICATION_FAILED = 4004

# discord.py warns that it cannot speak; this bot has nothing to say in voice channels.
discord.VoiceClient.warn_nacl = False
discord.VoiceClient.warn_dave = False

LOOK_EVERY_S = 0.5
COGS = (Asking, Apps, Scanning, CasesCog, SettingsCog, SetupCog, PrivacyCog, DemosCog)
DYNAMIC_ITEMS = (*answer_views.DYNAMIC_ITEMS, *case_views.DYNAMIC_ITEMS, *demo_views.DYNAMIC_ITEMS)
"""The buttons that work after a restart, of every module that has some."""


def intents(*, message_content: bool = False) -> discord.Intents:
    """Return what the bot listens to: servers and messages. None of it is privileged, unless clips are scanned.

    Discord shows the content and attachments of messages that mention the bot without the message content intent.
    """
    return discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=message_content)


class FacepulseBot(commands.Bot):
    """The client: it mentions no one, has no prefix commands, and adds `COGS` before it connects."""

    def __init__(
        self,
        services: Services,
        look_every_s: float = LOOK_EVERY_S,
        *,
        message_content: bool = False,
        downloads: Downloads | None = None,
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=AnsweringTree,
            intents=intents(message_content=message_content),
            allowed_mentions=discord.AllowedMentions.none(),
        )
        # what discord.py takes from a CDN goes by these rules; its own way follows redirects and counts nothing
        self.http.get_from_cdn = (downloads or Downloads(services.desk.max_bytes)).fetch  # type: ignore[method-assign]
        self.look_every_s = look_every_s
        """Pause between two looks at a check that somebody waits for."""
        self.services = services
        self.tree.settings_of = services.guilds.get  # type: ignore[attr-defined]
        self.intake = Intake(services)
        self.mod_log = mod_log.ModLog(self, services)
        self.follower = Follower(self, services, announce=mod_log.announce)

    async def setup_hook(self) -> None:
        """Add cogs and buttons, and tell Discord the commands where they have changed."""
        await self.tree.set_translator(CommandTexts())
        for make_cog in COGS:
            await self.add_cog(make_cog(self, self.services))
        self.add_dynamic_items(*DYNAMIC_ITEMS)
        await sync_commands(self.tree, self.services.desk.folders.data_dir)

    def dispatch(self, event_name: str, /, *args: Any, **kwargs: Any) -> None:
        """Start the handlers of an event; their log lines carry one request id."""
        with logs.about(request=logs.new_request()):
            super().dispatch(event_name, *args, **kwargs)

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
            if isinstance(error, discord.PrivilegedIntentsRequired):
                raise SettingsError(
                    "Discord has not granted the message content intent: switch it on in the developer portal under"
                    " Bot, or unset FACEPULSE_DISCORD_MESSAGE_CONTENT."
                ) from error
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
