"""What a person is told when a command, a button or a form fails, and who sees it."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

import discord
import pytest
import simcord
from discord import app_commands
from discord.ext import commands

from bot.errors import TOO_SLOW, AnsweringModal, AnsweringTree, AnsweringView, answers_errors
from core.errors import SettingsError

SENTENCE = "The log channel is not a channel."
LONG_S = 16 * 60.0
"""Past the 15 minutes in which an interaction can be answered."""
Act = Callable[[discord.Interaction], Awaitable[None]]


async def refuse(interaction: discord.Interaction) -> None:
    raise SettingsError(SENTENCE)


async def break_down(interaction: discord.Interaction) -> None:
    raise ZeroDivisionError("a secret of ours")


class Button(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"test:(?P<n>\d+)"):
    def __init__(self) -> None:
        super().__init__(discord.ui.Button(label="Lasting", custom_id="test:1"))

    @classmethod
    async def from_custom_id(cls, *_: Any) -> "Button":
        return cls()

    @answers_errors
    async def callback(self, interaction: discord.Interaction) -> None:
        await refuse(interaction)


class Panel(AnsweringView):
    def __init__(self) -> None:
        super().__init__()
        self.add_item(Button())

    @discord.ui.button(label="Press")
    async def press(self, interaction: discord.Interaction, _: discord.ui.Button[Any]) -> None:
        await interaction.response.defer()
        await refuse(interaction)


class Form(AnsweringModal, title="Form"):
    note: discord.ui.TextInput[Any] = discord.ui.TextInput(label="Note", custom_id="note")

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await refuse(interaction)


async def fail_before(interaction: discord.Interaction) -> None:
    await refuse(interaction)


async def fail_thinking_in_public(interaction: discord.Interaction) -> None:
    await interaction.response.defer(thinking=True)
    await refuse(interaction)


async def fail_thinking_alone(interaction: discord.Interaction) -> None:
    await interaction.response.defer(thinking=True, ephemeral=True)
    await refuse(interaction)


async def fail_after_answering(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("Working on it")
    await refuse(interaction)


class Bot(commands.Bot):
    """Has one command, which does what the test says."""

    act: Act = staticmethod(refuse)

    def __init__(self) -> None:
        super().__init__("!", tree_cls=AnsweringTree, intents=discord.Intents(guilds=True, guild_messages=True))

        @self.tree.command(name="act", description="Does what the test says.")
        async def act(interaction: discord.Interaction) -> None:
            await self.act(interaction)

        @self.tree.command(name="powerful", description="Needs a permission.")
        @app_commands.checks.has_permissions(manage_messages=True)
        async def powerful(interaction: discord.Interaction) -> None: ...

        @self.tree.command(name="able", description="Needs a permission of the bot.")
        @app_commands.checks.bot_has_permissions(moderate_members=True)
        async def able(interaction: discord.Interaction) -> None: ...

        @self.tree.command(name="slow", description="Once a minute.")
        @app_commands.checks.cooldown(1, 60)
        async def slow(interaction: discord.Interaction) -> None:
            await interaction.response.send_message("done")

    async def setup_hook(self) -> None:
        self.add_dynamic_items(Button)
        await self.tree.sync()


class Scene:
    def __init__(self, env: simcord.Env, bot: Bot) -> None:
        self.env, self.bot = env, bot
        self.guild = env.create_guild()
        self.channel = self.guild.create_text_channel("general")
        self.alice = self.guild.add_member(env.create_user("alice"))

    async def use(self, act: Act) -> simcord.InteractionResult:
        self.bot.act = act
        return await self.alice.slash(self.channel, "act")

    async def panel(self) -> discord.Message:
        async def show(interaction: discord.Interaction) -> None:
            await interaction.response.send_message("Panel", view=Panel())

        await self.use(show)
        return self.channel.history()[-1]


@pytest.fixture
def simcord_bot() -> Bot:
    return Bot()


@pytest.fixture
def scene(simcord_env: simcord.Env, simcord_bot: Bot) -> Scene:
    return Scene(simcord_env, simcord_bot)


pytestmark = pytest.mark.simcord(check_errors=False)  # simcord counts an answered error as one


def only_answer(result: simcord.InteractionResult) -> Any:
    """The only message that an interaction left, wherever it is."""
    (answer,) = [message for message in (result.response, *result.followups) if message is not None]
    return answer


@pytest.mark.parametrize("act", [fail_before, fail_thinking_alone])
async def test_an_expected_failure_is_its_sentence_to_the_one_who_asked(scene: Scene, act: Act) -> None:
    answer = only_answer(await scene.use(act))

    assert answer.content == SENTENCE
    assert answer.ephemeral


async def test_a_failure_of_what_all_see_thinking_is_told_to_the_asker_alone(scene: Scene) -> None:
    await scene.use(fail_thinking_in_public)

    (told,) = scene.alice.user.dm_channel.history()
    assert told.content == SENTENCE
    assert scene.channel.history() == []


async def test_a_failure_after_the_answer_follows_it_and_only_the_asker_sees_it(scene: Scene) -> None:
    result = await scene.use(fail_after_answering)

    assert result.response is not None
    assert result.response.content == "Working on it"
    (answer,) = result.followups
    assert (answer.content, answer.ephemeral) == (SENTENCE, True)


async def test_a_failure_after_the_interaction_expired_is_told_in_a_direct_message(scene: Scene) -> None:
    async def work_for_long(interaction: discord.Interaction) -> None:
        await interaction.response.defer(thinking=True)
        await asyncio.sleep(LONG_S)
        await refuse(interaction)

    await scene.use(work_for_long)
    await scene.env.advance_time(LONG_S)

    (told,) = scene.alice.user.dm_channel.history()
    assert told.content == SENTENCE


async def test_what_nobody_expected_is_a_number_that_is_in_the_log_too(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    answer = only_answer(await scene.use(break_down))

    told = re.fullmatch(
        r"Something went wrong on my side; tell whoever runs me the number ([0-9a-f]{6})\.", answer.content
    )
    assert told is not None
    assert answer.ephemeral
    assert "secret" not in answer.content
    (record,) = [record for record in caplog.records if record.name == "bot.errors"]
    assert f"incident {told[1]} in /act" in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


async def test_missing_permissions_are_named_as_discord_names_them(scene: Scene) -> None:
    answer = only_answer(await scene.alice.slash(scene.channel, "powerful"))

    assert answer.content == "For this you need the permission: Manage Messages."


async def test_permissions_that_the_bot_lacks_are_named_with_who_can_grant_them(scene: Scene) -> None:
    own = scene.env.backend.get_guild(scene.guild.id).roles[scene.guild.roles["TestBot"].id]
    scene.env.backend.edit_role(scene.guild.id, own.id, {"permissions": discord.Permissions.text().value})
    answer = only_answer(await scene.alice.slash(scene.channel, "able"))

    assert "I need the permission: Timeout Members." in answer.content
    assert "/setup check" in answer.content


async def test_a_command_on_cooldown_says_when_to_come_back(scene: Scene) -> None:
    await scene.alice.slash(scene.channel, "slow")
    answer = only_answer(await scene.alice.slash(scene.channel, "slow"))

    assert re.fullmatch(r"That was a little fast; try again <t:\d+:R>\.", answer.content)


@pytest.mark.parametrize("label", ["Press", "Lasting"])
async def test_buttons_answer_their_errors(scene: Scene, label: str) -> None:
    panel = await scene.panel()
    (answer,) = [
        message
        for result in [await scene.alice.click(panel, label=label)]
        for message in (result.response, *result.followups)
        if message is not None and message.content != "Panel"
    ]

    assert (answer.content, answer.ephemeral) == (SENTENCE, True)


async def test_forms_answer_their_errors(scene: Scene) -> None:
    async def show(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Form())

    shown = await scene.use(show)
    answer = only_answer(await scene.alice.submit_modal(shown, {"note": "text"}))

    assert (answer.content, answer.ephemeral) == (SENTENCE, True)


async def test_an_interaction_that_discord_forgot_is_answered_by_direct_message(scene: Scene) -> None:
    forgotten = {"status": 404, "code": 10062, "message": "Unknown interaction"}
    scene.env.inject_error("POST", "/interactions/*/*/callback", times=None, **forgotten)

    async def answer(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("late")

    await scene.use(answer)
    (told,) = scene.alice.user.dm_channel.history()
    assert told.content == TOO_SLOW


async def test_an_answer_that_discord_does_not_take_is_a_line_in_the_log(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.env.inject_error("POST", "/interactions/*/*/callback", status=403, code=50001, message="Missing Access")
    with caplog.at_level(logging.WARNING, logger="bot.errors"):
        await scene.use(fail_before)

    assert "cannot tell" in caplog.text
    assert "Traceback" not in caplog.text
