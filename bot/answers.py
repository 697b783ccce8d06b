"""Where an answer is shown, and how it is changed: an ordinary message, or the answer to a command or button.

An interaction's answer can be changed for 15 minutes only; past that, or where Discord no longer takes the change, an
ordinary message stands in: the same one where all may read it, a direct message where only the asker may.
"""

from __future__ import annotations

import contextlib
import enum
import hashlib
import io
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import discord
from discord.utils import DEFAULT_FILE_SIZE_LIMIT_BYTES

from bot.attachments import UNREACHED
from bot.i18n import N_, Say
from core.services.requests import ShownAt

logger = logging.getLogger(__name__)

PICTURE = "evidence.png"
AWAY_S = 3.0
"""Between tries to reach a log that is away."""
SEARCHED = 100
"""Messages after a question among which an earlier answer of ours is looked for."""
TOKEN_S = 13.5 * 60
"""Discord lets an interaction be answered for 15 minutes; the last ones are not relied on."""
MOVES = N_("This takes longer than Discord lets me write here; the answer will come as a direct message.")

PostedMessage = discord.Message | discord.PartialMessage


def nonce(*what: object) -> str:
    """Return what Discord knows a message by: of two that it gets within minutes, it shows one, and returns that.

    So a message that was taken while its sender died, or that two processes send, is there once. At most 25 characters.
    """
    return hashlib.blake2s(" ".join(map(str, what)).encode(), digest_size=12).hexdigest()


class Edit(enum.Enum):
    """How a change of our message went: refused may be for a moment only, gone is for ever."""

    DONE = enum.auto()
    REFUSED = enum.auto()
    GONE = enum.auto()


@dataclass(frozen=True, slots=True)
class Content:
    """What a message shows. `picture` (PNG bytes) is attached as `PICTURE`, which the embed may show."""

    text: str
    embed: discord.Embed | None = None
    view: discord.ui.View | None = None
    picture: bytes | None = field(default=None, repr=False)

    def fitting(self, upload_limit: int) -> Content:
        """Return this content without a picture that is larger than may be uploaded."""
        return self.without_picture() if self.picture is not None and len(self.picture) > upload_limit else self

    def without_picture(self) -> Content:
        """Return this content with words alone."""
        if self.embed is None:
            return replace(self, picture=None)
        return replace(self, picture=None, embed=self.embed.copy().set_image(url=None))

    def to_edit(self) -> dict[str, Any]:
        """Return the arguments that turn a message into this content; files can be sent once, so ask anew each time."""
        values: dict[str, Any] = {"content": self.text, "view": self.view}
        if self.embed is not None:
            values["embed"] = self.embed
        if self.picture is not None:
            values["attachments"] = [_file(self.picture)]
        return values

    def to_send(self) -> dict[str, Any]:
        """Return the arguments of a new message with this content."""
        values: dict[str, Any] = {"content": self.text}
        if self.embed is not None:
            values["embed"] = self.embed
        if self.view is not None:
            values["view"] = self.view
        if self.picture is not None:
            values["file"] = _file(self.picture)
        return values


class Answer(Protocol):
    """A place in which the answer to one check is shown."""

    @property
    def upload_limit(self) -> int:
        """The most bytes that a file may have here."""
        ...

    @property
    def may_be_posted(self) -> bool:
        """Whether only the asker reads it, in a channel in which it could be shown to all."""
        ...

    async def show(self, content: Content) -> Edit:
        """Replace what is shown; a refusal is logged, never raised."""
        ...


class MessageAnswer:
    """An ordinary message of ours, in a channel or in a direct message."""

    may_be_posted = False

    def __init__(self, message: PostedMessage, upload_limit: int) -> None:
        self._message = message
        self.upload_limit = upload_limit

    async def show(self, content: Content) -> Edit:
        """Edit the message."""
        message = self._message
        try:
            await message.edit(**content.fitting(self.upload_limit).to_edit())
        except UNREACHED as error:
            logger.warning("cannot change message %d in channel %d: %s", message.id, message.channel.id, error)
            return Edit.GONE if isinstance(error, discord.NotFound) else Edit.REFUSED
        return Edit.DONE


def upload_limit_of(guild: discord.Guild | None) -> int:
    """Return the most bytes that a file may have in a server, or outside of one."""
    return DEFAULT_FILE_SIZE_LIMIT_BYTES if guild is None else guild.filesize_limit


class DirectAnswer:
    """A direct message that is written when there is something to show; where that is not allowed, a hint in public.

    `once` is the nonce of the message; `posted` is told where it is, before it is changed for the first time.
    """

    may_be_posted = False
    upload_limit = DEFAULT_FILE_SIZE_LIMIT_BYTES

    def __init__(
        self,
        client: discord.Client,
        user_id: int,
        hint: Hint | None = None,
        *,
        once: str | None = None,
        posted: Callable[[ShownAt], Awaitable[None]] | None = None,
    ) -> None:
        self._client = client
        self._user_id = user_id
        self._hint = hint
        self._once = once
        self._posted = posted
        self._message: MessageAnswer | None = None
        self.shown_at: ShownAt | None = None
        """The message, once it was written."""

    async def show(self, content: Content) -> Edit:
        """Write the message, or edit the one that was written."""
        if self._message is not None:
            return await self._message.show(content)
        try:
            room = await self._client.create_dm(discord.Object(self._user_id))
            values = content.fitting(self.upload_limit).to_send()
            if self._once is not None:
                values["nonce"] = self._once
            sent = await room.send(**values)
        except discord.Forbidden:
            if self._hint is not None and content.embed is not None:
                await self._hint.post()
            return Edit.GONE
        except UNREACHED as error:
            logger.warning("cannot write a direct message: %s", error)
            return Edit.REFUSED
        await self.go_on_in(sent)
        # Discord gave back what an earlier process had sent.
        return Edit.DONE if _shows(sent, content) else await self.show(content)

    async def go_on_in(self, message: discord.Message) -> None:
        """Show what comes in a direct message that was written before."""
        self._message = MessageAnswer(message, self.upload_limit)
        self.shown_at = ShownAt(message.channel.id, message.id)
        if self._posted is not None:
            await self._posted(self.shown_at)

    async def find(self, content: Content, since: discord.abc.Snowflake) -> bool:
        """Go on in a message of ours that shows this since then, where there is one."""
        try:
            room = await self._client.create_dm(discord.Object(self._user_id))
            async for message in room.history(after=since, limit=SEARCHED):
                ours = self._client.user is not None and message.author.id == self._client.user.id
                if ours and _shows(message, content):
                    await self.go_on_in(message)
                    return True
        except UNREACHED as error:
            logger.warning("cannot look for a direct message: %s", error)
        return False


def _shows(message: discord.Message, content: Content) -> bool:
    return message.content == content.text and bool(message.embeds) == (content.embed is not None)


@dataclass(frozen=True, slots=True)
class Hint:
    """A line in the channel for an asker who cannot be reached in private; it does not say what was found."""

    channel: discord.abc.Messageable
    say: Say
    user_id: int

    async def post(self) -> None:
        """Say in the channel that a check is done, mentioning no one."""
        text = self.say(
            "<@{user}>, your check is done, but you take no direct messages from me. Ask again for the same clip:"
            " you get the answer at once.",
            user=self.user_id,
        )
        try:
            await self.channel.send(text, allowed_mentions=discord.AllowedMentions.none())
        except UNREACHED as error:
            logger.warning("cannot reach an asker in any way: %s", error)


class InteractionAnswer:
    """The answer to a command: `message` None is the first answer, else a follow-up."""

    def __init__(
        self,
        interaction: discord.Interaction,
        message: discord.WebhookMessage | None,
        stand_in: Answer,
        say: Say,
        *,
        is_private: bool,
    ) -> None:
        self._interaction = interaction
        self._message = message
        self._stand_in = stand_in
        self._standing_in = False
        self._say = say
        self._is_private = is_private
        self.upload_limit = interaction.filesize_limit

    @property
    def may_be_posted(self) -> bool:
        """Whether only the asker reads it; an answer that went on as a direct message is far from the channel."""
        return self._is_private and not self._standing_in and self._age_s() <= TOKEN_S

    async def show(self, content: Content) -> Edit:
        """Edit the answer, or let the stand-in show it."""
        if not self._standing_in and self._age_s() > TOKEN_S:
            await self._move()
        if self._standing_in:
            return await self._stand_in.show(content)
        try:
            await self._edit(content.fitting(self.upload_limit).to_edit())
        except UNREACHED as error:
            logger.warning("cannot change the answer to interaction %d: %s", self._interaction.id, error)
            if not _token_refused(error):
                return Edit.GONE if isinstance(error, discord.NotFound) else Edit.REFUSED
            self._standing_in = True
            return await self._stand_in.show(content)
        return Edit.DONE

    def _age_s(self) -> float:
        return (discord.utils.utcnow() - self._interaction.created_at).total_seconds()

    async def _move(self) -> None:
        """Leave the answer to the stand-in; an answer that only the asker sees says so while it still can."""
        self._standing_in = True
        if self._is_private and not self._interaction.is_expired():
            with contextlib.suppress(*UNREACHED):
                await self._edit({"content": self._say(MOVES), "view": None})

    async def _edit(self, values: dict[str, Any]) -> None:
        if self._message is None:
            await self._interaction.edit_original_response(**values)
        else:
            await self._message.edit(**values)


UNKNOWN_WEBHOOK, INVALID_WEBHOOK_TOKEN = 10015, 50027


def _token_refused(error: BaseException) -> bool:
    return isinstance(error, discord.HTTPException) and error.code in {UNKNOWN_WEBHOOK, INVALID_WEBHOOK_TOKEN}


def _file(png: bytes) -> discord.File:
    return discord.File(io.BytesIO(png), PICTURE)
