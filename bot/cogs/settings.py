"""`/settings`: one sub-command a group of settings; each answers with the values as they are then."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot.settings_groups.asking import AskingSettings
from bot.settings_groups.base import SettingsGroup
from bot.settings_groups.deciding import DecidingSettings
from bot.settings_groups.demos import DemoSettings
from bot.settings_groups.places import PlaceSettings


class AllSettings(SettingsGroup):
    """All settings at once."""

    @app_commands.command(name=locale_str("show"), description=locale_str("Show all settings of this server"))
    async def show(self, interaction: discord.Interaction) -> None:
        """Show all settings, and what keeps any of them from working."""
        await self.desk.show_all(interaction)


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
@app_commands.allowed_installs(guilds=True, users=False)
class SettingsCog(  # discord.py lists the sub-commands of the last base first, and its own last
    DemoSettings,
    DecidingSettings,
    AskingSettings,
    PlaceSettings,
    AllSettings,
    commands.GroupCog,
    group_name=locale_str("settings"),
    group_description=locale_str("See and change what Facepulse does in this server"),
):
    """Reads and changes `GuildSettings` of the server in which it is used."""

    @app_commands.command(name=locale_str("reset"), description=locale_str("Give all settings their defaults again"))
    async def reset(self, interaction: discord.Interaction) -> None:
        """Give the defaults again, after asking."""
        await self.desk.reset(interaction)
