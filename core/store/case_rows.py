"""Cases under review and entries of the audit log, as plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.store.rows import Check
from core.types import VerdictLabel


class CaseState(StrEnum):
    """What moderators made of a flagged check: nothing yet, the flag was right, or it was not."""

    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


class FlagKind(StrEnum):
    """How a check came before the moderators: its verdict, a member's flag, or somebody who calls the answer wrong."""

    AUTOMATIC = "automatic"
    MEMBER = "member"
    DISPUTE = "dispute"


@dataclass(frozen=True, slots=True)
class Dispute:
    """What somebody noted on a case; `kind` says whether they flagged it or called the answer wrong.

    `user_id` is None, and `note` empty, when the person asked to be forgotten.
    """

    user_id: int | None
    note: str
    at: datetime
    kind: FlagKind = FlagKind.DISPUTE


@dataclass(frozen=True, slots=True)
class Case:
    """A check that was flagged in a server. Persons are Discord's user ids; `disputes` are oldest first."""

    check: Check
    guild_id: int
    state: CaseState
    kind: FlagKind
    flagged_by: int | None
    flagged_at: datetime
    assigned_to: int | None
    decided_by: int | None
    decided_at: datetime | None
    reason: str | None
    log_channel_id: int | None
    log_message_id: int | None
    disputes: tuple[Dispute, ...]


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases of a server to list; None asks nothing. `since` is when they were flagged; newest come first."""

    guild_id: int
    poster_id: int | None = None
    verdict: VerdictLabel | None = None
    since: datetime | None = None
    state: CaseState | None = None
    limit: int = 10
    offset: int = 0


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act: who did what in which server, and what takes it back.

    `by` is None when Facepulse acted by itself; `undo` is None when the act cannot be undone. `details` and `undo`
    are JSON objects; a person who asked to be forgotten is None in them.
    """

    id: int
    guild_id: int
    at: datetime
    by: int | None
    action: str
    check_id: int | None
    details: dict[str, Any]
    undo: dict[str, Any] | None
    undone_at: datetime | None
    undone_by: int | None
