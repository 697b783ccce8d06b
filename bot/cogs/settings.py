"""`/settings`: one sub-command a group of settings; each answers with the values as they are then."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range, locale_str
from discord.ext import commands

from bot.i18n import N_
from bot.services import Services
from bot.settings_lists import changed_list, suggestions
from bot.settings_saving import SettingsDesk
from bot.settings_text import KINDS, LANGUAGE_NAMES, Part
from core.errors import SettingsError
from core.types import ActionKind, ActionMode, AnswerPlace, GuildSettings, WhoMayAsk

OWN_LANGUAGE = "own"

CONSEQUENCES_OF_EVIDENCE = N_(
    "**Keep clips as evidence?**\n"
    "• Every clip that is checked in this server stays with whoever runs me: 7 days when nobody flags it, "
    "else until its case is decided, at most {days} days.\n"
    "• Faces are personal data. In many countries you need a reason to keep them and must tell your members first; "
    "docs/privacy.md has the words.\n"
    "• When you switch it off again, no further clips are kept, and those that are there go as above."
)
CONSEQUENCES_OF_ACTING = N_(
    "**Let me act by myself?**\n"
    "• From a likelihood of {share:.0%}, I {kind}.\n"
    "• I am a screening aid and will be wrong at times: then I hit the clip of a real person.\n"
    "• Every act is told in the mod-log channel and can be taken back there.\n"
    "• A dry run shows first what I would have done: `/settings action mode:dry run`."
)
DEMO_RULES = N_(
    "The demo studio comes with its own rules: only faces whose owners consented, and every demo is labelled as made."
)
DEMO_ROLES = N_(
    "Discord shows the command to moderators only: give it to the role too, in Server Settings → Integrations."
)
Watched = discord.TextChannel | discord.VoiceChannel | discord.ForumChannel | discord.Thread


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
@app_commands.allowed_installs(guilds=True, users=False)
class SettingsCog(
    commands.GroupCog,
    group_name=locale_str("settings"),
    group_description=locale_str("See and change what Facepulse does in this server"),
):
    """Reads and changes `GuildSettings` of the server in which it is used."""

    def __init__(self, bot: commands.Bot, services: Services) -> None:
        self._desk = SettingsDesk(bot, services.guilds)

    @app_commands.command(name=locale_str("show"), description=locale_str("Show all settings of this server"))
    async def show(self, interaction: discord.Interaction) -> None:
        """Show all settings, and what keeps any of them from working."""
        await self._desk.show_all(interaction)

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
        _, settings, say = await self._desk.seen(interaction)
        scanned = changed_list(settings.scan_channel_ids, _id(scan_add), scan_remove, say)
        changes = {"mod_log_channel_id": _id(mod_log), "scan_channel_ids": scanned}
        if clear is not None:
            if changes[clear] is not None:
                raise SettingsError(say("Set a value or empty it, not both at once."))
            await self._desk.save(interaction, Part.CHANNELS, {clear: None if clear == "mod_log_channel_id" else ()})
            return
        await self._desk.save(interaction, Part.CHANNELS, _given(**changes))

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
        _, settings, say = await self._desk.seen(interaction)
        roles = changed_list(settings.exempt_role_ids, _id(role_add), role_remove, say)
        channels = changed_list(settings.exempt_channel_ids, _id(channel_add), channel_remove, say)
        await self._desk.save(interaction, Part.EXEMPT, _given(exempt_role_ids=roles, exempt_channel_ids=channels))

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
        _, settings, say = await self._desk.seen(interaction)
        roles = changed_list(settings.ask_role_ids, _id(role_add), role_remove, say)
        await self._desk.save(
            interaction, Part.ASKING, _given(who_may_ask=None if who is None else WhoMayAsk(who), ask_role_ids=roles)
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
        changes = _given(user_daily_budget=member, guild_daily_budget=server)
        await self._desk.save(interaction, Part.BUDGETS, changes)

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
        changes = _given(answer_place=None if place is None else AnswerPlace(place), language=language)
        if language == OWN_LANGUAGE:
            changes["language"] = None
        await self._desk.save(interaction, Part.ANSWERS, changes)

    @app_commands.command(name=locale_str("flagging"), description=locale_str("Which clips are flagged for moderators"))
    @app_commands.rename(likelihood=locale_str("likelihood"), declared=locale_str("declared"))
    @app_commands.describe(
        likelihood=locale_str("Flag from this likelihood in percent (50 to 100); 0 flags all with signs"),
        declared=locale_str("Also flag clips that declare themselves synthetic"),
    )
    async def flagging(
        self,
        interaction: discord.Interaction,
        likelihood: Range[int, 0, 100] | None = None,
        declared: bool | None = None,
    ) -> None:
        """Change which clips are flagged by themselves."""
        _, _, say = await self._desk.seen(interaction)
        changes = _given(flag_declared=declared)
        if likelihood is not None:
            if 0 < likelihood < 50:
                raise SettingsError(say("The likelihood must be 0 (flag every clip with signs) or from 50 to 100."))
            changes["flag_probability"] = likelihood / 100 if likelihood else None
        await self._desk.save(interaction, Part.FLAGGING, changes)

    @app_commands.command(
        name=locale_str("keeping"), description=locale_str("How long reports are kept, and whether clips are")
    )
    @app_commands.rename(days=locale_str("days"), evidence=locale_str("evidence"))
    @app_commands.describe(
        days=locale_str("Days after which reports and names are deleted"),
        evidence=locale_str("Keep checked clips as evidence; you are told first what that means"),
    )
    async def keeping(
        self,
        interaction: discord.Interaction,
        days: Range[int, 1, 3650] | None = None,
        evidence: bool | None = None,
    ) -> None:
        """Change how long is kept what is kept."""
        _, settings, say = await self._desk.seen(interaction)
        changes = _given(retention_days=days, keep_evidence=evidence)
        if evidence and not settings.keep_evidence:
            told = say(CONSEQUENCES_OF_EVIDENCE, days=days or settings.retention_days)
            await self._desk.ask_first(interaction, Part.KEEPING, changes, told, say("Keep clips"))
            return
        await self._desk.save(interaction, Part.KEEPING, changes)

    @app_commands.command(
        name=locale_str("action"),
        description=locale_str("What happens by itself at the highest likelihood; off at first"),
    )
    @app_commands.rename(
        mode=locale_str("mode"), kind=locale_str("kind"), likelihood=locale_str("likelihood"),
        minutes=locale_str("minutes"),
    )  # fmt: skip
    @app_commands.describe(
        mode=locale_str("Off, only saying what would be done, or on"),
        kind=locale_str("What is done with a message"),
        likelihood=locale_str("From this likelihood in percent"),
        minutes=locale_str("How long a time-out lasts"),
    )
    @app_commands.choices(
        mode=[
            Choice(name=locale_str("off"), value=ActionMode.OFF.value),
            Choice(name=locale_str("dry run"), value=ActionMode.DRY_RUN.value),
            Choice(name=locale_str("on"), value=ActionMode.ON.value),
        ],
        kind=[
            Choice(name=locale_str("hide until a moderator has decided"), value=ActionKind.HIDE.value),
            Choice(name=locale_str("remove"), value=ActionKind.REMOVE.value),
            Choice(name=locale_str("remove and time-out"), value=ActionKind.TIMEOUT.value),
        ],
    )
    async def action(
        self,
        interaction: discord.Interaction,
        mode: str | None = None,
        kind: str | None = None,
        likelihood: Range[int, 90, 100] | None = None,
        minutes: Range[int, 1, 40_320] | None = None,
    ) -> None:
        """Change what Facepulse does by itself; switching it on, or doing more than before, is asked once more."""
        _, settings, say = await self._desk.seen(interaction)
        changes = _given(
            action_mode=None if mode is None else ActionMode(mode),
            action_kind=None if kind is None else ActionKind(kind),
            action_probability=None if likelihood is None else likelihood / 100,
            timeout_minutes=minutes,
        )
        then = replace(settings, **changes)
        if then.action_mode is ActionMode.ON and _does_more(settings, then):
            told = say(CONSEQUENCES_OF_ACTING, share=then.action_probability, kind=say(KINDS[then.action_kind]))
            await self._desk.ask_first(interaction, Part.ACTION, changes, told, say("Switch it on"))
            return
        await self._desk.save(interaction, Part.ACTION, changes)

    @app_commands.command(
        name=locale_str("review"), description=locale_str("What moderators give when they decide a case")
    )
    @app_commands.rename(reason=locale_str("reason-required"))
    @app_commands.describe(reason=locale_str("Whether a decision needs a reason"))
    async def review(self, interaction: discord.Interaction, reason: bool | None = None) -> None:
        """Change whether decisions need a reason."""
        await self._desk.save(interaction, Part.REVIEW, _given(reason_required=reason))

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
        _, settings, say = await self._desk.seen(interaction)
        roles = changed_list(settings.demo_role_ids, _id(role_add), role_remove, say)
        note = DEMO_RULES if role_add is None else DEMO_ROLES
        changes = _given(demos_allowed=allowed, demo_role_ids=roles, user_daily_demos=member, guild_daily_demos=server)
        await self._desk.save(interaction, Part.DEMOS, changes, note=note)

    @app_commands.command(name=locale_str("reset"), description=locale_str("Give all settings their defaults again"))
    async def reset(self, interaction: discord.Interaction) -> None:
        """Give the defaults again, after asking."""
        await self._desk.reset(interaction)

    @channels.autocomplete("scan_remove")
    async def _scanned(self, interaction: discord.Interaction, typed: str) -> list[Choice[str]]:
        return await self._suggest(interaction, "scan_channel_ids", typed)

    @exempt.autocomplete("role_remove")
    async def _exempt_roles(self, interaction: discord.Interaction, typed: str) -> list[Choice[str]]:
        return await self._suggest(interaction, "exempt_role_ids", typed)

    @exempt.autocomplete("channel_remove")
    async def _exempt_channels(self, interaction: discord.Interaction, typed: str) -> list[Choice[str]]:
        return await self._suggest(interaction, "exempt_channel_ids", typed)

    @asking.autocomplete("role_remove")
    async def _asking_roles(self, interaction: discord.Interaction, typed: str) -> list[Choice[str]]:
        return await self._suggest(interaction, "ask_role_ids", typed)

    @demos.autocomplete("role_remove")
    async def _demo_roles(self, interaction: discord.Interaction, typed: str) -> list[Choice[str]]:
        return await self._suggest(interaction, "demo_role_ids", typed)

    async def _suggest(self, interaction: discord.Interaction, setting: str, typed: str) -> list[Choice[str]]:
        guild, settings, say = await self._desk.seen(interaction)
        return suggestions(getattr(settings, setting), guild, typed, say)


def _does_more(now: GuildSettings, then: GuildSettings) -> bool:
    """Return whether Facepulse would do by itself what it does not now: more, other things, or more often."""
    return (
        now.action_mode is not ActionMode.ON
        or then.action_kind is not now.action_kind
        or then.action_probability < now.action_probability
        or then.timeout_minutes > now.timeout_minutes
    )


def _given(**changes: Any) -> dict[str, Any]:
    """Return the options that were used."""
    return {name: value for name, value in changes.items() if value is not None}


def _id(thing: discord.abc.Snowflake | None) -> int | None:
    return None if thing is None else thing.id
