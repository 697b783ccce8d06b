"""Bring the catalogs up to date with the texts in the code: `make texts`.

Texts are the literals in `say(…)`, `say.plural(…)` and `N_(…)`, and whatever the command tree shows in Discord.
Command line and web page speak English only.
"""

from __future__ import annotations

import ast
import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import discord
import simcord
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po
from discord import app_commands

from bot.bootstrap import start_app
from bot.catalogs import DOMAIN, FOLDER, TRANSLATED, catalog_path
from bot.client import FacepulseBot
from bot.i18n import COMMAND_CONTEXT, NAMES
from core.settings import Settings

BOT = Path(__file__).parents[1] / "bot"
TEMPLATE = FOLDER / f"{DOMAIN}.pot"
SPEAKERS = frozenset({"say", "_say"})
ENGLISH_ONLY = (
    "commands",
    "web",
    "cli.py",
    "cases.py",
    "terminal.py",
    "answer_text.py",
    "pulse_reading.py",
    "checking.py",
    "evaluating.py",
)
WIDTH = 110
HEADER = {
    "project": "Facepulse",
    "version": "0",
    "header_comment": "# Translations of what Facepulse says in Discord.",
    "msgid_bugs_address": "none",
    "last_translator": "none",
    "language_team": "none",
    "fuzzy": False,
}


@dataclass(frozen=True, slots=True)
class Text:
    """One text to translate: `many` its plural, `context` what kind of name it is, `where` a file or a command."""

    text: str
    where: str
    many: str | None = None
    context: str | None = None

    @property
    def id(self) -> str | tuple[str, str]:
        """How the catalogs call it."""
        return self.text if self.many is None else (self.text, self.many)


class FormattedTextError(Exception):
    """A text was put together before it is looked up, so no catalog can have it."""


def texts_of_source(source: str, where: str) -> Iterator[Text]:
    """Yield the texts that are marked in one module.

    Raises:
        FormattedTextError: an f-string is said.
    """
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = _called(node)
        if name == "plural" and len(node.args) > 1:
            one, many = (next(_literals(arg, where), None) for arg in node.args[:2])
            if one is not None and many is not None:
                yield Text(one, where, many=many)
        elif name in SPEAKERS or name == "N_":
            yield from (Text(text, where) for text in _literals(node.args[0], where))


def texts_of_bot() -> list[Text]:
    """Return the texts of all modules that speak in Discord."""
    files = sorted(path for path in BOT.rglob("*.py") if path.relative_to(BOT).parts[0] not in ENGLISH_ONLY)
    return [
        text
        for path in files
        for text in texts_of_source(path.read_text(encoding="utf-8"), path.relative_to(BOT.parent).as_posix())
    ]


class Listener(app_commands.Translator):
    """Writes down what Discord could be given in other languages."""

    def __init__(self) -> None:
        self.heard: dict[tuple[str, str | None], list[str]] = {}

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> None:
        """Note a text and where in a command it stands."""
        key = (string.message, COMMAND_CONTEXT if context.location in NAMES else None)
        places = self.heard.setdefault(key, [])
        place = f"{context.location.name.replace('_', ' ')}{_of(context.data)}"
        if place not in places:
            places.append(place)


async def texts_of_commands(tree: app_commands.CommandTree[FacepulseBot]) -> list[Text]:
    """Return every name and description in a command tree."""
    listener = Listener()
    for kind in discord.AppCommandType:
        for command in tree.get_commands(type=kind):
            await command.get_translated_payload(tree, listener)
    return [Text(text, "; ".join(places), context=context) for (text, context), places in listener.heard.items()]


async def commands_of_bot() -> list[Text]:
    """Return the texts of the commands of the whole bot, which joins a Discord that is not there."""
    with tempfile.TemporaryDirectory() as folder:
        async with start_app(Settings(data_dir=Path(folder), discord_token=None)) as app:
            bot = FacepulseBot(app.services)
            stage = simcord.Env(bot)
            await stage.start()
            try:
                return await texts_of_commands(bot.tree)
            finally:
                await stage.shutdown()


def template_of(texts: list[Text]) -> Catalog:
    """Return the catalog of all texts without translations, in a lasting order."""
    made = Catalog(**HEADER)
    for text in sorted(texts, key=lambda one: (one.context or "", one.where, one.text)):
        comments = [text.where] if not text.where.endswith(".py") else []
        locations = [(text.where, 1)] if text.where.endswith(".py") else []
        made.add(text.id, locations=locations, auto_comments=comments, context=text.context)
    return made


def read(path: Path, language: str | None = None) -> Catalog:
    """Return the catalog in a file, empty where there is none."""
    if not path.exists():
        return Catalog(language, **HEADER)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def write(path: Path, texts: Catalog) -> bool:
    """Write a catalog unless it would say what is there; say whether it was written."""
    if path.exists() and _said(read(path)) == _said(texts):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, texts, width=WIDTH, ignore_obsolete=True, include_lineno=False)
    return True


def missing(texts: Catalog) -> list[Message]:
    """Return the messages that have no translation, or only a guess at one."""
    return [one for one in texts if one.id and (one.fuzzy or not one.string or not all(_forms(one)))]


def update() -> None:
    """Write the template and all catalogs, and tell what is missing in each."""
    template = template_of(texts_of_bot() + asyncio.run(commands_of_bot()))
    write(TEMPLATE, template)
    for language in TRANSLATED:
        texts = read(catalog_path(language), language)
        texts.update(template, no_fuzzy_matching=True)
        write(catalog_path(language), texts)
        print(f"{language}: {len(texts)} texts, {len(missing(texts))} not translated")


def _called(node: ast.Call) -> str:
    """The last part of what is called: "say" of `self.say(…)`."""
    function = node.func
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _literals(node: ast.expr, where: str) -> Iterator[str]:
    """The text, or both texts of a choice between two; none for a variable."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body, where)
        yield from _literals(node.orelse, where)
    elif isinstance(node, ast.JoinedStr):
        raise FormattedTextError(f"{where}, line {node.lineno}: say a literal with {{places}}, not an f-string.")


def _of(data: object) -> str:
    command = getattr(data, "command", data)
    name = getattr(command, "qualified_name", "")
    return f" of {name}" if name else ""


def _forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def _said(texts: Catalog) -> list[object]:
    """What matters of a catalog: all but its dates, its line numbers and where long comments are broken."""
    return [
        (one.context, one.id, _translation(one), _files(one), " ".join(one.auto_comments), one.fuzzy)
        for one in texts
        if one.id
    ]


def _translation(message: Message) -> tuple[str, ...]:
    """The forms of a translation; none where there is none: a new message has None, one that was read an empty text."""
    forms = _forms(message) if message.string else ()
    return forms if any(forms) else ()


def _files(message: Message) -> list[str]:
    return sorted({path for path, _ in message.locations})


if __name__ == "__main__":
    update()
