"""What a person in a Discord channel sees, with the real discord.py client under simcord."""

import logging

import discord
import pytest

from bot.attachments import NOT_FETCHED
from bot.client import FacepulseBot
from bot.desk import Desk
from bot.following import INSIST_AFTER_S
from bot.questions import HIDDEN, HOW_TO
from bot.services import Services
from core.services.requests import CheckStatus, Origin
from core.store import HistoryFilter, Store
from core.types import Progress, Stage, VerdictLabel
from tests.integration.bot.conftest import MAX_BYTES
from tests.integration.bot.scene import CLIP, LOOK_EVERY_S, Scene
from tests.integration.bot.support import FakeWorker, report_for


async def test_a_mention_with_a_clip_is_answered_before_the_clip_is_fetched(scene: Scene) -> None:
    question = await scene.ask(CLIP)

    assert scene.sent_texts()[0] == "Looking at **clip.mp4**…"
    assert scene.answer.reference is not None
    assert scene.answer.reference.message_id == question.id


async def test_one_message_goes_from_the_queue_through_progress_to_the_verdict(
    scene: Scene, worker: FakeWorker
) -> None:
    await scene.ask(CLIP)
    assert "Waiting to start" in scene.answer.content

    claim = await worker.claim()
    await worker.tell(claim, Progress(Stage.FRAMES, 60, 240, 12.0))
    await scene.wait()
    assert "Looking at every frame" in scene.answer.content
    assert "25%" in scene.answer.content
    assert "about 12 s left" in scene.answer.content

    await worker.finish(claim, report_for(claim, VerdictLabel.LIKELY_FAKE))
    await scene.wait()
    (embed,) = scene.answer.embeds
    assert embed.title == "⚠️ Signs of manipulation"
    assert scene.answer.content == "⚠️ Signs of manipulation: **clip.mp4**"
    assert [attachment.filename for attachment in scene.answer.attachments] == ["evidence.png"]


async def test_the_log_says_who_asked_and_where(scene: Scene, store: Store) -> None:
    question = await scene.ask(CLIP)

    (row,) = await store.log.list(HistoryFilter())
    assert (row.source_name, row.asker.origin) == ("clip.mp4", Origin.DISCORD)
    assert (row.asker.requester_id, row.asker.guild_id) == (scene.alice.id, scene.guild.id)
    assert (row.asker.channel_id, row.asker.message_id) == (scene.channel.id, question.id)
    check = await store.checks.get(row.id)
    assert check is not None
    assert check.answer_message_id == scene.answer.id


async def test_the_place_in_the_queue_is_told(scene: Scene) -> None:
    await scene.ask(CLIP)
    await scene.ask(("other.mp4", b"another clip"))

    assert "Waiting: 1 clip before this one" in scene.answers[-1].content


async def test_a_mention_without_a_clip_gets_the_instructions(scene: Scene) -> None:
    await scene.ask(text="hello")

    assert scene.answer.content == HOW_TO


async def test_an_attachment_that_is_no_video_or_picture_is_told_so_and_not_checked(scene: Scene, store: Store) -> None:
    await scene.ask(("notes.txt", b"a letter"))

    assert scene.answer.content.startswith("**notes.txt** is not a video or a picture")
    assert await store.log.list(HistoryFilter()) == ()


@pytest.mark.parametrize("name", ["photo.png", "photo.JPG", "loop.gif"])
async def test_pictures_are_checked_too(scene: Scene, store: Store, name: str) -> None:
    await scene.ask((name, b"a picture"))

    assert "Waiting to start" in scene.answer.content
    assert len(await store.log.list(HistoryFilter())) == 1


async def test_a_clip_over_the_limit_is_refused_before_it_is_fetched(scene: Scene, store: Store) -> None:
    await scene.ask(("big.mp4", b"x" * (MAX_BYTES + 1)))

    assert "**big.mp4**" in scene.answer.content
    assert "the largest clip that I check" in scene.answer.content
    assert await store.log.list(HistoryFilter()) == ()


async def test_a_check_that_fails_ends_in_its_sentence(scene: Scene, worker: FakeWorker) -> None:
    await scene.ask(CLIP)
    await worker.fail(await worker.claim(), "unreadable", "The file is not a video that can be read.")
    await scene.wait()

    assert scene.answer.content == "**clip.mp4**: The file is not a video that can be read."
    assert scene.answer.embeds == []


async def test_a_cancelled_check_says_so(scene: Scene, desk: Desk) -> None:
    await scene.ask(CLIP)
    assert await desk.take_back(1)
    await scene.wait()

    assert scene.answer.content == "**clip.mp4**: this check was cancelled."


async def test_the_same_clip_again_is_answered_at_once_from_the_log(scene: Scene, worker: FakeWorker) -> None:
    await scene.ask(CLIP)
    await worker.finish(await worker.claim())
    await scene.wait()
    await scene.ask(("renamed.mp4", CLIP[1]))

    (embed,) = scene.answers[-1].embeds
    assert embed.description is not None
    assert "This clip was checked before: case 1." in embed.description
    assert "case 2" in (embed.footer.text or "")
    assert [attachment.filename for attachment in scene.answers[-1].attachments] == ["evidence.png"]


async def test_each_of_several_clips_gets_its_own_answer(scene: Scene, worker: FakeWorker) -> None:
    await scene.ask(("a.mp4", b"a"), ("b.mp4", b"b"))
    for _ in range(2):
        await worker.finish(await worker.claim())
    await scene.wait()

    assert {message.content for message in scene.answers} == {"❔ Can't tell: **a.mp4**", "❔ Can't tell: **b.mp4**"}


async def test_messages_of_other_bots_are_ignored(scene: Scene) -> None:
    robot = scene.guild.add_member(scene.env.create_user("robot", bot=True))
    await robot.send(scene.channel, f"{scene.me} look", attachments=[CLIP])

    assert scene.answers == []


async def test_clips_without_a_mention_and_for_everyone_are_ignored(scene: Scene) -> None:
    await scene.alice.send(scene.channel, "look", attachments=[CLIP])
    await scene.alice.send(scene.channel, "@everyone look", attachments=[CLIP])

    assert scene.answers == []


async def test_a_direct_message_needs_no_mention(scene: Scene, store: Store) -> None:
    room = scene.alice.user.dm_channel
    await scene.alice.send_dm("this one", attachments=scene.env.backend.store_attachments(room.id, [CLIP]))

    (row,) = await store.log.list(HistoryFilter())
    assert row.asker.guild_id is None
    assert row.asker.requester_id == scene.alice.id


@pytest.mark.simcord(approved_intents=discord.Intents.default())
async def test_a_mention_in_reply_to_a_clip_that_discord_hides_says_what_to_do_instead(scene: Scene) -> None:
    bob = scene.guild.add_member(scene.env.create_user("bob"))
    posted = await bob.send(scene.channel, "look at this", attachments=[CLIP])
    await scene.alice.send(scene.channel, scene.me, reply_to=posted)

    assert scene.answer.content == HIDDEN


async def test_a_mention_in_reply_to_a_clip_that_shows_checks_it(scene: Scene, store: Store) -> None:
    posted = await scene.ask(CLIP)
    await scene.alice.send(scene.channel, f"{scene.me} again please", reply_to=posted)

    assert [row.source_name for row in await store.log.list(HistoryFilter())] == ["clip.mp4", "clip.mp4"]


async def test_thanks_in_reply_to_an_answer_are_not_a_question(scene: Scene, worker: FakeWorker) -> None:
    await scene.ask(CLIP)
    await worker.finish(await worker.claim())
    await scene.wait()
    await scene.alice.send(scene.channel, "thanks", reply_to=scene.answer)

    assert len(scene.answers) == 1


async def test_the_answer_mentions_no_one(scene: Scene) -> None:
    await scene.ask((f"<@{scene.alice.id}>@everyone.mp4", b"clip"))

    assert scene.answer.mentions == []
    assert not scene.answer.mention_everyone


async def test_a_channel_where_it_may_not_write_is_a_line_in_the_log(
    scene: Scene, caplog: pytest.LogCaptureFixture, store: Store
) -> None:
    scene.env.inject_error("POST", "/channels/*/messages", status=403)
    with caplog.at_level(logging.WARNING):
        await scene.ask(CLIP)

    assert "cannot answer in channel" in caplog.text
    assert "Traceback" not in caplog.text
    assert await store.log.list(HistoryFilter()) == ()


async def test_a_deleted_answer_leaves_the_check_in_the_log(
    scene: Scene, worker: FakeWorker, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    await scene.ask(CLIP)
    await scene.answer.delete()
    with caplog.at_level(logging.WARNING):
        await worker.finish(await worker.claim())
        await scene.wait()

    check = await store.checks.get(1)
    assert check is not None
    assert check.status is CheckStatus.DONE
    assert "cannot change message" in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_refused_picture_does_not_cost_the_verdict(scene: Scene, worker: FakeWorker) -> None:
    await scene.ask(CLIP)
    await worker.finish(await worker.claim())
    scene.env.inject_error("PATCH", "/channels/*/messages/*", status=413, times=1)
    await scene.wait()

    assert [embed.title for embed in scene.answer.embeds] == ["❔ Can't tell"]
    assert scene.answer.attachments == []


async def test_progress_that_discord_does_not_take_does_not_cost_the_verdict(scene: Scene, worker: FakeWorker) -> None:
    await scene.ask(CLIP)
    claim = await worker.claim()
    await worker.tell(claim, Progress(Stage.FRAMES, 60, 240, 12.0))
    scene.env.inject_error("PATCH", "/channels/*/messages/*", status=400, times=1)
    await scene.wait()
    await worker.finish(claim)
    await scene.wait()

    assert scene.answer.content == "❔ Can't tell: **clip.mp4**"


async def test_a_verdict_that_discord_does_not_take_is_sent_again(scene: Scene, worker: FakeWorker) -> None:
    await scene.ask(CLIP)
    await worker.finish(await worker.claim())
    scene.env.inject_error("PATCH", "/channels/*/messages/*", status=400, times=2)  # with the picture and without
    await scene.wait()
    assert scene.answer.embeds == []
    await scene.env.advance_time(INSIST_AFTER_S[0])

    assert scene.answer.content == "❔ Can't tell: **clip.mp4**"


async def test_a_clip_that_discord_no_longer_has_is_told_so(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(self: discord.Attachment, **_: object) -> bytes:
        raise OSError("gone")

    monkeypatch.setattr(discord.Attachment, "read", gone)
    await scene.ask(CLIP)

    assert scene.answer.content == f"**clip.mp4**: {NOT_FETCHED}"


async def test_after_a_restart_the_same_message_gets_the_answer(
    scene: Scene, services: Services, worker: FakeWorker
) -> None:
    await scene.ask(CLIP)
    await scene.env.restart_bot(FacepulseBot(services, LOOK_EVERY_S))
    await worker.finish(await worker.claim())
    await scene.wait()

    assert scene.answer.content == "❔ Can't tell: **clip.mp4**"
