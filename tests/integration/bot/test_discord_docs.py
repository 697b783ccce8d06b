"""docs/discord.md names every command, and the address in it asks for the permissions that the bot needs."""

from pathlib import Path

import discord
from discord import app_commands

from bot.client import FacepulseBot
from bot.permissions import ACTS, INVITED_WITH, NAMES, WRITE
from bot.services import Services

PAGE = Path(__file__).parents[3] / "docs" / "discord.md"


async def test_every_command_is_on_the_page(services: Services) -> None:
    page = PAGE.read_text("utf-8")
    bot = FacepulseBot(services)
    async with bot:
        bot.http.bulk_upsert_global_commands = refuse  # type: ignore[method-assign, assignment]
        await bot.setup_hook()
        walked = [command for command in bot.tree.walk_commands() if isinstance(command, app_commands.Command)]

    assert len(walked) > 10
    assert [command.qualified_name for command in walked if f"/{command.qualified_name}" not in page] == []


async def refuse(*_: object, **__: object) -> None:
    raise OSError("Discord is not there")


def test_the_address_asks_for_what_answering_needs() -> None:
    page = PAGE.read_text("utf-8")
    asked = discord.Permissions(**dict.fromkeys(INVITED_WITH, True))
    everything = discord.Permissions(
        **dict.fromkeys({*INVITED_WITH, "view_audit_log", *(name for names in ACTS.values() for name in names)}, True)
    )

    assert f"permissions={asked.value}\n" in page
    assert f"`permissions={everything.value}`" in page
    assert set(WRITE) <= set(INVITED_WITH)
    assert [NAMES[name] for name in INVITED_WITH if NAMES[name] not in page] == []
