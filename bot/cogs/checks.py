"""A mention with a clip: an answer at once, its progress in the same message, then the verdict."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import io
import logging
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from discord.ext import commands

from bot import embeds, words
from bot.desk import CheckView
from bot.services import Services
from core.errors import FacepulseError, StoreError, UnreadableClipError
from core.services.requests import Asker, CheckStatus, Origin

if TYPE_CHECKING:
    from bot.client import FacepulseBot

logger = logging.getLogger(__name__)

EDIT_EVERY_S = 2.0
INSIST_AFTER_S = (5.0, 20.0, 60.0)
"""Pauses before a verdict that Discord did not take is sent again."""
UNREACHED = (discord.HTTPException, aiohttp.ClientError, OSError)
"""What a call to Discord raises when it is refused or does not get there."""
DOWNLOADS_AT_ONCE = 2
PICTURE = "evidence.png"
VIDEO_ENDINGS = frozenset({".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".ts", ".3gp", ".ogv"})
PICTURE_ENDINGS = frozenset({".gif", ".png", ".apng", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})

HOW_TO = (
    "Post a video clip or a picture and mention me in the same message; "
    "I will look whether its faces show signs of a deepfake."
)
LOST = "I lost this check; please post the clip again."
NOT_FETCHED = "The clip could not be fetched from Discord; please post it again."


def is_clip(attachment: discord.Attachment) -> bool:
    """Return whether an attachment says, by its type or its ending, that it is a video or a picture."""
    kind = attachment.content_type or ""
    ending = Path(attachment.filename).suffix.lower()
    return kind.startswith(("video/", "image/")) or ending in VIDEO_ENDINGS | PICTURE_ENDINGS


def is_addressed(message: discord.Message, me: discord.abc.User) -> bool:
    """Return whether a person speaks to the bot: by name, in a direct message, or with a clip in a reply to it."""
    if message.author.bot or message.webhook_id is not None:
        return False
    if message.guild is None or re.search(rf"<@!?{me.id}>", message.content):
        return True
    return any(user.id == me.id for user in message.mentions) and bool(message.attachments)


def clips_of(message: discord.Message) -> list[discord.Attachment]:
    """Return the attachments to look at: the message's own, or those of the message that it answers, if they show."""
    if message.attachments or message.reference is None:
        return message.attachments
    answered = message.reference.resolved
    return answered.attachments if isinstance(answered, discord.Message) else []


class Edit(enum.Enum):
    """How a change of our message went: refused may be for a moment only, gone is for ever."""

    DONE = enum.auto()
    REFUSED = enum.auto()
    GONE = enum.auto()


class Checks(commands.Cog):
    """Listens for mentions; every clip gets one message that becomes its answer."""

    def __init__(self, bot: FacepulseBot, services: Services) -> None:
        self._bot = bot
        self._desk = services.desk
        self._look_every_s = bot.look_every_s
        self._downloads = asyncio.Semaphore(DOWNLOADS_AT_ONCE)
        self._resuming: asyncio.Task[None] | None = None

    async def cog_unload(self) -> None:
        """Stop following checks; they go on without us."""
        if self._resuming is not None:
            self._resuming.cancel()

    async def cog_load(self) -> None:
        """Take up the checks that were asked for before a restart."""
        self._resuming = asyncio.create_task(self._resume(), name="resume checks")

    async def _resume(self) -> None:
        await self._bot.wait_until_ready()
        follows = []
        for left in await self._desk.left_open():
            channel = self._bot.get_partial_messageable(left.channel_id)
            follows.append(self._follow(left.check, channel.get_partial_message(left.answer_message_id)))
        if follows:
            logger.info("taking up %s from before the restart", words.count(len(follows), "check"))
        await asyncio.gather(*follows)

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer a message that speaks to the bot."""
        me = self._bot.user
        if me is None or not is_addressed(message, me):
            return
        attachments = clips_of(message)
        if not attachments:
            await self._say(message, HOW_TO)
            return
        await asyncio.gather(*(self._answer(message, attachment) for attachment in attachments))

    async def _answer(self, message: discord.Message, attachment: discord.Attachment) -> None:
        name = attachment.filename
        if not is_clip(attachment):
            await self._say(message, f"**{embeds.clip_name(name)}** is not a video or a picture. {HOW_TO}")
            return
        if attachment.size > self._desk.max_bytes:
            sentence = words.too_large_sentence("This clip", attachment.size, self._desk.max_bytes)
            await self._say(message, embeds.failure_text(name, sentence))
            return
        answer = await self._say(message, embeds.looking_text(name))
        if answer is None:
            return
        await self._look_busy(message)
        try:
            check = await self._hand_in(message, attachment)
            await self._desk.answer_is(check.id, answer.id)
        except FacepulseError as error:
            logger.info("no check of %r in channel %d: %s", name, message.channel.id, error)
            await self._edit(answer, content=embeds.failure_text(name, str(error)))
            return
        await self._follow(check, answer)

    async def _hand_in(self, message: discord.Message, attachment: discord.Attachment) -> CheckView:
        asker = Asker(
            Origin.DISCORD,
            requester_id=message.author.id,
            guild_id=None if message.guild is None else message.guild.id,
            channel_id=message.channel.id,
            message_id=message.id,
        )
        async with self._downloads:  # a clip is in memory between its download and its copy on disk
            check = await self._desk.hand_in(await _fetched(attachment), attachment.filename, asker)
        logger.info(
            "case %d: %r asked by %d in channel %d",
            check.id, attachment.filename, message.author.id, message.channel.id,
        )  # fmt: skip
        return check

    async def _follow(self, check: CheckView, answer: discord.PartialMessage | discord.Message) -> None:
        """Keep `answer` up to date until the check is over; then it is the verdict."""
        try:
            over = await self._wait(check, answer)
        except FacepulseError as error:
            logger.exception("cannot follow case %d", check.id)
            await self._edit(answer, content=embeds.failure_text(check.filename, str(error)))
            return
        if over is not None:
            await self._conclude(over, answer)

    async def _wait(self, check: CheckView, answer: discord.PartialMessage | discord.Message) -> CheckView | None:
        """Show progress, with at most one edit every `EDIT_EVERY_S`; None when `answer` is gone."""
        shown, edited_s = "", -EDIT_EVERY_S
        while not check.is_over:
            text, now_s = status_text(check), time.monotonic()
            if text != shown and now_s - edited_s >= EDIT_EVERY_S:
                if await self._edit(answer, content=text) is Edit.GONE:
                    return None
                shown, edited_s = text, now_s
            await asyncio.sleep(self._look_every_s)
            newer = await self._desk.look(check.id)
            if newer is None:
                raise StoreError(LOST)
            check = newer
        return check

    async def _conclude(self, check: CheckView, answer: discord.PartialMessage | discord.Message) -> None:
        """Replace the progress by the verdict, or by the sentence that says why there is none."""
        if check.report is None:
            await self._insist(answer, content=closing_text(check))
            return
        picture = await asyncio.to_thread(_picture, self._desk.folders.figures(check.figures_id) / PICTURE)
        embed = embeds.verdict_embed(
            check.report,
            filename=check.filename,
            case=check.id,
            checked_before=check.checked_before,
            picture=None if picture is None else PICTURE,
        )
        headline = embeds.headline(check.report, check.filename)
        files = [] if picture is None else [discord.File(picture, PICTURE)]
        if files and await self._edit(answer, content=headline, embed=embed, attachments=files) is not Edit.REFUSED:
            return
        embed.set_image(url=None)  # the picture may be what was refused: its size, or the right to attach files
        await self._insist(answer, content=headline, embed=embed)

    async def _insist(self, answer: discord.PartialMessage | discord.Message, **values: Any) -> None:
        """Change our answer for good: where Discord is out of reach for a while, try again."""
        for pause_s in (*INSIST_AFTER_S, None):
            if await self._edit(answer, **values) is not Edit.REFUSED or pause_s is None:
                return
            await asyncio.sleep(pause_s)

    async def _say(self, message: discord.Message, text: str) -> discord.Message | None:
        """Answer a message, also one that is gone by now; None, and a line in the log, where that is not allowed."""
        try:
            reference = message.to_reference(fail_if_not_exists=False)
            return await message.channel.send(text, reference=reference, mention_author=False)
        except UNREACHED as error:
            logger.warning("cannot answer in channel %d: %s", message.channel.id, error)
            return None

    async def _edit(self, answer: discord.PartialMessage | discord.Message, **values: Any) -> Edit:
        """Change our answer; a line in the log when it is gone, or cannot be changed now."""
        try:
            await answer.edit(**values)
        except UNREACHED as error:
            logger.warning("cannot change message %d in channel %d: %s", answer.id, answer.channel.id, error)
            return Edit.GONE if isinstance(error, discord.NotFound) else Edit.REFUSED
        return Edit.DONE

    async def _look_busy(self, message: discord.Message) -> None:
        with contextlib.suppress(*UNREACHED):
            await message.channel.typing()


def status_text(check: CheckView) -> str:
    """Return the message of a check that is not over."""
    if check.status is CheckStatus.QUEUED:
        return embeds.queued_text(check.filename, check.ahead)
    return embeds.progress_text(check.filename, check.progress)


def closing_text(check: CheckView) -> str:
    """Return the message of a check that is over without a report."""
    if check.status is CheckStatus.CANCELLED:
        return embeds.failure_text(check.filename, "this check was cancelled.")
    return embeds.failure_text(check.filename, check.error or LOST)


async def _fetched(attachment: discord.Attachment) -> bytes:
    """Return the bytes of an attachment, whose size was checked before."""
    try:
        return await attachment.read()
    except UNREACHED as error:
        raise UnreadableClipError(NOT_FETCHED) from error


def _picture(path: Path) -> io.BytesIO | None:
    try:
        return io.BytesIO(path.read_bytes())
    except OSError:
        return None
