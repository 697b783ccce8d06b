"""The place that is shown: one preview of simcord's at a time, published anew whenever the bot did something."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import simcord
from simcord.backend.errors import SetupError
from simcord.preview import Preview

from benchmarks.playground.world import Place, World

LOOK_EVERY_S = 0.4


class Stage:
    """Shows one place of the world; `lock` keeps one action apart from the next, as simcord wants it."""

    def __init__(self, env: simcord.Env, world: World) -> None:
        self.env = env
        self.world = world
        self.place = world.places[0]
        self.lock = asyncio.Lock()
        self._preview: Preview | None = None
        self._requests_shown = 0

    @property
    def preview(self) -> Preview:
        """The preview of the place that is shown; there is one between `open` and `close`."""
        if self._preview is None:
            raise RuntimeError("the stage is not open")
        return self._preview

    async def open(self) -> None:
        """Show the first place."""
        await self._show(self.place)

    async def go(self, place: Place) -> None:
        """Show another place."""
        async with self.lock:
            await self.preview.close()
            await self._show(place)

    async def refresh(self) -> None:
        """Publish what there is now."""
        async with self.lock:
            await self.preview.refresh()

    async def keep_fresh(self) -> None:
        """Publish whatever the bot says, for as long as this runs."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            new = self.env.http_requests[self._requests_shown :]
            self._requests_shown += len(new)
            if any(not request.path.endswith("/typing") for request in new):
                with suppress(SetupError):  # the page was closed meanwhile
                    await self.refresh()

    async def until_closed(self) -> None:
        """Wait until somebody ends the session on the page."""
        while True:
            shown = self.preview
            await shown.wait_closed()
            async with self.lock:
                if self._preview is shown:
                    return

    async def close(self) -> None:
        """Show nothing more."""
        if self._preview is not None:
            await self._preview.close()

    async def _show(self, place: Place) -> None:
        preview = self.env.preview(place.channel, viewers=place.people, layout="channel", timezone="UTC")
        self._preview = await preview.__aenter__()
        self.place = place
