"""A mention with a clip: an answer at once, its progress in the same message, then the verdict."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot import admission, embeds, i18n
from bot.answers import (
    AWAY_S,
    SEARCHED,
    Answer,
    Content,
    DirectAnswer,
    Hint,
    MessageAnswer,
    nonce,
    upload_limit_of,
)
from bot.attachments import MOST_CLIPS, UNREACHED, Afresh, attachments_of, is_clip, same_attachment
from bot.desk import CheckView
from bot.i18n import N_, Say
from bot.intake import Admission
from bot.missed import LastSeen, missed_messages
from bot.questions import HOW_TO, NOT_A_CLIP, Missing, Question, asked, is_addressed, too_many_text
from bot.services import Services
from core.errors import FacepulseError, StoreError
from core.services.requests import Asker, Origin, ShownAt
from core.store import OpenQuestion
from core.types import AnswerPlace, GuildSettings

if TYPE_CHECKING:
    from bot.client import FacepulseBot

logger = logging.getLogger(__name__)

EDITED_WITHIN = timedelta(minutes=10)
"""A mention that is added to a message within this time counts like one that was there from the start."""
CLOCKS_APART = timedelta(minutes=1)
"""So far Discord's clock and ours may differ."""
FETCH_AGAIN_S = 30.0
"""Between tries to read a message that a restart must go on with."""
REMEMBERED = 2000
"""Messages that are remembered as answered, so that editing one asks nothing twice."""
IN_PRIVATE = N_("In this server I answer in private: look at your direct messages.")
NO_DIRECT_MESSAGES = N_(
    "In this server I answer in private, and you take no direct messages from me. Allow them for this server, or use"
    " the command /check, whose answer only you see."
)


Place = tuple[Answer, ShownAt]
"""Where an answer is shown, and its message."""


class Begun:
    """The clips of a message that are not in the log yet; `ended` is called when the last of them is."""

    def __init__(self, clip_ids: set[int], ended: Callable[[], Awaitable[None]]) -> None:
        self._left = clip_ids
        self._ended = ended

    async def taken(self, clip_id: int) -> None:
        """Say that a clip is in the log, or does not get there."""
        self._left.discard(clip_id)
        if not self._left:
            await self._ended()


class Asking(commands.Cog):
    """Listens for mentions; every clip gets one message that becomes its answer."""

    def __init__(self, bot: FacepulseBot, services: Services) -> None:
        self._bot = bot
        self._desk = services.desk
        self._heeded: OrderedDict[int, None] = OrderedDict()
        self._resuming: asyncio.Task[None] | None = None
        self._keeping_up: asyncio.Task[None] | None = None
        self._last_seen = LastSeen(services.desk.folders.data_dir)
        self._missed_since: discord.Object | None = None

    async def cog_unload(self) -> None:
        """Stop following checks; they go on without us."""
        for task in (self._resuming, self._keeping_up):
            if task is not None:
                task.cancel()

    async def cog_load(self) -> None:
        """Take up the checks from before a restart: all that have no answer before Discord is joined."""
        await self._last_seen.load()
        self._missed_since = self._last_seen.since()
        left = await self._left()
        self._resuming = asyncio.create_task(self._resume(left), name="resume checks")
        self._keeping_up = asyncio.create_task(self._bot.follower.keep_up(), name="keep up")

    async def _left(self) -> tuple[tuple[CheckView, ...], tuple[OpenQuestion, ...]] | None:
        """Return what has no answer yet, and what was begun and is not in the log; None while the log is away."""
        try:
            return await self._desk.left_open(), await self._desk.begun_questions()
        except FacepulseError:
            logger.exception("what is left from before the restart cannot be taken up; trying again")
            return None

    async def _resume(self, left: tuple[tuple[CheckView, ...], tuple[OpenQuestion, ...]] | None) -> None:
        await self._bot.wait_until_ready()
        while left is None:
            await asyncio.sleep(AWAY_S)
            left = await self._left()
        left_open, begun = left
        await asyncio.gather(self._bot.follower.resume(left_open), *(self._go_on(question) for question in begun))

    async def _go_on(self, question: OpenQuestion) -> None:
        """Answer a message that got a sign of life from a process that died before its check was in the log."""
        message = await self._fetched(question)
        me = self._bot.user
        if message is not None and me is not None and message.id not in self._heeded:
            await self._heed(message, me, again=True)
        await self._end(question.message_id)

    async def _fetched(self, question: OpenQuestion) -> discord.Message | None:
        """Return a message, however long Discord cannot be reached; None when it is gone, or hidden from the bot."""
        while True:
            try:
                room = self._bot.get_channel(question.channel_id) or await self._bot.fetch_channel(question.channel_id)
                return await room.fetch_message(question.message_id)  # type: ignore[union-attr]
            except (discord.NotFound, discord.Forbidden):
                return None
            except UNREACHED as error:
                logger.warning("a question in channel %d cannot be gone on with: %s", question.channel_id, error)
                await asyncio.sleep(FETCH_AGAIN_S)

    async def _end(self, message_id: int) -> None:
        try:
            await self._desk.end_question(message_id)
        except StoreError:  # the next start finds that nothing is left to do
            logger.warning("it cannot be noted that a question is in the log", exc_info=True)

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

    async def _heed(self, message: discord.Message, me: discord.abc.User, *, again: bool = False) -> None:
        self._heeded[message.id] = None
        if len(self._heeded) > REMEMBERED:
            self._heeded.popitem(last=False)
        while True:
            try:
                return await self._look_at(message, me, again=again)
            except FacepulseError as error:
                logger.exception("a question in channel %d cannot be answered", message.channel.id)
                if not (again and isinstance(error, StoreError)):
                    await self._say(message, i18n.for_message(message, None).told(str(error)))
                    return None
            await asyncio.sleep(AWAY_S)  # it got a sign of life before: the log is outlasted

    async def _look_at(self, message: discord.Message, me: discord.abc.User, *, again: bool) -> None:
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
        clips = clips[:MOST_CLIPS]
        if again:
            clips = [clip for clip in clips if not await self._is_in_the_log(message, question, clip, say)]
        await self._answer_all(message, question, clips, say, settings, again=again)

    async def _is_in_the_log(
        self, message: discord.Message, question: Question, clip: discord.Attachment, say: Say
    ) -> bool:
        return await self._desk.is_asked(_asker(message, question, clip, say), message.created_at - CLOCKS_APART)

    async def _answer_all(
        self,
        message: discord.Message,
        question: Question,
        clips: list[discord.Attachment],
        say: Say,
        settings: GuildSettings | None,
        *,
        again: bool,
    ) -> None:
        with await self._bot.intake.admit(say, settings, admission.who_wrote(message), len(clips)) as admitted:
            if admitted.refused is not None:
                await self._say(message, admitted.refused)
            clips = clips[: admitted.allowed]
            if not clips:
                await self._end(message.id)
                return
            # Before the first sign of life: from here on nothing that dies loses the question.
            await self._desk.begin_question(message.id, message.channel.id)
            begun = Begun({clip.id for clip in clips}, functools.partial(self._end, message.id))
            signs = [
                self._first_sign(message, clip, say, settings, first=clip is clips[0], again=again) for clip in clips
            ]
            places = zip(clips, await asyncio.gather(*signs), strict=True)
            answers = [
                self._answer(message, question, clip, place, say=say, admitted=admitted, begun=begun)
                for clip, place in places
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
        again: bool,
    ) -> Place | None:
        """Answer at once; None where nothing more comes of it: the clip is too large, or nobody can be answered."""
        most = self._bot.intake.max_bytes
        if clip.size > most:
            await self._say(message, embeds.too_large_text(say, clip.filename, clip.size, most))
            return None
        text = embeds.looking_text(say, clip.filename)
        if settings is None or settings.answer_place is AnswerPlace.PUBLIC:
            posted = await self._say(message, text, about=clip.id, again=again)
            if posted is None:
                return None
            return MessageAnswer(posted, upload_limit_of(message.guild)), ShownAt(posted.channel.id, posted.id)
        hint = Hint(message.channel, say, message.author.id)
        answer = DirectAnswer(self._bot, message.author.id, hint, once=nonce("sign", message.id, clip.id))
        if not (again and await answer.find(Content(text), message)):
            await answer.show(Content(text))
        if first:
            told = say(NO_DIRECT_MESSAGES if answer.shown_at is None else IN_PRIVATE)
            await self._say(message, told, again=again)
        return None if answer.shown_at is None else (answer, answer.shown_at)

    async def _answer(
        self,
        message: discord.Message,
        question: Question,
        clip: discord.Attachment,
        place: Place | None,
        *,
        say: Say,
        admitted: Admission,
        begun: Begun,
    ) -> None:
        if place is None:
            await begun.taken(clip.id)
            return
        answer, answer_at = place
        with contextlib.suppress(*UNREACHED):
            await message.channel.typing()
        asker = _asker(message, question, clip, say)
        try:
            check = await self._bot.intake.take_patiently(
                clip, asker, answer, say, afresh=_afresh(question, clip), answer_at=answer_at
            )
        except FacepulseError as error:
            logger.info("no check in channel %d: %s", message.channel.id, error)
            await answer.show(Content(embeds.failure_text(say, clip.filename, str(error))))
            await begun.taken(clip.id)
            return
        finally:
            admitted.taken()
        # Not where the process stops meanwhile: the next one goes on with the question.
        await begun.taken(clip.id)
        await self._bot.follower.follow(check, answer, say)

    async def _say(
        self, message: discord.Message, text: str, *, about: int = 0, again: bool = False
    ) -> discord.Message | None:
        """Answer a message, also one that is gone by now; None, and a line in the log, where that is not allowed.

        The same text is said once, also by two processes; `about` tells apart where it may be said several times.
        With `again` it may have been said long ago: then that message is given back.
        """
        try:
            said = await self._said(message, text) if again else None
            if said is not None:
                return said
            reference = message.to_reference(fail_if_not_exists=False)
            once = nonce("said", message.id, about, text)
            return await message.channel.send(text, reference=reference, mention_author=False, nonce=once)
        except UNREACHED as error:
            logger.warning("cannot answer in channel %d: %s", message.channel.id, error)
            return None

    async def _said(self, message: discord.Message, text: str) -> discord.Message | None:
        """Return a reply of ours with this text that was not gone on with in this process."""
        async for found in message.channel.history(after=message, limit=SEARCHED):
            ours = self._bot.user is not None and found.author.id == self._bot.user.id
            replied_to = None if found.reference is None else found.reference.message_id
            if ours and replied_to == message.id and found.content == text and found.id not in self._heeded:
                self._heeded[found.id] = None
                return found
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
