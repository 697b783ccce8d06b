"""Saying texts in the reader's language, without Discord: terminal and page share its words.

English stands in the code, and `Say` looks it up in a catalog. `bot.i18n` knows who reads what in Discord.
"""

from __future__ import annotations

from functools import cache

from bot.catalogs import SOURCE_LANGUAGE, Numbers, catalog, language_of
from bot.told import phrasebook

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
