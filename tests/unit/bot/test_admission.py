"""Who may ask for a check: the rule alone, without Discord."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot import admission
from bot.admission import Person
from bot.i18n import ENGLISH
from core.services.budgets import Budget
from core.types import GuildSettings, WhoMayAsk

CHANNEL, THREAD_PARENT, ROLE = 5, 6, 7
MEMBER = Person(1, frozenset(), is_moderator=False, channel_ids=frozenset({CHANNEL, THREAD_PARENT}))
DEFAULTS = GuildSettings(9)


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({}, True),
        ({"who_may_ask": WhoMayAsk.MODERATORS}, False),
        ({"who_may_ask": WhoMayAsk.ROLES}, False),
        ({"who_may_ask": WhoMayAsk.ROLES, "ask_role_ids": (ROLE,)}, False),
        ({"exempt_channel_ids": (CHANNEL,)}, False),
        ({"exempt_channel_ids": (THREAD_PARENT,)}, False),
        ({"exempt_channel_ids": (123,)}, True),
    ],
)
def test_members_are_held_back_and_moderators_are_not(changes: dict[str, object], allowed: bool) -> None:
    settings = replace(DEFAULTS, **changes)  # type: ignore[arg-type]

    assert (admission.refusal(ENGLISH, settings, MEMBER) is None) is allowed
    assert admission.refusal(ENGLISH, settings, replace(MEMBER, is_moderator=True)) is None


def test_a_role_that_may_ask_may_ask() -> None:
    settings = replace(DEFAULTS, who_may_ask=WhoMayAsk.ROLES, ask_role_ids=(ROLE, 8))

    assert admission.refusal(ENGLISH, settings, replace(MEMBER, role_ids=frozenset({ROLE}))) is None


def test_a_used_up_budget_names_whose_it_is_and_the_moment_it_is_back() -> None:
    back = datetime(2026, 5, 4, 12, tzinfo=UTC)
    own, servers = Budget(0, 10, back), Budget(10, 0, back)

    assert admission.used_up_text(ENGLISH, own).startswith("You have used all your checks")
    assert admission.used_up_text(ENGLISH, servers).startswith("This server has used all its checks")
    assert f"<t:{int(back.timestamp())}:R>" in admission.used_up_text(ENGLISH, own)
