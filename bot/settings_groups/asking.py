"""`/settings asking`, `budgets` and `answers`: who may ask, how often, and who sees the answer."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import Choice, Range, locale_str

from bot.settings_groups.base import SettingsGroup, given, id_of
from bot.settings_lists import changed_list
from bot.settings_text import LANGUAGE_NAMES, Part
from core.types import AnswerPlace, WhoMayAsk

OWN_LANGUAGE = "own"


class AskingSettings(SettingsGroup):
    """Questions and their answers."""

    @app_commands.command(name=locale_str("asking"), description=locale_str("Who may have clips checked"))
    @app_commands.rename(
        who=locale_str("who"), role_add=locale_str("role-add"), role_remove=locale_str("role-remove")
    )  # fmt: skip
    @app_commands.describe(
        who=locale_str("Who may ask; moderators always may"),
        role_add=locale_str("A role that may ask"),
        role_remove=locale_str("A role that may no longer ask"),
    )
    @app_commands.choices(
        who=[
            Choice(name=locale_str("everyone"), value=WhoMayAsk.EVERYONE.value),
            Choice(name=locale_str("moderators and certain roles"), value=WhoMayAsk.ROLES.value),
            Choice(name=locale_str("moderators only"), value=WhoMayAsk.MODERATORS.value),
        ]
    )
    async def asking(
        self,
        interaction: discord.Interaction,
        who: str | None = None,
        role_add: discord.Role | None = None,
        role_remove: str | None = None,
    ) -> None:
        """Change who may ask."""
        _, settings, say = await self.desk.seen(interaction)
        roles = changed_list(settings.ask_role_ids, id_of(role_add), role_remove, say)
        await self.desk.save(
            interaction, Part.ASKING, given(who_may_ask=None if who is None else WhoMayAsk(who), ask_role_ids=roles)
        )

    @app_commands.command(name=locale_str("budgets"), description=locale_str("How many new clips are checked a day"))
    @app_commands.rename(member=locale_str("member"), server=locale_str("server"))
    @app_commands.describe(
        member=locale_str("Clips in 24 hours for each member"),
        server=locale_str("Clips in 24 hours for all members together"),
    )
    async def budgets(
        self,
        interaction: discord.Interaction,
        member: Range[int, 0, 10_000] | None = None,
        server: Range[int, 0, 100_000] | None = None,
    ) -> None:
        """Change how many new clips are checked."""
        changes = given(user_daily_budget=member, guild_daily_budget=server)
        await self.desk.save(interaction, Part.BUDGETS, changes)

    @app_commands.command(name=locale_str("answers"), description=locale_str("Where answers go, and in which language"))
    @app_commands.rename(place=locale_str("place"), language=locale_str("language"))
    @app_commands.describe(
        place=locale_str("Who sees the answers"),
        language=locale_str("The language of all answers in this server"),
    )
    @app_commands.choices(
        place=[
            Choice(name=locale_str("in the channel"), value=AnswerPlace.PUBLIC.value),
            Choice(name=locale_str("to the one who asked alone"), value=AnswerPlace.PRIVATE.value),
        ],
        language=[
            Choice(name=locale_str("each reader's own"), value=OWN_LANGUAGE),
            *(Choice(name=name, value=code) for code, name in LANGUAGE_NAMES.items()),
        ],
    )
    async def answers(
        self, interaction: discord.Interaction, place: str | None = None, language: str | None = None
    ) -> None:
        """Change where answers go and their language."""
        changes = given(answer_place=None if place is None else AnswerPlace(place), language=language)
        if language == OWN_LANGUAGE:
            changes["language"] = None
        await self.desk.save(interaction, Part.ANSWERS, changes)

    @asking.autocomplete("role_remove")
    async def _asking_roles(self, interaction: discord.Interaction, typed: str) -> list[Choice[str]]:
        return await self.suggest(interaction, "ask_role_ids", typed)
