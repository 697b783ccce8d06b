"""What the groups of sub-commands of `/settings` share."""

from __future__ import annotations

from typing import Any

import discord
from discord.app_commands import Choice
from discord.ext import commands

from bot.services import Services
from bot.settings_lists import suggestions
from bot.settings_saving import SettingsDesk

Watched = discord.TextChannel | discord.VoiceChannel | discord.ForumChannel | discord.Thread
"""Where clips can be posted."""


class SettingsGroup(commands.Cog):
    """Some sub-commands of `/settings`: not added to the bot by itself, but a base of the cog that is."""

    def __init__(self, bot: commands.Bot, services: Services) -> None:
        self.desk = SettingsDesk(bot, services.guilds)

    async def suggest(self, interaction: discord.Interaction, setting: str, typed: str) -> list[Choice[str]]:
        """Return what can be removed from a setting that is a list, narrowed to what was typed."""
        guild, settings, say = await self.desk.seen(interaction)
        return suggestions(getattr(settings, setting), guild, typed, say)


def given(**changes: Any) -> dict[str, Any]:
    """Return the options that were used."""
    return {name: value for name, value in changes.items() if value is not None}


def id_of(thing: discord.abc.Snowflake | None) -> int | None:
    """Return the id of an option, None where it was not used."""
    return None if thing is None else thing.id
