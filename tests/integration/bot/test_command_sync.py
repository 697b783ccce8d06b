"""When Discord is told the commands: the first time, when they changed, and not at every start."""

from pathlib import Path

import discord
import pytest
import simcord
from discord import app_commands

from bot.command_sync import TOLD, sync_commands
from bot.errors import AnsweringTree


class OneCommand(discord.Client):
    """A client with one command, told to Discord as the bot does it."""

    def __init__(self, data_dir: Path, description: str) -> None:
        super().__init__(intents=discord.Intents.none())
        self.tree = AnsweringTree(self)
        self.data_dir = data_dir
        self.was_told = False

        @self.tree.command(name="ping", description=description)
        async def ping(interaction: discord.Interaction) -> None:
            await interaction.response.send_message("pong")

    async def setup_hook(self) -> None:
        self.was_told = await sync_commands(self.tree, self.data_dir)


def told(env: simcord.Env) -> int:
    """How often Discord was told commands."""
    return sum(call.method == "PUT" and call.path.endswith("/commands") for call in env.http_requests)


async def test_commands_are_told_once_and_again_only_when_they_changed(tmp_path: Path) -> None:
    async with simcord.run(OneCommand(tmp_path, "Answers pong.")) as env:
        assert told(env) == 1
        await env.restart_bot(OneCommand(tmp_path, "Answers pong."))
        assert told(env) == 1
        await env.restart_bot(OneCommand(tmp_path, "Answers always."))
        assert told(env) == 2
        assert (env.backend.commands[None][("ping", 1)])["description"] == "Answers always."


async def test_a_translation_that_changed_is_told_too(tmp_path: Path) -> None:
    class German(app_commands.Translator):
        async def translate(self, string: app_commands.locale_str, locale: discord.Locale, context: object) -> str:
            return "Antwortet." if locale is discord.Locale.german else str(string)

    class Translated(OneCommand):
        async def setup_hook(self) -> None:
            await self.tree.set_translator(German())
            await super().setup_hook()

    async with simcord.run(OneCommand(tmp_path, "Answers pong.")) as env:
        await env.restart_bot(Translated(tmp_path, "Answers pong."))
        assert told(env) == 2


async def test_another_application_is_told_its_commands_too(tmp_path: Path) -> None:
    (tmp_path / TOLD).write_text('{"1": "what another bot was told"}')
    bot = OneCommand(tmp_path, "Answers pong.")
    async with simcord.run(bot):
        assert bot.was_told
    assert '"1": "what another bot was told"' in (tmp_path / TOLD).read_text()


async def test_a_refusal_costs_no_start_and_is_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = OneCommand(tmp_path, "Answers pong.")
    env = simcord.Env(first)
    env.inject_error("PUT", "/applications/*/commands", status=403)
    await env.start()
    try:
        assert not first.was_told
        assert "told again at the next start" in caplog.text
        second = OneCommand(tmp_path, "Answers pong.")
        await env.restart_bot(second)
        assert second.was_told
    finally:
        await env.shutdown()


async def test_a_file_that_is_no_json_means_that_nothing_was_told(tmp_path: Path) -> None:
    (tmp_path / TOLD).write_text("not json")
    bot = OneCommand(tmp_path, "Answers pong.")
    async with simcord.run(bot):
        assert bot.was_told
