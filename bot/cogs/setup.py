"""`/setup check`, `/help`, and the first message to whoever added the bot to a server."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import TranslationContext, TranslationContextLocation, locale_str
from discord.ext import commands

from bot import i18n
from bot.help_text import Usable, help_embed, usable_by, welcome_text
from bot.i18n import Say
from bot.installer import tell_installer
from bot.services import Services
from bot.settings_trouble import Place
from bot.setup_check import check_embed
from core.errors import FacepulseError
from core.types import GuildSettings

AnyCommand = app_commands.Command[Any, ..., Any]

logger = logging.getLogger(__name__)

WELCOME_AFTER_S = 5.0
"""Discord writes who added a bot into the audit log about when it lets the bot in: leave it time."""
WELCOMED = "setup.welcomed"
"""The entry in the audit log of a server that was greeted: it is greeted once, whatever happens later."""


class SetupCog(commands.Cog):
    """Getting started: for the admins of a server, and for everyone who wants to know how to ask."""

    setup = app_commands.Group(
        name=locale_str("setup"),
        description=locale_str("Get Facepulse to work in this server"),
        default_permissions=discord.Permissions(manage_guild=True),
        guild_only=True,
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )

    def __init__(self, bot: commands.Bot, services: Services) -> None:
        self._bot = bot
        self._guilds = services.guilds
        self._audit = services.audit
        self._welcoming: set[asyncio.Task[None]] = set()

    async def cog_unload(self) -> None:
        """Greet nobody any more."""
        for task in self._welcoming:
            task.cancel()

    @setup.command(
        name=locale_str("check"), description=locale_str("See which permissions are missing and how to grant them")
    )
    async def check(self, interaction: discord.Interaction) -> None:
        """Say what is missing in the channels that matter."""
        guild, channel = interaction.guild, interaction.channel
        if guild is None or not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            raise app_commands.NoPrivateMessage
        settings = await self._guilds.get(guild.id)
        say = i18n.for_interaction(interaction, settings)
        embed = check_embed(channel, settings, Place(guild, self._bot.intents.message_content), say)
        await interaction.response.send_message(embed=embed, ephemeral=True)

    @app_commands.command(name=locale_str("help"), description=locale_str("What Facepulse does and how to ask it"))
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    @app_commands.allowed_installs(guilds=True, users=False)
    async def help(self, interaction: discord.Interaction) -> None:
        """Say what the bot does, to whom, and with which commands."""
        settings = None if interaction.guild_id is None else await self._guilds.get(interaction.guild_id)
        say = i18n.for_interaction(interaction, settings)
        embed = help_embed(await self._usable(interaction, say), say)
        await interaction.response.send_message(embed=embed, ephemeral=True)

    async def _usable(self, interaction: discord.Interaction, say: Say) -> list[Usable]:
        """Return what the reader may use here, by the names that Discord shows them."""
        found = []
        in_guild = interaction.guild_id is not None
        for command in usable_by(self._bot.tree.get_commands(), interaction.permissions, in_guild=in_guild):
            if isinstance(command, app_commands.ContextMenu):
                continue
            below = [command] if isinstance(command, app_commands.Command) else list(command.commands)
            own = await self._shown_name(command, interaction.locale)
            names = [own] if below == [command] else [f"{own} {await self._shown_name(one, interaction.locale)}"
                                                      for one in below]  # fmt: skip
            found.append(Usable("` `".join(f"/{name}" for name in names), say(command.description)))
        return found

    async def _shown_name(self, command: AnyCommand | app_commands.Group, locale: discord.Locale) -> str:
        translator = self._bot.tree.translator
        if translator is None:
            return command.name
        context: TranslationContext[Any, Any] = (
            TranslationContext(TranslationContextLocation.group_name, command)
            if isinstance(command, app_commands.Group)
            else TranslationContext(TranslationContextLocation.command_name, command)
        )
        return await translator.translate(locale_str(command.name), locale, context) or command.name

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Greet whoever added the bot, a little later and only once."""
        task = asyncio.create_task(self._welcome(guild), name=f"welcome {guild.id}")
        self._welcoming.add(task)
        task.add_done_callback(self._welcoming.discard)

    async def _welcome(self, guild: discord.Guild) -> None:
        await asyncio.sleep(WELCOME_AFTER_S)
        try:
            if self._bot.get_guild(guild.id) is None or await self._audit.list(guild.id, 1, 0, WELCOMED):
                return
            settings = await self._guilds.get(guild.id)
            entry = await self._audit.record(guild.id, by=None, action=WELCOMED, details={})
        except FacepulseError:
            logger.exception("guild %d: nobody is greeted", guild.id)
            return
        told = await tell_installer(guild, welcome_text(guild.name, settings, _say(guild, settings)))
        logger.info("joined guild %d; first message (entry %d) to: %s", guild.id, entry.id, told or "nobody")


def _say(guild: discord.Guild, settings: GuildSettings) -> Say:
    return i18n.speaker(settings.language or str(guild.preferred_locale))
