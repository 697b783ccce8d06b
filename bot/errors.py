"""What a person is told when a command, a button or a form fails: one sentence, to them alone; the cause is logged.

`AnsweringTree`, `AnsweringView` and `AnsweringModal` answer by themselves; the callback of a `DynamicItem`, whose
errors discord.py only logs, wears `@answers_errors`.
"""

from __future__ import annotations

import functools
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar, cast

import discord
from discord import app_commands

from bot import i18n
from bot.i18n import N_, Say
from bot.permissions import names_of
from core import logs
from core.errors import FacepulseError
from core.types import GuildSettings

logger = logging.getLogger(__name__)

UNREACHED = (discord.HTTPException, OSError)
"""What an answer raises that Discord does not take or that does not get there."""
UNKNOWN_INTERACTION = 10062

CHANGED = N_("This command has changed since Discord last showed it; reload Discord and try again.")
NOT_HERE = N_("This works only in a server.")
NOT_YOU = N_("You may not use this here.")
BAD_VALUE = N_("I cannot use “{value}” here; choose one of the suggestions.")
NEEDS = N_("For this you need the permission: {permissions}.")
I_NEED = N_("For this I need the permission: {permissions}. An administrator sees with /setup check how to grant it.")
NOT_LET = N_("Discord does not let me do this here; an administrator sees with /setup check what is missing.")
GONE = N_("What this was about is no longer there: it was deleted, or it is hidden from me.")
TOO_SLOW = N_("I was too slow and Discord did not wait for me; please try again.")
TOO_FAST = N_("That was a little fast; try again {when}.")
UNEXPECTED = N_("Something went wrong on my side; tell whoever runs me the number {incident}.")

SettingsOf = Callable[[int], Awaitable[GuildSettings]]
ItemT = TypeVar("ItemT")


def cause_of(error: BaseException) -> BaseException:
    """Return what a command raised, without discord.py's wrapping."""
    original = getattr(error, "original", None)
    return cause_of(original) if isinstance(original, BaseException) else error


def sentence_for(error: BaseException, say: Say) -> str | None:
    """Return the sentence that a person is told of an expected failure; None when it was not expected."""
    cause = cause_of(error)
    if isinstance(cause, FacepulseError):
        return say.told(str(cause))
    if isinstance(cause, app_commands.AppCommandError):
        return _command_sentence(cause, say)
    if isinstance(cause, discord.Forbidden):
        return say(NOT_LET)
    if isinstance(cause, discord.NotFound):
        return say(TOO_SLOW if cause.code == UNKNOWN_INTERACTION else GONE)
    return None


def _command_sentence(error: app_commands.AppCommandError, say: Say) -> str | None:
    told: str | None = None
    match error:
        case app_commands.MissingPermissions():
            told = say(NEEDS, permissions=names_of(error.missing_permissions, say))
        case app_commands.BotMissingPermissions():
            told = say(I_NEED, permissions=names_of(error.missing_permissions, say))
        case app_commands.CommandOnCooldown():
            told = say(TOO_FAST, when=_in_a_while(error.retry_after))
        case app_commands.NoPrivateMessage():
            told = say(NOT_HERE)
        case app_commands.CheckFailure():
            told = say(NOT_YOU)
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            told = say(CHANGED)
        case app_commands.TransformerError():
            told = say(BAD_VALUE, value=discord.utils.escape_markdown(str(error.value))[:100])
    return told


def _in_a_while(seconds: float) -> str:
    """Return the time in `seconds` as Discord shows it to each reader: "in 5 seconds"."""
    now = discord.utils.utcnow().timestamp()
    return f"<t:{int(now + seconds + 1)}:R>"


async def answer_error(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Tell the person behind `interaction` alone what went wrong, in one sentence, and log the cause."""
    what = _what(interaction)
    say = await _say_for(interaction)
    told = sentence_for(error, say)
    if told is None:
        incident = secrets.token_hex(3)
        logger.error("incident %s in %s", incident, what, exc_info=cause_of(error))
        told = say(UNEXPECTED, incident=incident)
    else:
        logger.info("%s: %s", what, type(cause_of(error)).__name__)
    await tell_alone(interaction, told)


async def tell_alone(interaction: discord.Interaction[Any], text: str) -> None:
    """Send `text` to the person behind `interaction` alone; by direct message where Discord waits no longer."""
    if interaction.type is discord.InteractionType.autocomplete:
        return
    try:
        if interaction.is_expired() or not await _answered(interaction, text):
            await interaction.user.send(text)
    except UNREACHED as error:
        logger.warning("cannot tell %d about %s: %s", interaction.user.id, _what(interaction), error)


async def _answered(interaction: discord.Interaction[Any], text: str) -> bool:
    """Answer, or follow up on an answer, for the person alone; False when Discord knows the interaction no longer."""
    try:
        if interaction.response.is_done():
            await _take_back_waiting(interaction)
            await interaction.followup.send(text, ephemeral=True)
        else:
            await interaction.response.send_message(text, ephemeral=True)
    except discord.NotFound:
        return False
    return True


async def _take_back_waiting(interaction: discord.Interaction[Any]) -> None:
    """Delete a "… is thinking" that all can see: a follow-up would fill it in, in public."""
    if interaction.response.type is not discord.InteractionResponseType.deferred_channel_message:
        return
    waiting = await interaction.original_response()
    if waiting.flags.loading and not waiting.flags.ephemeral:
        await waiting.delete()


async def _say_for(interaction: discord.Interaction[Any]) -> Say:
    tree = getattr(interaction.client, "tree", None)
    settings_of = tree.settings_of if isinstance(tree, AnsweringTree) else None
    settings = None
    if settings_of is not None and interaction.guild_id is not None:
        try:
            settings = await settings_of(interaction.guild_id)
        except FacepulseError:
            logger.warning("the settings of guild %d cannot be read", interaction.guild_id)
    return i18n.for_interaction(interaction, settings)


def _what(interaction: discord.Interaction[Any]) -> str:
    """Return what was used, for the log: no text that a person wrote."""
    if interaction.command is not None:
        return f"/{interaction.command.qualified_name} in guild {interaction.guild_id}"
    data = cast("dict[str, Any]", interaction.data or {})
    return f"{data.get('custom_id', interaction.type.name)} in guild {interaction.guild_id}"


class AnsweringTree(app_commands.CommandTree[Any]):
    """The commands; whatever one raises is answered, and the log lines of each carry one request id."""

    settings_of: SettingsOf | None = None
    """Where the language of a server is looked up."""

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Let every command through; each runs in a task of its own, which is one request from here on."""
        logs.begin_request()
        return True

    async def on_error(self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError, /) -> None:
        """Answer what a command raised."""
        await answer_error(interaction, error)


class AnsweringView(discord.ui.View):
    """Buttons and menus; whatever one raises is answered."""

    async def on_error(self, interaction: discord.Interaction[Any], error: Exception, item: Any, /) -> None:
        """Answer what a button or menu raised."""
        await answer_error(interaction, error)


class AnsweringModal(discord.ui.Modal):
    """A form; whatever handing it in raises is answered."""

    async def on_error(self, interaction: discord.Interaction[Any], error: Exception, /, *_: Any) -> None:
        """Answer what handing the form in raised."""
        await answer_error(interaction, error)


def answers_errors(
    callback: Callable[[ItemT, discord.Interaction[Any]], Awaitable[None]],
) -> Callable[[ItemT, discord.Interaction[Any]], Coroutine[Any, Any, None]]:
    """Make the callback of an item answer what it raises."""

    @functools.wraps(callback)
    async def answering(item: ItemT, interaction: discord.Interaction[Any]) -> None:
        try:
            await callback(item, interaction)
        except Exception as error:
            await answer_error(interaction, error)

    return answering
