"""The buttons under an answer. They carry the case number in their id, so that they work after a restart too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import discord

from bot import details, i18n
from bot.answers import Content
from bot.buttons import Interaction, NumberedButton, lasting_view
from bot.desk import CheckView
from bot.errors import AnsweringModal
from bot.finished import closing_text, finished_content
from bot.i18n import N_, Say
from core.errors import ReviewError
from core.services.reviews import FlagKind
from core.types import AnswerPlace, GuildSettings

if TYPE_CHECKING:
    from bot.client import FacepulseBot

GONE = N_("This case is not kept any more.")
NOT_YOURS = N_("Only who asked, or a moderator, can cancel a check.")
OVER = N_("This check is over already.")
NOT_HERE = N_("You may not post in this channel.")
KEPT_PRIVATE = N_("This server keeps answers private; a moderator can post one.")
NOTE_LIMIT = 1000


class CaseButton(NumberedButton, verb="answer"):
    """A button about the case with this number; its subclasses say what it does."""

    async def clicked(self, bot: FacepulseBot, interaction: Interaction) -> None:
        """Do it for who may see the case."""
        settings = None if interaction.guild_id is None else await bot.services.guilds.get(interaction.guild_id)
        say = i18n.for_interaction(interaction, settings)
        check = await bot.services.desk.look(self.number)
        if check is None or not may_see(check, interaction):
            raise ReviewError(say(GONE))
        await self.act(bot, interaction, check, say, settings)

    async def act(
        self, bot: FacepulseBot, interaction: Interaction, check: CheckView, say: Say, settings: GuildSettings | None
    ) -> None:
        """Do it; what is raised is told to who clicked alone."""
        raise NotImplementedError


def may_see(check: CheckView, interaction: Interaction) -> bool:
    """Return whether a case is the business of who clicks: one of this server, or one that they asked for."""
    same_server = check.guild_id is not None and check.guild_id == interaction.guild_id
    return same_server or check.requester_id == interaction.user.id


class DetailsButton(CaseButton, verb="details"):
    """Shows every measurement to who clicks."""

    label = N_("Details")

    async def act(self, bot: FacepulseBot, interaction: Any, check: CheckView, say: Say, settings: Any) -> None:
        """Answer with the measurements."""
        if check.report is None:
            raise ReviewError(say(GONE))
        embed = details.details_embed(say, check.report, filename=check.filename, case=check.id)
        await interaction.response.send_message(embed=embed, ephemeral=True)


class MeaningButton(CaseButton, verb="meaning"):
    """Explains the verdict to who clicks."""

    label = N_("What does this mean?")

    async def act(self, bot: FacepulseBot, interaction: Any, check: CheckView, say: Say, settings: Any) -> None:
        """Answer with the meaning of all verdicts."""
        if check.report is None:
            raise ReviewError(say(GONE))
        await interaction.response.send_message(embed=details.meaning_embed(say, check.report), ephemeral=True)


class FlagButton(CaseButton, verb="flag"):
    """Puts an answer before the moderators."""

    label = N_("Flag for review")

    async def act(self, bot: FacepulseBot, interaction: Any, check: CheckView, say: Say, settings: Any) -> None:
        """Flag it and tell the moderators."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await bot.services.reviews.flag(check.id, kind=FlagKind.MEMBER, by=interaction.user.id)
        await bot.follower.tell_moderators(check)
        text = say("Thank you. Case {case} is flagged: a moderator will look at it.", case=check.id)
        await interaction.followup.send(text, ephemeral=True)


class WrongButton(CaseButton, verb="wrong"):
    """Asks for a note that says what is wrong with an answer."""

    label = N_("This is wrong")

    async def act(self, bot: FacepulseBot, interaction: Any, check: CheckView, say: Say, settings: Any) -> None:
        """Open the form."""
        await interaction.response.send_modal(DisputeForm(check, say))


class DisputeForm(AnsweringModal):
    """The note of a member who disagrees with an answer."""

    def __init__(self, check: CheckView, say: Say) -> None:
        super().__init__(title=say("Case {case}: this is wrong", case=check.id)[:45])
        self._check = check
        self._say = say
        self.note: discord.ui.TextInput[Any] = discord.ui.TextInput(
            style=discord.TextStyle.paragraph,
            placeholder=say("For example: I filmed this clip myself.")[:100],
            max_length=NOTE_LIMIT,
        )
        self.add_item(discord.ui.Label(text=say("What is wrong with the answer?")[:45], component=self.note))

    async def on_submit(self, interaction: Interaction, /) -> None:
        """Note the dispute and tell the moderators."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        bot = cast("FacepulseBot", interaction.client)
        await bot.services.reviews.dispute(self._check.id, by=interaction.user.id, note=self.note.value)
        await bot.follower.tell_moderators(self._check)
        text = self._say("Thank you. Your note stands at case {case}, where moderators see it.", case=self._check.id)
        await interaction.followup.send(text, ephemeral=True)


class CancelButton(CaseButton, verb="cancel"):
    """Takes a check back, for who asked or a moderator."""

    label = N_("Cancel")

    async def act(self, bot: FacepulseBot, interaction: Any, check: CheckView, say: Say, settings: Any) -> None:
        """Cancel it; the message that shows the progress then says so."""
        moderates = check.guild_id is not None and check.guild_id == interaction.guild_id
        moderates = moderates and interaction.permissions.manage_messages
        if check.requester_id != interaction.user.id and not moderates:
            raise ReviewError(say(NOT_YOURS))
        if not await bot.services.desk.take_back(check.id):
            raise ReviewError(say(OVER))
        await interaction.response.edit_message(
            content=closing_text(say, await bot.services.desk.look(check.id) or check), view=None
        )


class PostButton(CaseButton, verb="post"):
    """Shows to everyone in the channel what only the asker saw."""

    label = N_("Post here")
    style = discord.ButtonStyle.primary

    async def act(self, bot: FacepulseBot, interaction: Any, check: CheckView, say: Say, settings: Any) -> None:
        """Post the answer, where who clicks may write; the button goes, so that it is posted once."""
        may = interaction.permissions
        in_thread = isinstance(interaction.channel, discord.Thread)
        if interaction.guild_id is not None and not (may.send_messages_in_threads if in_thread else may.send_messages):
            raise ReviewError(say(NOT_HERE))
        private = settings is not None and settings.answer_place is AnswerPlace.PRIVATE
        if private and not may.manage_messages:
            raise ReviewError(say(KEPT_PRIVATE))
        await interaction.response.edit_message(view=verdict_view(say, check))
        content = (await finished_content(bot.services.desk, check, say)).fitting(interaction.filesize_limit)
        shown = Content(content.text, content.embed, verdict_view(say, check), content.picture)
        await interaction.followup.send(**shown.to_send())


def progress_view(say: Say, case: int) -> discord.ui.View:
    """Return the button of a check that is not over."""
    return lasting_view(CancelButton(case, say))


def verdict_view(say: Say, check: CheckView, *, may_be_posted: bool = False) -> discord.ui.View | None:
    """Return the buttons of an answer: without moderators, in direct messages, nothing is flagged or disputed."""
    if check.report is None:
        return None
    buttons: list[CaseButton] = [DetailsButton(check.id, say)]
    if check.guild_id is not None:
        buttons += [FlagButton(check.id, say), WrongButton(check.id, say)]
    buttons.append(MeaningButton(check.id, say))
    if may_be_posted and check.guild_id is not None:
        buttons.append(PostButton(check.id, say))
    return lasting_view(*buttons)


DYNAMIC_ITEMS: tuple[type[CaseButton], ...] = (
    DetailsButton,
    FlagButton,
    WrongButton,
    MeaningButton,
    CancelButton,
    PostButton,
)
