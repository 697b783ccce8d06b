"""What people see while the log is away, and when a bot process dies at the worst moment: no question is lost."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import discord
import pytest

from bot import embeds, following, intake
from bot.answers import nonce
from bot.client import FacepulseBot
from bot.cogs import asking
from bot.cogs.asking import IN_PRIVATE
from bot.desk import CheckView, Desk
from bot.i18n import ENGLISH
from bot.services import Services
from core.errors import StoreError
from core.services import requests
from core.services.requests import Asker, Origin, ShownAt
from core.store import Check, CheckStatus, HistoryFilter, Store
from core.store.rows import GAVE_UP
from core.store.sentences import UNREACHED
from core.types import AnswerPlace
from tests.integration.bot.scene import CLIP, LOOK_EVERY_S, Scene
from tests.integration.bot.support import FakeWorker
from tests.synth.outages import Outage

AWAY = f"Looking at **clip.mp4**…\n{embeds.AWAY}"
VERDICT = "❔ Can't tell: **clip.mp4**"
KEEP_UP_S = LOOK_EVERY_S * following.KEEP_UP
AWAY_S = LOOK_EVERY_S
"""Not the few seconds that the bot waits in truth: simcord would wait for them too, and have little time left."""


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (asking, following, intake):
        monkeypatch.setattr(module, "AWAY_S", AWAY_S)


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch) -> Outage:
    return Outage(monkeypatch)


async def checks(store: Store) -> list[Check]:
    found = [await store.checks.get(row.id) for row in await store.log.list(HistoryFilter())]
    return [check for check in found if check is not None]


async def is_answered(store: Store, check: Check) -> bool:
    return await store.checks.is_answered(check.id)


def another_bot(services: Services) -> FacepulseBot:
    return FacepulseBot(services, LOOK_EVERY_S)


async def test_a_log_that_goes_away_during_a_check_is_said_and_outlasted(
    scene: Scene, store: Store, worker: FakeWorker, outage: Outage
) -> None:
    await scene.ask(CLIP)
    claim = await worker.claim()
    outage.away = True
    await scene.wait()
    await scene.wait()
    assert scene.answer.content == AWAY

    outage.away = False
    await worker.finish(claim)
    await scene.wait()

    assert scene.answer.content == VERDICT
    assert await is_answered(store, claim)


async def test_an_answer_that_was_shown_while_the_log_was_away_is_noted_when_it_is_back(
    scene: Scene, store: Store, worker: FakeWorker, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.ask(CLIP)
    claim = await worker.claim()
    await worker.finish(claim)
    edit = discord.Message.edit

    async def lose_log(message: discord.Message, **values: object) -> discord.Message:
        outage.away = True
        return await edit(message, **values)  # type: ignore[arg-type]

    monkeypatch.setattr(discord.Message, "edit", lose_log)
    await scene.wait()
    assert scene.answer.content == VERDICT
    assert outage.refused > 0

    outage.away = False
    await scene.env.advance_time(AWAY_S)

    assert await is_answered(store, claim)
    assert scene.answer.content == VERDICT


async def test_a_log_that_goes_away_after_the_sign_of_life_loses_no_question(
    scene: Scene, store: Store, worker: FakeWorker, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = discord.Attachment.read

    async def lose_log(attachment: discord.Attachment) -> bytes:
        outage.away = True
        return await read(attachment)

    monkeypatch.setattr(discord.Attachment, "read", lose_log)
    await scene.ask(CLIP)
    assert scene.answer.content == AWAY

    monkeypatch.setattr(discord.Attachment, "read", read)
    outage.away = False
    await scene.env.advance_time(AWAY_S)
    await worker.finish(await worker.claim())
    await scene.wait()

    assert scene.answer.content == VERDICT
    assert len(await checks(store)) == 1


async def test_a_question_while_the_log_is_away_gets_one_sentence_and_no_promise(
    scene: Scene, store: Store, outage: Outage
) -> None:
    outage.away = True
    await scene.ask(CLIP)
    outage.away = False

    assert scene.answer.content == UNREACHED
    assert await checks(store) == []


async def test_a_bot_that_starts_while_the_log_is_away_goes_on_when_it_is_back(
    scene: Scene, services: Services, store: Store, worker: FakeWorker, outage: Outage
) -> None:
    await scene.ask(CLIP)
    claim = await worker.claim()
    outage.away = True
    await scene.env.restart_bot(another_bot(services))
    outage.away = False
    await worker.finish(claim)
    await scene.env.advance_time(AWAY_S)

    assert scene.answer.content == VERDICT
    assert await is_answered(store, claim)


async def test_a_dead_letter_that_is_tried_again_reaches_who_asked(
    scene: Scene, store: Store, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "OVERDUE_AFTER", timedelta(0))
    await scene.ask(CLIP)
    claim = await worker.claim()
    assert await store.queue.fail(claim, GAVE_UP, "It was given up.", datetime.now(UTC))
    await scene.wait()
    assert scene.answer.content == "**clip.mp4**: It was given up."

    assert await requests.retry(store, claim.id)
    again = await worker.claim()
    await worker.finish(again)
    await scene.let_pass(KEEP_UP_S)

    assert scene.answer.content == VERDICT
    assert await is_answered(store, claim)


async def die_before_the_row(scene: Scene, services: Services, patch: pytest.MonkeyPatch) -> None:
    """Ask, and have the process die after its sign of life and before the check is in the log."""
    read = discord.Attachment.read

    async def ends(attachment: discord.Attachment) -> bytes:
        raise asyncio.CancelledError

    patch.setattr(discord.Attachment, "read", ends)
    await scene.ask(CLIP)
    patch.setattr(discord.Attachment, "read", read)
    await scene.env.restart_bot(another_bot(services))


async def test_a_question_whose_bot_died_after_the_sign_of_life_is_answered_in_that_message(
    scene: Scene, services: Services, store: Store, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await die_before_the_row(scene, services, monkeypatch)
    await worker.finish(await worker.claim())
    await scene.wait()

    assert scene.answer.content == VERDICT
    assert len(await checks(store)) == 1
    assert await services.desk.begun_questions() == ()


async def test_a_question_is_gone_on_with_when_the_log_is_back(
    scene: Scene, services: Services, store: Store, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_asked, tries = Desk.is_asked, []

    async def away_at_first(desk: Desk, asker: Asker, since: datetime) -> bool:
        tries.append(asker)
        if len(tries) == 1:
            raise StoreError(UNREACHED)
        return await is_asked(desk, asker, since)

    monkeypatch.setattr(Desk, "is_asked", away_at_first)
    await die_before_the_row(scene, services, monkeypatch)
    await scene.env.advance_time(AWAY_S)
    await worker.finish(await worker.claim())
    await scene.wait()

    assert scene.answer.content == VERDICT
    assert (len(await checks(store)), len(tries)) == (1, 2)


async def test_a_message_that_is_gone_is_not_gone_on_with(
    scene: Scene, services: Services, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await services.desk.begin_question(1, scene.channel.id)
    await scene.env.restart_bot(another_bot(services))

    assert await services.desk.begun_questions() == ()
    assert scene.answers == []


async def test_a_private_question_whose_bot_died_is_answered_in_its_direct_message(
    scene: Scene, services: Services, store: Store, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await services.guilds.change(scene.guild.id, by=1, answer_place=AnswerPlace.PRIVATE)
    await die_before_the_row(scene, services, monkeypatch)
    await worker.finish(await worker.claim())
    await scene.wait()

    assert [message.content for message in scene.direct_messages] == [VERDICT]
    assert scene.answer.content == IN_PRIVATE
    assert len(await checks(store)) == 1


async def test_after_a_restart_a_private_answer_comes_in_the_message_that_showed_its_progress(
    scene: Scene, services: Services, worker: FakeWorker
) -> None:
    await services.guilds.change(scene.guild.id, by=1, answer_place=AnswerPlace.PRIVATE)
    await scene.ask(CLIP)
    claim = await worker.claim()
    await scene.env.restart_bot(another_bot(services))
    await worker.finish(claim)
    await scene.wait()

    assert [message.content for message in scene.direct_messages] == [VERDICT]


async def test_a_question_that_is_in_the_log_already_is_not_asked_again_after_a_restart(
    scene: Scene, services: Services, store: Store, worker: FakeWorker
) -> None:
    asked = await scene.ask(CLIP)
    await worker.finish(await worker.claim())
    await scene.wait()
    await services.desk.begin_question(asked.id, asked.channel.id)  # as if the process had died before it was ended
    await scene.env.restart_bot(another_bot(services))

    assert len(await checks(store)) == 1
    assert scene.answer.content == VERDICT
    assert await services.desk.begun_questions() == ()


async def test_two_bots_that_saw_one_message_log_it_once(services: Services) -> None:
    asker = Asker(Origin.DISCORD, requester_id=1, guild_id=2, channel_id=3, message_id=4, attachment_id=5)
    place = ShownAt(3, 6)

    async def hand_in() -> CheckView:
        return await services.desk.hand_in(b"a clip", "clip.mp4", asker, place)

    first, second = await asyncio.gather(hand_in(), hand_in())

    assert first.id == second.id
    assert first.answer_at == second.answer_at == place
    assert first.status is CheckStatus.QUEUED


async def test_an_answer_that_another_process_shows_is_not_shown_again(
    scene: Scene, store: Store, worker: FakeWorker
) -> None:
    await scene.ask(CLIP)
    claim = await worker.claim()
    await worker.finish(claim)
    await store.checks.mark_answered(claim.id, datetime.now(UTC))
    await scene.wait()

    assert VERDICT not in scene.sent_texts()


def test_a_message_has_the_same_nonce_in_every_process_and_another_one_else() -> None:
    assert nonce("sign", 1, 2) == nonce("sign", 1, 2)
    assert nonce("sign", 1, 2) != nonce("sign", 12, "")
    assert len(nonce("sign", 1 << 64, "x" * 5000)) <= 25


def test_what_is_said_while_the_log_is_away_promises_no_verdict() -> None:
    assert embeds.away_text(ENGLISH, "clip.mp4") == AWAY
