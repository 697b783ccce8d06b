"""A list that is read page by page, by the one who asked for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import discord

from bot.embeds import DESCRIPTION_LIMIT, clip_text
from bot.errors import AnsweringView
from bot.i18n import Say

PER_PAGE = 10
TURNABLE_S = 600.0
"""How long pages can be turned; Discord lets the answer to a command be changed for 15 minutes."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines of a list, and how many there are in all of it."""

    lines: tuple[str, ...]
    total: int


Fetch = Callable[[int], Awaitable[Page]]
"""Returns the page that begins at this line of the list, with `PER_PAGE` lines at most."""


class Pages(AnsweringView):
    """A list with buttons to turn its pages.

    Args:
        fetch: reads one page.
        title: of the list.
        nothing: what is said of an empty one.
        say: the reader's language.
    """

    def __init__(self, fetch: Fetch, *, title: str, nothing: str, say: Say) -> None:
        super().__init__(timeout=TURNABLE_S)
        self._fetch, self._title, self._nothing, self._say = fetch, title, nothing, say
        self._start = 0
        self._asked: discord.Interaction[Any] | None = None
        self._back: discord.ui.Button[Pages] = discord.ui.Button(label=say("Back"), emoji="◀️")
        self._next: discord.ui.Button[Pages] = discord.ui.Button(label=say("Next"), emoji="▶️")
        self._back.callback = self._turn_back  # type: ignore[method-assign]
        self._next.callback = self._turn_on  # type: ignore[method-assign]
        self.add_item(self._back).add_item(self._next)

    async def show(self, interaction: discord.Interaction[Any]) -> None:
        """Show the first page to the person behind `interaction` alone; without buttons where there is only one."""
        self._asked = interaction
        embed, turnable = await self._read()
        if turnable:
            await interaction.response.send_message(embed=embed, view=self, ephemeral=True)
        else:
            self.stop()
            await interaction.response.send_message(embed=embed, ephemeral=True)

    async def on_timeout(self) -> None:
        """Take the buttons away: a click would come to nothing."""
        if self._asked is not None:
            try:
                await self._asked.edit_original_response(view=None)
            except discord.HTTPException:  # the person has put the list away
                return

    async def _turn_back(self, interaction: discord.Interaction[Any]) -> None:
        await self._turn(interaction, -PER_PAGE)

    async def _turn_on(self, interaction: discord.Interaction[Any]) -> None:
        await self._turn(interaction, PER_PAGE)

    async def _turn(self, interaction: discord.Interaction[Any], by: int) -> None:
        self._start = max(0, self._start + by)
        embed, _ = await self._read()
        await interaction.response.edit_message(embed=embed, view=self)

    async def _read(self) -> tuple[discord.Embed, bool]:
        """Return the page as it is now, and whether there are others."""
        page = await self._fetch(self._start)
        while not page.lines and self._start > 0:  # the list has become shorter
            self._start = max(0, self._start - PER_PAGE)
            page = await self._fetch(self._start)
        text = clip_text("\n".join(page.lines), DESCRIPTION_LIMIT) or self._nothing
        embed = discord.Embed(title=self._title, description=text)
        pages = max(1, -(-page.total // PER_PAGE))
        if pages > 1:
            number = self._start // PER_PAGE + 1
            embed.set_footer(text=self._say("Page {page} of {pages}", page=number, pages=pages))
        self._back.disabled, self._next.disabled = self._start == 0, self._start + PER_PAGE >= page.total
        return embed, pages > 1
