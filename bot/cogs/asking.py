"""A mention with a clip: an answer at once, its progress in the same message, then the verdict."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from datetime import timedelta
from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot import admission, embeds, i18n
from bot.answers import Answer, Content, DirectAnswer, Edit, Hint, MessageAnswer, upload_limit_of
from bot.attachments import MOST_CLIPS, UNREACHED, Afresh, attachments_of, is_clip, same_attachment
from bot.desk import CheckView
from bot.i18n import N_, Say
from bot.intake import Admission
from bot.missed import LastSeen, missed_messages
from bot.questions import HOW_TO, NOT_A_CLIP, Missing, Question, asked, is_addressed, too_many_text
from bot.services import Services
from core.errors import FacepulseError
from core.services.requests import Asker, Origin
from core.types import AnswerPlace, GuildSettings

if TYPE_CHECKING:
    from bot.client import FacepulseBot

logger = logging.getLogger(__name__)

EDITED_WITHIN = timedelta(minutes=10)
"""A mention that is added to a message within this time counts like one that was there from the start."""
REMEMBERED = 2000
"""Messages that are remembered as answered, so that editing one asks nothing twice."""
IN_PRIVATE = N_("In this server I answer in private: look at your direct messages.")
NO_DIRECT_MESSAGES = N_(
    "In this server I answer in private, and you take no direct messages from me. Allow them for this server, or use"
    " the command /check, whose answer only you see."
)


Place = tuple[Answer, int | None]
"""Where an answer is shown, and the number of its message where all may read it."""


class Asking(commands.Cog):
    """Listens for mentions; every clip gets one message that becomes its answer."""

    def __init__(self, bot: FacepulseBot, services: Services) -> None:
        self._bot = bot
        self._desk = services.desk
        self._heeded: OrderedDict[int, None] = OrderedDict()
        self._resuming: asyncio.Task[None] | None = None
        self._last_seen = LastSeen(services.desk.folders.data_dir)
        self._missed_since: discord.Object | None = None

    async def cog_unload(self) -> None:
        """Stop following checks; they go on without us."""
        if self._resuming is not None:
            self._resuming.cancel()

    async def cog_load(self) -> None:
        """Take up the checks from before a restart: all that have no answer before Discord is joined."""
        await self._last_seen.load()
        self._missed_since = self._last_seen.since()
        try:
            left_open = await self._desk.left_open()
        except FacepulseError:
            logger.exception("the checks from before the restart cannot be taken up")
            return
        self._resuming = asyncio.create_task(self._resume(left_open), name="resume checks")

    async def _resume(self, left_open: tuple[CheckView, ...]) -> None:
        await self._bot.wait_until_ready()
        await self._bot.follower.resume(left_open)

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer a message that speaks to the bot."""
        await asyncio.gather(self._last_seen.saw(message.id), self._heed_if_addressed(message))

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Answer what was asked while Discord was out of reach; after a short break Discord itself tells it again."""
        since, self._missed_since = self._missed_since, None
        if since is not None:
            await asyncio.gather(*[self._heed_if_addressed(m) async for m in missed_messages(self._bot, since)])

    @commands.Cog.listener()
    async def on_disconnect(self) -> None:
        """Remember from where on messages may be missing, before new ones come in."""
        self._missed_since = self._missed_since or self._last_seen.since()

    @commands.Cog.listener()
    async def on_resumed(self) -> None:
        """Note that Discord told again what was missed."""
        self._missed_since = None

    async def _heed_if_addressed(self, message: discord.Message) -> None:
        me = self._bot.user
        if me is not None and message.id not in self._heeded and is_addressed(message, me):
            await self._heed(message, me)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Answer a message that speaks to the bot since it was edited; other changes, as of previews, ask nothing."""
        me, message = self._bot.user, payload.message
        if me is None or message.edited_at is None or message.id in self._heeded:
            return
        if discord.utils.utcnow() - message.created_at <= EDITED_WITHIN and is_addressed(message, me):
            await self._heed(message, me)

    async def _heed(self, message: discord.Message, me: discord.abc.User) -> None:
        self._heeded[message.id] = None
        if len(self._heeded) > REMEMBERED:
            self._heeded.popitem(last=False)
        try:
            await self._look_at(message, me)
        except FacepulseError as error:
            logger.exception("a question in channel %d cannot be answered", message.channel.id)
            await self._say(message, i18n.for_message(message, None).told(str(error)))

    async def _look_at(self, message: discord.Message, me: discord.abc.User) -> None:
        settings = await self._bot.intake.settings_of(None if message.guild is None else message.guild.id)
        say = i18n.for_message(message, settings)
        question = await asked(message, me)
        if isinstance(question, Missing):
            await self._say(message, say(question.text))
            return
        clips = [attachment for attachment in question.attachments if is_clip(attachment)]
        if not clips:
            name = embeds.clip_name(question.attachments[0].filename)
            await self._say(message, f"{say(NOT_A_CLIP, clip=name)} {say(HOW_TO)}")
            return
        if len(clips) > MOST_CLIPS:
            await self._say(message, too_many_text(say, [clip.filename for clip in clips[MOST_CLIPS:]]))
        await self._answer_all(message, question, clips[:MOST_CLIPS], say, settings)

    async def _answer_all(
        self,
        message: discord.Message,
        question: Question,
        clips: list[discord.Attachment],
        say: Say,
        settings: GuildSettings | None,
    ) -> None:
        with await self._bot.intake.admit(say, settings, admission.who_wrote(message), len(clips)) as admitted:
            if admitted.refused is not None:
                await self._say(message, admitted.refused)
            clips = clips[: admitted.allowed]
            signs = [self._first_sign(message, clip, say, settings, first=clip is clips[0]) for clip in clips]
            places = zip(clips, await asyncio.gather(*signs), strict=True)
            answers = [
                self._answer(message, question, clip, place, say=say, admitted=admitted) for clip, place in places
            ]
            await asyncio.gather(*answers)

    async def _first_sign(
        self,
        message: discord.Message,
        clip: discord.Attachment,
        say: Say,
        settings: GuildSettings | None,
        *,
        first: bool,
    ) -> Place | None:
        """Answer at once; None where nothing more comes of it: the clip is too large, or nobody can be answered."""
        most = self._bot.intake.max_bytes
        if clip.size > most:
            await self._say(message, embeds.too_large_text(say, clip.filename, clip.size, most))
            return None
        text = embeds.looking_text(say, clip.filename)
        if settings is None or settings.answer_place is AnswerPlace.PUBLIC:
            posted = await self._say(message, text)
            return None if posted is None else (MessageAnswer(posted, upload_limit_of(message.guild)), posted.id)
        answer = DirectAnswer(self._bot, message.author.id, Hint(message.channel, say, message.author.id))
        reached = await answer.show(Content(text)) is Edit.DONE
        if first:
            await self._say(message, say(IN_PRIVATE if reached else NO_DIRECT_MESSAGES))
        return (answer, None) if reached else None

    async def _answer(
        self,
        message: discord.Message,
        question: Question,
        clip: discord.Attachment,
        place: Place | None,
        *,
        say: Say,
        admitted: Admission,
    ) -> None:
        if place is None:
            return
        answer, answer_id = place
        with contextlib.suppress(*UNREACHED):
            await message.channel.typing()
        try:
            check = await self._bot.intake.take(clip, _asker(message, question, clip, say), _afresh(question, clip))
            if answer_id is not None:
                await self._desk.answer_is(check.id, answer_id)
        except FacepulseError as error:
            logger.info("no check in channel %d: %s", message.channel.id, error)
            await answer.show(Content(embeds.failure_text(say, clip.filename, str(error))))
            return
        finally:
            admitted.taken()
        await self._bot.follower.follow(check, answer, say)

    async def _say(self, message: discord.Message, text: str) -> discord.Message | None:
        """Answer a message, also one that is gone by now; None, and a line in the log, where that is not allowed."""
        try:
            reference = message.to_reference(fail_if_not_exists=False)
            return await message.channel.send(text, reference=reference, mention_author=False)
        except UNREACHED as error:
            logger.warning("cannot answer in channel %d: %s", message.channel.id, error)
            return None


def _asker(message: discord.Message, question: Question, clip: discord.Attachment, say: Say) -> Asker:
    return Asker(
        Origin.DISCORD,
        requester_id=message.author.id,
        guild_id=None if message.guild is None else message.guild.id,
        channel_id=message.channel.id,
        message_id=question.source.id,
        poster_id=question.poster_id,
        attachment_id=clip.id,
        locale=say.locale,
    )


def _afresh(question: Question, clip: discord.Attachment) -> Afresh:
    async def fetch_again() -> discord.Attachment | None:
        source = await question.source.channel.fetch_message(question.source.id)
        return same_attachment(attachments_of(source), clip.id)

    return fetch_again
