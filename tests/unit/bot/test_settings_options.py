"""Discord lets admins type just the numbers that the settings take."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cogs.settings import SettingsCog
from core.types.guild import RANGES


@pytest.mark.parametrize(
    ("command", "option", "setting"),
    [
        (SettingsCog.budgets, "member", "user_daily_budget"),
        (SettingsCog.budgets, "server", "guild_daily_budget"),
        (SettingsCog.keeping, "days", "retention_days"),
        (SettingsCog.action, "minutes", "timeout_minutes"),
        (SettingsCog.demos, "member", "user_daily_demos"),
        (SettingsCog.demos, "server", "guild_daily_demos"),
    ],
)
def test_an_option_takes_what_its_setting_takes(command: Any, option: str, setting: str) -> None:
    asked = command.get_parameter(option)

    assert (asked.min_value, asked.max_value) == RANGES[setting]


def test_likelihoods_are_asked_for_in_percent() -> None:
    command: Any = SettingsCog.action
    asked = command.get_parameter("likelihood")

    assert (asked.min_value / 100, asked.max_value / 100) == RANGES["action_probability"]


def test_the_groups_of_settings_are_listed_in_the_order_in_which_an_admin_meets_them() -> None:
    listed = [command.name for command in SettingsCog.__cog_app_commands__]

    assert listed == [
        "show", "channels", "exempt", "asking", "budgets", "answers", "flagging", "keeping", "action", "review",
        "demos", "reset",
    ]  # fmt: skip
