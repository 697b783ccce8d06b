"""How many checks somebody may still ask for: the workers belong to everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.services.clock import Clock, utc_now
from core.store import Store
from core.types import GuildSettings

WINDOW = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left, never below 0. `resets_at` is when the next check is free again; now, while something is left."""

    user_left: int
    guild_left: int
    resets_at: datetime

    @property
    def is_used_up(self) -> bool:
        """Whether no check can be asked for now."""
        return min(self.user_left, self.guild_left) == 0


class Budgets:
    """Counts the checks of the last 24 hours. Answers from the history are free; scans count for the server."""

    def __init__(self, store: Store, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock

    async def left(self, settings: GuildSettings | None, user_id: int | None) -> Budget:
        """Return what is left to a user in a server.

        Args:
            settings: of the server; None for direct messages, which have the default budget of a user and no other.
            user_id: who asks; None for a scan, which only the server's budget holds back.

        Raises:
            StoreError: the log cannot be read.
        """
        now = self._clock()
        guild_id = None if settings is None else settings.guild_id
        limits = settings or GuildSettings(0)
        user_left, user_free_at = limits.user_daily_budget, now
        if user_id is not None:
            user_left, user_free_at = await self._left(guild_id, user_id, limits.user_daily_budget, now)
        if settings is None:
            return Budget(user_left, user_left, user_free_at)
        guild_left, guild_free_at = await self._left(guild_id, None, limits.guild_daily_budget, now)
        return Budget(user_left, guild_left, max(user_free_at, guild_free_at))

    async def _left(self, guild_id: int | None, user_id: int | None, limit: int, now: datetime) -> tuple[int, datetime]:
        """Return how many are left of `limit`, and when one is: now, or when enough of the old ones are a day old."""
        since = now - WINDOW
        used = await self._store.counts.used(guild_id, user_id, since)
        if used < limit:
            return limit - used, now
        asked_at = await self._store.counts.asked_at(guild_id, user_id, since, used - limit)
        return 0, (asked_at or now) + WINDOW
