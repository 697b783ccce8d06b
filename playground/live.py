"""simcord for people instead of tests: time passes by itself, and nobody waits until the bot has come to rest."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import discord
import simcord

REST_S = 0.3
"""How long an action waits for the bot's first sign of life. Shorter than the pause between two looks at a check."""
ADVANCE_S = 60.0


class LiveEnv(simcord.Env):
    """A simulated Discord in which the bot may be busy.

    simcord takes a bot that does not come to rest for a failed test. Here a check runs for many seconds, and what
    becomes of it is shown when it comes.
    """

    def __init__(self, bot: discord.Client) -> None:
        super().__init__(bot, check_errors=False, settle_timeout=ADVANCE_S)
        # Tests start at a fixed moment; here the times beside messages are those of the wall clock.
        self.backend.clock._epoch = datetime.now(UTC)

    async def _settle_internal(
        self,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - simcord's signature
        idle: float = 0.05,
        dispatch: str | None = None,
        _deadline: float | None = None,
    ) -> None:
        with suppress(TimeoutError):
            await super()._settle_internal(timeout=REST_S, idle=idle, dispatch=dispatch)
