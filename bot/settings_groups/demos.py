"""`/settings demos`: whether demos may be made, who may ask for them, and how many."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import Choice, Range, locale_str

from bot.i18n import N_
from bot.settings_groups.base import SettingsGroup, given, id_of
from bot.settings_lists import changed_list
from bot.settings_text import Part

DEMO_RULES = N_(
    "The demo studio comes with its own rules: only faces whose owners consented, and every demo is labelled as made."
)
DEMO_ROLES = N_(
    "Discord shows the command to moderators only: give it to the role too, in Server Settings → Integrations."
)


class DemoSettings(SettingsGroup):
    """The demo studio."""

    @app_commands.command(
        name=locale_str("demos"), description=locale_str("Whether labelled face-swap demos can be made here")
    )
    @app_commands.rename(
        allowed=locale_str("allowed"), role_add=locale_str("role-add"), role_remove=locale_str("role-remove"),
        member=locale_str("member"), server=locale_str("server"),
    )  # fmt: skip
    @app_commands.describe(
        allowed=locale_str("Whether demos are allowed; the demo studio has rules of its own"),
        role_add=locale_str("A role that may ask for demos, besides moderators"),
        role_remove=locale_str("A role that may no longer ask for demos"),
        member=locale_str("Demos in 24 hours for each member"),
        server=locale_str("Demos in 24 hours for all members together"),
    )
    async def demos(  # noqa: PLR0917 - discord.py calls it by name
        self,
        interaction: discord.Interaction,
        allowed: bool | None = None,
        role_add: discord.Role | None = None,
        role_remove: str | None = None,
        member: Range[int, 0, 100] | None = None,
        server: Range[int, 0, 1000] | None = None,
    ) -> None:
        """Change whether demos may be made, who besides moderators may ask for them, and how many are made."""
        _, settings, say = await self.desk.seen(interaction)
        roles = changed_list(settings.demo_role_ids, id_of(role_add), role_remove, say)
        note = DEMO_RULES if role_add is None else DEMO_ROLES
        changes = given(demos_allowed=allowed, demo_role_ids=roles, user_daily_demos=member, guild_daily_demos=server)
        await self.desk.save(interaction, Part.DEMOS, changes, note=note)

    @demos.autocomplete("role_remove")
    async def _demo_roles(self, interaction: discord.Interaction, typed: str) -> list[Choice[str]]:
        return await self.suggest(interaction, "demo_role_ids", typed)
