"""Asking by Discord's own means: Apps → Check for deepfake on any message, and the command /check."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot import admission, embeds, i18n
from bot.answers import Answer, Content, DirectAnswer, Hint, InteractionAnswer, MessageAnswer, upload_limit_of
from bot.attachments import MOST_CLIPS, attachments_of, is_clip, points_at_a_link
from bot.errors import tell_alone
from bot.i18n import Say
from bot.intake import Admission
from bot.questions import NO_CLIP_HERE, NOT_A_CLIP, ONLY_ATTACHED
from bot.services import Services
from core.errors import FacepulseError
from core.services.requests import ShownAt
from core.types import AnswerPlace, GuildSettings

if TYPE_CHECKING:
    from bot.client import FacepulseBot

logger = logging.getLogger(__name__)

Interaction = discord.Interaction[Any]


class Apps(commands.Cog):
    """The context menu of messages, and /check; both also in direct messages with the bot."""

    def __init__(self, bot: FacepulseBot, services: Services) -> None:
        self._bot = bot
        self._desk = services.desk
        self._menu = app_commands.ContextMenu(
            name=locale_str("Check for deepfake"),
            callback=self.check_message,
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        )

    async def cog_load(self) -> None:
        """Add the context menu, which discord.py does not find by itself in a cog."""
        self._bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Take the context menu away."""
        self._bot.tree.remove_command(self._menu.name, type=self._menu.type)

    async def check_message(self, interaction: Interaction, message: discord.Message) -> None:
        """Check the clips of the message that was right-clicked; only who asked sees the answer."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        settings = await self._bot.intake.settings_of(interaction.guild_id)
        say = i18n.for_interaction(interaction, settings)
        found = attachments_of(message)
        if not found:
            await _tell(interaction, say(ONLY_ATTACHED if points_at_a_link(message) else NO_CLIP_HERE))
            return
        await self._check(interaction, found, say, settings, source=message, is_private=True)

    @app_commands.command(
        name=locale_str("check"), description=locale_str("Check a video clip or picture for signs of a deepfake")
    )
    @app_commands.describe(
        video=locale_str("The clip or picture to check"),
        quiet=locale_str("Show the answer only to me"),
    )
    @app_commands.rename(video=locale_str("video"), quiet=locale_str("quiet"))
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    @app_commands.allowed_installs(guilds=True, users=False)
    async def check(self, interaction: Interaction, video: discord.Attachment, quiet: bool = False) -> None:
        """Check a clip that comes with the command."""
        settings = await self._bot.intake.settings_of(interaction.guild_id)
        private = quiet or (settings is not None and settings.answer_place is AnswerPlace.PRIVATE)
        say = i18n.for_interaction(interaction, settings)
        refused = None if settings is None else admission.refusal(say, settings, admission.who_clicked(interaction))
        if refused is not None:
            await tell_alone(interaction, refused)
            return
        await interaction.response.defer(ephemeral=private, thinking=True)
        await self._check(interaction, [video], say, settings, source=None, is_private=private)

    async def _check(
        self,
        interaction: Interaction,
        found: list[discord.Attachment],
        say: Say,
        settings: GuildSettings | None,
        *,
        source: discord.Message | None,
        is_private: bool,
    ) -> None:
        """Check clips after the interaction was acknowledged, which Discord waits 3 s for."""
        clips = [attachment for attachment in found if is_clip(attachment)][:MOST_CLIPS]
        if not clips:
            await _tell(interaction, say(NOT_A_CLIP, clip=embeds.clip_name(found[0].filename)))
            return
        with await self._bot.intake.admit(say, settings, admission.who_clicked(interaction), len(clips)) as admitted:
            clips = clips[: admitted.allowed]
            if not clips:
                await _tell(interaction, admitted.refused or "")
                return
            places = await self._places(interaction, clips, say, is_private=is_private)
            if admitted.refused is not None:
                await tell_alone(interaction, admitted.refused)
            pairs = zip(clips, places, strict=True)
            answers = [
                self._answer(interaction, clip, source, place, say=say, admitted=admitted) for clip, place in pairs
            ]
            await asyncio.gather(*answers)

    async def _places(
        self, interaction: Interaction, clips: list[discord.Attachment], say: Say, *, is_private: bool
    ) -> list[tuple[Answer, ShownAt | None]]:
        """Give a first sign of life for each clip; return the places, with the number of those that all may read."""
        first = await interaction.edit_original_response(content=embeds.looking_text(say, clips[0].filename))
        places = [self._place(interaction, None, first.id, say, is_private=is_private)]
        for clip in clips[1:]:
            text = embeds.looking_text(say, clip.filename)
            more = await interaction.followup.send(text, ephemeral=is_private, wait=True)
            places.append(self._place(interaction, more, more.id, say, is_private=is_private))
        return places

    def _place(
        self,
        interaction: Interaction,
        message: discord.WebhookMessage | None,
        message_id: int,
        say: Say,
        *,
        is_private: bool,
    ) -> tuple[Answer, ShownAt | None]:
        channel = self._bot.get_partial_messageable(interaction.channel_id or 0, guild_id=interaction.guild_id)
        if is_private:
            hint = None if interaction.guild_id is None else Hint(channel, say, interaction.user.id)
            stand_in: Answer = DirectAnswer(self._bot, interaction.user.id, hint)
        else:
            limit = upload_limit_of(interaction.guild)
            stand_in = MessageAnswer(channel.get_partial_message(message_id), limit)
        answer = InteractionAnswer(interaction, message, stand_in, say, is_private=is_private)
        return answer, None if is_private else ShownAt(interaction.channel_id or 0, message_id)

    async def _answer(
        self,
        interaction: Interaction,
        clip: discord.Attachment,
        source: discord.Message | None,
        place: tuple[Answer, ShownAt | None],
        *,
        say: Say,
        admitted: Admission,
    ) -> None:
        intake, (answer, answer_at) = self._bot.intake, place
        if clip.size > intake.max_bytes:
            await answer.show(Content(embeds.too_large_text(say, clip.filename, clip.size, intake.max_bytes)))
            return
        try:
            asker = admission.asker_of(interaction, source, clip.id)
            check = await intake.take_patiently(clip, asker, answer, say, answer_at=answer_at)
        except FacepulseError as error:
            logger.info("no check in channel %s: %s", interaction.channel_id, error)
            await answer.show(Content(embeds.failure_text(say, clip.filename, str(error))))
            return
        finally:
            admitted.taken()
        await self._bot.follower.follow(check, answer, say)


async def _tell(interaction: Interaction, text: str) -> None:
    """Complete an answer that was only acknowledged; to delete it first, so that one person reads it, is unsure."""
    await interaction.edit_original_response(content=text)
