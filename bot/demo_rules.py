"""Where and of which clips demos may be made, as far as Discord can tell; every rule is in docs/discord.md."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands

from bot.attachments import UNREACHED, Afresh, attachments_of, is_moving, same_attachment
from bot.embeds import clip_name
from bot.i18n import N_, Say
from bot.permissions import WRITE
from bot.words import size
from core.errors import DemoError
from core.services.demos import LARGEST_BYTES, Declaration
from core.types import GuildSettings

MODERATORS_ONLY = N_("In this server only moderators, and roles that an admin chose, may ask for demos.")
ADULT_CHANNEL = N_("There are no demos in age-restricted channels or servers.")
ADULT_SOURCE = N_("Clips from age-restricted channels are not made into demos.")
ONE_CLIP = N_("Give me the clip, or a link to the message that it is in: one of both.")
NO_LINK = N_("That is no link to a message of this server; copy it with Copy Message Link.")
NO_MESSAGE = N_("I cannot see that message; attach its clip to the command.")
NOT_YOURS_TO_SEE = N_("You may not read that message.")
NO_CLIP = N_("I see no video in that message; attach the clip to the command.")
OTHERS_CLIP = N_("Somebody else posted that clip, so it cannot be declared as yours; choose that the person consented.")
NO_VIDEO = N_("**{clip}** is not a video.")
TOO_LARGE = N_("**{clip}** is {size}; the largest clip that becomes a demo is {limit}.")

LINK = re.compile(r"https://(?:\w+\.)?discord(?:app)?\.com/channels/(\d{1,20})/(\d{1,20})/(\d{1,20})/?\Z")
ADULT_SERVERS = (discord.NSFWLevel.explicit, discord.NSFWLevel.age_restricted)

Interaction = discord.Interaction[Any]


@dataclass(frozen=True, slots=True)
class Driver:
    """The clip of a demo: where it was posted, None for one that comes with the command, and how to get it afresh."""

    attachment: discord.Attachment
    message: discord.Message | None = None

    @property
    def afresh(self) -> Afresh | None:
        """What gives the attachment with an address that is valid then."""
        source, number = self.message, self.attachment.id
        if source is None:
            return None

        async def fetch_again() -> discord.Attachment | None:
            again = await source.channel.fetch_message(source.id)
            return same_attachment(attachments_of(again), number)

        return fetch_again


def require_place(interaction: Interaction, guild: discord.Guild, settings: GuildSettings, say: Say) -> None:
    """Let only those ask who may, only where demos can be shown.

    Raises:
        DemoError: they may not, or not here.
        BotMissingPermissions: the bot cannot post here.
    """
    roles = {role.id for role in getattr(interaction.user, "roles", ())}
    if not interaction.permissions.manage_messages and not roles & set(settings.demo_role_ids):
        raise DemoError(say(MODERATORS_ONLY))
    if guild.nsfw_level in ADULT_SERVERS or is_adult(interaction.channel):
        raise DemoError(say(ADULT_CHANNEL))
    in_thread = isinstance(interaction.channel, discord.Thread)
    needed = ["send_messages_in_threads" if in_thread and name == "send_messages" else name for name in WRITE]
    lacks = [name for name in needed if not getattr(interaction.app_permissions, name)]
    if lacks:
        raise app_commands.BotMissingPermissions(lacks)


def is_adult(channel: object) -> bool:
    """Return whether a channel, or that of a thread, is age-restricted; one that is not known counts as such."""
    if isinstance(channel, discord.Thread) and channel.parent is None:
        return True
    asks = getattr(channel, "is_nsfw", None)
    return bool(asks()) if asks is not None else False


async def driver_of(  # noqa: PLR0917 - all of it is one question
    interaction: Interaction,
    guild: discord.Guild,
    clip: discord.Attachment | None,
    link: str | None,
    declaration: Declaration,
    say: Say,
) -> Driver:
    """Return the clip that was attached or linked to.

    Raises:
        DemoError: there is none, it may not be seen, or it cannot be what was declared.
    """
    if (clip is None) == (link is None):
        raise DemoError(say(ONE_CLIP))
    driver = Driver(clip) if clip is not None else await _linked(interaction, guild, link or "", say)
    source = driver.message
    if source is not None and declaration is Declaration.SELF and source.author.id != interaction.user.id:
        raise DemoError(say(OTHERS_CLIP))
    found = driver.attachment
    if not is_moving(found):
        raise DemoError(say(NO_VIDEO, clip=clip_name(found.filename)))
    if found.size > LARGEST_BYTES:
        told = say(TOO_LARGE, clip=clip_name(found.filename), size=size(found.size), limit=size(LARGEST_BYTES))
        raise DemoError(told)
    return driver


async def _linked(interaction: Interaction, guild: discord.Guild, link: str, say: Say) -> Driver:
    match = LINK.match(link.strip())
    if match is None or int(match[1]) != guild.id:
        raise DemoError(say(NO_LINK))
    channel = guild.get_channel_or_thread(int(match[2]))
    if channel is None or not isinstance(channel, discord.abc.Messageable):
        raise DemoError(say(NO_MESSAGE))
    member = interaction.user
    may = channel.permissions_for(member) if isinstance(member, discord.Member) else discord.Permissions.none()
    if not (may.view_channel and may.read_message_history):
        raise DemoError(say(NOT_YOURS_TO_SEE))
    if is_adult(channel):
        raise DemoError(say(ADULT_SOURCE))
    try:
        message = await channel.fetch_message(int(match[3]))
    except UNREACHED as error:
        raise DemoError(say(NO_MESSAGE)) from error
    moving = next((one for one in attachments_of(message) if is_moving(one)), None)
    if moving is None:
        raise DemoError(say(NO_CLIP))
    return Driver(moving, message)
