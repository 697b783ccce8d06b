"""Showing and changing settings in answer to a command: to the admin alone, with what cannot work."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot import i18n
from bot.confirm import Confirm
from bot.i18n import N_, Say
from bot.settings_text import Part, part_embed, settings_embed
from bot.settings_trouble import Place, all_trouble, trouble_with
from core.services.guilds import Guilds
from core.types import GuildSettings

FIELD_LIMIT = 1024
"""Characters that Discord takes in a field of an embed."""

TROUBLE = N_("⚠️ This cannot work yet")
RESET = N_("**Give all settings their defaults again?** What is set now stays in the audit log.")


class SettingsDesk:
    """What the sub-commands of `/settings` have in common."""

    def __init__(self, bot: commands.Bot, guilds: Guilds) -> None:
        self._bot = bot
        self._guilds = guilds

    async def seen(self, interaction: discord.Interaction) -> tuple[discord.Guild, GuildSettings, Say]:
        """Return the server of an interaction, what it has set, and who answers.

        Raises:
            NoPrivateMessage: the interaction is not in a server.
            StoreError: the settings cannot be read.
        """
        if interaction.guild is None:
            raise app_commands.NoPrivateMessage
        settings = await self._guilds.get(interaction.guild.id)
        return interaction.guild, settings, i18n.for_interaction(interaction, settings)

    async def show_all(self, interaction: discord.Interaction) -> None:
        """Answer with all settings, and what keeps any of them from working."""
        guild, settings, say = await self.seen(interaction)
        embed = settings_embed(settings, guild.name, say)
        add_trouble(embed, all_trouble(settings, self._place(guild), say), say)
        await interaction.response.send_message(embed=embed, ephemeral=True)

    async def save(
        self, interaction: discord.Interaction, part: Part, changes: dict[str, Any], *, note: str | None = None
    ) -> None:
        """Change settings, if anything is to change, and answer with the values as they are then."""
        await interaction.response.defer(ephemeral=True, thinking=True)  # a busy database must not cost the answer
        embed = await self._saved(interaction, part, changes, note)
        await interaction.followup.send(embed=embed, ephemeral=True)

    async def ask_first(
        self, interaction: discord.Interaction, part: Part, changes: dict[str, Any], told: str, label: str
    ) -> None:
        """Say what a change means, and what would keep it from working; make it only after a click."""
        guild, settings, say = await self.seen(interaction)

        async def do(click: discord.Interaction) -> None:
            await click.response.defer()
            embed = await self._saved(click, part, changes)
            await click.edit_original_response(content=None, embed=embed, view=None)

        trouble = trouble_with(part, replace(settings, **changes), self._place(guild), say)
        if trouble:
            told = "\n".join([told, "", f"**{say(TROUBLE)}**", *(f"• {sentence}" for sentence in trouble)])
        await Confirm(do, label=label, say=say).ask(interaction, told)

    async def reset(self, interaction: discord.Interaction) -> None:
        """Give all settings their defaults again, after asking."""
        guild, _, say = await self.seen(interaction)

        async def do(click: discord.Interaction) -> None:
            await click.response.defer()
            settings = await self._guilds.reset(guild.id, by=click.user.id)
            spoken = i18n.for_interaction(click, settings)
            content = spoken("✅ All settings have their defaults again.")
            embed = settings_embed(settings, guild.name, spoken)
            await click.edit_original_response(content=content, embed=embed, view=None)

        await Confirm(do, label=say("Reset"), say=say).ask(interaction, say(RESET))

    async def _saved(
        self, interaction: discord.Interaction, part: Part, changes: dict[str, Any], note: str | None = None
    ) -> discord.Embed:
        guild, settings, say = await self.seen(interaction)
        if changes:
            settings = await self._guilds.change(guild.id, by=interaction.user.id, **changes)
            say = i18n.for_interaction(interaction, settings)
        embed = part_embed(part, settings, say, changed=bool(changes))
        if note is not None:
            embed.set_footer(text=say(note))
        add_trouble(embed, trouble_with(part, settings, self._place(guild), say), say)
        return embed

    def _place(self, guild: discord.Guild) -> Place:
        return Place(guild, self._bot.intents.message_content)


def add_trouble(embed: discord.Embed, trouble: tuple[str, ...], say: Say) -> None:
    """Add to an embed what cannot work, as far as it fits in a field."""
    value = ""
    for sentence in trouble:
        line = f"• {sentence}\n"
        if len(value) + len(line) > FIELD_LIMIT:
            break
        value += line
    if value:
        embed.add_field(name=say(TROUBLE), value=value, inline=False)
