"""The audit log of a server: every act of its moderators and of Facepulse, with what takes it back."""

from __future__ import annotations

from typing import Any

from core.errors import ReviewError
from core.services.clock import Clock, utc_now
from core.store import AuditEntry, NewEntry, Store

__all__ = ["Audit", "AuditEntry"]


class Audit:
    """What was done. Only acts of moderators and of Facepulse itself belong here, no member's flag or dispute."""

    def __init__(self, store: Store, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock

    async def record(
        self,
        guild_id: int,
        *,
        by: int | None,
        action: str,
        check_id: int | None = None,
        details: dict[str, Any],
        undo: dict[str, Any] | None = None,
    ) -> AuditEntry:
        """Note an act.

        Args:
            guild_id: the server.
            by: the moderator; None when Facepulse acted by itself.
            action: a stable name such as "act.timeout".
            check_id: the case that it is about.
            details: a JSON object; ids of members in it are made None when they ask to be forgotten.
            undo: a JSON object with what is needed to take the act back; None when that is not possible.

        Raises:
            StoreError: it cannot be written.
        """
        return await self._store.audit.add(NewEntry(guild_id, by, action, check_id, details, undo), self._clock())

    async def undone(self, entry_id: int, *, by: int) -> None:
        """Note that an act was taken back.

        Raises:
            ReviewError: it was taken back before, or there is none of this number.
            StoreError: it cannot be written.
        """
        if not await self._store.audit.set_undone(entry_id, by, self._clock()):
            raise ReviewError("This act was already taken back.")

    async def list(
        self, guild_id: int, limit: int = 10, offset: int = 0, action: str | None = None
    ) -> tuple[AuditEntry, ...]:
        """Return acts of a server, newest first, of one kind when `action` is given."""
        return await self._store.audit.list(guild_id, limit, offset, action)

    async def of_check(self, check_id: int, guild_id: int) -> tuple[AuditEntry, ...]:
        """Return the acts of a server about one case, oldest first."""
        return await self._store.audit.of_check(check_id, guild_id)

    async def get(self, entry_id: int, guild_id: int) -> AuditEntry | None:
        """Return one act, or None when the server has none of this number."""
        return await self._store.audit.get(entry_id, guild_id)
