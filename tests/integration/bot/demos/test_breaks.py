"""Demos that are taken back, and those that a restart or a closed channel comes between."""

from __future__ import annotations

import asyncio

from bot.client import FacepulseBot
from bot.cogs.demos import DemosCog
from core.services import demos as rules
from core.store import Asker, CheckStatus, Declaration, Origin
from tests.integration.bot.demos.scene import CLIP, Scene
from tests.integration.bot.seen import told_alone
from tests.synth.logs import becomes


async def stopped(scene: Scene) -> None:
    """Have the bot look after its demos no longer, as if its process had ended."""
    cog = scene.env.bot.cogs["DemosCog"]
    assert isinstance(cog, DemosCog)
    await cog.cog_unload()


async def restarted(scene: Scene) -> None:
    """Have the bot take up what is left open, as a new process does."""
    assert isinstance(scene.env.bot, FacepulseBot)
    cog = DemosCog(scene.env.bot, scene.services)
    scene.later_cogs.append(cog)
    await cog.cog_load()
    await scene.wait()


async def asked_without_a_message(scene: Scene) -> None:
    """Leave a demo as a process does that ends between asking for it and posting its message."""
    asker = Asker(Origin.DISCORD, scene.mo.id, scene.guild.id, scene.channel.id, None, scene.mo.id)
    wish = rules.Wish("ron", asker, "me.mp4", Declaration.SELF)
    await scene.services.demos.ask(wish, CLIP[1], await scene.services.guilds.get(scene.guild.id))


async def is_over(scene: Scene) -> bool:
    return await scene.store.demos.is_answered(1)


async def test_who_asked_and_moderators_can_cancel(scene: Scene) -> None:
    await scene.declare()
    result = await scene.alice.click(scene.answer, label="Cancel")
    assert "Only who asked, or a moderator" in told_alone(result)

    await scene.anna.click(scene.answer, label="Cancel")
    await scene.wait()

    assert scene.answer.content == "🎭 **me.mp4**: this demo was cancelled."
    assert scene.labels(scene.answer) == []
    assert scene.files == []
    assert await scene.store.demos.is_answered(1)


async def test_deleting_the_message_takes_the_demo_back(scene: Scene) -> None:
    scene.studio.go.clear()
    await scene.declare()
    working = asyncio.create_task(scene.worker.work_once(asyncio.Event()))
    while not scene.studio.told:  # noqa: ASYNC110 - the studio works in a thread
        await asyncio.sleep(0.01)
    await scene.answer.delete()
    await scene.wait()
    await scene.wait()

    assert await asyncio.wait_for(working, 60)
    assert (await scene.demo()).status is CheckStatus.CANCELLED
    assert scene.answers == []


async def test_the_end_is_shown_after_a_restart_and_once(scene: Scene) -> None:
    await scene.declare()
    await stopped(scene)
    assert await scene.worker.work_once(asyncio.Event())
    await scene.wait()
    assert scene.answer.attachments == [], "nobody looks"

    for _ in range(2):
        await restarted(scene)
        await becomes(lambda: is_over(scene))

    assert len(scene.answer.attachments) == 1
    assert len(scene.told_moderators()) == 1


async def test_a_demo_that_lost_its_message_in_a_restart_gets_one(scene: Scene) -> None:
    await asked_without_a_message(scene)

    assert await scene.worker.work_once(asyncio.Event())

    await restarted(scene)
    await becomes(lambda: is_over(scene))

    assert len(scene.answer.attachments) == 1


async def test_a_demo_whose_channel_is_closed_after_a_restart_is_given_up(scene: Scene) -> None:
    await asked_without_a_message(scene)
    scene.env.inject_error("POST", f"/channels/{scene.channel.id}/messages", status=403, code=50013, times=None)

    await restarted(scene)

    await becomes(lambda: is_over(scene))
    assert (await scene.demo()).status is CheckStatus.CANCELLED
    assert scene.files == []
