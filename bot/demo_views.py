"""The buttons of demos. They carry the demo's number in their id, so that they work after a restart too."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import discord

from bot import demo_text, i18n
from bot.attachments import UNREACHED, attachments_of, is_moving
from bot.buttons import Interaction, NumberedButton, lasting_view
from bot.case_views import MODERATORS_ONLY
from bot.i18n import N_, Say
from bot.mod_log import log_speaker
from core.errors import DemoError
from core.services.demos import NO_DEMO, Demo
from core.types import GuildSettings

if TYPE_CHECKING:
    from bot.client import FacepulseBot
    from bot.cogs.apps import Apps

OVER = N_("This demo is over already.")
NOT_YOURS = N_("Only who asked, or a moderator, can cancel a demo.")
DELETED_ALREADY = N_("This demo was deleted already.")
NOT_SHOWN = N_("There is no demo in this message any more.")


class DemoButton(NumberedButton, verb="demo"):
    """A button about the demo with this number; its subclasses say what it does."""

    async def clicked(self, bot: FacepulseBot, interaction: Interaction) -> None:
        """Do it in the server of the demo."""
        demo = await bot.services.demos.look(self.number)
        if demo is None or interaction.guild_id is None or demo.model.guild_id != interaction.guild_id:
            raise DemoError(NO_DEMO)
        settings = await bot.services.guilds.get(interaction.guild_id)
        await self.act(bot, interaction, demo, settings, i18n.for_interaction(interaction, settings))

    async def act(
        self, bot: FacepulseBot, interaction: Interaction, demo: Demo, settings: GuildSettings, say: Say
    ) -> None:
        """Do it; what is raised is told to who clicked alone."""
        raise NotImplementedError


class CancelDemoButton(DemoButton, verb="demo-cancel"):
    """Takes a demo back that is not over."""

    label = N_("Cancel")

    async def act(
        self, bot: FacepulseBot, interaction: Interaction, demo: Demo, settings: GuildSettings, say: Say
    ) -> None:
        """Cancel it, for who asked and for moderators."""
        if interaction.user.id != demo.asker.requester_id and not interaction.permissions.manage_messages:
            raise DemoError(say(NOT_YOURS))
        if not await bot.services.demos.cancel(demo.id):
            raise DemoError(say(OVER))
        now = await bot.services.demos.look(demo.id) or demo
        await interaction.response.edit_message(content=demo_text.closing_text(now, say), view=None)


class SeeButton(DemoButton, verb="demo-see"):
    """Has the demo checked as if somebody had posted it; only who clicks sees the answer."""

    label = N_("See how the detector sees it")
    style = discord.ButtonStyle.primary
    emoji = "🔎"

    async def act(
        self, bot: FacepulseBot, interaction: Interaction, demo: Demo, settings: GuildSettings, say: Say
    ) -> None:
        """Do what Apps → Check for deepfake does with this message."""
        message = interaction.message
        if message is None or not any(is_moving(one) for one in attachments_of(message)):
            raise DemoError(say(NOT_SHOWN))
        apps = cast("Apps", bot.cogs["Apps"])
        await apps.check_message(interaction, message)


class DeleteDemoButton(DemoButton, verb="demo-delete"):
    """Deletes a demo; in the moderation log, for moderators."""

    label = N_("Delete the demo")
    style = discord.ButtonStyle.danger
    emoji = "🗑️"

    async def act(
        self, bot: FacepulseBot, interaction: Interaction, demo: Demo, settings: GuildSettings, say: Say
    ) -> None:
        """Delete its message and its file, and say who did."""
        if not interaction.permissions.manage_messages:
            raise DemoError(say(MODERATORS_ONLY))
        await interaction.response.defer()
        before = await bot.services.demos.delete(demo.id, by=interaction.user.id)
        if before is None:
            raise DemoError(say(DELETED_ALREADY))
        await delete_message(bot, before)
        now = await bot.services.demos.look(demo.id) or before
        embed = demo_text.log_embed(now, log_speaker(settings, interaction.guild), deleted_by=interaction.user.id)
        await interaction.edit_original_response(embed=embed, view=None)


async def delete_message(bot: FacepulseBot, demo: Demo) -> bool:
    """Delete the message that shows a demo; False when it stays, as far as Discord says."""
    if demo.asker.channel_id is None or demo.answer_message_id is None:
        return True
    channel = bot.get_partial_messageable(demo.asker.channel_id, guild_id=demo.asker.guild_id)
    return await deleted(channel.get_partial_message(demo.answer_message_id))


async def deleted(message: discord.PartialMessage) -> bool:
    """Delete a message of ours; False when Discord does not let us now. One that is gone is deleted."""
    try:
        await message.delete()
    except discord.NotFound:
        return True
    except UNREACHED:
        return False
    return True


def cancel_view(number: int, say: Say) -> discord.ui.View:
    """Return the button of a demo that is not over."""
    return lasting_view(CancelDemoButton(number, say))


def see_view(number: int, say: Say) -> discord.ui.View:
    """Return the button under a demo."""
    return lasting_view(SeeButton(number, say))


def delete_view(number: int, say: Say) -> discord.ui.View:
    """Return the button of a demo in the moderation log."""
    return lasting_view(DeleteDemoButton(number, say))


DYNAMIC_ITEMS: tuple[type[DemoButton], ...] = (CancelDemoButton, SeeButton, DeleteDemoButton)
