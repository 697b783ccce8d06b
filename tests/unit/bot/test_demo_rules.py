"""Who may ask for demos, and where: roles that an admin chose, no age-restricted place, and the bot can post."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import discord
import pytest
from discord import app_commands

from bot.demo_rules import is_adult, require_place
from bot.i18n import ENGLISH
from core.errors import DemoError
from core.types import GuildSettings

ROLE = 7
SETTINGS = GuildSettings(1, demos_allowed=True, demo_role_ids=(ROLE,))


def place(*, moderates: bool = False, roles: tuple[int, ...] = (), channel: Any = None, **lacks: bool) -> Any:
    """A command that was used in a text channel by somebody who has these roles."""
    may = discord.Permissions(manage_messages=moderates)
    return Mock(
        spec=discord.Interaction,
        user=Mock(roles=[Mock(id=role) for role in roles]),
        permissions=may,
        app_permissions=discord.Permissions(**{**dict.fromkeys(discord.Permissions.VALID_FLAGS, True), **lacks}),
        channel=channel or Mock(spec=discord.TextChannel, is_nsfw=lambda: False),
    )


def guild(level: discord.NSFWLevel = discord.NSFWLevel.safe) -> Any:
    return Mock(spec=discord.Guild, nsfw_level=level)


@pytest.mark.parametrize("who", [{"moderates": True}, {"roles": (ROLE,)}])
def test_moderators_and_chosen_roles_may_ask(who: dict[str, Any]) -> None:
    require_place(place(**who), guild(), SETTINGS, ENGLISH)


def test_others_may_not_and_without_chosen_roles_only_moderators() -> None:
    for settings, roles in ((SETTINGS, (8,)), (replace(SETTINGS, demo_role_ids=()), (ROLE,))):
        with pytest.raises(DemoError, match="only moderators"):
            require_place(place(roles=roles), guild(), settings, ENGLISH)


@pytest.mark.parametrize("level", [discord.NSFWLevel.explicit, discord.NSFWLevel.age_restricted])
def test_age_restricted_servers_are_refused(level: discord.NSFWLevel) -> None:
    with pytest.raises(DemoError, match="age-restricted"):
        require_place(place(moderates=True), guild(level), SETTINGS, ENGLISH)


def test_a_thread_is_as_restricted_as_its_channel() -> None:
    thread, orphan = (Mock(spec=discord.Thread, is_nsfw=lambda adult=adult: adult) for adult in (True, False))
    orphan.parent = None

    assert is_adult(thread)
    assert is_adult(orphan), "its channel is not known"
    with pytest.raises(DemoError, match="age-restricted"):
        require_place(place(moderates=True, channel=thread), guild(), SETTINGS, ENGLISH)


def test_where_the_bot_cannot_post_the_missing_permissions_are_named() -> None:
    with pytest.raises(app_commands.BotMissingPermissions) as told:
        require_place(place(moderates=True, attach_files=False), guild(), SETTINGS, ENGLISH)
    assert told.value.missing_permissions == ["attach_files"]

    thread = Mock(spec=discord.Thread, is_nsfw=lambda: False)
    with pytest.raises(app_commands.BotMissingPermissions) as told:
        require_place(place(moderates=True, channel=thread, send_messages_in_threads=False), guild(), SETTINGS, ENGLISH)
    assert told.value.missing_permissions == ["send_messages_in_threads"]
