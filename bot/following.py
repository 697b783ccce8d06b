"""Following a check from the question to its answer: one message that shows progress and becomes the verdict."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot import embeds, flagging, i18n
from bot.answer_views import progress_view, verdict_view
from bot.answers import AWAY_S, Answer, Content, DirectAnswer, Edit, Hint, MessageAnswer, nonce, upload_limit_of
from bot.attachments import UNREACHED
from bot.desk import CheckView
from bot.finished import LOST, finished_content
from bot.i18n import Say
from bot.services import Services
from core import logs
from core.errors import FacepulseError, StoreError
from core.services.requests import CheckStatus, Origin, ShownAt
from core.store import UnreadableReportError

if TYPE_CHECKING:
    from bot.client import FacepulseBot

logger = logging.getLogger(__name__)

EDIT_EVERY_S = 2.0
INSIST_AFTER_S = (5.0, 20.0, 60.0)
"""Pauses before a verdict that Discord did not take is sent again."""
KEEP_UP = 30
"""How many times as long as between two looks at a check it is between looks for answers that nobody shows."""
LONGEST_PAUSE_S = 3600.0
"""Between two tries to show an answer that Discord does not take."""
FAR_BACK = 5
"""A check with this many before it is looked at less often."""
PATIENCE = 4
"""How many times as long the pause between two looks is then, and for a check that nobody waits for."""


class Patience:
    """When an answer that Discord does not take is tried again: each time after twice as long."""

    def __init__(self, first_pause_s: float) -> None:
        self._pause_s = first_pause_s
        self._next_s = -float("inf")

    def is_over(self) -> bool:
        """Say whether it is time, and begin the next pause if it is."""
        now_s = time.monotonic()
        if now_s < self._next_s:
            return False
        self._next_s = now_s + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        return True


class Follower:
    """Keeps answers up to date. One for each client: `announce` tells moderators about flagged checks."""

    def __init__(self, bot: FacepulseBot, services: Services, announce: flagging.Announce) -> None:
        self._bot = bot
        self._services = services
        self._desk = services.desk
        self._announce = announce
        self._mine: Counter[int] = Counter()
        self._patience: dict[int, Patience] = {}
        self._overdue: set[asyncio.Task[None]] = set()

    async def follow(self, check: CheckView, answer: Answer, say: Say) -> None:
        """Keep `answer` up to date until the check is over; then it is the verdict, and flagged if it must be."""
        with logs.about(check=check.id), self._at_work(check.id):
            try:
                await self._follow(check, answer, say)
            except UnreadableReportError as error:
                logger.exception("case %d cannot be shown", check.id)
                await answer.show(Content(embeds.failure_text(say, check.filename, str(error))))
                await self._note_answered(check)

    async def _follow(self, check: CheckView, answer: Answer, say: Say) -> None:
        over = await self._wait(check, answer, say)
        if over is None:
            await answer.show(Content(embeds.failure_text(say, check.filename, LOST)))
            return
        told = False
        while not await self._is_concluded(over, answer, say):
            if not told:
                told = await answer.show(Content(embeds.away_text(say, check.filename))) is Edit.DONE
            await asyncio.sleep(AWAY_S)

    async def _is_concluded(self, over: CheckView, answer: Answer, say: Say) -> bool:
        """Show the answer, unless another process does; False while the log cannot be reached."""
        try:
            async with self._desk.answering(over.id) as mine:
                if not mine:  # another bot process was quicker
                    return True
                shown, _ = await asyncio.gather(self._conclude(over, answer, say), self._flag(over))
                logger.info("case %d: %s, answer %s", over.id, over.status.value, shown.name.lower())
                if shown is not Edit.REFUSED:  # else it is overdue, and tried again
                    await self._note_answered(over)
        except UnreadableReportError:
            raise
        except StoreError:
            logger.exception("case %d cannot be answered; trying again", over.id)
            return False
        return True

    async def _note_answered(self, check: CheckView) -> None:
        """Remember that a verdict was shown, however long the log is away."""
        while True:
            try:
                await self._desk.answered(check.id)
            except StoreError:
                logger.exception("case %d was answered, which cannot be noted; trying again", check.id)
                await asyncio.sleep(AWAY_S)
            else:
                return

    async def follow_silently(self, check: CheckView) -> None:
        """Wait for a check that nobody asked for: it speaks only through the moderation log."""
        with logs.about(check=check.id), self._at_work(check.id):
            await self._follow_silently(check)

    async def _follow_silently(self, check: CheckView) -> None:
        over = await self._wait(check, None, i18n.ENGLISH)
        if over is None:
            return
        try:
            async with self._desk.answering(over.id) as mine:
                if mine:
                    await self._flag(over)
                    await self._note_answered(over)
        except StoreError:  # it is overdue then, and tried again
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

    async def keep_up(self) -> None:
        """Show answers that nobody shows, until cancelled.

        They came after a person had a check tried again, while log or Discord were away, or for a process that died.
        """
        pause_s = self._bot.look_every_s * KEEP_UP
        while True:
            await asyncio.sleep(pause_s)
            try:
                overdue = await self._desk.overdue()
            except FacepulseError:
                logger.warning("overdue answers cannot be looked for; trying again", exc_info=True)
                continue
            self._patience = {check.id: self._patience.get(check.id, Patience(pause_s)) for check in overdue}
            due = [check for check in overdue if check.id not in self._mine and self._patience[check.id].is_over()]
            for check in due:
                logger.info("case %d: its answer is overdue", check.id)
                task = asyncio.create_task(self._take_up(check), name="overdue answer")
                self._overdue.add(task)
                task.add_done_callback(self._overdue.discard)

    @contextmanager
    def _at_work(self, check_id: int) -> Iterator[None]:
        self._mine[check_id] += 1
        try:
            yield
        finally:
            self._mine[check_id] -= 1
            if not self._mine[check_id]:
                del self._mine[check_id]

    async def _take_up(self, check: CheckView) -> None:
        if check.origin is Origin.SCAN:
            await self.follow_silently(check)
            return
        if check.channel_id is None:
            return
        say, at = await self._speaker(check), check.answer_at
        if at is not None:
            in_guild = check.guild_id is not None and at.channel_id == check.channel_id
            guild = self._bot.get_guild(check.guild_id or 0) if in_guild else None
            channel = self._bot.get_partial_messageable(at.channel_id, guild_id=check.guild_id if in_guild else None)
            message = channel.get_partial_message(at.message_id)
            await self.follow(check, MessageAnswer(message, upload_limit_of(guild)), say)
        elif check.requester_id is not None:
            await self.follow(check, self._in_private(check, check.requester_id, check.channel_id, say), say)

    def _in_private(self, check: CheckView, user_id: int, channel_id: int, say: Say) -> DirectAnswer:
        """Return a direct message that is written once, also when a process dies just after it was written."""

        async def note(shown_at: ShownAt) -> None:
            try:
                await self._desk.answer_is(check.id, shown_at)
            except StoreError:  # its nonce still keeps it from being written twice, for some minutes
                logger.exception("case %d: where it is answered cannot be noted", check.id)

        channel = self._bot.get_partial_messageable(channel_id, guild_id=check.guild_id)
        hint = None if check.guild_id is None else Hint(channel, say, user_id)
        return DirectAnswer(self._bot, user_id, hint, once=nonce("answer", check.id), posted=note)

    async def _speaker(self, check: CheckView) -> Say:
        if check.guild_id is not None:
            try:
                settings = await self._services.guilds.get(check.guild_id)
            except StoreError:
                return i18n.speaker(check.locale)
            if settings.language is not None:
                return i18n.speaker(settings.language)
        return i18n.speaker(check.locale)

    async def _wait(self, check: CheckView, answer: Answer | None, say: Say) -> CheckView | None:
        """Wait until a check is over; show progress meanwhile, with at most one edit every `EDIT_EVERY_S`.

        A log that is away is outlasted, which is said. None when the check is not in the log any more.
        """
        shown, edited_s, away = "", -EDIT_EVERY_S, False
        while not check.is_over:
            text = embeds.away_text(say, check.filename) if away else status_text(say, check)
            now_s = time.monotonic()
            if answer is not None and text != shown and now_s - edited_s >= EDIT_EVERY_S:
                if await answer.show(Content(text, view=progress_view(say, check.id))) is Edit.GONE:
                    answer = None
                shown, edited_s = text, now_s
            await asyncio.sleep(self._bot.look_every_s * (PATIENCE if answer is None or check.ahead >= FAR_BACK else 1))
            try:
                newer = await self._desk.look(check.id)
            except UnreadableReportError:
                raise
            except StoreError:
                if not away:
                    logger.exception("case %d cannot be looked at; trying again", check.id)
                away = True
                continue
            if newer is None:
                return None
            check, away = newer, False
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
