"""What the store takes and gives: plain frozen values, no database objects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.errors import MediaStoreError, OutputError, StoreError
from core.store import serialise
from core.types import Progress, Report, VerdictLabel

GAVE_UP, INTERNAL = "gave_up", "internal"
DEAD_LETTERS = frozenset({GAVE_UP, INTERNAL, MediaStoreError.code, OutputError.code, StoreError.code})
"""Codes of failures that say nothing about the clip: a person can have such a check tried again."""
DEFAULT_QUEUE = "cpu"
QUEUES = (DEFAULT_QUEUE, "gpu")
"""Kinds of machines that checks can be meant for."""


class CheckStatus(StrEnum):
    """The life of a check: queued, running, and one of three ends."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to a check in this state."""
        return self in {CheckStatus.DONE, CheckStatus.FAILED, CheckStatus.CANCELLED}


class Origin(StrEnum):
    """Where a check was asked for; a scan is Discord too, where nobody asked but the server wants new clips checked."""

    DISCORD = "discord"
    SCAN = "scan"
    WEB = "web"
    CLI = "cli"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked and where; the numbers are Discord's ids, None outside of it.

    `poster_id` is who posted the clip, `locale` the asker's language as Discord names it ("pt-BR"). Checks of lower
    `priority` go first: 0 while a person waits, 10 for a scan.
    """

    origin: Origin
    requester_id: int | None = None
    guild_id: int | None = None
    channel_id: int | None = None
    message_id: int | None = None
    poster_id: int | None = None
    attachment_id: int | None = None
    locale: str | None = None
    priority: int = 0


@dataclass(frozen=True, slots=True)
class ShownAt:
    """The message in Discord that becomes the answer to one check, and to no other."""

    channel_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class NewCheck:
    """A question: one clip, asked by one person.

    `clip_sha256` and `size_bytes` are None for a file that could not be read at all; `incoming_name` is the file
    below the folder of waiting clips, None when the clip is analysed where it lies. `answer_at` is where its progress
    is shown already.
    """

    source_name: str
    asker: Asker
    requested_at: datetime
    versions_key: str
    clip_sha256: str | None
    size_bytes: int | None
    incoming_name: str | None = None
    queue: str = DEFAULT_QUEUE
    answer_at: ShownAt | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A row of the log; `id` is the case number that people see. Times are in UTC.

    From `expired_at` on the row is a count only: report, names, hash of the clip and ids are gone. A queued check is
    not begun before `not_before`, and has the error of its last attempt. Only workers of its `queue` take it.
    """

    id: int
    clip_sha256: str | None
    source_name: str
    status: CheckStatus
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    asker: Asker
    answer_message_id: int | None
    versions_key: str
    label: VerdictLabel | None
    probability_fake: float | None
    report_json: str | None
    error_code: str | None
    error_sentence: str | None
    attempts: int
    lease_until: datetime | None
    heartbeat_at: datetime | None
    worker: str | None
    progress: Progress | None
    incoming_name: str | None
    repeats_check_id: int | None
    expired_at: datetime | None = None
    not_before: datetime | None = None
    queue: str = DEFAULT_QUEUE
    answer_channel_id: int | None = None

    @property
    def is_dead_letter(self) -> bool:
        """Whether it was given up for reasons that are not the clip's, and could be tried again."""
        return self.status is CheckStatus.FAILED and self.error_code in DEAD_LETTERS and self.incoming_name is not None

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to this check."""
        return self.status.is_final

    @property
    def figures_check_id(self) -> int:
        """The check whose figures belong to this answer: its own, or those of the earlier check that it repeats."""
        return self.repeats_check_id or self.id

    def report(self) -> Report | None:
        """Return the stored report, or None when there is none.

        Raises:
            StoreError: the report was written by another version and cannot be read.
        """
        return None if self.report_json is None else serialise.load_report(self.report_json)


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which checks to list; None asks nothing. `since` is inclusive, `until` exclusive, newest checks come first."""

    verdict: VerdictLabel | None = None
    status: CheckStatus | None = None
    origin: Origin | None = None
    since: datetime | None = None
    until: datetime | None = None
    guild_id: int | None = None
    requester_id: int | None = None
    channel_id: int | None = None
    sha256_prefix: str | None = None
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One line of the history. `took_s` is the time from the start of the analysis to its end."""

    id: int
    requested_at: datetime
    source_name: str
    clip_sha256: str | None
    status: CheckStatus
    label: VerdictLabel | None
    probability_fake: float | None
    error_sentence: str | None
    asker: Asker
    took_s: float | None
    repeats_check_id: int | None
