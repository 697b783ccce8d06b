"""What `/setup check` tells: permissions and intents, place by place, and how to grant what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import discord

from bot.embeds import FIELD_LIMIT, FIELD_NAME_LIMIT, clip_text
from bot.i18n import N_, Say
from bot.permissions import ACTS, READ, WRITE, Channel, Lack, how_to_grant, lacking, lacking_anywhere, names_of
from bot.settings_text import LIST_SHOWN
from bot.settings_trouble import NOBODY_HEARS, Place
from bot.words import NAMED
from core.types import ActionMode, GuildSettings

GOOD, BAD, OFF = "✅", "❌", "➖"
"""Each stands before words that say the same."""
OWN_LIMIT = 5600
"""Characters; Discord takes 6,000. Channels are told one a field, of which there are fewer than the 25 it takes."""

ALL_THERE = N_("All permissions are there.")
CONTENT_ON = N_("Message content intent: on. New clips can be checked by themselves.")
CONTENT_OFF = N_(
    "Message content intent: off. It is needed only to check new clips by themselves; mentions, replies and "
    "right-click → Apps work without it."
)
CONTENT_MISSING = N_(
    "Message content intent: missing, so the channels to be checked by themselves are not. Whoever runs me switches "
    "it on in Discord's developer portal (Bot → Message Content Intent) and sets FACEPULSE_DISCORD_MESSAGE_CONTENT=1."
)


def check_embed(here: Channel, settings: GuildSettings, place: Place, say: Say) -> discord.Embed:
    """Return what works and what is missing in a server.

    Args:
        here: the channel in which the question was asked.
        settings: what the server has set: it decides which channels and permissions matter.
        place: the server, and whether Discord shows the bot all messages.
        say: the reader's language.
    """
    embed = discord.Embed(title=say("🔧 Setup check"))
    last = [_acting_field(settings, place.guild, say), (say("Intents"), _intent_line(settings, place, say))]
    room = OWN_LIMIT - sum(len(name) + len(value) for name, value in last)
    channels = list(_channel_fields(here, settings, place.guild, say))
    for told, (name, value) in enumerate(channels):
        if len(embed) + len(name) + len(value) > room:
            more = say.plural("{n} more place", "{n} more places", len(channels) - told)
            embed.add_field(name="…", value=more, inline=False)
            break
        _add(embed, name, value)
    for name, value in last:
        _add(embed, name, value)
    missing = sum(field.value.startswith(BAD) for field in embed.fields if field.value)
    embed.description = (
        say.plural("{n} thing is missing.", "{n} things are missing.", missing)
        if missing
        else say("Everything that your settings need is there.")
    )
    return embed


def _add(embed: discord.Embed, name: str, value: str) -> None:
    embed.add_field(name=clip_text(name, FIELD_NAME_LIMIT), value=clip_text(value, FIELD_LIMIT), inline=False)


def _channel_fields(
    here: Channel, settings: GuildSettings, guild: discord.Guild, say: Say
) -> Iterator[tuple[str, str]]:
    yield say("This channel: answering"), _permissions(lacking(here, WRITE), guild, say)
    log = settings.mod_log_channel_id
    if log is None and settings.scan_channel_ids:
        yield say("Mod-log channel"), f"{BAD} {say(NOBODY_HEARS)}"
    elif log is None:
        yield say("Mod-log channel"), f"{OFF} {say('none is set: `/settings channels`')}"
    else:
        yield from _one_channel(log, say("Mod-log channel"), WRITE, guild, say)
    for channel_id in settings.scan_channel_ids[:LIST_SHOWN]:
        yield from _one_channel(channel_id, say("Checked by itself"), READ, guild, say)


def _one_channel(
    channel_id: int, title: str, needed: Iterable[str], guild: discord.Guild, say: Say
) -> Iterator[tuple[str, str]]:
    channel = guild.get_channel_or_thread(channel_id)
    if channel is None:
        yield (
            title,
            f"{BAD} {say('{channel} is no longer there, or it is hidden from me.', channel=f'<#{channel_id}>')}",
        )
    else:
        yield say(NAMED, name=title, value=f"#{channel.name}"), _permissions(lacking(channel, needed), guild, say)


def _permissions(lacks: tuple[Lack, ...], guild: discord.Guild, say: Say) -> str:
    if not lacks:
        return f"{GOOD} {say(ALL_THERE)}"
    lacked = say("Missing: {permissions}.", permissions=names_of((lack.permission for lack in lacks), say))
    return "\n".join([f"{BAD} {lacked}", *(f"→ {step}" for step in how_to_grant(lacks, guild, say))])


def _acting_field(settings: GuildSettings, guild: discord.Guild, say: Say) -> tuple[str, str]:
    title = say("Automatic action")
    if settings.action_mode is ActionMode.OFF:
        return title, f"{OFF} {say('off: it needs no permissions')}"
    told = _permissions(lacking_anywhere(guild, ACTS[settings.action_kind]), guild, say)
    return title, told if settings.mod_log_channel_id is not None else f"{BAD} {say(NOBODY_HEARS)}\n{told}"


def _intent_line(settings: GuildSettings, place: Place, say: Say) -> str:
    if place.sees_content:
        return f"{GOOD} {say(CONTENT_ON)}"
    return f"{BAD} {say(CONTENT_MISSING)}" if settings.scan_channel_ids else f"{OFF} {say(CONTENT_OFF)}"
