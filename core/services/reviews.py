"""Reviewing: members flag and dispute answers, moderators uphold or dismiss them."""

from __future__ import annotations

from core.errors import ReviewError
from core.services.clock import Clock, utc_now
from core.store import Case, CaseFilter, CaseState, Dispute, FlagKind, Note, Store

__all__ = ["Case", "CaseFilter", "CaseState", "Dispute", "FlagKind", "Reviews"]

LONGEST_NOTE = 1000
LONGEST_REASON = 1000
NOT_THERE = "There is no such case in this server."


class Reviews:
    """The cases of servers. A case is a check, under the same number, that was flagged.

    Decisions and assignments are noted in the audit log, as `case.decide` and `case.assign`.
    """

    def __init__(self, store: Store, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock

    async def flag(self, check_id: int, *, kind: FlagKind, by: int | None = None, note: str | None = None) -> Case:
        """Put an answer before the moderators; one that is there already is returned as it is, with the note added.

        Raises:
            ReviewError: there is no answered check of this number in a server, or the note is too long.
            StoreError: it cannot be written.
        """
        words = (note or "").strip()
        if len(words) > LONGEST_NOTE:
            raise ReviewError(f"A note can have at most {LONGEST_NOTE} characters.")
        case = await self._store.cases.open(check_id, Note(kind, by, words or None), self._clock())
        if case is None:
            raise ReviewError("Only an answer that was given in a server, and is still kept, can be reviewed.")
        return case

    async def dispute(self, check_id: int, *, by: int, note: str) -> Case:
        """Say that an answer is wrong, and why. The first dispute of a person opens a decided case again.

        Raises:
            ReviewError: as for `flag`, or the note is empty.
            StoreError: it cannot be written.
        """
        if not note.strip():
            raise ReviewError("Please say in a few words what is wrong with the answer.")
        return await self.flag(check_id, kind=FlagKind.DISPUTE, by=by, note=note)

    async def decide(
        self,
        check_id: int,
        *,
        guild_id: int,
        by: int,
        state: CaseState,
        reason: str | None,
        reason_required: bool,
        again: bool = False,
    ) -> Case:
        """Uphold or dismiss a case; with `again` also one that was decided before.

        Raises:
            ReviewError: the server has no such case, it was decided before, or the reason is missing or too long.
            StoreError: it cannot be written.
        """
        if state is CaseState.OPEN:
            raise ReviewError("A case is either upheld or dismissed.")
        reason = (reason or "").strip() or None
        if reason is None and reason_required:
            raise ReviewError("This server asks for a reason with every decision.")
        if reason is not None and len(reason) > LONGEST_REASON:
            raise ReviewError(f"A reason can have at most {LONGEST_REASON} characters.")
        await self._existing(check_id, guild_id)
        states = tuple(CaseState) if again else (CaseState.OPEN,)
        case = await self._store.cases.decide(check_id, state, by, reason, from_states=states, now=self._clock())
        if case is None:
            raise ReviewError("This case was already decided.")
        return case

    async def assign(self, check_id: int, *, guild_id: int, by: int, to: int | None) -> Case:
        """Give an open case to a moderator; None takes it from whoever has it.

        Raises:
            ReviewError: the server has no such case, or it was decided.
            StoreError: it cannot be written.
        """
        await self._existing(check_id, guild_id)
        case = await self._store.cases.assign(check_id, by, to, self._clock())
        if case is None:
            raise ReviewError("This case was already decided.")
        return case

    async def logged(self, check_id: int, channel_id: int, message_id: int) -> None:
        """Remember the message in the moderation log that shows a case."""
        await self._store.cases.set_log_message(check_id, channel_id, message_id)

    async def get(self, check_id: int, guild_id: int) -> Case | None:
        """Return a case, or None when the server has none of this number."""
        case = await self._store.cases.get(check_id)
        return case if case is not None and case.guild_id == guild_id else None

    async def next_open(self, guild_id: int, *, for_user: int | None = None) -> Case | None:
        """Return the oldest open case: first those assigned to `for_user`, then free ones, then those of others."""
        return await self._store.cases.next_open(guild_id, for_user)

    async def doubted(self, check_id: int, guild_id: int) -> int | None:
        """Return the newest case of a server, this one or another of the same clip, in which people doubt the answer.

        Those are cases that were dismissed, and open ones that somebody disputes; None where there is none.
        """
        return await self._store.cases.doubted(check_id, guild_id)

    async def find(self, wanted: CaseFilter) -> tuple[Case, ...]:
        """Return the cases that match every condition, the last flagged first."""
        return await self._store.cases.find(wanted)

    async def count(self, wanted: CaseFilter) -> int:
        """Return how many cases match, on all pages together."""
        return await self._store.cases.count(wanted)

    async def _existing(self, check_id: int, guild_id: int) -> Case:
        case = await self.get(check_id, guild_id)
        if case is None:
            raise ReviewError(NOT_THERE)
        return case
