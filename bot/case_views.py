"""The buttons of a case, for moderators only. They carry its number, so that they work after a restart too."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import discord

from bot import i18n
from bot.buttons import Interaction, NumberedButton, lasting_view
from bot.case_text import NOBODY, STATES, UNDO_LABELS, who
from bot.errors import AnsweringModal
from bot.i18n import N_, Say
from core.errors import ReviewError
from core.services.audit import AuditEntry
from core.services.reviews import LONGEST_REASON, NOT_THERE, Case, CaseState
from core.types import GuildSettings

if TYPE_CHECKING:
    from bot.client import FacepulseBot

MODERATORS_ONLY = N_("Only moderators, who have the permission Manage Messages, can do this.")
NO_LONGER = N_("This act can no longer be taken back.")
NOT_A_MODERATOR = N_("A case can be assigned only to somebody with the permission Manage Messages.")
AGAIN = r"(?P<again>:again)?"
"""In the id of a button that was shown under a decided case."""
TITLE_LIMIT = LABEL_LIMIT = 45
"""Characters of a form's title and of the name of its fields."""


class ReviewButton(NumberedButton, verb="review"):
    """A button about the case, or the entry of the audit log, with this number; its subclasses say what it does."""

    async def clicked(self, bot: FacepulseBot, interaction: Interaction) -> None:
        """Do it for a moderator of this server."""
        guild_id, settings, say = await as_moderator(bot, interaction)
        await self.act(bot, interaction, guild_id, settings, say)

    async def act(
        self, bot: FacepulseBot, interaction: Interaction, guild_id: int, settings: GuildSettings, say: Say
    ) -> None:
        """Do it; what is raised is told to who clicked alone."""
        raise NotImplementedError


async def as_moderator(bot: FacepulseBot, interaction: Interaction) -> tuple[int, GuildSettings, Say]:
    """Return the server of a click, its settings and the moderator's language.

    Raises:
        ReviewError: it is not a moderator who clicked.
    """
    if interaction.guild_id is None:
        raise ReviewError(i18n.for_interaction(interaction, None)(MODERATORS_ONLY))
    settings = await bot.services.guilds.get(interaction.guild_id)
    say = i18n.for_interaction(interaction, settings)
    if not interaction.permissions.manage_messages:
        raise ReviewError(say(MODERATORS_ONLY))
    return interaction.guild_id, settings, say


class DecideButton(ReviewButton, verb="decide"):
    """Opens the form with the reason."""

    state: ClassVar[CaseState]
    after_all: ClassVar[str]

    def __init__(self, number: int, say: Say = i18n.ENGLISH, *, again: bool = False) -> None:
        super().__init__(number, say, label=self.after_all if again else None, suffix=":again" if again else "")
        self.again = again

    @classmethod
    async def from_custom_id(cls, _: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /) -> Self:
        """Return the button that was clicked, from its id alone."""
        return cls(int(match["number"]), again=match["again"] is not None)

    async def act(
        self, bot: FacepulseBot, interaction: Interaction, guild_id: int, settings: GuildSettings, say: Say
    ) -> None:
        """Open the form, unless somebody else was faster."""
        case = await existing(bot, self.number, guild_id)
        if case.state is not CaseState.OPEN and not self.again:
            raise ReviewError(decided_text(case, say))
        await interaction.response.send_modal(DecideForm(case, self.state, settings, say, again=self.again))


class UpholdButton(DecideButton, verb="uphold", more=AGAIN):
    """Says that the flag was right."""

    label = N_("Uphold")
    after_all = N_("Uphold after all")
    style = discord.ButtonStyle.danger
    emoji = "✔️"
    state = CaseState.UPHELD


class DismissButton(DecideButton, verb="dismiss", more=AGAIN):
    """Says that the flag was wrong."""

    label = N_("Dismiss")
    after_all = N_("Dismiss after all")
    style = discord.ButtonStyle.success
    emoji = "✖️"
    state = CaseState.DISMISSED


class DecideForm(AnsweringModal):
    """The reason of a decision: required where the server wants that."""

    def __init__(self, case: Case, state: CaseState, settings: GuildSettings, say: Say, *, again: bool) -> None:
        number = case.check.id
        upholds = state is CaseState.UPHELD
        title = say("Uphold case {case}", case=number) if upholds else say("Dismiss case {case}", case=number)
        super().__init__(title=title[:TITLE_LIMIT])
        self._case, self._state, self._again = case, state, again
        self.reason: discord.ui.TextInput[Any] = discord.ui.TextInput(
            style=discord.TextStyle.paragraph, required=settings.reason_required, max_length=LONGEST_REASON
        )
        text = say("Reason") if settings.reason_required else say("Reason (optional)")
        self.add_item(discord.ui.Label(text=text[:LABEL_LIMIT], component=self.reason))

    async def on_submit(self, interaction: Interaction, /) -> None:
        """Decide, unless somebody else did while the form was open."""
        await interaction.response.defer()
        bot = cast("FacepulseBot", interaction.client)
        guild_id, settings, say = await as_moderator(bot, interaction)
        try:
            case = await bot.services.reviews.decide(
                self._case.check.id,
                guild_id=guild_id,
                by=interaction.user.id,
                state=self._state,
                reason=self.reason.value,
                reason_required=settings.reason_required,
                again=self._again,
            )
        except ReviewError:
            now = await existing(bot, self._case.check.id, guild_id)
            if now.state is CaseState.OPEN or self._again:
                raise
            raise ReviewError(decided_text(now, say)) from None
        await bot.mod_log.decided(interaction, case)


class AssignButton(ReviewButton, verb="assign"):
    """Asks who should have the case; who clicks is suggested."""

    label = N_("Assign…")

    async def act(
        self, bot: FacepulseBot, interaction: Interaction, guild_id: int, settings: GuildSettings, say: Say
    ) -> None:
        """Open the form."""
        case = await existing(bot, self.number, guild_id)
        if case.state is not CaseState.OPEN:
            raise ReviewError(decided_text(case, say))
        await interaction.response.send_modal(AssignForm(case, interaction.user.id, say))


class AssignForm(AnsweringModal):
    """The choice of a moderator; nobody takes the case from whoever has it."""

    def __init__(self, case: Case, suggested: int, say: Say) -> None:
        super().__init__(title=say("Assign case {case}", case=case.check.id)[:TITLE_LIMIT])
        self._case = case
        first = discord.SelectDefaultValue(id=suggested, type=discord.SelectDefaultValueType.user)
        self.moderator: discord.ui.UserSelect[Any] = discord.ui.UserSelect(
            min_values=0, max_values=1, required=False, default_values=[first]
        )
        text = say("Moderator (nobody: free for all)")[:LABEL_LIMIT]
        self.add_item(discord.ui.Label(text=text, component=self.moderator))

    async def on_submit(self, interaction: Interaction, /) -> None:
        """Assign the case, to somebody who may decide it."""
        await interaction.response.defer()
        bot = cast("FacepulseBot", interaction.client)
        guild_id, _, say = await as_moderator(bot, interaction)
        chosen = self.moderator.values[0] if self.moderator.values else None
        if chosen is not None and not _moderates(chosen):
            raise ReviewError(say(NOT_A_MODERATOR))
        to = None if chosen is None else chosen.id
        case = await bot.services.reviews.assign(self._case.check.id, guild_id=guild_id, by=interaction.user.id, to=to)
        await bot.mod_log.changed(interaction, case)


class UndoButton(ReviewButton, verb="undo"):
    """Takes back an act of Facepulse; its number is that of the entry in the audit log."""

    label = N_("Take it back")
    emoji = "↩️"

    async def act(
        self, bot: FacepulseBot, interaction: Interaction, guild_id: int, settings: GuildSettings, say: Say
    ) -> None:
        """Take it back and show that in the message."""
        await interaction.response.defer()
        entry = await bot.services.audit.get(self.number, guild_id)
        if entry is None or entry.undo is None or entry.check_id is None:
            raise ReviewError(say(NO_LONGER))
        await bot.mod_log.take_back(entry, interaction.user.id, say)
        await bot.mod_log.changed(interaction, await existing(bot, entry.check_id, guild_id))


async def existing(bot: FacepulseBot, number: int, guild_id: int) -> Case:
    """Return a case of a server.

    Raises:
        ReviewError: it has none of this number.
    """
    case = await bot.services.reviews.get(number, guild_id)
    if case is None:
        raise ReviewError(NOT_THERE)
    return case


def decided_text(case: Case, say: Say) -> str:
    """Return who was faster, in one sentence."""
    by, state = who(case.decided_by, say), say(STATES[case.state])
    return say("{who} has already decided this case: {state}.", who=by, state=state)


def case_view(say: Say, case: Case, acts: Iterable[AuditEntry]) -> discord.ui.View:
    """Return the buttons of a case as it stands: to decide it, or to change one's mind; and what can be taken back."""
    number = case.check.id
    buttons: list[ReviewButton]
    if case.state is CaseState.OPEN:
        buttons = [UpholdButton(number, say), DismissButton(number, say), AssignButton(number, say)]
    elif case.state is CaseState.UPHELD:
        buttons = [DismissButton(number, say, again=True)]
    else:
        buttons = [UpholdButton(number, say, again=True)]
    undoable = (entry for entry in acts if entry.action in UNDO_LABELS and can_be_undone(entry))
    return lasting_view(*buttons, *(UndoButton(entry.id, say, label=UNDO_LABELS[entry.action]) for entry in undoable))


def can_be_undone(entry: AuditEntry) -> bool:
    """Return whether an act can be taken back and was not."""
    return entry.undo is not None and entry.undone_at is None and entry.undone_by != NOBODY


def _moderates(chosen: discord.Member | discord.User) -> bool:
    return isinstance(chosen, discord.Member) and not chosen.bot and chosen.guild_permissions.manage_messages


DYNAMIC_ITEMS: tuple[type[ReviewButton], ...] = (UpholdButton, DismissButton, AssignButton, UndoButton)
