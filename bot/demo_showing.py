"""From a demo that was asked for to its end in the channel: progress, then the labelled video, or why there is none.

What is uploaded is a `LabelledFile`, and the moderators hear of it first.
"""

from __future__ import annotations

import asyncio
import io
import logging
import time
from collections.abc import Collection
from typing import TYPE_CHECKING

import discord

from bot import demo_text, i18n
from bot.answers import Content, Edit, MessageAnswer, PostedMessage, nonce, upload_limit_of
from bot.attachments import UNREACHED
from bot.demo_views import cancel_view, delete_view, see_view
from bot.following import EDIT_EVERY_S
from bot.i18n import Say
from bot.mod_log import log_speaker
from bot.services import Services
from core import logs
from core.errors import DemoError, FacepulseError, StoreError
from core.services.demos import NO_LOG, OFF, Demo, LabelledFile
from core.services.requests import CheckStatus
from core.types import GuildSettings

if TYPE_CHECKING:
    from bot.client import FacepulseBot

logger = logging.getLogger(__name__)

SERVER_TROUBLE = 500
STOP_S = 5.0
NO_WRITING = "The demo was not shown: it cannot be told in the mod-log channel, where people look at it first."
TOO_LARGE = "The demo is larger than Discord lets me send here; try a shorter clip."
NOT_TAKEN = "Discord did not take the demo; please ask for it again."
LOST = "This demo is lost; please ask for it again."


class DemoShower:
    """Shows demos until it is stopped; one for each client."""

    def __init__(self, bot: FacepulseBot, services: Services) -> None:
        self._bot = bot
        self._services = services
        self._demos = services.demos
        self.stopping = False
        self._pausing: set[asyncio.Task[None]] = set()

    async def post(self, demo: Demo, say: Say) -> MessageAnswer:
        """Write the message in which a demo is shown, and remember it.

        Raises:
            discord.HTTPException, OSError: it cannot be written.
        """
        channel = self._bot.get_partial_messageable(demo.asker.channel_id or 0, guild_id=demo.asker.guild_id)
        text = demo_text.waiting_text(demo, await self._demos.ahead(demo), say)
        posted = await channel.send(text, view=cancel_view(demo.id, say), nonce=nonce("demo", demo.id))
        await self._demos.answer_is(demo.id, posted.id)
        return self._answer(posted)

    async def follow(self, demo: Demo, answer: MessageAnswer, say: Say) -> None:
        """Keep the message up to date until the demo is over; then it is the demo, or why there is none."""
        with logs.about(request=logs.subject().request or logs.new_request()):
            try:
                over = await self._wait(demo, answer, say)
                if over is None:
                    return
                async with self._demos.answering(over.id) as mine:
                    if mine:
                        await self._end(over, answer, say)
            except FacepulseError:
                logger.exception("cannot follow demo %d", demo.id)

    async def resume(self, demo: Demo) -> None:
        """Take up a demo from before a restart."""
        if demo.asker.channel_id is None:
            return
        settings = await self._services.guilds.get(demo.model.guild_id)
        say = i18n.speaker(settings.language or demo.asker.locale)
        if demo.answer_message_id is None:
            try:
                answer = await self.post(demo, say)
            except UNREACHED as error:
                logger.warning("demo %d has no place any more: %s", demo.id, error)
                await self._demos.cancel(demo.id)
                await self._demos.shown(demo, keep=False)
                return
        else:
            channel = self._bot.get_partial_messageable(demo.asker.channel_id, guild_id=demo.asker.guild_id)
            answer = self._answer(channel.get_partial_message(demo.answer_message_id))
        await self.follow(demo, answer, say)

    async def pause(self, pause_s: float) -> None:
        """Let time pass in a task that `stop` may break off here; none when it stops."""
        task = asyncio.current_task()
        if self.stopping or task is None:
            return
        self._pausing.add(task)
        try:
            await asyncio.sleep(pause_s)
        finally:
            self._pausing.discard(task)

    async def stop(self, tasks: Collection[asyncio.Task[None]]) -> None:
        """End tasks, those that work after what they have begun: a broken-off query costs its connection.

        What still works after `STOP_S` is broken off.
        """
        self.stopping = True
        for task in self._pausing & set(tasks):
            task.cancel()
        if tasks:
            _, left = await asyncio.wait(tasks, timeout=STOP_S)
            for task in left:
                task.cancel()

    async def _wait(self, demo: Demo, answer: MessageAnswer, say: Say) -> Demo | None:
        """Wait until a demo is over; None when it is not, at the stop."""
        shown, edited_s, gone = "", -EDIT_EVERY_S, False
        while not demo.is_final:
            text, now_s = demo_text.waiting_text(demo, await self._demos.ahead(demo), say), time.monotonic()
            if not gone and text != shown and now_s - edited_s >= EDIT_EVERY_S:
                gone = await answer.show(Content(text, view=cancel_view(demo.id, say))) is Edit.GONE
                shown, edited_s = text, now_s
            if gone:
                await self._demos.cancel(demo.id)  # whoever deleted the message does not want what comes in it
            await self.pause(self._bot.look_every_s)
            if self.stopping:
                return None
            newer = await self._demos.look(demo.id)
            if newer is None:
                raise StoreError(LOST)
            demo = newer
        return demo

    async def _end(self, demo: Demo, answer: MessageAnswer, say: Say) -> None:
        """Show the end, and note it; where Discord does not take it now it stays open, for an hour."""
        settings = await self._services.guilds.get(demo.model.guild_id)
        demo = await self._demos.look(demo.id) or demo  # its message may be younger than what was read of it
        late = self._demos.is_late(demo)
        if demo.status is CheckStatus.DONE:
            try:
                if await self._show(demo, answer, settings, say) is not Edit.REFUSED:
                    await self._note_end(demo, settings)
                    return
                if not late:
                    return
                raise DemoError(NOT_TAKEN)
            except DemoError as error:
                logger.info("demo %d is not shown: %s", demo.id, error)
                await self._demos.refused(demo, error)
                demo = await self._demos.look(demo.id) or demo
        if await answer.show(Content(demo_text.closing_text(demo, say))) is not Edit.REFUSED or late:
            await self._note_end(demo, settings)

    async def _note_end(self, demo: Demo, settings: GuildSettings) -> None:
        await self._demos.shown(demo, keep=settings.keep_evidence)
        logger.info("demo %d: %s", demo.id, demo.status.value)

    async def _show(self, demo: Demo, answer: MessageAnswer, settings: GuildSettings, say: Say) -> Edit:
        """Tell the moderators, then show the demo; return how that went.

        Raises:
            DemoError: it cannot be told or shown (any more).
        """
        if not settings.demos_allowed:
            raise DemoError(OFF)
        if settings.mod_log_channel_id is None:
            raise DemoError(NO_LOG)
        file = await self._demos.labelled(demo)
        if demo.asker.channel_id is None or demo.answer_message_id is None:
            raise DemoError(LOST)
        if len(file.data) > answer.upload_limit:
            raise DemoError(TOO_LARGE)
        if demo.log_message_id is None and not await self._tell_moderators(demo, settings.mod_log_channel_id):
            return Edit.REFUSED
        channel = self._bot.get_partial_messageable(demo.asker.channel_id, guild_id=demo.asker.guild_id)
        message = channel.get_partial_message(demo.answer_message_id)
        edit = await upload(message, file, demo_text.label_text(demo, say), see_view(demo.id, say))
        if edit is Edit.GONE:
            await self._demos.message_gone(demo.id)
        return edit

    async def _tell_moderators(self, demo: Demo, channel_id: int) -> bool:
        """Write into the moderation log; False when Discord is away.

        Raises:
            DemoError: it may not be written there.
        """
        guild = self._bot.get_guild(demo.model.guild_id)
        say = log_speaker(await self._services.guilds.get(demo.model.guild_id), guild)
        channel = self._bot.get_partial_messageable(channel_id, guild_id=demo.model.guild_id)
        try:
            once = nonce("demo log", demo.id)
            told = await channel.send(embed=demo_text.log_embed(demo, say), view=delete_view(demo.id, say), nonce=once)
        except UNREACHED as error:
            logger.warning("demo %d cannot be told to the moderators: %s", demo.id, error)
            if _may_pass(error):
                return False
            raise DemoError(NO_WRITING) from error
        await self._demos.logged(demo.id, told.channel.id, told.id)
        return True

    def _answer(self, message: PostedMessage) -> MessageAnswer:
        guild = None if message.guild is None else self._bot.get_guild(message.guild.id)
        return MessageAnswer(message, upload_limit_of(guild))


async def upload(message: PostedMessage, file: LabelledFile, sentence: str, view: discord.ui.View | None) -> Edit:
    """Show a labelled video in a message of ours, under the sentence that says what it is. Takes nothing else.

    Raises:
        TypeError: it is no `LabelledFile`.
        DemoError: Discord does not take it, now or later.
    """
    if not isinstance(file, LabelledFile):
        raise TypeError("only a LabelledFile is uploaded")
    video = discord.File(io.BytesIO(file.data), f"demo-{file.demo_id}.mp4")
    try:
        await message.edit(content=sentence, attachments=[video], view=view)
    except discord.NotFound:
        return Edit.GONE
    except UNREACHED as error:
        logger.warning("demo %s cannot be uploaded: %s", file.demo_id, error)
        if _may_pass(error):
            return Edit.REFUSED
        raise DemoError(NOT_TAKEN) from error
    return Edit.DONE


def _may_pass(error: BaseException) -> bool:
    """Whether Discord may take it later: it is away, and did not say no."""
    return not isinstance(error, discord.HTTPException) or error.status >= SERVER_TROUBLE
