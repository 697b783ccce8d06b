"""Which Discord permissions each part of the work needs, which are missing in a channel, and how to grant them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import discord

from bot.i18n import N_, Say
from core.types import ActionKind

NAMES = {
    "view_channel": N_("View Channels"),
    "send_messages": N_("Send Messages"),
    "send_messages_in_threads": N_("Send Messages in Threads"),
    "embed_links": N_("Embed Links"),
    "attach_files": N_("Attach Files"),
    "read_message_history": N_("Read Message History"),
    "manage_messages": N_("Manage Messages"),
    "moderate_members": N_("Timeout Members"),
    "manage_guild": N_("Manage Server"),
    "view_audit_log": N_("View Audit Log"),
}
"""The permissions that are spoken of, in Discord's own words."""

READ = ("view_channel", "read_message_history")
WRITE = (*READ, "send_messages", "embed_links", "attach_files")
HIDE = ("view_channel", "manage_messages")
ACTS: dict[ActionKind, tuple[str, ...]] = {
    ActionKind.HIDE: HIDE,
    ActionKind.REMOVE: HIDE,
    ActionKind.TIMEOUT: (*HIDE, "moderate_members"),
}
INVITED_WITH = ("view_channel", "send_messages", "send_messages_in_threads", "embed_links", "attach_files",
                "read_message_history")  # fmt: skip
"""What the bot is invited with; automatic action needs `ACTS` as well."""

Channel = discord.abc.GuildChannel | discord.Thread


@dataclass(frozen=True, slots=True)
class Lack:
    """A permission that is missing; `by_channel` when the bot's roles have it and the channel takes it away."""

    permission: str
    by_channel: bool


def names_of(permissions: Iterable[str], say: Say) -> str:
    """Return permissions by the names that Discord shows, one after another."""
    return ", ".join(say(NAMES[name]) if name in NAMES else name.replace("_", " ").title() for name in permissions)


def lacking(channel: Channel, needed: Iterable[str]) -> tuple[Lack, ...]:
    """Return which of the permissions `needed` the bot lacks in `channel`; in a thread, those for threads count."""
    me = channel.guild.me
    here, anywhere = channel.permissions_for(me), me.guild_permissions
    wanted = [_in_thread(name) if isinstance(channel, discord.Thread) else name for name in needed]
    return tuple(Lack(name, getattr(anywhere, name)) for name in wanted if not getattr(here, name))


def lacking_anywhere(guild: discord.Guild, needed: Iterable[str]) -> tuple[Lack, ...]:
    """Return which of the permissions `needed` the bot's roles lack."""
    has = guild.me.guild_permissions
    return tuple(Lack(name, False) for name in needed if not getattr(has, name))


def how_to_grant(lacks: Iterable[Lack], guild: discord.Guild, say: Say) -> tuple[str, ...]:
    """Return the steps that grant what is missing: at the role, at the channel, or both."""
    lacks = tuple(lacks)
    at_role = [lack.permission for lack in lacks if not lack.by_channel]
    at_channel = [lack.permission for lack in lacks if lack.by_channel]
    role = discord.utils.escape_markdown(_own_role(guild))
    steps = []
    if at_role:
        steps.append(
            say("Server Settings → Roles → {role} → Permissions: switch on {permissions}.",
                role=role, permissions=names_of(at_role, say))
        )  # fmt: skip
    if at_channel:
        steps.append(
            say("Edit Channel → Permissions → add {role} and allow {permissions}.",
                role=role, permissions=names_of(at_channel, say))
        )  # fmt: skip
    return tuple(steps)


def _in_thread(permission: str) -> str:
    return "send_messages_in_threads" if permission == "send_messages" else permission


def _own_role(guild: discord.Guild) -> str:
    """Return the name of the role that Discord made for the bot, or of the bot where there is none."""
    role = guild.self_role
    return guild.me.display_name if role is None else role.name
