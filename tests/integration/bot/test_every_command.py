"""Every command of the real client, also those that are added later: described, translated, allowed, answered."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import Mock

import discord
import pytest
import simcord
from discord import app_commands

from benchmarks.texts import TEMPLATE, read, texts_of_commands
from bot.catalogs import catalog_path
from bot.client import COGS, FacepulseBot
from bot.i18n import COMMAND_CONTEXT, speaker
from bot.services import Services
from core.errors import FacepulseError
from tests.integration.bot.scene import LOOK_EVERY_S

Runnable = app_commands.Command[Any, ..., Any] | app_commands.ContextMenu
Command = Runnable | app_commands.Group
DESCRIPTION_LIMIT = 100
LOCALES = {"de": "de", "es-ES": "es", "es-419": "es", "fr": "fr", "pt-BR": "pt", "ja": "ja"}
FOR_EVERYBODY = {"check", "help", "privacy", "Check for deepfake"}
FOR_ADMINISTRATORS = {"settings", "setup"}
"""By default those with Manage Server; all other commands are for moderators, who have Manage Messages."""
IN_SERVERS = 0
SENTENCE = "The file is empty."
NAMED = re.compile(r"(?<![\w/}.])/([a-z]+(?: [a-z]+(?=[`.:;, ]|$))?)(?: ([a-z-]+):)?")
"""A command in a text, perhaps with an option: "/settings channels mod-log:"."""
CAUSE = "the database fell into the sea"


@dataclass(frozen=True)
class Stage:
    """The real client, joined to a Discord of its own."""

    bot: FacepulseBot

    def top(self) -> list[Command]:
        kinds = (discord.AppCommandType.chat_input, discord.AppCommandType.message, discord.AppCommandType.user)
        return [command for kind in kinds for command in self.bot.tree.get_commands(type=kind)]

    def runnable(self) -> Iterator[Runnable]:
        """Yield everything that a person can run: subcommands, and no groups."""
        for command in self.top():
            inner = command.walk_commands() if isinstance(command, app_commands.Group) else (command,)
            yield from (one for one in inner if not isinstance(one, app_commands.Group))


@pytest.fixture
async def stage(services: Services) -> AsyncIterator[Stage]:
    bot = FacepulseBot(services, LOOK_EVERY_S)
    env = simcord.Env(bot)
    await env.start()
    yield Stage(bot)
    await env.shutdown()


async def payloads(stage: Stage) -> list[dict[str, Any]]:
    """What Discord is told of all commands."""
    translator = stage.bot.tree.translator
    assert translator is not None
    return [await command.get_translated_payload(stage.bot.tree, translator) for command in stage.top()]


def walked(payload: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a command and everything below it: groups, subcommands, options and choices, with where each is."""
    where = f"{path} {payload['name']}".strip()
    yield where, payload
    for inner in (*payload.get("options", ()), *payload.get("choices", ())):
        yield from walked(inner, where)


def localised(part: dict[str, Any], kind: str, locale: str) -> str:
    """What Discord shows of a part of a command to those who speak `locale`."""
    return str((part.get(f"{kind}_localizations") or {}).get(locale, part[kind]))


def paths(command: dict[str, Any], locale: str) -> Iterator[tuple[str, str]]:
    """Yield the path of a command and of everything below it, in English and as it is shown."""
    for inner in command.get("options", ()):
        for english, shown in paths(inner, locale):
            yield f"{command['name']} {english}", f"{localised(command, 'name', locale)} {shown}"
    yield command["name"], localised(command, "name", locale)


def _joined(forms: str | tuple[str, ...]) -> str:
    return forms if isinstance(forms, str) else "\n".join(forms)


async def test_every_cog_is_added(stage: Stage) -> None:
    assert {type(cog) for cog in stage.bot.cogs.values()} == set(COGS)
    assert len(stage.top()) > 0


async def test_every_command_and_option_has_a_description(stage: Stage) -> None:
    for command in await payloads(stage):
        for where, part in walked(command):
            if "value" in part or (part.get("type") in {2, 3} and part is command):
                continue  # choices and context menus have none
            assert 1 < len(part["description"]) <= DESCRIPTION_LIMIT, where
            assert part["description"] != "…", where
            assert part["description"][0].isupper(), where


async def test_every_text_of_a_command_is_in_the_catalogs(stage: Stage) -> None:
    texts = await texts_of_commands(stage.bot.tree)
    template = read(TEMPLATE)

    absent = [(text.text, text.context) for text in texts if template.get(text.text, text.context) is None]
    stale = {
        message.id for message in template if message.context == COMMAND_CONTEXT and message.id
    } - {text.text for text in texts}  # fmt: skip

    assert (absent, stale) == ([], set()), "run `make texts`"


async def test_discord_is_told_a_translation_of_every_text(stage: Stage) -> None:
    commands = await payloads(stage)
    for locale, language in LOCALES.items():
        texts = read(catalog_path(language), language)
        for where, part in (found for command in commands for found in walked(command)):
            name = texts.get(part["name"], None if "value" in part else COMMAND_CONTEXT)
            assert name is not None, where
            assert name.string, (locale, where)
            assert localised(part, "name", locale) == name.string, (locale, where)
            if part.get("description"):
                described = texts.get(part["description"])
                assert described is not None, where
                assert described.string, (locale, where)
                told = localised(part, "description", locale)
                assert told == described.string, (locale, where)


async def test_commands_that_texts_name_are_there_and_named_as_the_reader_sees_them(stage: Stage) -> None:
    """A text says `/settings channels mod-log:`; whoever reads German finds `/einstellungen kanäle mod-log:`."""
    commands = await payloads(stage)
    for locale, language in LOCALES.items():
        seen_as = {english: shown for command in commands for english, shown in paths(command, locale)}
        texts = read(catalog_path(language), language)
        for message in (one for one in texts if one.id and one.context is None):
            text, translation = _joined(message.id), _joined(message.string)
            for command, option in NAMED.findall(text):
                assert command.split()[0] in seen_as, text
                path = command if command in seen_as else command.split()[0]
                assert f"/{seen_as[path]}" in translation, (locale, translation)
                assert not option or f"{seen_as[f'{path} {option}'].rsplit(' ', 1)[1]}:" in translation, translation
            for menu in (one["name"] for one in commands if one["type"] != 1 and f"→ {one['name']}" in text):
                assert f"→ {seen_as[menu]}" in translation, (locale, translation)


async def test_no_two_commands_beside_each_other_share_a_name_in_any_language(stage: Stage) -> None:
    commands = await payloads(stage)
    menus = [command for command in commands if command["type"] != discord.AppCommandType.chat_input.value]
    slash = [command for command in commands if command not in menus]
    beside = [menus, slash, *(part.get("options", []) for command in commands for _, part in walked(command))]
    for locale in ("en-US", *LOCALES):
        for parts in beside:
            names = Counter(localised(part, "name", locale) for part in parts)

            assert [name for name, count in names.items() if count > 1] == [], locale


async def test_every_command_says_who_may_use_it_by_default(stage: Stage) -> None:
    for command in stage.top():
        if command.name in FOR_EVERYBODY:
            assert command.default_permissions is None, command.name
        elif command.name in FOR_ADMINISTRATORS:
            assert command.default_permissions == discord.Permissions(manage_guild=True), command.name
        else:
            assert command.default_permissions == discord.Permissions(manage_messages=True), command.name


async def test_every_command_says_where_it_works(stage: Stage) -> None:
    for command in stage.top():
        payload = command.to_dict(stage.bot.tree)
        assert payload["contexts"], command.name
        assert payload["integration_types"], command.name
        if command.name not in FOR_EVERYBODY:
            assert payload["contexts"] == [IN_SERVERS], f"{command.name} is about a server"


async def test_every_command_answers_an_expected_error_in_one_sentence_to_the_asker_alone(stage: Stage) -> None:
    for command in stage.runnable():
        for locale in ("en-US", "de", "ja"):
            told = await answers_to(stage, command, FacepulseError(SENTENCE), locale)

            assert told == [(speaker(locale).told(SENTENCE), True)], command.qualified_name


async def test_every_command_answers_an_unexpected_error_without_its_cause(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    for command in stage.runnable():
        caplog.clear()
        ((text, alone),) = await answers_to(stage, command, RuntimeError(CAUSE), "en-US")

        assert alone, command.qualified_name
        assert text.endswith("."), command.qualified_name
        assert "\n" not in text, command.qualified_name
        assert CAUSE not in text, command.qualified_name
        assert CAUSE in caplog.text, command.qualified_name


async def answers_to(stage: Stage, command: Runnable, error: Exception, locale: str) -> list[tuple[str, bool]]:
    """Return what is said, and whether to one person alone, when `command` raises `error`, passed on by discord.py."""
    sent: list[tuple[str, bool]] = []

    async def send(text: str, *, ephemeral: bool = False, **_: object) -> None:
        sent.append((text, ephemeral))

    interaction = Mock(
        spec=discord.Interaction,
        client=stage.bot,
        command=command,
        guild_id=None,
        locale=discord.Locale(locale),
        response=Mock(is_done=lambda: False, send_message=send),
        is_expired=lambda: False,
    )
    raised = app_commands.CommandInvokeError(command, error)
    if isinstance(command, app_commands.Command):
        await command._invoke_error_handlers(interaction, raised)
    elif command.on_error is not None:
        await command.on_error(interaction, raised)
    await type(stage.bot.tree).on_error(stage.bot.tree, interaction, raised)
    return sent
