"""Settings that cannot work as they are set: told when they are made, when they are shown and by `/setup check`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import discord

from bot.i18n import N_, Say
from bot.permissions import ACTS, READ, WRITE, Channel, how_to_grant, lacking, lacking_anywhere, names_of
from bot.settings_text import Part
from core.types import ActionMode, GuildSettings, WhoMayAsk

NO_CONTENT = N_(
    "Discord does not show me clips in messages that don't mention me, so nothing is checked by itself: "
    "whoever runs me must switch on the message content intent (docs/discord.md says how)."
)
NOBODY_HEARS = N_("There is no mod-log channel, so nobody hears of what I find by myself: `/settings channels`.")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the settings are to work: the server as the bot sees it, and whether Discord shows it all messages."""

    guild: discord.Guild
    sees_content: bool


def trouble_with(part: Part, settings: GuildSettings, place: Place, say: Say) -> tuple[str, ...]:
    """Return what keeps one group of settings from working, a sentence each; empty when nothing does."""
    look = _LOOKS.get(part)
    return () if look is None else tuple(look(settings, place, say))


def all_trouble(settings: GuildSettings, place: Place, say: Say) -> tuple[str, ...]:
    """Return what keeps any setting from working, each sentence once."""
    found = [sentence for part in Part for sentence in trouble_with(part, settings, place, say)]
    return tuple(dict.fromkeys(found))


def _channels(settings: GuildSettings, place: Place, say: Say) -> list[str]:
    found = []
    if settings.mod_log_channel_id is not None:
        found += _in_channel(settings.mod_log_channel_id, WRITE, place, say)
    if settings.scan_channel_ids:
        if not place.sees_content:
            found.append(say(NO_CONTENT))
        if settings.mod_log_channel_id is None:
            found.append(say(NOBODY_HEARS))
    for channel_id in settings.scan_channel_ids:
        found += _in_channel(channel_id, READ, place, say)
    return found


def _in_channel(channel_id: int, needed: tuple[str, ...], place: Place, say: Say) -> list[str]:
    channel = place.guild.get_channel_or_thread(channel_id)
    if channel is None:
        return [say("{channel} is no longer there, or it is hidden from me.", channel=f"<#{channel_id}>")]
    return missing_in(channel, needed, say)


def missing_in(channel: Channel, needed: tuple[str, ...], say: Say) -> list[str]:
    """Return what the bot lacks in a channel and how to grant it, as one text; empty when it lacks nothing."""
    lacks = lacking(channel, needed)
    if not lacks:
        return []
    lacked = say("In {channel} I lack: {permissions}.", channel=channel.mention,
                 permissions=names_of((lack.permission for lack in lacks), say))  # fmt: skip
    return [" ".join([lacked, *how_to_grant(lacks, channel.guild, say)])]


def _asking(settings: GuildSettings, place: Place, say: Say) -> list[str]:
    if settings.who_may_ask is not WhoMayAsk.ROLES:
        return []
    if not any(place.guild.get_role(role_id) for role_id in settings.ask_role_ids):
        return [say("No role is chosen that may ask, so only moderators can: add one with `role-add`.")]
    return []


def _budgets(settings: GuildSettings, place: Place, say: Say) -> list[str]:
    if 0 in (settings.user_daily_budget, settings.guild_daily_budget):
        return [say("With a budget of 0 nobody can have a new clip checked.")]
    return []


def _action(settings: GuildSettings, place: Place, say: Say) -> list[str]:
    if settings.action_mode is ActionMode.OFF:
        return []
    found = [] if settings.mod_log_channel_id is not None else [say(NOBODY_HEARS)]
    lacks = lacking_anywhere(place.guild, ACTS[settings.action_kind])
    if lacks:
        lacked = say("To act I lack: {permissions}.", permissions=names_of((lack.permission for lack in lacks), say))
        found.append(" ".join([lacked, *how_to_grant(lacks, place.guild, say)]))
    return found


def _demos(settings: GuildSettings, place: Place, say: Say) -> list[str]:
    if not settings.demos_allowed:
        return []
    found = []
    if settings.mod_log_channel_id is None:
        found.append(
            say("There is no mod-log channel, so no demo is made: people look at each there. `/settings channels`.")
        )
    if 0 in (settings.user_daily_demos, settings.guild_daily_demos):
        found.append(say("With a budget of 0 nobody can have a demo made."))
    return found


_LOOKS: dict[Part, Callable[[GuildSettings, Place, Say], list[str]]] = {
    Part.CHANNELS: _channels,
    Part.ASKING: _asking,
    Part.BUDGETS: _budgets,
    Part.ACTION: _action,
    Part.DEMOS: _demos,
}
