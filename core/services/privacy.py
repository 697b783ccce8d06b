"""What is stored about one person on Discord: shown, exported and forgotten on their word.

What stays after `forget`, and why:

- that there was a check, and how it ended: a count;
- what explains a demo that others may have: its id, its model, when it was made, that a consent was declared;
- what moderators flagged or decided, without the name: report, hash of the clip and verdict of a case, the decision.
  While a case is open its message can still be found, and its clip stays where the server keeps evidence;
- who acted as a moderator: the one id in the audit log that is never blanked, because a server must be able to tell
  who took an act in its name.

Nothing remembers that somebody was forgotten: what they post or ask later is new.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from typing import Any

from core.errors import MediaStoreError
from core.services.clock import Clock, utc_now
from core.services.demo_data import demo_data
from core.services.evidence import EvidenceFolder
from core.services.folders import Folders
from core.services.personal_data import personal_data
from core.store import ForgottenRows, PersonalRecord, Store

logger = logging.getLogger(__name__)

KINDS = {
    "asked": (
        "Checks you asked for: when, in which channel, the name of the clip and the answer.",
        "To answer you, to answer the same clip again at once, and to keep to the daily budget.",
    ),
    "posted": (
        "Checks of clips that you posted: your id, the name of the clip and the answer.",
        "So that moderators know whose message a case is about.",
    ),
    "demos": (
        "Demos that you asked for or whose clip you posted: when, with which model, what you declared.",
        "So that a demo that somebody finds can be explained, and a misused one be taken up with who made it.",
    ),
    "flagged": (
        "Answers that you flagged or called wrong, with your note.",
        "So that moderators can look at them again.",
    ),
    "moderated": (
        "What you did as a moderator: decisions, assignments, settings, actions and taking them back.",
        "So that a server can tell who acted in its name; your id stays there when you ask to be forgotten.",
    ),
    "named": (
        "Acts of moderators, and of Facepulse, that are about you.",
        "So that they can be explained and taken back.",
    ),
}
"""For each kind of data: what it is, and what it is for."""


@dataclass(frozen=True, slots=True)
class StoredKind:
    """One kind of data about a person: its key in `KINDS`, how many rows, what it is and what it is for."""

    kind: str
    count: int
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class PrivacySummary:
    """All kinds, also those without a row."""

    kinds: tuple[StoredKind, ...]

    @property
    def total(self) -> int:
        """All rows together."""
        return sum(kind.count for kind in self.kinds)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was forgotten.

    `checks` lost their content, `kept_without_name` are cases that moderators keep, `cancelled` waited for their turn;
    `notes` are flags and notes, `acts` entries of the audit log that were about the person, `demos` lost what leads to
    them; the waiting ones among these count as cancelled.
    """

    checks: int
    kept_without_name: int
    cancelled: int
    notes: int
    acts: int
    demos: int = 0


class Privacy:
    """The rights of a person over their data, in all servers at once."""

    def __init__(self, store: Store, folders: Folders, clock: Clock = utc_now) -> None:
        self._store = store
        self._folders = folders
        self._clock = clock

    async def show(self, user_id: int) -> PrivacySummary:
        """Return how much of each kind is stored with the id of a user.

        Raises:
            StoreError: the log cannot be read.
        """
        data = _data(await self._store.people.record(user_id), user_id)
        return PrivacySummary(tuple(StoredKind(kind, len(data[kind]), *texts) for kind, texts in KINDS.items()))

    async def export(self, user_id: int) -> bytes:
        """Return everything that is stored with the id of a user, as a JSON object in UTF-8.

        Reports of the checks are in it; ids of other people only where this user wrote them. Ids are texts, times
        are in UTC.

        Raises:
            StoreError: the log cannot be read.
        """
        record = await self._store.people.record(user_id)

        def write() -> bytes:
            whole: dict[str, Any] = {
                "user_id": str(user_id),
                "exported_at": self._clock().isoformat(),
                "what_and_why": {kind: {"what": what, "why": why} for kind, (what, why) in KINDS.items()},
                **_data(record, user_id),
            }
            return json.dumps(whole, ensure_ascii=False, indent=2).encode()

        return await asyncio.to_thread(write)

    async def forget(self, user_id: int) -> Forgotten:
        """Forget a user: what is left is in the docstring of this module. Waiting checks of theirs are cancelled.

        Raises:
            StoreError: the log cannot be written; nothing was forgotten.
        """
        gone = await self._store.people.forget(user_id, self._clock())
        await asyncio.to_thread(self._delete_files, gone)
        return Forgotten(
            checks=len(gone.emptied),
            kept_without_name=len(gone.without_name),
            cancelled=gone.cancelled + gone.demos.cancelled,
            notes=gone.notes,
            acts=gone.acts,
            demos=gone.demos.demos,
        )

    async def left(self, guild_id: int) -> None:
        """Delete the kept clips of a server that Facepulse was removed from: nobody there can look at a case any more.

        What the log has of it goes when its retention days are over, and so do clips that cannot be deleted now.
        """
        try:
            await asyncio.to_thread(EvidenceFolder(self._folders.media).delete_server, guild_id)
        except MediaStoreError:
            logger.exception("kept clips of server %d cannot be deleted yet", guild_id)

    def _delete_files(self, gone: ForgottenRows) -> None:
        self._folders.discard(*gone.waiting_names, *gone.demos.file_names)
        self._folders.discard_figures(*gone.emptied, *gone.without_name)
        try:
            no_longer = {*gone.emptied, *gone.without_name} - set(gone.under_review)
            EvidenceFolder(self._folders.media).delete_anywhere(no_longer)
        except MediaStoreError:
            # Their rows say now that they are not needed, so the next sweep of `retention` deletes them.
            logger.exception("kept clips of somebody who is forgotten cannot be deleted yet")


def _data(record: PersonalRecord, user_id: int) -> dict[str, list[dict[str, Any]]]:
    return {**personal_data(record, user_id), "demos": demo_data(record.demos, user_id)}
