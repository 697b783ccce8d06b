"""What `/help` says fits into an answer, however many commands there are."""

import discord
import pytest

from bot.help_text import Usable, help_embed, usable_by, welcome_text
from bot.i18n import speaker
from bot.words import NAMED
from core.types import LANGUAGES, GuildSettings


@pytest.mark.parametrize("language", LANGUAGES)
def test_many_commands_are_told_whole_within_discords_limits(language: str) -> None:
    usable = [Usable(f"/command {n}", "does something that takes many words to say, " * 2) for n in range(25)]
    embed = help_embed(usable, speaker(language))

    told = "\n".join(field.value or "" for field in embed.fields)
    lines = [speaker(language)(NAMED, name=one.does, value=f"`{one.name}`") for one in usable]
    assert [line for line in lines if line not in told] == []
    assert all(0 < len(field.name or "") <= 256 and 0 < len(field.value or "") <= 1024 for field in embed.fields)
    assert len(embed) <= 6000


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_message_fits_and_formats_no_name_of_a_server(language: str) -> None:
    text = welcome_text("**bold** server" * 6, GuildSettings(1, retention_days=7), speaker(language))

    assert len(text) <= 2000
    assert "**bold**" not in text
    assert "7" in text


def test_commands_are_shown_by_the_permissions_that_they_need_and_where_they_work() -> None:
    async def do(interaction: discord.Interaction) -> None: ...

    Command, Group = discord.app_commands.Command, discord.app_commands.Group
    anyone = Command(name="anyone", description="…", callback=do)
    moderators = Group(
        name="moderators", description="…", default_permissions=discord.Permissions(manage_messages=True),
        guild_only=True,
    )  # fmt: skip
    both = [anyone, moderators]

    def names(permissions: discord.Permissions, *, in_guild: bool) -> list[str]:
        return [command.name for command in usable_by(both, permissions, in_guild=in_guild)]

    assert names(discord.Permissions(), in_guild=True) == ["anyone"]
    assert names(discord.Permissions(manage_messages=True), in_guild=True) == ["anyone", "moderators"]
    assert names(discord.Permissions(administrator=True), in_guild=True) == ["anyone", "moderators"]
    assert names(discord.Permissions.all(), in_guild=False) == ["anyone"]
