"""`/demo`: labelled face-swap demos, of people who consented; off until an admin switches them on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range, locale_str
from discord.ext import commands

from bot import admission, attachments, demo_rules, demo_text, i18n
from bot.attachments import UNREACHED
from bot.confirm import Confirm
from bot.demo_rules import Driver
from bot.demo_showing import DemoShower
from bot.demo_views import deleted
from bot.errors import NOT_LET
from bot.i18n import N_, Say
from bot.services import Services
from core.errors import DemoError, FacepulseError
from core.services.demos import LONGEST_HOW, Declaration, Demo, SwapModel, Wish, Withdrawal, require_bound
from core.types import GuildSettings

if TYPE_CHECKING:
    from bot.client import FacepulseBot

logger = logging.getLogger(__name__)

Interaction = discord.Interaction[Any]

SUGGESTED = 25
KEEP_UP_S = 60.0
"""Between looks for demos that nobody shows: Discord or the log was away."""
OVERDUE = timedelta(seconds=45)
ON_ITS_WAY = N_("Your demo is on its way: it will be in this channel, and in the mod-log.")
WITHDRAW = N_(
    "**Withdraw the model {model}?** No demo is made with it from then on, waiting ones are cancelled, kept files and "
    "the messages with its demos are deleted. To use it again it must be registered and allowed anew."
)


@app_commands.default_permissions(manage_messages=True)
@app_commands.guild_only()
@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
class DemosCog(
    commands.GroupCog,
    group_name=locale_str("demo"),
    group_description=locale_str("Labelled face-swap demos of people who consented"),
):
    """Asks for demos, and looks after the models that they are made with."""

    def __init__(self, bot: FacepulseBot, services: Services) -> None:
        self._bot = bot
        self._services = services
        self._demos = services.demos
        self._shower = DemoShower(bot, services)
        self._following: dict[int, asyncio.Task[None]] = {}
        self._keeping_up: asyncio.Task[None] | None = None

    async def cog_load(self) -> None:
        """Take up the demos from before a restart, and from then on those that nobody shows."""
        await self._take_up(self._demos.left_open())
        self._keeping_up = asyncio.create_task(self._keep_up(), name="keep up with demos")

    async def cog_unload(self) -> None:
        """Stop following demos; they go on without us."""
        keeping_up = () if self._keeping_up is None else (self._keeping_up,)
        await self._shower.stop((*self._following.values(), *keeping_up))

    @app_commands.command(name=locale_str("swap"), description=locale_str("Make a labelled face-swap demo of a clip"))
    @app_commands.rename(
        model=locale_str("model"), person=locale_str("person"), clip=locale_str("clip"), link=locale_str("link"),
        how=locale_str("how"),
    )  # fmt: skip
    @app_commands.describe(
        model=locale_str("Whose face is drawn; /demo models lists them"),
        person=locale_str("Who is in the clip; you declare it before the demo is made"),
        clip=locale_str("The clip, at most 20 seconds"),
        link=locale_str("Instead of a clip: a link to a message of this server with one"),
        how=locale_str("Where the consent of the person in the clip can be found"),
    )
    @app_commands.choices(
        person=[
            Choice(name=locale_str("me"), value=Declaration.SELF.value),
            Choice(name=locale_str("somebody who consented"), value=Declaration.CONSENTED.value),
        ]
    )
    async def swap(  # noqa: PLR0917 - discord.py calls it by name
        self,
        interaction: Interaction,
        model: str,
        person: str,
        clip: discord.Attachment | None = None,
        link: str | None = None,
        how: Range[str, 1, LONGEST_HOW] | None = None,
    ) -> None:
        """Look whether a demo may be made, ask for the declaration, and make it after a click."""
        guild, settings, say = await self._seen(interaction)
        demo_rules.require_place(interaction, guild, settings, say)
        declaration = Declaration(person)
        driver = await demo_rules.driver_of(interaction, guild, clip, link, declaration, say)
        asker = admission.asker_of(interaction, driver.message)
        wish = Wish(model, asker, driver.attachment.filename, declaration, how or "")
        await self._demos.require_may(wish, settings)

        async def do(click: Interaction) -> None:
            await click.response.edit_message(content=say("Fetching the clip…"), view=None)
            async with _told_in_place(click, say):
                await self._make(click, wish, driver, say)

        told = demo_text.declaration_text(declaration, wish.how, say)
        await Confirm(do, label=say("I declare this"), say=say).ask(interaction, told)

    @app_commands.command(name=locale_str("models"), description=locale_str("See which models there are, and whose"))
    async def models(self, interaction: Interaction) -> None:
        """List the models of this server with their consents."""
        guild, _, say = await self._seen(interaction)
        embed = demo_text.models_embed(await self._demos.models(guild.id), say)
        await interaction.response.send_message(embed=embed, ephemeral=True)

    @app_commands.command(name=locale_str("allow"), description=locale_str("Let a model be used here; for admins"))
    @app_commands.rename(model=locale_str("model"))
    @app_commands.describe(model=locale_str("The model, whose consent you are shown first"))
    async def allow(self, interaction: Interaction, model: str) -> None:
        """Show an admin whose consent there is; the model is used from their click on."""
        guild, _, say = await self._seen(interaction)
        if not interaction.permissions.manage_guild:
            raise app_commands.MissingPermissions(["manage_guild"])
        found = await self._demos.model(guild.id, model)
        require_bound(found)

        async def do(click: Interaction) -> None:
            await self._demos.allow(found, by=click.user.id)
            done = say(
                "✅ Demos can be made with the model {model}.", model=f"**{discord.utils.escape_markdown(model)}**"
            )
            await click.response.edit_message(content=done, view=None)

        await Confirm(do, label=say("Allow it"), say=say).ask(interaction, demo_text.allow_text(found, say))

    @app_commands.command(
        name=locale_str("withdraw"), description=locale_str("End the use of a model at once and delete its demos")
    )
    @app_commands.rename(model=locale_str("model"))
    @app_commands.describe(model=locale_str("The model whose consent was taken back"))
    async def withdraw(self, interaction: Interaction, model: str) -> None:
        """Withdraw a model after a click, and delete the demos that were made with it."""
        guild, _, say = await self._seen(interaction)
        if not interaction.permissions.manage_messages:
            raise app_commands.MissingPermissions(["manage_messages"])

        async def do(click: Interaction) -> None:
            await click.response.edit_message(content=say("Withdrawing…"), view=None)
            async with _told_in_place(click, say):
                gone = await self._demos.withdraw(guild.id, model, by=click.user.id)
                messages = await self._delete_posted(gone, guild.id)
                await click.edit_original_response(content=_withdrawn_text(gone, messages, say))

        told = say(WITHDRAW, model=discord.utils.escape_markdown(model))
        await Confirm(do, label=say("Withdraw it"), say=say).ask(interaction, told)

    @app_commands.command(name=locale_str("find"), description=locale_str("Look up a demo by the id in its label"))
    @app_commands.rename(demo_id=locale_str("id"))
    @app_commands.describe(demo_id=locale_str("The 8 letters and digits that stand in the picture"))
    async def find(self, interaction: Interaction, demo_id: Range[str, 8, 8]) -> None:
        """Show where a demo came from: to moderators alone."""
        guild, _, say = await self._seen(interaction)
        if not interaction.permissions.manage_messages:
            raise app_commands.MissingPermissions(["manage_messages"])
        embed = demo_text.found_embed(await self._demos.marked(demo_id, guild.id), say)
        await interaction.response.send_message(embed=embed, ephemeral=True)

    @swap.autocomplete("model")
    async def _usable(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        return _choices([one for one in await self._models_here(interaction) if one.is_usable], typed)

    @allow.autocomplete("model")
    async def _waiting(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        waiting = [one for one in await self._models_here(interaction) if one.allowed_at is None and one.is_bound]
        return _choices(waiting, typed)

    @withdraw.autocomplete("model")
    async def _withdrawable(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        return _choices(await self._models_here(interaction), typed)

    async def _models_here(self, interaction: Interaction) -> tuple[SwapModel, ...]:
        return () if interaction.guild_id is None else await self._demos.models(interaction.guild_id)

    async def _seen(self, interaction: Interaction) -> tuple[discord.Guild, GuildSettings, Say]:
        if interaction.guild is None:
            raise app_commands.NoPrivateMessage
        settings = await self._services.guilds.get(interaction.guild.id)
        return interaction.guild, settings, i18n.for_interaction(interaction, settings)

    async def _make(self, click: Interaction, wish: Wish, driver: Driver, say: Say) -> None:
        """Make a demo that was declared; what was so when it was asked for is looked at once more."""
        guild, settings, _ = await self._seen(click)
        demo_rules.require_place(click, guild, settings, say)
        media = await attachments.fetched(driver.attachment, driver.afresh)
        demo = await self._demos.ask(wish, media, settings)
        in_channel = i18n.speaker(settings.language or str(click.locale))
        try:
            answer = await self._shower.post(demo, in_channel)
        except UNREACHED as error:
            logger.warning("demo %d cannot be shown: %s", demo.id, error)
            await self._demos.cancel(demo.id)
            await self._demos.shown(demo, keep=False)
            raise DemoError(say(NOT_LET)) from error
        await click.edit_original_response(content=say(ON_ITS_WAY))
        self._keep(self._shower.follow(demo, answer, in_channel), demo)

    async def _keep_up(self) -> None:
        while not self._shower.stopping:
            await self._shower.pause(KEEP_UP_S)
            await self._take_up(self._demos.overdue(OVERDUE))

    async def _take_up(self, left_open: Awaitable[tuple[Demo, ...]]) -> None:
        """Follow the demos that are not followed here yet."""
        try:
            for demo in await left_open:
                if demo.id not in self._following and not self._shower.stopping:
                    self._keep(self._resume(demo), demo)
        except FacepulseError:
            logger.exception("the demos that are open cannot be taken up")

    async def _resume(self, demo: Demo) -> None:
        await self._bot.wait_until_ready()
        await self._shower.resume(demo)

    def _keep(self, following: Any, demo: Demo) -> None:
        task = self._following[demo.id] = asyncio.create_task(following, name=f"demo {demo.id}")
        task.add_done_callback(lambda _: self._following.pop(demo.id, None))

    async def _delete_posted(self, gone: Withdrawal, guild_id: int) -> int:
        """Delete the messages that show demos of a withdrawn model; return how many are gone."""
        count = 0
        for number, channel_id, message_id in gone.posted:
            channel = self._bot.get_partial_messageable(channel_id, guild_id=guild_id)
            if await deleted(channel.get_partial_message(message_id)):
                await self._demos.message_gone(number)
                count += 1
        return count


@asynccontextmanager
async def _told_in_place(click: Interaction, say: Say) -> AsyncIterator[None]:
    """Say of an expected failure why, in the message that says what is being done."""
    try:
        yield
    except FacepulseError as error:
        logger.info("a demo in guild %s: %s", click.guild_id, error)
        await click.edit_original_response(content=say.told(str(error)))


def _choices(models: Any, typed: str) -> list[Choice[str]]:
    names = [model.name for model in models if typed.lower() in model.name.lower()]
    return [Choice(name=name, value=name) for name in names[:SUGGESTED]]


def _withdrawn_text(gone: Withdrawal, messages: int, say: Say) -> str:
    lines = [
        say("✅ The model {model} is withdrawn.", model=f"**{discord.utils.escape_markdown(gone.model.name)}**"),
        say.plural("{n} waiting demo was cancelled.", "{n} waiting demos were cancelled.", gone.cancelled),
        say.plural("{n} message with a demo was deleted.", "{n} messages with demos were deleted.", messages),
    ]
    left = len(gone.posted) - messages
    if left:
        told = say.plural(
            "{n} message could not be deleted; use this command again.",
            "{n} messages could not be deleted; use this command again.",
            left,
        )
        lines.append(told)
    return "\n".join(lines)
