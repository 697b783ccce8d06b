"""`/settings channels` and `exempt`: where Facepulse tells and looks by itself, and what it leaves alone."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.settings_groups.base import SettingsGroup, Watched, given, id_of
from bot.settings_lists import changed_list
from bot.settings_text import Part
from core.errors import SettingsError


class PlaceSettings(SettingsGroup):
    """Channels and roles."""

    @app_commands.command(
        name=locale_str("channels"),
        description=locale_str("Where flagged cases are told, and where new clips are checked by themselves"),
    )
    @app_commands.rename(
        mod_log=locale_str("mod-log"), scan_add=locale_str("scan-add"),
        scan_remove=locale_str("scan-remove"), clear=locale_str("clear"),
    )  # fmt: skip
    @app_commands.describe(
        mod_log=locale_str("The channel in which moderators are told of flagged cases"),
        scan_add=locale_str("A channel in which every new clip is checked; needs the message content intent"),
        scan_remove=locale_str("A channel in which new clips are no longer checked by themselves"),
        clear=locale_str("Empty a setting"),
    )
    @app_commands.choices(
        clear=[
            Choice(name=locale_str("no mod-log channel"), value="mod_log_channel_id"),
            Choice(name=locale_str("no channels checked by themselves"), value="scan_channel_ids"),
        ]
    )
    async def channels(
        self,
        interaction: discord.Interaction,
        mod_log: discord.TextChannel | discord.Thread | None = None,
        scan_add: Watched | None = None,
        scan_remove: str | None = None,
        clear: str | None = None,
    ) -> None:
        """Change the mod-log channel and the channels that are scanned."""
        _, settings, say = await self.desk.seen(interaction)
        scanned = changed_list(settings.scan_channel_ids, id_of(scan_add), scan_remove, say)
        changes = {"mod_log_channel_id": id_of(mod_log), "scan_channel_ids": scanned}
        if clear is not None:
            if changes[clear] is not None:
                raise SettingsError(say("Set a value or empty it, not both at once."))
            await self.desk.save(interaction, Part.CHANNELS, {clear: None if clear == "mod_log_channel_id" else ()})
            return
        await self.desk.save(interaction, Part.CHANNELS, given(**changes))

    @app_commands.command(
        name=locale_str("exempt"),
        description=locale_str("Roles and channels whose clips are left alone"),
    )
    @app_commands.rename(
        role_add=locale_str("role-add"), role_remove=locale_str("role-remove"),
        channel_add=locale_str("channel-add"), channel_remove=locale_str("channel-remove"),
    )  # fmt: skip
    @app_commands.describe(
        role_add=locale_str("Clips of members with this role are not checked by themselves and never acted on"),
        role_remove=locale_str("A role that is no longer exempt"),
        channel_add=locale_str("In this channel only moderators can have clips checked"),
        channel_remove=locale_str("A channel that is no longer exempt"),
    )
    async def exempt(
        self,
        interaction: discord.Interaction,
        role_add: discord.Role | None = None,
        role_remove: str | None = None,
        channel_add: Watched | None = None,
        channel_remove: str | None = None,
    ) -> None:
        """Change the roles and channels that are left alone."""
        _, settings, say = await self.desk.seen(interaction)
        roles = changed_list(settings.exempt_role_ids, id_of(role_add), role_remove, say)
        channels = changed_list(settings.exempt_channel_ids, id_of(channel_add), channel_remove, say)
        await self.desk.save(interaction, Part.EXEMPT, given(exempt_role_ids=roles, exempt_channel_ids=channels))

    @channels.autocomplete("scan_remove")
    async def _scanned(self, interaction: discord.Interaction, typed: str) -> list[Choice[str]]:
        return await self.suggest(interaction, "scan_channel_ids", typed)

    @exempt.autocomplete("role_remove")
    async def _exempt_roles(self, interaction: discord.Interaction, typed: str) -> list[Choice[str]]:
        return await self.suggest(interaction, "exempt_role_ids", typed)

    @exempt.autocomplete("channel_remove")
    async def _exempt_channels(self, interaction: discord.Interaction, typed: str) -> list[Choice[str]]:
        return await self.suggest(interaction, "exempt_channel_ids", typed)
