"""Sentences that the engine made, in another language: their templates are found again in the finished text.

The engine writes English sentences into reports and errors, where they stay. Each template of `bot.sentences` is a
pattern here; what stands in its {places} is a number, a name, or another sentence, which is translated the same way.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from bot.sentences import SENTENCES

NUMBER = r"[-+]?\d[\d.,]*(?:e[-+]\d+)?%?"
FREE = {
    "signer": ".+?",
    "maker": ".+?",
    "name": ".+?",
    "how": ".+",
    "choices": ".+",
    "letter": r"[A-Z]|\d+",
    "unit": r"\S.*",
    "demo": "[0-9a-f]{8}",
    "when": r"<t:\d+:R>",
}
"""Places whose text is given on as it is."""
NESTED = {
    "face": r"Face (?:[A-Z]|\d+)",
    "detector": r"[a-z_ ]+?",
    "measured": r"[a-z_ ]+?",
    "reason": ".+",
    "declared": ".+?",
    "setting": ".+?",
}
"""Places that hold a name or sentence of the engine."""
NAMES = frozenset({"detector", "measured"})
"""Places that hold a name as the engine calls it: with underscores."""
LONGEST = 1000
"""Characters; no sentence of the engine is longer, and a pattern should not work on what a file's author made up."""


@dataclass(frozen=True, slots=True)
class Template:
    """One sentence with {places}, and the pattern that finds them."""

    text: str
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, text: str) -> Template:
        """Return the template of `text`; a place that is neither free nor nested is a number."""
        parts: list[str] = []
        for literal, place, _, _ in string.Formatter().parse(text):
            parts.append(re.escape(literal))
            if place is not None:
                parts.append(f"(?P<{place}>{FREE.get(place) or NESTED.get(place) or NUMBER})")
        return cls(text, re.compile("".join(parts), re.DOTALL))


@dataclass(frozen=True, slots=True)
class Found:
    """A template and what stands in its places; `text` says it in English, `whole` that nothing in it is unknown."""

    template: str
    places: dict[str, str | Found]
    stop: bool

    @property
    def whole(self) -> bool:
        """Whether every sentence within it is known too."""
        return all(
            piece.whole if isinstance(piece, Found) else place not in NESTED for place, piece in self.places.items()
        )

    def said(self, look_up: Callable[[str], str], number: Callable[[str], str], full_stop: str) -> str:
        """Return it in the language of `look_up`, with numbers written by `number`; unknown pieces stay English."""
        values = {
            place: piece.said(look_up, number, full_stop)
            if isinstance(piece, Found)
            else piece
            if place in FREE or place in NESTED
            else number(piece)
            for place, piece in self.places.items()
        }
        return look_up(self.template).format(**values) + (full_stop if self.stop else "")


class Phrasebook:
    """Finds the template of a finished sentence."""

    def __init__(self, sentences: Sequence[str]) -> None:
        self._fixed = {text for text in sentences if "{" not in text}
        templates = [Template.of(text) for text in sentences if "{" in text]
        # the one with the most words of its own first: "{face}: {reason}" fits nearly everything
        self._templates = sorted(templates, key=lambda one: -len(re.sub(r"{\w+}", "", one.text)))

    def find(self, text: str) -> Found | None:
        """Return how `text` is made, None where no template fits. Its full stop does not count."""
        if len(text) > LONGEST:
            return None
        plain = text.removesuffix(".")
        if plain in self._fixed:
            return Found(plain, {}, plain != text)
        fits = self._fitting(plain, plain != text)
        return next((found for found in fits if found.whole), fits[0] if fits else None)

    def _fitting(self, plain: str, stop: bool) -> list[Found]:
        found = []
        for template in self._templates:
            match = template.pattern.fullmatch(plain)
            if match is not None:
                found.append(Found(template.text, self._pieces(match), stop))
        return found

    def _pieces(self, match: re.Match[str]) -> dict[str, str | Found]:
        pieces: dict[str, str | Found] = {}
        for place, piece in match.groupdict().items():
            nested = self.find(piece.replace("_", " ") if place in NAMES else piece)
            pieces[place] = nested if place in NESTED and nested is not None else piece
        return pieces


@cache
def phrasebook() -> Phrasebook:
    """Return what the engine says."""
    return Phrasebook(SENTENCES)
