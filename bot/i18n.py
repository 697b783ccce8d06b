"""Which language a reader in Discord gets, and the texts of commands; `bot.saying` says the texts."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation

from bot.catalogs import N_, SOURCE_LANGUAGE, TRANSLATED, catalog, language_of
from bot.saying import ENGLISH, Say, speaker
from bot.told import phrasebook
from core.types import LANGUAGES, GuildSettings

__all__ = [
    "ENGLISH",
    "LANGUAGES",
    "N_",
    "CommandTexts",
    "Say",
    "for_interaction",
    "for_message",
    "speaker",
]

COMMAND_CONTEXT = "command"
"""In the catalogs, names of commands, groups and options stand under this context: they follow Discord's rules."""
NAMES = frozenset(
    {
        TranslationContextLocation.command_name,
        TranslationContextLocation.group_name,
        TranslationContextLocation.parameter_name,
    }
)


def for_interaction(interaction: discord.Interaction, settings: GuildSettings | None) -> Say:
    """Return who answers an interaction: in the server's language if it chose one, else in the user's."""
    return speaker(settings.language if settings is not None and settings.language else str(interaction.locale))


def for_message(message: discord.Message, settings: GuildSettings | None) -> Say:
    """Return who answers a message: in the server's language, chosen or preferred, and in English elsewhere."""
    if settings is not None and settings.language:
        return speaker(settings.language)
    return speaker(None if message.guild is None else str(message.guild.preferred_locale))


class CommandTexts(app_commands.Translator):
    """Gives Discord the names and descriptions of commands in every language that has a catalog."""

    async def load(self) -> None:
        """Read the catalogs now, so that no answer waits for them later."""
        phrasebook()
        for language in TRANSLATED:
            speaker(language)

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """Return a text of a command for one of Discord's locales; None where it is shown in English."""
        language = language_of(str(locale))
        if language is None or language == SOURCE_LANGUAGE:
            return None
        texts = catalog(language)
        if context.location in NAMES:
            found = texts.pgettext(COMMAND_CONTEXT, string.message)
        else:
            found = texts.gettext(string.message)
        return None if found == string.message else found
