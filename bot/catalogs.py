"""The catalogs of translated texts: read from their .po files as they are, without a build step."""

from __future__ import annotations

import gettext
import io
import string
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from core.types import LANGUAGES

FOLDER = Path(__file__).parent / "locales"
DOMAIN = "facepulse"
SOURCE_LANGUAGE = "en"
TRANSLATED = tuple(language for language in LANGUAGES if language != SOURCE_LANGUAGE)
"""The languages that have a catalog."""


def N_(text: str) -> str:  # noqa: N802 - the name that gettext tools know
    """Mark a constant for the catalogs; it is said later."""
    return text


def catalog_path(language: str) -> Path:
    """Return where the catalog of a language is."""
    return FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"


@cache
def catalog(language: str) -> gettext.NullTranslations:
    """Return the texts of a language, which know its plural forms; those of English are the ones in the code."""
    if language not in TRANSLATED:
        return gettext.NullTranslations()
    with catalog_path(language).open("rb") as file:
        texts = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, texts)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def language_of(locale: str | None) -> str | None:
    """Return which of our languages a locale such as "pt-BR" speaks, or None."""
    language = (locale or "").replace("_", "-").split("-")[0].lower()
    return language if language in LANGUAGES else None


class Numbers(string.Formatter):
    """Fills the {places} of a text and writes decimals and percentages as its language does (by Unicode's CLDR)."""

    def __init__(self, language: str) -> None:
        locale = Locale.parse(language)
        self._decimal = locale.number_symbols["latn"]["decimal"]
        self._percent = locale.percent_formats[None].suffix[0]

    def format_field(self, value: object, format_spec: str) -> str:
        """Return one value as its format says, with this language's decimal mark."""
        text = str(super().format_field(value, format_spec))
        return self.written(text) if isinstance(value, float) else text

    def written(self, number: str) -> str:
        """Return an English number as this language writes it: "1.8" is "1,8" in German."""
        return number.replace(".", self._decimal).replace("%", self._percent)
