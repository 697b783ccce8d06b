"""Who may ask for a check, and how often: what the settings of a server say about one person in one channel."""

from __future__ import annotations

from dataclasses import dataclass

import discord

from bot.i18n import Say
from core.services.budgets import Budget
from core.services.requests import Asker, Origin
from core.types import GuildSettings, WhoMayAsk


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who asks: their roles, whether they moderate, and the channel with the one that it lies in."""

    user_id: int
    role_ids: frozenset[int]
    is_moderator: bool
    channel_ids: frozenset[int]


def who_wrote(message: discord.Message) -> Person:
    """Return who wrote a message in a server."""
    author, channel = message.author, message.channel
    roles = [role.id for role in author.roles] if isinstance(author, discord.Member) else []
    moderates = isinstance(author, discord.Member) and _may_moderate(channel, author)
    return Person(author.id, frozenset(roles), moderates, place_ids(channel))


def who_clicked(interaction: discord.Interaction) -> Person:
    """Return who used a command or a button in a server."""
    user = interaction.user
    roles = [role.id for role in user.roles] if isinstance(user, discord.Member) else []
    ids = place_ids(interaction.channel) if interaction.channel is not None else frozenset[int]()
    here = frozenset() if interaction.channel_id is None else frozenset({interaction.channel_id})
    return Person(user.id, frozenset(roles), interaction.permissions.manage_messages, ids | here)


def asker_of(
    interaction: discord.Interaction, source: discord.Message | None, attachment_id: int | None = None
) -> Asker:
    """Return who asks by a command or a button, about a clip in `source`; None: one that comes with the command."""
    return Asker(
        Origin.DISCORD,
        requester_id=interaction.user.id,
        guild_id=interaction.guild_id,
        channel_id=interaction.channel_id,
        message_id=None if source is None else source.id,
        poster_id=interaction.user.id if source is None else source.author.id,
        attachment_id=attachment_id,
        locale=str(interaction.locale),
    )


def place_ids(channel: object) -> frozenset[int]:
    """Return the ids by which a setting can mean a channel: its own, and of a thread the channel that it is in."""
    ids = {getattr(channel, "id", None), channel.parent_id if isinstance(channel, discord.Thread) else None}
    return frozenset(number for number in ids if number is not None)


def refusal(say: Say, settings: GuildSettings, person: Person) -> str | None:
    """Return why this person gets no check here, in one sentence; None where they do. Moderators always do."""
    if person.is_moderator:
        return None
    if person.channel_ids & set(settings.exempt_channel_ids):
        return say("Clips are not checked in this channel.")
    if settings.who_may_ask is WhoMayAsk.MODERATORS:
        return say("In this server only moderators may ask for checks.")
    if settings.who_may_ask is WhoMayAsk.ROLES and not person.role_ids & set(settings.ask_role_ids):
        return say("In this server only certain roles may ask for checks; ask a moderator.")
    return None


def used_up_text(say: Say, budget: Budget) -> str:
    """Return whose checks are used up for now, and when the next one is possible."""
    when = discord.utils.format_dt(budget.resets_at, "R")
    if budget.user_left <= 0:
        return say("You have used all your checks of the last 24 hours; the next one is possible {when}.", when=when)
    return say("This server has used all its checks of the last 24 hours; the next one is possible {when}.", when=when)


def not_all_text(say: Say, allowed: int, clips: int) -> str:
    """Return that fewer clips are checked than were asked about, because no more checks are left."""
    if allowed == 0:
        return say("The checks that are on their way use up what is left for today; ask again later.")
    return say("Only {allowed} of these {clips} clips can be checked: no more checks are left for now.",
               allowed=allowed, clips=clips)  # fmt: skip


def _may_moderate(channel: object, author: discord.Member) -> bool:
    if isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        return channel.permissions_for(author).manage_messages
    return author.guild_permissions.manage_messages
