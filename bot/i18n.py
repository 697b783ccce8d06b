"""Texts in the reader's language: English stands in the code, `Say` looks it up in a catalog."""

from __future__ import annotations

import discord

from core.types import GuildSettings


class Say:
    """Says texts in one language; a text without a translation is said in English."""

    def __init__(self, locale: str) -> None:
        self.locale = locale

    def __call__(self, text: str, /, **values: object) -> str:
        """Return `text` in this language with `values` put in its {places}."""
        return text.format(**values)

    def plural(self, one: str, many: str, n: int, /, **values: object) -> str:
        """Return the form of a text that goes with the number `n`, which may stand in it as {n}."""
        return (one if n == 1 else many).format(n=n, **values)

    def told(self, text: str, /) -> str:
        """Return a sentence that the engine made (a reason, an error) in this language, as far as it is known."""
        return text


def N_(text: str) -> str:  # noqa: N802 - the name that gettext tools know
    """Mark a constant for the catalogs; it is said later."""
    return text


ENGLISH = Say("en")


def speaker(locale: str | None) -> Say:
    """Return who speaks the language of a Discord locale such as "pt-BR"; English where it is not spoken."""
    return ENGLISH


def for_interaction(interaction: discord.Interaction, settings: GuildSettings | None) -> Say:
    """Return who answers an interaction: in the server's language if it chose one, else in the user's."""
    return speaker(settings.language if settings is not None and settings.language else str(interaction.locale))


def for_message(message: discord.Message, settings: GuildSettings | None) -> Say:
    """Return who answers a message: in the server's language, chosen or preferred, and in English elsewhere."""
    if settings is not None and settings.language:
        return speaker(settings.language)
    return speaker(None if message.guild is None else str(message.guild.preferred_locale))
