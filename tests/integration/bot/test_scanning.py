"""Scanned channels: new clips are checked in the background, and only what is flagged speaks."""

from __future__ import annotations

import discord
import pytest
import simcord

from bot.client import FacepulseBot
from bot.services import Services
from core.services.requests import Origin
from core.store import Check, HistoryFilter, Store
from core.types import VerdictLabel
from tests.integration.bot.scene import CLIP, LOOK_EVERY_S, Scene
from tests.integration.bot.support import FakeWorker, report_for


@pytest.fixture
def simcord_bot(services: Services) -> FacepulseBot:
    """A bot that may read all messages."""
    return FacepulseBot(services, LOOK_EVERY_S, message_content=True)


@pytest.fixture
async def scanned(scene: Scene, services: Services) -> Scene:
    """A server whose only channel is scanned."""
    await services.guilds.change(scene.guild.id, by=1, scan_channel_ids=(scene.channel.id,))
    return scene


async def only_check(store: Store) -> Check:
    check = await store.checks.get(1)
    assert check is not None
    assert len(await store.log.list(HistoryFilter())) == 1
    return check


async def finish(scene: Scene, worker: FakeWorker, label: VerdictLabel) -> None:
    claim = await worker.claim()
    await worker.finish(claim, report_for(claim, label))
    for _ in range(4):
        await scene.wait()


async def test_a_clip_is_checked_without_a_word_and_after_those_that_people_wait_for(
    scanned: Scene, store: Store, worker: FakeWorker
) -> None:
    posted = await scanned.alice.send(scanned.channel, "look", attachments=[CLIP])
    check = await only_check(store)
    assert (check.asker.origin, check.asker.requester_id) == (Origin.SCAN, None)
    assert (check.asker.poster_id, check.asker.message_id) == (scanned.alice.id, posted.id)
    await scanned.ask(("asked.mp4", b"asked later"))
    assert (await worker.claim()).source_name == "asked.mp4"
    assert len(scanned.answers) == 1


async def test_only_a_flagged_clip_speaks_and_only_in_the_moderation_log(
    scanned: Scene, services: Services, worker: FakeWorker
) -> None:
    log = scanned.guild.create_text_channel("mod-log")
    await services.guilds.change(scanned.guild.id, by=1, mod_log_channel_id=log.id)
    await scanned.alice.send(scanned.channel, "fine", attachments=[("real.mp4", b"real")])
    await finish(scanned, worker, VerdictLabel.LIKELY_REAL)
    assert log.history() == []

    await scanned.alice.send(scanned.channel, "look", attachments=[("fake.mp4", b"fake")])
    await finish(scanned, worker, VerdictLabel.LIKELY_FAKE)
    assert len(log.history()) == 1
    assert scanned.answers == []


async def test_other_channels_still_pictures_and_exempt_roles_are_not_scanned(
    scanned: Scene, services: Services, store: Store
) -> None:
    other = scanned.guild.create_text_channel("other")
    role = scanned.guild.create_role("trusted")
    trusted = scanned.guild.add_member(scanned.env.create_user("bob"), roles=[role])
    await services.guilds.change(scanned.guild.id, by=1, exempt_role_ids=(role.id,))
    await scanned.alice.send(other, "look", attachments=[CLIP])
    await scanned.alice.send(scanned.channel, "look", attachments=[("photo.png", b"a picture")])
    await trusted.send(scanned.channel, "look", attachments=[CLIP])

    assert await store.log.list(HistoryFilter()) == ()


async def test_scans_stop_where_the_budget_of_the_server_is_used_up(
    scanned: Scene, services: Services, store: Store
) -> None:
    await services.guilds.change(scanned.guild.id, by=1, guild_daily_budget=1)
    await scanned.alice.send(scanned.channel, "look", attachments=[CLIP])
    await scanned.alice.send(scanned.channel, "look", attachments=[("other.mp4", b"other")])

    await only_check(store)


async def test_without_the_intent_nothing_is_scanned(services: Services, store: Store) -> None:
    async with simcord.run(FacepulseBot(services, LOOK_EVERY_S)) as env:
        scene = Scene(env)
        await services.guilds.change(scene.guild.id, by=1, scan_channel_ids=(scene.channel.id,))
        await scene.alice.send(scene.channel, "look", attachments=[CLIP])

        assert await store.log.list(HistoryFilter()) == ()


async def test_a_scan_that_ended_while_the_bot_was_down_is_still_flagged(
    scanned: Scene, services: Services, worker: FakeWorker
) -> None:
    await scanned.alice.send(scanned.channel, "look", attachments=[CLIP])
    claim = await worker.claim()
    await scanned.env.restart_bot(FacepulseBot(services, LOOK_EVERY_S, message_content=True))
    await worker.finish(claim, report_for(claim, VerdictLabel.LIKELY_FAKE))
    await scanned.env.restart_bot(FacepulseBot(services, LOOK_EVERY_S, message_content=True))

    assert await services.reviews.get(claim.id, scanned.guild.id) is not None


def test_the_content_of_messages_is_asked_for_only_when_it_is_set(services: Services) -> None:
    assert not FacepulseBot(services).intents.message_content
    assert FacepulseBot(services, message_content=True).intents.message_content
    assert discord.Intents.default().value | FacepulseBot(services).intents.value == discord.Intents.default().value
