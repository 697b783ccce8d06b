"""How often a message is changed while its check runs, on a clock that the test moves."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from bot import following
from bot.answers import Content, Edit
from bot.desk import CheckView
from bot.following import Follower
from bot.i18n import ENGLISH
from core.errors import StoreError
from core.services.requests import CheckStatus
from core.types import Progress, Stage

LOOK_EVERY_S = 0.5
LASTS_S = 20.0
NOTED_AT = 5


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds


class RunningDesk:
    """A desk whose only check moves on with every look, and is cancelled after `LASTS_S`."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self._looks = 0
        self.notes = 0

    async def look(self, check_id: int) -> CheckView:
        self._looks += 1
        over = self._time.now_s >= 100.0 + LASTS_S
        status = CheckStatus.CANCELLED if over else CheckStatus.RUNNING
        return CheckView(check_id, "a.mp4", status, progress=Progress(Stage.FRAMES, self._looks, 400, None))

    async def answered(self, check_id: int) -> None:
        """The log cannot be written for a while."""
        self.notes += 1
        if self.notes < NOTED_AT:
            raise StoreError("The database cannot be written: the disk is full.")

    def answering(self, check_id: int) -> nullcontext[bool]:
        """No other bot is there."""
        return nullcontext(enter_result=True)


class Shown:
    """An answer that notes when it was changed, and to what; it may be deleted from the start."""

    may_be_posted = False
    upload_limit = 1000

    def __init__(self, time: Time, edit: Edit = Edit.DONE) -> None:
        self._time = time
        self._edit = edit
        self.changes: list[tuple[float, str]] = []

    async def show(self, content: Content) -> Edit:
        self.changes.append((self._time.now_s, content.text))
        return self._edit


async def _nobody_is_told(*_: object) -> None:
    """No moderation log is there."""


async def follow(monkeypatch: pytest.MonkeyPatch, edit: Edit = Edit.DONE) -> Shown:
    time = Time()
    monkeypatch.setattr(following.time, "monotonic", time.monotonic)
    monkeypatch.setattr(following.asyncio, "sleep", time.sleep)
    desk = RunningDesk(time)
    services: Any = SimpleNamespace(desk=desk)
    bot: Any = SimpleNamespace(look_every_s=LOOK_EVERY_S)
    shown = Shown(time, edit)
    check = CheckView(1, "a.mp4", CheckStatus.RUNNING, progress=Progress(Stage.FRAMES, 0, 400, None))
    await Follower(bot, services, _nobody_is_told).follow(check, shown, ENGLISH)
    assert desk.notes == NOTED_AT
    return shown


async def test_progress_is_shown_at_once_and_then_at_most_every_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = await follow(monkeypatch)
    times_s = [when_s for when_s, _ in shown.changes[:-1]]

    assert times_s[0] == 100.0
    assert min(b - a for a, b in pairwise(times_s)) >= 2.0
    assert len(times_s) == LASTS_S / 2.0
    assert shown.changes[-1][1] == "**a.mp4**: this check was cancelled."


async def test_a_deleted_message_is_tried_once_more_for_the_answer_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = await follow(monkeypatch, Edit.GONE)

    assert [text.splitlines()[0] for _, text in shown.changes] == [
        "Looking at **a.mp4**…",
        "**a.mp4**: this check was cancelled.",
    ]


async def test_a_verdict_stays_shown_while_it_cannot_be_noted_that_it_was_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = await follow(monkeypatch)

    assert "disk is full" not in shown.changes[-1][1]
    assert shown.changes[-1][1] == "**a.mp4**: this check was cancelled."


class OverdueDesk:
    """A desk with one answer that nobody shows; the log is away at the first look."""

    def __init__(self) -> None:
        self.looks = 0

    async def overdue(self) -> tuple[CheckView, ...]:
        self.looks += 1
        if self.looks == 1:
            raise StoreError("The database is busy; try again in a moment.")
        return (CheckView(7, "a.mp4", CheckStatus.DONE),)


class TestAnswersThatNobodyShows:
    """They are looked for as long as the bot runs; time passes only by its own pauses."""

    async def taken_up(self, monkeypatch: pytest.MonkeyPatch, looks: int, *, followed: bool = False) -> list[float]:
        """When the answer was taken up within so many looks, in pauses between looks."""
        time, desk, taken = Time(), OverdueDesk(), []
        bot: Any = SimpleNamespace(look_every_s=LOOK_EVERY_S)
        services: Any = SimpleNamespace(desk=desk)
        follower = Follower(bot, services, _nobody_is_told)
        pause_s, real_sleep = LOOK_EVERY_S * following.KEEP_UP, asyncio.sleep

        async def sleep(seconds: float) -> None:
            await real_sleep(0)
            await time.sleep(seconds)
            if desk.looks == looks:
                raise asyncio.CancelledError

        async def take_up(check: CheckView) -> None:
            taken.append((time.now_s - 100.0) / pause_s)

        monkeypatch.setattr(following.time, "monotonic", time.monotonic)
        monkeypatch.setattr(following.asyncio, "sleep", sleep)
        monkeypatch.setattr(follower, "_take_up", take_up)
        with follower._at_work(7) if followed else nullcontext(), pytest.raises(asyncio.CancelledError):
            await follower.keep_up()
        return taken

    async def test_they_are_shown_when_the_log_is_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert await self.taken_up(monkeypatch, looks=2) == [2.0]

    async def test_one_that_discord_does_not_take_is_tried_again_after_twice_as_long_each_time(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        taken = await self.taken_up(monkeypatch, looks=34)

        assert taken == [2.0, 3.0, 5.0, 9.0, 17.0, 33.0]

    async def test_one_that_this_process_follows_is_left_to_that(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert await self.taken_up(monkeypatch, looks=4, followed=True) == []
