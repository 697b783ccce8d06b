"""Apps → Check for deepfake, and /check: who sees what, also after Discord's 15 minutes."""

from __future__ import annotations

import discord

from bot.answers import MOVES, TOKEN_S
from bot.client import FacepulseBot
from bot.services import Services
from core.store import HistoryFilter, Store
from core.types import AnswerPlace, Progress, Stage, VerdictLabel, WhoMayAsk
from tests.integration.bot.scene import CLIP, LOOK_EVERY_S, Scene
from tests.integration.bot.support import FakeWorker, report_for

MENU = "Check for deepfake"
QUARTER_H_S = 15 * 60.0


async def finish_fake(worker: FakeWorker) -> None:
    claim = await worker.claim()
    await worker.finish(claim, report_for(claim, VerdictLabel.LIKELY_FAKE))


async def test_the_context_menu_answers_the_asker_alone(scene: Scene, worker: FakeWorker, store: Store) -> None:
    bob = scene.guild.add_member(scene.env.create_user("bob"))
    posted = await bob.send(scene.channel, "look", attachments=[CLIP])
    asked = await scene.alice.context_menu(scene.channel, MENU, posted)
    assert asked.response is not None
    assert asked.response.ephemeral
    assert "Waiting to start" in asked.response.content

    await finish_fake(worker)
    await scene.wait()
    assert asked.response.content == "⚠️ Signs of manipulation: **clip.mp4**"
    assert [attachment.filename for attachment in asked.response.attachments] == ["evidence.png"]
    assert [message for message in scene.answers if not message.flags.ephemeral] == []
    check = await store.checks.get(1)
    assert check is not None
    assert (check.asker.requester_id, check.asker.poster_id) == (scene.alice.id, bob.id)


async def test_a_message_without_a_clip_is_told_so_alone(scene: Scene) -> None:
    posted = await scene.alice.send(scene.channel, "only words")
    asked = await scene.alice.context_menu(scene.channel, MENU, posted)

    assert asked.response is not None
    assert asked.response.ephemeral
    assert asked.response.content == "This message has no clip attached."


async def test_each_clip_of_the_message_gets_its_own_answer(scene: Scene, worker: FakeWorker) -> None:
    posted = await scene.alice.send(scene.channel, "two", attachments=[("a.mp4", b"a"), ("b.mp4", b"b")])
    asked = await scene.alice.context_menu(scene.channel, MENU, posted)
    for _ in range(2):
        await finish_fake(worker)
    await scene.wait()

    assert asked.response is not None
    shown = [asked.response, *asked.followups]
    assert [message.content.rsplit(" ")[-1] for message in shown] == ["**a.mp4**", "**b.mp4**"]
    assert all(message.ephemeral for message in shown)


async def test_check_answers_everyone_and_goes_on_in_the_same_message_after_15_minutes(
    scene: Scene, worker: FakeWorker
) -> None:
    asked = await scene.alice.slash(scene.channel, "check", video=CLIP)
    assert asked.response is not None
    assert not asked.response.ephemeral
    claim = await worker.claim()
    await scene.env.advance_time(QUARTER_H_S)
    await worker.tell(claim, Progress(Stage.FRAMES, 60, 240, 12.0))
    await scene.wait()
    assert "Looking at every frame" in asked.response.content

    await worker.finish(claim)
    await scene.wait()
    assert asked.response.content == "❔ Can't tell: **clip.mp4**"
    assert len(scene.answers) == 1


async def test_a_quiet_check_that_takes_longer_than_15_minutes_goes_on_by_direct_message(
    scene: Scene, worker: FakeWorker
) -> None:
    asked = await scene.alice.slash(scene.channel, "check", video=CLIP, quiet=True)
    assert asked.response is not None
    assert asked.response.ephemeral
    await scene.env.advance_time(QUARTER_H_S)
    await finish_fake(worker)
    await scene.wait()

    (private,) = scene.direct_messages
    assert private.content == "⚠️ Signs of manipulation: **clip.mp4**"
    assert "Post here" not in scene.labels(private)
    assert [message for message in scene.answers if not message.flags.ephemeral] == []


async def test_an_asker_who_takes_no_direct_messages_gets_a_hint_without_the_verdict(
    scene: Scene, worker: FakeWorker
) -> None:
    room = scene.alice.user.dm_channel
    scene.env.inject_error("POST", f"/channels/{room.id}/messages", status=403, code=50007, times=None)
    await scene.alice.slash(scene.channel, "check", video=CLIP, quiet=True)
    await scene.env.advance_time(QUARTER_H_S)
    await finish_fake(worker)
    await scene.wait()

    (hint,) = [message for message in scene.answers if not message.flags.ephemeral]
    assert "your check is done" in hint.content
    assert "manipulation" not in hint.content
    assert scene.pings == []


async def test_a_quiet_check_from_before_a_restart_is_answered_by_direct_message(
    scene: Scene, services: Services, worker: FakeWorker
) -> None:
    await scene.alice.slash(scene.channel, "check", video=CLIP, quiet=True)
    await scene.env.restart_bot(FacepulseBot(services, LOOK_EVERY_S))
    await finish_fake(worker)
    await scene.wait()

    (private,) = scene.direct_messages
    assert private.content == "⚠️ Signs of manipulation: **clip.mp4**"


async def test_check_is_quiet_where_the_server_wants_private_answers(scene: Scene, services: Services) -> None:
    await services.guilds.change(scene.guild.id, by=1, answer_place=AnswerPlace.PRIVATE)
    asked = await scene.alice.slash(scene.channel, "check", video=CLIP)

    assert asked.ephemeral


async def test_check_works_in_direct_messages(scene: Scene, store: Store) -> None:
    asked = await scene.alice.user.slash("check", video=CLIP)

    assert asked.response is not None
    assert "Waiting to start" in asked.response.content
    (row,) = await store.log.list(HistoryFilter())
    assert (row.asker.guild_id, row.asker.requester_id) == (None, scene.alice.id)


async def test_who_may_not_ask_is_told_so_alone(scene: Scene, services: Services, store: Store) -> None:
    await services.guilds.change(scene.guild.id, by=1, who_may_ask=WhoMayAsk.MODERATORS)
    asked = await scene.alice.slash(scene.channel, "check", video=CLIP)

    assert asked.response is not None
    assert asked.response.ephemeral
    assert asked.response.content == "In this server only moderators may ask for checks."
    assert await store.log.list(HistoryFilter()) == ()


async def test_a_private_answer_is_posted_for_all_by_its_button(scene: Scene, worker: FakeWorker) -> None:
    asked = await scene.alice.slash(scene.channel, "check", video=CLIP, quiet=True)
    await finish_fake(worker)
    await scene.wait()
    assert asked.response is not None
    posted = await scene.alice.click(asked.response, label="Post here")

    (public,) = posted.followups
    assert not public.ephemeral
    assert public.content == "⚠️ Signs of manipulation: **clip.mp4**"
    assert "Post here" not in scene.labels(asked.response.message)
    assert "Post here" not in scene.labels(public.message)


async def test_who_may_not_write_in_a_channel_cannot_post_there(scene: Scene, worker: FakeWorker) -> None:
    silent = scene.guild.create_text_channel(
        "read-only", overwrites={scene.guild.default_role: discord.PermissionOverwrite(send_messages=False)}
    )
    asked = await scene.alice.slash(silent, "check", video=CLIP, quiet=True)
    await finish_fake(worker)
    await scene.wait()
    assert asked.response is not None
    refused = await scene.alice.click(asked.response, label="Post here")

    assert refused.response is not None
    assert refused.response.ephemeral
    assert refused.response.content == "You may not post in this channel."
    assert refused.followups == []


async def test_an_answer_that_discord_no_longer_lets_change_goes_on_as_an_ordinary_message(
    scene: Scene, worker: FakeWorker
) -> None:
    asked = await scene.alice.slash(scene.channel, "check", video=CLIP)
    scene.env.inject_error("PATCH", "/webhooks/*/messages/@original", status=401, code=50027, times=None)
    await finish_fake(worker)
    await scene.wait()

    assert asked.response is not None
    assert asked.response.content == "⚠️ Signs of manipulation: **clip.mp4**"


async def test_a_used_up_budget_is_told_where_the_answer_would_be(scene: Scene, services: Services) -> None:
    await services.guilds.change(scene.guild.id, by=1, user_daily_budget=1)
    await scene.alice.slash(scene.channel, "check", video=CLIP, quiet=True)
    asked = await scene.alice.slash(scene.channel, "check", video=("other.mp4", b"other"), quiet=True)

    assert asked.response is not None
    assert asked.response.ephemeral
    assert asked.response.content.startswith("You have used all your checks of the last 24 hours")


async def test_an_attachment_that_is_no_video_or_picture_is_not_checked(scene: Scene, store: Store) -> None:
    asked = await scene.alice.slash(scene.channel, "check", video=("notes.txt", b"a letter"))

    assert asked.response is not None
    assert asked.response.content == "**notes.txt** is not a video or a picture."
    assert await store.log.list(HistoryFilter()) == ()


async def test_a_private_answer_says_where_it_goes_on_before_discord_closes_it(
    scene: Scene, worker: FakeWorker
) -> None:
    asked = await scene.alice.slash(scene.channel, "check", video=CLIP, quiet=True)
    claim = await worker.claim()
    await scene.env.advance_time(TOKEN_S)
    await worker.tell(claim, Progress(Stage.FRAMES, 60, 240, 12.0))
    await scene.wait()

    assert asked.response is not None
    assert asked.response.content == MOVES
    (private,) = scene.direct_messages
    assert "Looking at every frame" in private.content
    assert scene.labels(private) == ["Cancel"]
