"""Whether Discord is joined at this moment."""

from __future__ import annotations

from discord.ext import commands


class Membership:
    """Follows the clients that join one after the other; `is_joined()` is what readiness asks."""

    def __init__(self) -> None:
        self._here = False

    def is_joined(self) -> bool:
        """Return whether the gateway is connected and has said what there is."""
        return self._here

    def follow(self, bot: commands.Bot) -> None:
        """Listen to a client from now on, before it joins."""
        self._here = False
        for event in ("on_ready", "on_resumed"):
            bot.add_listener(self._arrived, event)
        bot.add_listener(self._left, "on_disconnect")

    async def _arrived(self) -> None:
        self._here = True

    async def _left(self) -> None:
        self._here = False
