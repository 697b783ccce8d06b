"""Asking once more before something that matters: two buttons, for the one who asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.errors import AnsweringView
from bot.i18n import Say

WAIT_S = 120.0

Do = Callable[[discord.Interaction[Any]], Awaitable[None]]


class Confirm(AnsweringView):
    """A button that does it and one that does not. `do` gets the click and must answer it, by changing its message."""

    def __init__(self, do: Do, *, label: str, say: Say, dangerous: bool = True) -> None:
        super().__init__(timeout=WAIT_S)
        self._do = do
        self._say = say
        self._asked: discord.Interaction[Any] | None = None
        style = discord.ButtonStyle.danger if dangerous else discord.ButtonStyle.primary
        yes: discord.ui.Button[Confirm] = discord.ui.Button(label=label, style=style)
        yes.callback = self._yes  # type: ignore[method-assign]
        no: discord.ui.Button[Confirm] = discord.ui.Button(label=say("Leave it"), style=discord.ButtonStyle.secondary)
        no.callback = self._no  # type: ignore[method-assign]
        self.add_item(yes).add_item(no)

    async def ask(self, interaction: discord.Interaction[Any], text: str) -> None:
        """Put the question to the person behind `interaction` alone."""
        self._asked = interaction
        await interaction.response.send_message(text, view=self, ephemeral=True)

    async def on_timeout(self) -> None:
        """Take the buttons away: a click would come to nothing."""
        if self._asked is not None:
            try:
                await self._asked.edit_original_response(content=self._say("Nothing was changed."), view=None)
            except discord.HTTPException:  # the person has put the question away
                return

    async def _yes(self, interaction: discord.Interaction[Any]) -> None:
        self.stop()
        await self._do(interaction)

    async def _no(self, interaction: discord.Interaction[Any]) -> None:
        self.stop()
        await interaction.response.edit_message(content=self._say("Nothing was changed."), view=None)
