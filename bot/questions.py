"""What a message asks: whether it speaks to the bot, which clips it means, and what is missing when there are none."""

from __future__ import annotations

import re
from dataclasses import dataclass

import discord

from bot.attachments import MOST_CLIPS, UNREACHED, attachments_of, points_at_a_link
from bot.embeds import CONTENT_LIMIT, clip_name, clip_text
from bot.i18n import N_, Say

HOW_TO = N_(
    "Post a video clip or a picture and mention me in the same message, or right-click any message with a clip →"
    " Apps → Check for deepfake; I will look whether its faces show signs of a deepfake."
)
ONLY_ATTACHED = N_(
    "I read only clips that are attached; links and GIFs from a picker are not followed. Save the clip and post it as"
    " a file, then mention me."
)
HIDDEN = N_(
    "Discord does not show me the clip of a message that does not mention me. Right-click that message → Apps →"
    " Check for deepfake, or post the clip again and mention me."
)
HIDDEN_FOR_A_ROLE = N_(
    "Discord does not show me a message that mentions only my role. Mention me by my own name, or right-click the"
    " message → Apps → Check for deepfake."
)
GONE = N_("The message that you replied to is gone, so there is nothing to check; please post the clip again.")
NO_ACCESS = N_(
    "I may not read the message that you replied to. Give me the permissions View Channel and Read Message History"
    " here, or post the clip again and mention me."
)
NO_CLIP_THERE = N_("The message that you replied to has no clip attached.")
NO_CLIP_HERE = N_("This message has no clip attached.")
NOT_A_CLIP = N_("**{clip}** is not a video or a picture.")


@dataclass(frozen=True, slots=True)
class Question:
    """The attachments that somebody asks about, and the message that carries them."""

    attachments: tuple[discord.Attachment, ...]
    source: discord.Message

    @property
    def poster_id(self) -> int:
        """Who posted the clips; of a forwarded message Discord names only who forwarded it."""
        return self.source.author.id


@dataclass(frozen=True, slots=True)
class Missing:
    """Why there is nothing to look at: an English text that was marked for the catalogs."""

    text: str


def too_many_text(say: Say, left_out: list[str]) -> str:
    """Return which clips of a message are not looked at because there are too many."""
    names = ", ".join(f"**{clip_name(name)}**" for name in left_out)
    text = say.plural(
        "I look at {most} clips of one message at most; left out is {names}.",
        "I look at {most} clips of one message at most; left out are {names}.",
        len(left_out),
        most=MOST_CLIPS,
        names=names,
    )
    return clip_text(text, CONTENT_LIMIT)


def is_addressed(message: discord.Message, me: discord.abc.User) -> bool:
    """Return whether a person speaks to the bot: by name or role, in a direct message, or with a clip in a reply."""
    if message.author.bot or message.webhook_id is not None:
        return False
    if message.guild is None or re.search(rf"<@!?{me.id}>", message.content) or mentions_role(message):
        return True
    return any(user.id == me.id for user in message.mentions) and bool(attachments_of(message))


def mentions_role(message: discord.Message) -> bool:
    """Return whether a message mentions the role that Discord made for the bot."""
    if message.guild is None:
        return False
    own = {role.id for role in message.guild.me.roles if role.managed}
    return any(role.id in own for role in message.role_mentions)


async def asked(message: discord.Message, me: discord.abc.User) -> Question | Missing:
    """Return what a message that speaks to the bot asks about: its own clips, or those of the message it replies to."""
    own = attachments_of(message)
    if own:
        return Question(tuple(own), message)
    if _is_reply(message):
        return await _asked_of_reply(message, me)
    if points_at_a_link(message):
        return Missing(ONLY_ATTACHED)
    hidden = not message.content and mentions_role(message)
    return Missing(HIDDEN_FOR_A_ROLE if hidden else HOW_TO)


def _is_reply(message: discord.Message) -> bool:
    return message.reference is not None and message.type is discord.MessageType.reply


async def _asked_of_reply(message: discord.Message, me: discord.abc.User) -> Question | Missing:
    answered = await _answered(message)
    if isinstance(answered, Missing):
        return answered
    attachments = attachments_of(answered)
    if attachments and answered.author.id != me.id:
        return Question(tuple(attachments), answered)
    if answered.author.id == me.id:
        return Missing(HOW_TO)
    if points_at_a_link(answered):
        return Missing(ONLY_ATTACHED)
    return Missing(HIDDEN if _shows_nothing(answered) else NO_CLIP_THERE)


async def _answered(message: discord.Message) -> discord.Message | Missing:
    """Return the message that is replied to as far as Discord shows it, fetched where it did not come along."""
    reference = message.reference
    if reference is None or reference.message_id is None:
        return Missing(GONE)
    if isinstance(reference.resolved, discord.DeletedReferencedMessage):
        return Missing(GONE)
    if isinstance(reference.resolved, discord.Message) and not _shows_nothing(reference.resolved):
        return reference.resolved
    try:
        return await message.channel.fetch_message(reference.message_id)
    except discord.NotFound:
        return Missing(GONE)
    except UNREACHED:
        return Missing(NO_ACCESS)


def _shows_nothing(message: discord.Message) -> bool:
    """Return whether a message comes without anything that a person could have written or attached."""
    return not (message.content or message.embeds or message.stickers or message.poll or attachments_of(message))
