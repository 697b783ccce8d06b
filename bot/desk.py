"""What the front doors do with the services: hand a clip in, look how far it is, take it back.

Doors know checks only as `CheckView`; jobs, rows and versions stay behind this module.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from core.services import history, requests
from core.services.clock import utc_now
from core.services.folders import Folders
from core.services.history import HistoryFilter, HistoryRow
from core.services.requests import Asker, Check, CheckStatus, Origin, ShownAt
from core.store import DEFAULT_QUEUE, OpenQuestion, Store
from core.types import Progress, Report

BEGUN_WITHIN = timedelta(days=1)
"""A question that was not gone on with for so long is given up."""
NAMELESS = "clip"
"""Instead of a name that was forgotten."""
EXPIRED = "This answer is no longer kept."


@dataclass(frozen=True, slots=True)
class CheckView:
    """A check as its row says it now. `id` is the case number; `ahead` counts the checks that are before it.

    `report` is there when `status` is done, `error` (a sentence) and `error_code` when it failed; an answer that is no
    longer kept has an `error` too. `checked_before` is the case whose answer was given again, `copy_of` an earlier one
    whose clip this one looks like. The ids are Discord's, None outside of it; `locale` is the asker's.
    """

    id: int
    filename: str
    status: CheckStatus
    ahead: int = 0
    progress: Progress | None = None
    report: Report | None = None
    error: str | None = None
    error_code: str | None = None
    checked_before: int | None = None
    copy_of: int | None = None
    origin: Origin = Origin.WEB
    guild_id: int | None = None
    channel_id: int | None = None
    message_id: int | None = None
    attachment_id: int | None = None
    answer_at: ShownAt | None = None
    requester_id: int | None = None
    poster_id: int | None = None
    locale: str | None = None

    @property
    def figures_id(self) -> int:
        """The case whose figures belong to this answer."""
        return self.checked_before or self.id

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status.is_final


class Desk:
    """The verbs of the front doors, over one open store."""

    def __init__(self, store: Store, folders: Folders, max_bytes: int, queue: str = DEFAULT_QUEUE) -> None:
        self._store = store
        self._queue = queue
        self.max_bytes = max_bytes
        self.folders = folders

    async def hand_in(
        self, media: bytes | Path, filename: str, asker: Asker, answer_at: ShownAt | None = None
    ) -> CheckView:
        """Ask for a check of a clip, which is copied; the same clip again is answered from the log.

        `answer_at` is the message in which the answer will be shown; a second question with the same one is the first.

        Raises:
            FacepulseError: the clip is not accepted, or cannot be stored.
        """
        check = await requests.request_check(
            self._store,
            media,
            asker,
            source_name=filename,
            folders=self.folders,
            max_bytes=self.max_bytes,
            queue=self._queue,
            answer_at=answer_at,
        )
        return await self._view(check)

    async def look(self, check_id: int) -> CheckView | None:
        """Return the check now, or None when there is none of that number.

        Raises:
            StoreError: the log cannot be read.
        """
        check = await self._store.checks.get(check_id)
        return None if check is None else await self._view(check)

    async def history(self, wanted: HistoryFilter, offset: int = 0) -> tuple[tuple[HistoryRow, ...], int]:
        """Return the checks that match, newest first and from `offset` on, and how many there are of them in all.

        Raises:
            StoreError: the log cannot be read.
        """
        rows = await history.find(self._store, replace(wanted, offset=offset))
        return rows, await history.count(self._store, wanted)

    async def take_back(self, check_id: int) -> bool:
        """Cancel a check; return False when it was over already."""
        return await requests.cancel(self._store, check_id, folders=self.folders)

    async def answer_is(self, check_id: int, answer_at: ShownAt) -> None:
        """Remember the Discord message in which the answer is shown."""
        await self._store.checks.set_answer_message(check_id, answer_at)

    async def is_asked(self, asker: Asker, since: datetime) -> bool:
        """Return whether this was asked since then.

        Raises:
            StoreError: the log cannot be read.
        """
        return await self._store.checks.is_asked(asker, since)

    async def begin_question(self, message_id: int, channel_id: int) -> None:
        """Remember a message before it gets a sign of life, so that a restart goes on with it.

        Raises:
            StoreError: the log cannot be written.
        """
        await self._store.questions.begin(OpenQuestion(message_id, channel_id, utc_now()))

    async def end_question(self, message_id: int) -> None:
        """Forget a message: all that it asked is in the log, or was refused in words.

        Raises:
            StoreError: the log cannot be written.
        """
        await self._store.questions.end(message_id)

    async def begun_questions(self) -> tuple[OpenQuestion, ...]:
        """Return the messages that were begun and not ended, oldest first.

        Raises:
            StoreError: the log cannot be read.
        """
        return await self._store.questions.begun(utc_now() - BEGUN_WITHIN)

    async def answered(self, check_id: int) -> None:
        """Remember that the answer was shown to whoever asked, and to the moderators where that is due."""
        await requests.mark_answered(self._store, check_id)

    def answering(self, check_id: int) -> AbstractAsyncContextManager[bool]:
        """Have the right to show the answer for as long as the block lasts; gives False when another bot showed it.

        Raises:
            StoreError: the log cannot be read or written.
        """
        return requests.answering(self._store, check_id)

    async def left_open(self) -> tuple[CheckView, ...]:
        """Return the checks from Discord whose answer was not shown yet: not over, or ended while nobody looked."""
        rows = await requests.unanswered(self._store, Origin.DISCORD, Origin.SCAN)
        return tuple([await self._view(row) for row in rows])

    async def overdue(self) -> tuple[CheckView, ...]:
        """Return the checks from Discord that ended a while ago and whose answer nobody shows.

        Raises:
            StoreError: the log cannot be read.
        """
        rows = await requests.overdue(self._store, Origin.DISCORD, Origin.SCAN)
        return tuple([await self._view(row) for row in rows])

    async def _view(self, check: Check) -> CheckView:
        ahead = await self._store.checks.queue_position(check.id) if check.status is CheckStatus.QUEUED else None
        copy_of = await self._store.looks.copy_of(check.id) if check.status is CheckStatus.DONE else None
        return CheckView(
            id=check.id,
            filename=check.source_name or NAMELESS,
            status=check.status,
            ahead=ahead or 0,
            progress=check.progress,
            report=check.report(),
            error=check.error_sentence if check.expired_at is None else EXPIRED,
            error_code=check.error_code,
            checked_before=check.repeats_check_id,
            copy_of=copy_of,
            origin=check.asker.origin,
            guild_id=check.asker.guild_id,
            channel_id=check.asker.channel_id,
            message_id=check.asker.message_id,
            attachment_id=check.asker.attachment_id,
            answer_at=_answer_at(check),
            requester_id=check.asker.requester_id,
            poster_id=check.asker.poster_id,
            locale=check.asker.locale,
        )


def _answer_at(check: Check) -> ShownAt | None:
    # Rows from before the channel was stored have their answer where they were asked.
    channel_id = check.answer_channel_id or check.asker.channel_id
    if check.answer_message_id is None or channel_id is None:
        return None
    return ShownAt(channel_id, check.answer_message_id)
