"""Following a check from the question to its answer: one message that shows progress and becomes the verdict."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot import embeds, flagging, i18n
from bot.answer_views import progress_view, verdict_view
from bot.answers import Answer, Content, DirectAnswer, Edit, Hint, MessageAnswer, upload_limit_of
from bot.attachments import UNREACHED
from bot.desk import CheckView
from bot.finished import LOST, finished_content
from bot.i18n import Say
from bot.services import Services
from core import logs
from core.errors import FacepulseError, StoreError
from core.services.requests import CheckStatus, Origin

if TYPE_CHECKING:
    from bot.client import FacepulseBot

logger = logging.getLogger(__name__)

EDIT_EVERY_S = 2.0
INSIST_AFTER_S = (5.0, 20.0, 60.0)
"""Pauses before a verdict that Discord did not take is sent again."""
FAR_BACK = 5
"""A check with this many before it is looked at less often."""
PATIENCE = 4
"""How many times as long the pause between two looks is then, and for a check that nobody waits for."""


class Follower:
    """Keeps answers up to date. One for each client: `announce` tells moderators about flagged checks."""

    def __init__(self, bot: FacepulseBot, services: Services, announce: flagging.Announce) -> None:
        self._bot = bot
        self._services = services
        self._desk = services.desk
        self._announce = announce

    async def follow(self, check: CheckView, answer: Answer, say: Say) -> None:
        """Keep `answer` up to date until the check is over; then it is the verdict, and flagged if it must be."""
        with logs.about(check=check.id):
            await self._follow(check, answer, say)

    async def _follow(self, check: CheckView, answer: Answer, say: Say) -> None:
        try:
            over = await self._wait(check, answer, say)
            async with self._desk.answering(over.id) as mine:
                if not mine:  # another bot process was quicker
                    return
                shown, _ = await asyncio.gather(self._conclude(over, answer, say), self._flag(over))
                logger.info("case %d: %s, answer %s", over.id, over.status.value, shown.name.lower())
                if shown is not Edit.REFUSED:  # else the next start tries again
                    await self._note_answered(over)
        except FacepulseError as error:
            logger.exception("cannot follow case %d", check.id)
            await answer.show(Content(embeds.failure_text(say, check.filename, str(error))))

    async def _note_answered(self, check: CheckView) -> None:
        """Remember that a verdict was shown; it stays shown where that cannot be written, and is given once more."""
        try:
            await self._desk.answered(check.id)
        except StoreError:
            logger.exception("case %d was answered, which could not be noted", check.id)

    async def follow_silently(self, check: CheckView) -> None:
        """Wait for a check that nobody asked for: it speaks only through the moderation log."""
        with logs.about(check=check.id):
            await self._follow_silently(check)

    async def _follow_silently(self, check: CheckView) -> None:
        try:
            over = await self._wait(check, None, i18n.ENGLISH)
            async with self._desk.answering(over.id) as mine:
                if mine:
                    await self._flag(over)
                    await self._desk.answered(over.id)
        except FacepulseError:
            logger.exception("cannot follow case %d", check.id)

    async def tell_moderators(self, check: CheckView) -> None:
        """Show a case that somebody flagged or disputed in the moderation log of its server."""
        if check.guild_id is not None:
            settings = await self._services.guilds.get(check.guild_id)
            await self._announce(self._bot, self._services, check, settings)

    async def resume(self, left_open: Sequence[CheckView]) -> None:
        """Answer what was asked before a restart: checks that are not over, and those that ended meanwhile."""
        if left_open:
            logger.info("checks taken up from before the restart: %d", len(left_open))
        await asyncio.gather(*(self._take_up(check) for check in left_open))

    async def _take_up(self, check: CheckView) -> None:
        if check.origin is Origin.SCAN:
            await self.follow_silently(check)
            return
        if check.channel_id is None:
            return
        say = await self._speaker(check)
        channel = self._bot.get_partial_messageable(check.channel_id, guild_id=check.guild_id)
        if check.answer_message_id is not None:
            guild = None if check.guild_id is None else self._bot.get_guild(check.guild_id)
            message = channel.get_partial_message(check.answer_message_id)
            await self.follow(check, MessageAnswer(message, upload_limit_of(guild)), say)
        elif check.requester_id is not None:
            hint = None if check.guild_id is None else Hint(channel, say, check.requester_id)
            await self.follow(check, DirectAnswer(self._bot, check.requester_id, hint), say)

    async def _speaker(self, check: CheckView) -> Say:
        if check.guild_id is not None:
            settings = await self._services.guilds.get(check.guild_id)
            if settings.language is not None:
                return i18n.speaker(settings.language)
        return i18n.speaker(check.locale)

    async def _wait(self, check: CheckView, answer: Answer | None, say: Say) -> CheckView:
        """Wait until a check is over; show progress meanwhile, with at most one edit every `EDIT_EVERY_S`."""
        shown, edited_s = "", -EDIT_EVERY_S
        while not check.is_over:
            text, now_s = status_text(say, check), time.monotonic()
            if answer is not None and text != shown and now_s - edited_s >= EDIT_EVERY_S:
                if await answer.show(Content(text, view=progress_view(say, check.id))) is Edit.GONE:
                    answer = None
                shown, edited_s = text, now_s
            await asyncio.sleep(self._bot.look_every_s * (PATIENCE if answer is None or check.ahead >= FAR_BACK else 1))
            newer = await self._desk.look(check.id)
            if newer is None:
                raise StoreError(LOST)
            check = newer
        return check

    async def _conclude(self, check: CheckView, answer: Answer, say: Say) -> Edit:
        """Replace the progress by the verdict, or by the sentence that says why there is none; return how that went."""
        content = await finished_content(self._desk, check, say)
        view = verdict_view(say, check, may_be_posted=answer.may_be_posted)
        content = Content(content.text, content.embed, view, content.picture)
        if content.picture is not None:
            shown = await answer.show(content)
            if shown is not Edit.REFUSED:
                return shown
            content = content.without_picture()  # it may be what was refused: its size, or the right to attach files
        for pause_s in INSIST_AFTER_S:
            shown = await answer.show(content)
            if shown is not Edit.REFUSED:
                return shown
            await asyncio.sleep(pause_s)
        return await answer.show(content)

    async def _flag(self, check: CheckView) -> None:
        try:
            await flagging.flag_finished(self._bot, self._services, check, self._announce)
        except (FacepulseError, *UNREACHED):
            logger.exception("case %d could not be flagged", check.id)


def status_text(say: Say, check: CheckView) -> str:
    """Return the message of a check that is not over."""
    if check.status is CheckStatus.QUEUED:
        return embeds.queued_text(say, check.filename, check.ahead)
    return embeds.progress_text(say, check.filename, check.progress)
