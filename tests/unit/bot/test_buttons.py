"""Buttons that outlive a restart: every one is known to the client, does something, and answers to its own ids only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import discord
import pytest

from bot.buttons import NumberedButton, lasting_view
from bot.case_views import DismissButton, UpholdButton
from bot.client import DYNAMIC_ITEMS
from bot.i18n import speaker

SENT = {
    "fp:details:12": "DetailsButton", "fp:flag:12": "FlagButton", "fp:wrong:12": "WrongButton",
    "fp:meaning:12": "MeaningButton", "fp:cancel:12": "CancelButton", "fp:post:12": "PostButton",
    "fp:uphold:12": "UpholdButton", "fp:uphold:12:again": "UpholdButton", "fp:dismiss:12": "DismissButton",
    "fp:dismiss:12:again": "DismissButton", "fp:assign:12": "AssignButton", "fp:undo:12": "UndoButton",
    "fp:demo-cancel:12": "CancelDemoButton", "fp:demo-see:12": "SeeButton", "fp:demo-delete:12": "DeleteDemoButton",
}  # fmt: skip
"""Ids in messages that were sent, and the button that each must stay."""


def matches(button: type[NumberedButton], custom_id: str) -> re.Match[str] | None:
    """Return how a button reads an id, as discord.py has it read."""
    return button.__discord_ui_compiled_template__.fullmatch(custom_id)


def of_its_own(kind: type[NumberedButton]) -> Iterator[type[NumberedButton]]:
    """All classes of buttons from which no other is made."""
    for below in kind.__subclasses__():
        yield from of_its_own(below) if below.__subclasses__() else [below]


def test_the_client_knows_every_button() -> None:
    assert set(DYNAMIC_ITEMS) == {kind for kind in of_its_own(NumberedButton) if kind.__module__.startswith("bot.")}


@pytest.mark.parametrize("button", DYNAMIC_ITEMS, ids=lambda button: button.__name__)
def test_every_button_that_outlives_a_restart_does_something(button: Any) -> None:
    families: list[Any] = NumberedButton.__subclasses__()

    assert button not in families
    assert button.clicked is not NumberedButton.clicked
    assert button.act not in {family.act for family in families}


@pytest.mark.parametrize("custom_id", SENT)
def test_a_button_that_was_sent_is_still_the_same_button(custom_id: str) -> None:
    assert [kind.__name__ for kind in DYNAMIC_ITEMS if matches(kind, custom_id)] == [SENT[custom_id]]


def test_every_button_has_an_id_among_those_that_were_sent() -> None:
    assert {kind.__name__ for kind in DYNAMIC_ITEMS} == set(SENT.values())


@pytest.mark.parametrize("kind", DYNAMIC_ITEMS, ids=lambda kind: kind.__name__)
async def test_a_click_brings_the_button_back_from_its_id_alone(kind: type[NumberedButton]) -> None:
    sent = kind(2**60)
    match = matches(kind, sent.custom_id)

    assert match is not None
    again = await kind.from_custom_id(None, sent.item, match)  # type: ignore[arg-type]
    assert (type(again), again.number, again.custom_id) == (kind, 2**60, sent.custom_id)


@pytest.mark.parametrize("kind", [UpholdButton, DismissButton])
async def test_a_click_on_a_decided_case_stays_one(kind: type[UpholdButton | DismissButton]) -> None:
    sent = kind(3, again=True)
    match = matches(kind, sent.custom_id)

    assert match is not None
    again = await kind.from_custom_id(None, sent.item, match)  # type: ignore[arg-type]
    assert (again.again, again.custom_id) == (True, sent.custom_id)


async def test_buttons_stay_for_as_long_as_their_message_in_the_words_of_its_reader() -> None:
    say = speaker("de")
    view = lasting_view(*(kind(1, say) for kind in DYNAMIC_ITEMS[:3]))

    assert view.is_persistent()
    labels = [item.item.label for item in view.children if isinstance(item, discord.ui.DynamicItem)]
    assert labels == [say(kind.label) for kind in DYNAMIC_ITEMS[:3]]
    assert labels != [kind.label for kind in DYNAMIC_ITEMS[:3]]
