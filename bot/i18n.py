"""Texts in the reader's language: English stands in the code, `Say` looks it up in a catalog."""

from __future__ import annotations

from functools import cache

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation

from bot.catalogs import N_, SOURCE_LANGUAGE, TRANSLATED, Numbers, catalog, language_of
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
FULL_STOPS = {"ja": "。"}


class Say:
    """Says texts in one language; a text without a translation is said in English."""

    def __init__(self, locale: str) -> None:
        self.locale = locale
        self._texts = catalog(locale)
        self._numbers = Numbers(locale)

    def __call__(self, text: str, /, **values: object) -> str:
        """Return `text` in this language with `values` put in its {places}.

        Decimals and percentages with a format, as in "{share:.0%}", are written as the language writes them.
        """
        return self._numbers.vformat(self._texts.gettext(text), (), values)

    def plural(self, one: str, many: str, n: int, /, **values: object) -> str:
        """Return the form of a text that goes with the number `n`, which may stand in it as {n}."""
        return self._numbers.vformat(self._texts.ngettext(one, many, n), (), {"n": n, **values})

    def told(self, text: str, /) -> str:
        """Return a sentence that the engine made (a reason, an error) in this language, as far as it is known."""
        found = None if self.locale == SOURCE_LANGUAGE else phrasebook().find(text)
        if found is None:
            return text
        return found.said(self._texts.gettext, self._numbers.written, FULL_STOPS.get(self.locale, "."))


ENGLISH = Say(SOURCE_LANGUAGE)


@cache
def _say(language: str) -> Say:
    return ENGLISH if language == SOURCE_LANGUAGE else Say(language)


def speaker(locale: str | None) -> Say:
    """Return who speaks the language of a Discord locale such as "pt-BR"; English where it is not spoken."""
    return _say(language_of(locale) or SOURCE_LANGUAGE)


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
            _say(language)

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
