"""What `/help` and the first message to a server say: pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands

from bot import words
from bot.embeds import FIELD_LIMIT, clip_text
from bot.i18n import N_, Say
from core.report.words import VERDICT_WORDS
from core.types import GuildSettings

NAMELESS = "\u200b"
"""The name of a field that goes on with the one before: Discord takes no empty one."""

WHAT = N_(
    "I look at the faces in a video clip or picture for signs of manipulation, and say what that rests on. I am a "
    "screening aid, not a proof: I can be wrong, and I would rather say that I can't tell than accuse a real person."
)
HOW_TO_ASK = N_(
    "• Post a clip and mention me in the same message.\n"
    "• Reply to a message with a clip and mention me.\n"
    "• Right-click (on a phone: hold) a message → Apps → Check for deepfake: only you see the answer.\n"
    "• `/check video:` with a clip of yours.\n"
    "• Send me the clip in a direct message."
)
PRIVACY = N_(
    "A clip is deleted after its check, unless this server keeps evidence. The answer, and who asked, stay for a "
    "while: `/privacy show` says what is stored about you, `/privacy forget` deletes it. Nothing leaves the machine "
    "that runs me."
)
WELCOME = N_(
    "Hello! I am Facepulse, and I was just added to {server}. I look at posted video clips for signs of deepfakes: a "
    "screening aid, not a proof."
)
DEFAULTS = N_(
    "How it is set now: everyone may ask by mentioning me under a clip; answers are public; nothing is checked unless "
    "somebody asks; I never act by myself; a clip is deleted after its check, its report after {days} days."
)
FIRST_STEPS = N_(
    "First steps:\n"
    "1. `/setup check` in a channel says which permissions I lack and how to grant them.\n"
    "2. `/settings channels mod-log:` chooses where moderators are told of flagged clips.\n"
    "3. `/settings show` lists all settings; `/help` says how to ask.\n"
    "4. Tell your members that clips can be checked, and that `/privacy` shows them what is stored."
)


@dataclass(frozen=True, slots=True)
class Usable:
    """A command that the reader may use here: as they see it in their list, and what it does."""

    name: str
    does: str


def _named(usable: Iterable[Usable], say: Say) -> list[str]:
    return [say(words.NAMED, name=command.does, value=f"`{command.name}`") for command in usable]


def help_embed(usable: Iterable[Usable], say: Say) -> discord.Embed:
    """Return what the bot does, how to ask, what its answers mean, and which commands the reader may use."""
    embed = discord.Embed(title=say("👋 Facepulse"), description=say(WHAT))
    embed.add_field(name=say("How to ask"), value=say(HOW_TO_ASK), inline=False)
    _add_lines(embed, say("What the answers mean"), _answers(say))
    _add_lines(embed, say("Commands that you may use"), _named(usable, say))
    embed.add_field(name=say("Privacy"), value=say(PRIVACY), inline=False)
    embed.set_footer(text=say(words.SCREENING_AID))
    return embed


def welcome_text(guild_name: str, settings: GuildSettings, say: Say) -> str:
    """Return the first message to whoever added the bot: what it is, how it is set, what to do first."""
    parts = [
        say(WELCOME, server=discord.utils.escape_markdown(guild_name)),
        say(DEFAULTS, days=settings.retention_days),
        say(FIRST_STEPS),
    ]
    return "\n\n".join(parts)


def usable_by(
    commands: Iterable[Any], permissions: discord.Permissions, *, in_guild: bool
) -> Iterator[app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu]:
    """Yield the commands that somebody with these permissions may use, by the defaults that Discord was told."""
    for command in commands:
        if not in_guild and not _works_in_direct_messages(command):
            continue
        needed = command.default_permissions if in_guild else None
        if needed is None or permissions.administrator or needed <= permissions:
            yield command


def _works_in_direct_messages(command: Any) -> bool:
    contexts = command.allowed_contexts
    return not command.guild_only and (contexts is None or contexts.dm_channel is not False)


def _add_lines(embed: discord.Embed, name: str, lines: Iterable[str]) -> None:
    """Add whole lines to an embed, in as many fields as they need; no field without a line."""
    value = ""
    for line in (clip_text(line, FIELD_LIMIT) for line in lines):
        if value and len(value) + 1 + len(line) > FIELD_LIMIT:
            embed.add_field(name=name, value=value, inline=False)
            value, name = "", NAMELESS
        value = f"{value}\n{line}" if value else line
    if value:
        embed.add_field(name=name, value=value, inline=False)


def _answers(say: Say) -> Iterator[str]:
    for label, told in VERDICT_WORDS.items():
        yield f"{words.EMOJI[label]} **{say.told(told.title)}** – {say.told(told.meaning)}"
