"""`/settings flagging`, `keeping`, `action` and `review`: what follows from a verdict."""

from __future__ import annotations

from dataclasses import replace

import discord
from discord import app_commands
from discord.app_commands import Choice, Range, locale_str

from bot.i18n import N_
from bot.settings_groups.base import SettingsGroup, given
from bot.settings_text import KINDS, Part
from core.errors import SettingsError
from core.types import ActionKind, ActionMode, GuildSettings

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


class DecidingSettings(SettingsGroup):
    """Flags, what is kept, and what happens by itself."""

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
        _, _, say = await self.desk.seen(interaction)
        changes = given(flag_declared=declared)
        if likelihood is not None:
            if 0 < likelihood < 50:
                raise SettingsError(say("The likelihood must be 0 (flag every clip with signs) or from 50 to 100."))
            changes["flag_probability"] = likelihood / 100 if likelihood else None
        await self.desk.save(interaction, Part.FLAGGING, changes)

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
        _, settings, say = await self.desk.seen(interaction)
        changes = given(retention_days=days, keep_evidence=evidence)
        if evidence and not settings.keep_evidence:
            told = say(CONSEQUENCES_OF_EVIDENCE, days=days or settings.retention_days)
            await self.desk.ask_first(interaction, Part.KEEPING, changes, told, say("Keep clips"))
            return
        await self.desk.save(interaction, Part.KEEPING, changes)

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
        _, settings, say = await self.desk.seen(interaction)
        changes = given(
            action_mode=None if mode is None else ActionMode(mode),
            action_kind=None if kind is None else ActionKind(kind),
            action_probability=None if likelihood is None else likelihood / 100,
            timeout_minutes=minutes,
        )
        then = replace(settings, **changes)
        if then.action_mode is ActionMode.ON and _does_more(settings, then):
            told = say(CONSEQUENCES_OF_ACTING, share=then.action_probability, kind=say(KINDS[then.action_kind]))
            await self.desk.ask_first(interaction, Part.ACTION, changes, told, say("Switch it on"))
            return
        await self.desk.save(interaction, Part.ACTION, changes)

    @app_commands.command(
        name=locale_str("review"), description=locale_str("What moderators give when they decide a case")
    )
    @app_commands.rename(reason=locale_str("reason-required"))
    @app_commands.describe(reason=locale_str("Whether a decision needs a reason"))
    async def review(self, interaction: discord.Interaction, reason: bool | None = None) -> None:
        """Change whether decisions need a reason."""
        await self.desk.save(interaction, Part.REVIEW, given(reason_required=reason))


def _does_more(now: GuildSettings, then: GuildSettings) -> bool:
    """Return whether Facepulse would do by itself what it does not now: more, other things, or more often."""
    return (
        now.action_mode is not ActionMode.ON
        or then.action_kind is not now.action_kind
        or then.action_probability < now.action_probability
        or then.timeout_minutes > now.timeout_minutes
    )
