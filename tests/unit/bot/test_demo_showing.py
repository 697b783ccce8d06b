"""The end of a demo while Discord is away, refuses it, or the message is gone."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock, Mock

import discord
import pytest

from bot.answers import Edit
from bot.demo_showing import NOT_TAKEN, DemoShower, upload
from bot.i18n import ENGLISH
from core.errors import DemoError
from core.services import demos as service
from core.services.demos import LabelledFile
from core.services.requests import CheckStatus
from core.store import Asker, Declaration, Demo, Origin, SwapModel
from core.types import GuildSettings
from tests.synth.logs import NOON
from tests.synth.wishes import GUILD, make_made, make_swap

MODEL = SwapModel(1, GUILD, "ron", "/ron", make_swap(), None, NOON, NOON, None)
DEMO = Demo(
    id=1, model=MODEL, status=CheckStatus.DONE, asker=Asker(Origin.DISCORD, 2, GUILD, 3), driver_name="me.mp4",
    driver_sha256="a" * 64, incoming_name=None, declaration=Declaration.SELF, declared_how="", requested_at=NOON,
    started_at=NOON, finished_at=NOON + timedelta(minutes=1), attempts=1, worker=None, progress=None, error_code=None,
    error_sentence=None, demo_id="0123abcd", provenance=make_made().provenance, file_name="file",
    file_sha256="b" * 64, size_bytes=8, answer_message_id=4, log_channel_id=5, log_message_id=6, deleted_at=None,
    expired_at=None,
)  # fmt: skip
FILE = LabelledFile(b"labelled", "0123abcd", make_made().provenance, service._READ_BACK)


def refusal(status: int) -> discord.HTTPException:
    kinds = {403: discord.Forbidden, 404: discord.NotFound, 503: discord.DiscordServerError}
    return kinds.get(status, discord.HTTPException)(Mock(status=status, reason=""), "")


def message(error: BaseException | None = None) -> Any:
    return Mock(spec=discord.PartialMessage, edit=AsyncMock(side_effect=error))


@pytest.mark.parametrize(
    ("error", "edit"),
    [(None, Edit.DONE), (refusal(404), Edit.GONE), (refusal(503), Edit.REFUSED), (OSError("away"), Edit.REFUSED)],
)
async def test_an_upload_says_how_it_went(error: BaseException | None, edit: Edit) -> None:
    assert await upload(message(error), FILE, "a label", None) is edit


@pytest.mark.parametrize("attempt", [copy.copy, pickle.dumps])
def test_what_is_uploaded_is_neither_copied_nor_stored(attempt: Callable[[object], object]) -> None:
    with pytest.raises(TypeError, match=r"only core\.services\.demos"):
        attempt(FILE)


@pytest.mark.parametrize("status", [400, 403, 413])
async def test_what_discord_says_no_to_is_not_tried_again(status: int) -> None:
    with pytest.raises(DemoError) as told:
        await upload(message(refusal(status)), FILE, "a label", None)
    assert str(told.value) == NOT_TAKEN


class Stage:
    """A shower whose demo is done, whose channel answers with `error`, and what it noted."""

    def __init__(self, error: BaseException | None, *, late: bool) -> None:
        self.failed = replace(DEMO, status=CheckStatus.FAILED, error_sentence=NOT_TAKEN, file_name=None)
        self.demos = Mock(
            look=AsyncMock(side_effect=[DEMO, self.failed]), is_late=Mock(return_value=late), refused=AsyncMock(),
            labelled=AsyncMock(return_value=FILE), shown=AsyncMock(), message_gone=AsyncMock(),
        )  # fmt: skip
        settings = GuildSettings(GUILD, mod_log_channel_id=5, demos_allowed=True)
        services = Mock(demos=self.demos, guilds=Mock(get=AsyncMock(return_value=settings)))
        channel = Mock(get_partial_message=Mock(return_value=message(error)))
        self.answer = Mock(show=AsyncMock(return_value=Edit.DONE), upload_limit=100)
        self.shower = DemoShower(Mock(get_partial_messageable=Mock(return_value=channel)), services)

    async def end(self) -> None:
        await self.shower._end(DEMO, self.answer, ENGLISH)


async def test_while_discord_is_away_the_demo_stays_open() -> None:
    stage = Stage(refusal(503), late=False)
    await stage.end()

    stage.demos.shown.assert_not_awaited()
    stage.demos.refused.assert_not_awaited()


async def test_after_an_hour_it_is_given_up_and_told() -> None:
    stage = Stage(refusal(503), late=True)
    await stage.end()

    stage.demos.refused.assert_awaited_once()
    assert NOT_TAKEN in stage.answer.show.await_args.args[0].text
    stage.demos.shown.assert_awaited_once_with(stage.failed, keep=False)


async def test_a_demo_whose_message_is_gone_is_over() -> None:
    stage = Stage(refusal(404), late=False)
    await stage.end()

    stage.demos.message_gone.assert_awaited_once_with(DEMO.id)
    stage.demos.shown.assert_awaited_once_with(DEMO, keep=False)
