"""The settings of a server in words: pure functions, one group of settings at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum

import discord

from bot.i18n import N_, Say
from core.types import ActionKind, ActionMode, AnswerPlace, GuildSettings, WhoMayAsk

LIST_SHOWN = 12
"""Channels or roles that are named; of longer lists it is said how many there are more."""

LANGUAGE_NAMES = {
    "en": "English", "de": "Deutsch", "es": "Español", "fr": "Français", "pt": "Português", "ja": "日本語",
}  # fmt: skip
"""Languages by the name that their speakers give them: these are not translated."""


class Part(StrEnum):
    """A group of settings: one sub-command, and one field of what `/settings show` answers."""

    CHANNELS = "channels"
    EXEMPT = "exempt"
    ASKING = "asking"
    BUDGETS = "budgets"
    ANSWERS = "answers"
    FLAGGING = "flagging"
    KEEPING = "keeping"
    ACTION = "action"
    REVIEW = "review"
    DEMOS = "demos"


TITLES = {
    Part.CHANNELS: N_("📣 Channels"),
    Part.EXEMPT: N_("🚪 Exempt"),
    Part.ASKING: N_("🙋 Who may ask"),
    Part.BUDGETS: N_("⏳ Budgets"),
    Part.ANSWERS: N_("💬 Answers"),
    Part.FLAGGING: N_("🚩 Flagging"),
    Part.KEEPING: N_("🗄️ What is kept"),
    Part.ACTION: N_("⚙️ Automatic action"),
    Part.REVIEW: N_("⚖️ Decisions"),
    Part.DEMOS: N_("🎭 Face-swap demos"),
}
WHO = {
    WhoMayAsk.EVERYONE: N_("everyone"),
    WhoMayAsk.ROLES: N_("moderators and the roles below"),
    WhoMayAsk.MODERATORS: N_("moderators only"),
}
PLACES = {
    AnswerPlace.PUBLIC: N_("in the channel, for all to see"),
    AnswerPlace.PRIVATE: N_("to the one who asked alone"),
}
MODES = {
    ActionMode.OFF: N_("off"),
    ActionMode.DRY_RUN: N_("dry run: only says in the mod-log channel what it would have done"),
    ActionMode.ON: N_("on"),
}
KINDS = {
    ActionKind.HIDE: N_("take the message out of the channel until a moderator has decided"),
    ActionKind.REMOVE: N_("remove the message"),
    ActionKind.TIMEOUT: N_("remove the message and give its author a time-out"),
}


def settings_lines(part: Part, settings: GuildSettings, say: Say) -> tuple[str, ...]:
    """Return what one group of settings says now, a line a setting."""
    return _LINES[part](settings, say)


def settings_embed(settings: GuildSettings, guild_name: str, say: Say) -> discord.Embed:
    """Return all settings of a server."""
    embed = discord.Embed(
        title=say("Settings of {server}", server=guild_name)[:256],
        description=say("Change a group with its sub-command, for example `/settings channels`."),
    )
    for part in Part:
        embed.add_field(
            name=f"{say(TITLES[part])} · `/settings {part}`",
            value="\n".join(settings_lines(part, settings, say)),
            inline=False,
        )
    return embed


def part_embed(part: Part, settings: GuildSettings, say: Say, *, changed: bool) -> discord.Embed:
    """Return one group of settings, as they are or as they are from now on."""
    heading = say("✅ Saved") if changed else say("As it is now")
    return discord.Embed(
        title=say(TITLES[part]), description="\n".join([f"**{heading}**", *settings_lines(part, settings, say)])
    )


def _channels(settings: GuildSettings, say: Say) -> tuple[str, ...]:
    log = settings.mod_log_channel_id
    return (
        say("Mod-log: {channel}", channel=say("none") if log is None else f"<#{log}>"),
        say("New clips are checked by themselves in: {channels}", channels=_named(settings.scan_channel_ids, "#", say)),
    )


def _exempt(settings: GuildSettings, say: Say) -> tuple[str, ...]:
    return (
        say("Never checked by themselves and never acted on are clips …"),
        say("… of members with these roles: {roles}", roles=_named(settings.exempt_role_ids, "@&", say)),
        say(
            "… in these channels, where only moderators may ask: {channels}",
            channels=_named(settings.exempt_channel_ids, "#", say),
        ),
    )


def _asking(settings: GuildSettings, say: Say) -> tuple[str, ...]:
    who = say("May ask: {who}", who=say(WHO[settings.who_may_ask]))
    roles = say("Roles that may ask: {roles}", roles=_named(settings.ask_role_ids, "@&", say))
    return (who, roles) if settings.who_may_ask is WhoMayAsk.ROLES or settings.ask_role_ids else (who,)


def _budgets(settings: GuildSettings, say: Say) -> tuple[str, ...]:
    return (
        say.plural("Each member: {n} clip in 24 hours", "Each member: {n} clips in 24 hours",
                   settings.user_daily_budget),
        say.plural("All together: {n} clip in 24 hours", "All together: {n} clips in 24 hours",
                   settings.guild_daily_budget),
        say("Clips that were checked before cost nothing."),
    )  # fmt: skip


def _answers(settings: GuildSettings, say: Say) -> tuple[str, ...]:
    language = settings.language
    spoken = say("each reader's own") if language is None else LANGUAGE_NAMES[language]
    return (
        say("Answers: {place}", place=say(PLACES[settings.answer_place])),
        say("Language: {language}", language=spoken),
    )


def _flagging(settings: GuildSettings, say: Say) -> tuple[str, ...]:
    least = settings.flag_probability
    clips = (
        say("Flagged by itself: every clip with signs of manipulation")
        if least is None
        else say(
            "Flagged by itself: clips with signs of manipulation and a likelihood of at least {share:.0%}", share=least
        )
    )
    return (clips, say("Clips that declare themselves synthetic are flagged too: {answer}",
                       answer=_yes(settings.flag_declared, say)))  # fmt: skip


def _keeping(settings: GuildSettings, say: Say) -> tuple[str, ...]:
    return (
        say.plural("Reports and names: {n} day", "Reports and names: {n} days", settings.retention_days),
        say("Clips are kept as evidence until a case is decided: {answer}", answer=_yes(settings.keep_evidence, say)),
    )


def _action(settings: GuildSettings, say: Say) -> tuple[str, ...]:
    mode = say("Automatic action: {mode}", mode=say(MODES[settings.action_mode]))
    if settings.action_mode is ActionMode.OFF:
        return (mode,)
    lines = [
        mode,
        say("What is done: {kind}", kind=say(KINDS[settings.action_kind])),
        say("From a likelihood of {share:.0%}", share=settings.action_probability),
    ]
    if settings.action_kind is ActionKind.TIMEOUT:
        minutes = settings.timeout_minutes
        lines.append(say.plural("Time-out: {n} minute", "Time-out: {n} minutes", minutes))
    return tuple(lines)


def _review(settings: GuildSettings, say: Say) -> tuple[str, ...]:
    return (say("Moderators must give a reason: {answer}", answer=_yes(settings.reason_required, say)),)


def _demos(settings: GuildSettings, say: Say) -> tuple[str, ...]:
    allowed = say("Allowed: {answer}", answer=_yes(settings.demos_allowed, say))
    if not settings.demos_allowed and _demos_set(settings) == _demos_set(GuildSettings(settings.guild_id)):
        return (allowed,)
    return (
        allowed,
        say("May ask besides moderators: {roles}", roles=_named(settings.demo_role_ids, "@&", say)),
        say.plural("Each member: {n} demo in 24 hours", "Each member: {n} demos in 24 hours",
                   settings.user_daily_demos),
        say.plural("All together: {n} demo in 24 hours", "All together: {n} demos in 24 hours",
                   settings.guild_daily_demos),
    )  # fmt: skip


def _demos_set(settings: GuildSettings) -> tuple[object, ...]:
    """Return what matters of demos only where they are allowed."""
    return settings.demo_role_ids, settings.user_daily_demos, settings.guild_daily_demos


def _yes(value: bool, say: Say) -> str:
    return say("yes") if value else say("no")


def _named(ids: Iterable[int], sign: str, say: Say) -> str:
    """Return mentions of channels ("#") or roles ("@&"), as many as fit."""
    ids = tuple(ids)
    if not ids:
        return say("none")
    named = ", ".join(f"<{sign}{number}>" for number in ids[:LIST_SHOWN])
    more = len(ids) - LIST_SHOWN
    return named if more <= 0 else f"{named} {say.plural('and {n} more', 'and {n} more', more)}"


_LINES: dict[Part, Callable[[GuildSettings, Say], tuple[str, ...]]] = {
    Part.CHANNELS: _channels,
    Part.EXEMPT: _exempt,
    Part.ASKING: _asking,
    Part.BUDGETS: _budgets,
    Part.ANSWERS: _answers,
    Part.FLAGGING: _flagging,
    Part.KEEPING: _keeping,
    Part.ACTION: _action,
    Part.REVIEW: _review,
    Part.DEMOS: _demos,
}
