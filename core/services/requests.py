"""Asking for a check and watching it. Imports no analysis: this is what the Discord and web process uses.

A check is a row; some worker process answers it. What is read here is always the row.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from core import versions
from core.errors import ClipTooLargeError, StoreError
from core.services import evidence
from core.services.clock import Clock, utc_now
from core.services.folders import Folders, measure
from core.store import DEFAULT_QUEUE, Asker, Check, CheckStatus, NewCheck, Origin, ShownAt, Store

POLL_S = 0.25
ANSWERED_WITHIN = timedelta(days=7)
OVERDUE_AFTER = timedelta(seconds=10)
"""An answer that nobody began to show for so long after it came is overdue."""
ANSWERING_FOR = timedelta(seconds=30)
"""So long after its last sign of life a process keeps the right to show an answer."""
A_STEP_BY_ASKER, A_STEP_BY_SERVER = 2, 4
"""So many waiting checks of one asker, or of one server, put the next one a step later in the queue."""
LATEST_PLACE = 9

__all__ = [
    "Asker",
    "Check",
    "CheckState",
    "CheckStatus",
    "Origin",
    "ShownAt",
    "answering",
    "cancel",
    "find_answer",
    "mark_answered",
    "overdue",
    "request_check",
    "retry",
    "unanswered",
    "unfinished",
    "versions_key",
    "watch",
]

versions_key = versions.versions_key


@dataclass(frozen=True, slots=True)
class CheckState:
    """A check at one moment; `ahead` is how many wait before it while it is queued, else None."""

    check: Check
    ahead: int | None


async def request_check(
    store: Store,
    media: bytes | Path,
    asker: Asker,
    *,
    source_name: str,
    folders: Folders,
    max_bytes: int,
    clock: Clock = utc_now,
    queue: str = DEFAULT_QUEUE,
    answer_at: ShownAt | None = None,
) -> Check:
    """Log a question about a clip and return its row.

    The row is queued, or already done when the same clip was analysed before with the same versions: then
    `repeats_check_id` names the earlier check and the report is that one.

    Args:
        store: where the log is.
        media: the clip's bytes, or a file, which is copied and not kept.
        asker: who asks and where.
        source_name: the clip's name as the asker knows it.
        folders: where the clip waits for its check.
        max_bytes: `Settings.video.max_bytes`.
        clock: gives the present moment.
        queue: `Settings.queue`.
        answer_at: the message that becomes the answer; a second question with the same one gets the row of the first.

    Raises:
        ClipNotFoundError: `media` is a path that cannot be read.
        ClipTooLargeError: the clip has more than `max_bytes`; nothing was logged.
        MediaStoreError: the clip cannot be kept for its check; nothing was logged.
        StoreError: the log cannot be written; no clip was left behind, unless the log cannot be read either: then the
            clip stays for the sweep, since its row may have been written just before the log was lost.
    """
    sha256, size_bytes = await asyncio.to_thread(measure, media)
    if size_bytes > max_bytes:
        raise ClipTooLargeError(
            f"{source_name} has {size_bytes / (1 << 20):.1f} MiB; the largest clip that can be checked has"
            f" {max_bytes / (1 << 20):.0f} MiB."
        )
    new = NewCheck(source_name, asker, clock(), versions_key(), sha256, size_bytes, queue=queue, answer_at=answer_at)
    earlier = await find_answer(store, sha256)
    if earlier is not None:
        repeat = await _first(store, answer_at, store.checks.add_repeat(new, earlier))
        await evidence.keep_if_wanted(store, folders, repeat, media)
        return repeat
    new = replace(new, asker=replace(asker, priority=await _place(store, asker)))
    name = await asyncio.to_thread(folders.keep, media)
    try:
        check = await _first(store, answer_at, store.checks.add(replace(new, incoming_name=name)))
    except StoreError:
        await _discard_unless_logged(store, folders, name)
        raise
    except BaseException:
        await asyncio.to_thread(folders.discard, name)
        raise
    if check.incoming_name != name:
        await asyncio.to_thread(folders.discard, name)
    return check


async def find_answer(store: Store, clip_sha256: str, key: str | None = None) -> Check | None:
    """Return the earlier check that answers this clip with the same versions (`key`, by default this program's)."""
    return await store.checks.find_answer(clip_sha256, key or versions_key())


async def watch(store: Store, check_id: int, poll_s: float = POLL_S) -> AsyncIterator[CheckState]:
    """Yield the check now, after every change that was seen, and last in the state that it ended in.

    Raises:
        StoreError: there is no such check, or the log cannot be read.
    """
    last: CheckState | None = None
    while True:
        state = await _state(store, check_id)
        if last is None or _visible(state) != _visible(last):
            yield state
            last = state
        if state.check.is_final:
            return
        await asyncio.sleep(poll_s)


async def cancel(store: Store, check_id: int, *, folders: Folders, clock: Clock = utc_now) -> bool:
    """Take a question back; False when it was too late or there is no such check.

    A check that already runs is stopped by its worker within moments.
    """
    before = await store.checks.cancel(check_id, clock())
    if before is None:
        return False
    if before.status is CheckStatus.QUEUED:
        # Of a running check the worker deletes the clip, which it may be reading.
        await asyncio.to_thread(folders.discard, before.incoming_name)
    return True


async def retry(store: Store, check_id: int) -> bool:
    """Have a check tried again that was given up; False when it was not, or its clip is gone."""
    return await store.queue.revive(check_id)


async def unfinished(store: Store, origin: Origin) -> tuple[Check, ...]:
    """Return the checks asked for from `origin` that have no answer yet: what to watch again after a restart."""
    return await store.checks.unfinished(origin)


async def unanswered(store: Store, *origins: Origin, clock: Clock = utc_now) -> tuple[Check, ...]:
    """Return the checks asked for from `origins` whose answer was not shown, also those that ended meanwhile.

    Those older than `ANSWERED_WITHIN` are left out: nobody waits for them any more.
    """
    return await store.checks.unanswered(origins, clock() - ANSWERED_WITHIN)


async def overdue(store: Store, *origins: Origin, clock: Clock = utc_now) -> tuple[Check, ...]:
    """Return the checks that ended a while ago and whose answer was not shown, nor is being shown.

    It came while the log was away, or Discord, or after a person had it tried again; or who showed it died.
    """
    now = clock()
    return await store.checks.overdue(origins, now - ANSWERED_WITHIN, now - OVERDUE_AFTER)


async def mark_answered(store: Store, check_id: int, clock: Clock = utc_now) -> bool:
    """Remember that the answer to a check was shown to whoever asked; False when that was so already."""
    return await store.checks.mark_answered(check_id, clock())


class AnswerRows(Protocol):
    """Rows whose answer one process shows: those of checks, or of demos."""

    async def begin_answer(self, number: int, now: datetime, until: datetime, mine: datetime | None = None, /) -> bool:
        """Take or prolong the right to show the answer; False when another has it, or the answer was shown."""
        ...

    async def end_answer(self, number: int, mine: datetime, /) -> None:
        """Give the right back."""
        ...

    async def is_answered(self, number: int, /) -> bool:
        """Return whether the answer was shown, or there is no such row."""
        ...


@asynccontextmanager
async def answering(
    store: Store, check_id: int, clock: Clock = utc_now, poll_s: float = POLL_S, rows: AnswerRows | None = None
) -> AsyncIterator[bool]:
    """Have the right to show the answer to a check, alone among all processes, for as long as the block lasts.

    With `rows` it is the answer to the one of them that has this number.

    Gives True as soon as nobody else has the right, and False when another process showed the answer. The right is
    prolonged while the block lasts; that of a process that died ends after `ANSWERING_FOR`. The block itself says
    with `mark_answered` that the answer was shown.

    Raises:
        StoreError: the log cannot be read or written.
    """
    rows = store.checks if rows is None else rows
    until = clock() + ANSWERING_FOR
    while not await rows.begin_answer(check_id, clock(), until):
        if await rows.is_answered(check_id):
            yield False
            return
        await asyncio.sleep(poll_s)
        until = clock() + ANSWERING_FOR
    right = _Right(rows, check_id, until, clock)
    keeping = asyncio.create_task(right.keep(), name="answering")
    try:
        yield True
    finally:
        keeping.cancel()
        await asyncio.wait({keeping})
        await right.give_back()


class _Right:
    """The right to show one answer, which is held until `until` and can be prolonged."""

    def __init__(self, rows: AnswerRows, check_id: int, until: datetime, clock: Clock) -> None:
        self._rows = rows
        self._check_id = check_id
        self._until = until
        self._clock = clock

    async def keep(self) -> None:
        while True:
            await asyncio.sleep(ANSWERING_FOR.total_seconds() / 3)
            longer = self._clock() + ANSWERING_FOR
            with suppress(StoreError):
                if not await self._rows.begin_answer(self._check_id, self._clock(), longer, self._until):
                    return
                self._until = longer

    async def give_back(self) -> None:
        """Let others try: an answer that was shown is marked, any other may still be shown."""
        with suppress(StoreError):
            await self._rows.end_answer(self._check_id, self._until)


async def _first(store: Store, answer_at: ShownAt | None, adding: Awaitable[Check]) -> Check:
    """Return the row that was added, or the one that another process added for the same answer."""
    try:
        return await adding
    except StoreError:
        # Two processes that saw one message show one answer: the database lets only one of them log it.
        found = None if answer_at is None else await store.checks.shown_at(answer_at.message_id)
        if found is None:
            raise
        return found


async def _discard_unless_logged(store: Store, folders: Folders, name: str) -> None:
    with suppress(StoreError):
        if name not in await store.checks.incoming_names():
            await asyncio.to_thread(folders.discard, name)


async def _place(store: Store, asker: Asker) -> int:
    """Return the priority of a new question: the more of the asker's and the server's wait, the later it goes.

    So one server's flood, and one member's within it, does not hold up the others. People stay before scans.
    """
    waiting = store.counts.waiting
    of_asker = 0 if asker.requester_id is None else await waiting(asker.origin, asker.guild_id, asker.requester_id)
    of_server = 0 if asker.guild_id is None else await waiting(asker.origin, asker.guild_id, None)
    return asker.priority + min(LATEST_PLACE, max(of_asker // A_STEP_BY_ASKER, of_server // A_STEP_BY_SERVER))


async def _state(store: Store, check_id: int) -> CheckState:
    check = await _existing(store, check_id)
    if check.status is not CheckStatus.QUEUED:
        return CheckState(check, None)
    ahead = await store.checks.queue_position(check_id)
    # Without a place it left the queue since the first look.
    return CheckState(check, ahead) if ahead is not None else CheckState(await _existing(store, check_id), None)


async def _existing(store: Store, check_id: int) -> Check:
    check = await store.checks.get(check_id)
    if check is None:
        raise StoreError(f"There is no check number {check_id} in the log.")
    return check


def _visible(state: CheckState) -> tuple[object, ...]:
    return state.check.status, state.check.progress, state.ahead
