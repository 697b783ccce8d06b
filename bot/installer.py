"""Who added the bot to a server, and how the first message reaches them: once, and as privately as can be."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import discord

logger = logging.getLogger(__name__)

LOOK_BACK = 5
"""Additions of bots in the audit log that are looked through."""
UNREACHED = (discord.HTTPException, OSError)


async def tell_installer(guild: discord.Guild, text: str) -> str | None:
    """Send `text` to who added the bot, else to the owner, else into the system channel; return which, None if none.

    Who added it stands in the audit log, which only a bot with that permission may read.
    """
    async for who, target in _targets(guild):
        try:
            await target.send(text)
        except UNREACHED as error:
            logger.info("guild %d: the first message does not reach the %s: %s", guild.id, who, error)
        else:
            return who
    return None


async def _targets(guild: discord.Guild) -> AsyncIterator[tuple[str, discord.abc.Messageable]]:
    installer = await _installer(guild)
    if installer is not None:
        yield "installer", installer
    if guild.owner_id is not None and (installer is None or installer.id != guild.owner_id):
        owner = await _owner(guild, guild.owner_id)
        if owner is not None:
            yield "owner", owner
    channel = guild.system_channel
    if channel is not None and channel.permissions_for(guild.me).send_messages:
        yield "system channel", channel


async def _installer(guild: discord.Guild) -> discord.User | discord.Member | None:
    if not guild.me.guild_permissions.view_audit_log:
        return None
    try:
        async for entry in guild.audit_logs(action=discord.AuditLogAction.bot_add, limit=LOOK_BACK):
            added = entry.target
            if added is not None and added.id == guild.me.id and isinstance(entry.user, discord.User | discord.Member):
                return entry.user
    except UNREACHED as error:
        logger.info("guild %d: the audit log cannot be read: %s", guild.id, error)
    return None


async def _owner(guild: discord.Guild, owner_id: int) -> discord.abc.Messageable | None:
    try:
        return guild.owner or await guild.fetch_member(owner_id)
    except UNREACHED:
        return None
