"""simcord for people instead of tests: time passes by itself, and nobody waits until the bot has come to rest."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

import discord
import simcord
from simcord._dpy_internals import real_monotonic

REST_S = 0.3
"""How long an action waits for the bot's first sign of life. Shorter than the pause between two looks at a check."""


class WallClock:
    """In place of simcord's clock, which stands still until a test moves it."""

    @property
    def elapsed(self) -> float:
        """What `time.monotonic()` says outside of simcord; with simcord it says this, to the bot and to its timers."""
        return real_monotonic()

    def now(self) -> datetime:
        """Return the present moment."""
        return datetime.now(UTC)

    def advance(self, seconds: float) -> None:
        """Leave time alone."""


class LiveEnv(simcord.Env):
    """A simulated Discord in which time passes and the bot may be busy.

    simcord takes a bot that does not come to rest for a failed test. Here a check runs for many seconds, and what
    becomes of it is shown when it comes.

    Attributes:
        rest_s: how long an action waits for the bot; 0 for not at all.
    """

    def __init__(self, bot: discord.Client, rest_s: float = REST_S) -> None:
        super().__init__(bot, check_errors=False)
        self.backend.clock = WallClock()
        self.rest_s = rest_s

    async def start(self) -> None:
        """Bring the bot up, with the event loop's own timers instead of those that a test moves."""
        await super().start()
        loop, own = asyncio.get_running_loop(), self._runtime
        loop.call_later, loop.call_at = own.call_later, own.call_at  # type: ignore[method-assign]

    async def _settle_internal(
        self,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - simcord's signature
        idle: float = 0.05,
        dispatch: str | None = None,
        _deadline: float | None = None,
    ) -> None:
        if self.rest_s == 0:
            await asyncio.sleep(0)
            return
        with suppress(TimeoutError):
            await super()._settle_internal(timeout=self.rest_s, idle=idle, dispatch=dispatch)
