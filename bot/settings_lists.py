"""Settings that are lists of channels or roles: adding, removing, and what is suggested for removing."""

from __future__ import annotations

import discord
from discord import app_commands

from bot.i18n import Say
from core.errors import SettingsError

MOST = 50
"""Channels or roles in one list."""
SUGGESTED = 25
"""Suggestions that Discord takes at most, each of at most `NAME_LENGTH` characters."""
NAME_LENGTH = 100


def changed_list(listed: tuple[int, ...], add: int | None, remove: str | None, say: Say) -> tuple[int, ...] | None:
    """Return a list with one id more, one less, or both; None when nothing is asked of it.

    Raises:
        SettingsError: the list is full, or what is to go is not in it.
    """
    if add is None and remove is None:
        return None
    if remove is not None:
        if remove not in map(str, listed):
            raise SettingsError(say("What is to be removed is not in the list; choose one of the suggestions."))
        listed = tuple(number for number in listed if str(number) != remove)
    if add is not None and add not in listed:
        if len(listed) >= MOST:
            raise SettingsError(say("The list is full: it can hold {most}.", most=MOST))
        listed = (*listed, add)
    return listed


def suggestions(listed: tuple[int, ...], guild: discord.Guild, typed: str, say: Say) -> list[app_commands.Choice[str]]:
    """Return what can be removed from a list, by name, narrowed to what was typed; also what is gone by now."""
    named = [(_name(number, guild, say), str(number)) for number in listed]
    fitting = [(name, number) for name, number in named if typed.lower() in name.lower()]
    return [app_commands.Choice(name=name[:NAME_LENGTH], value=number) for name, number in fitting[:SUGGESTED]]


def _name(number: int, guild: discord.Guild, say: Say) -> str:
    channel = guild.get_channel_or_thread(number)
    if channel is not None:
        return f"#{channel.name}"
    role = guild.get_role(number)
    return say("deleted: {number}", number=str(number)) if role is None else f"@{role.name.lstrip('@')}"
