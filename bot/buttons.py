"""What the buttons that outlive a restart share: their id has what they do and a number, of a case or of a demo."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import discord

from bot import i18n
from bot.errors import answers_errors
from bot.i18n import Say

if TYPE_CHECKING:
    from bot.client import FacepulseBot

Interaction = discord.Interaction[Any]


class NumberedButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"fp:button:(?P<number>\d+)"):
    """A button with the id `fp:VERB:NUMBER`; every subclass has a verb of its own.

    Messages that were sent years ago have these ids too, so a verb keeps its meaning.
    """

    verb: ClassVar[str]
    label: ClassVar[str] = ""
    style: ClassVar[discord.ButtonStyle] = discord.ButtonStyle.secondary
    emoji: ClassVar[str | None] = None

    def __init_subclass__(cls, *, verb: str, more: str = "") -> None:
        """Give a subclass its verb; `more` is a pattern of what may follow the number in its ids."""
        super().__init_subclass__(template=rf"fp:{verb}:(?P<number>\d+){more}")
        cls.verb = verb

    def __init__(self, number: int, say: Say = i18n.ENGLISH, *, label: str | None = None, suffix: str = "") -> None:
        text = label or self.label
        super().__init__(
            discord.ui.Button(
                label=say(text) if text else None,
                style=self.style,
                emoji=self.emoji,
                custom_id=f"fp:{self.verb}:{number}{suffix}",
            )
        )
        self.number = number

    @classmethod
    async def from_custom_id(cls, _: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /) -> Self:
        """Return the button that was clicked, from its id alone."""
        return cls(int(match["number"]))

    @answers_errors
    async def callback(self, interaction: Interaction) -> None:
        """Do what the button says; what is raised is told to who clicked alone."""
        await self.clicked(cast("FacepulseBot", interaction.client), interaction)

    async def clicked(self, bot: FacepulseBot, interaction: Interaction) -> None:
        """Look up what the number means, and whether who clicked may do this; then do it."""
        raise NotImplementedError


def lasting_view(*buttons: NumberedButton) -> discord.ui.View:
    """Return buttons for a message, which stay for as long as it does."""
    view = discord.ui.View(timeout=None)
    for button in buttons:
        view.add_item(button)
    return view
