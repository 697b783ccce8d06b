"""The ways of asking by a message, as the people in the channel see them."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import discord
import pytest
import simcord

from bot.admission import Person
from bot.attachments import MOST_CLIPS
from bot.client import FacepulseBot
from bot.cogs.asking import EDITED_WITHIN, IN_PRIVATE, NO_DIRECT_MESSAGES
from bot.following import INSIST_AFTER_S
from bot.i18n import ENGLISH
from bot.intake import Intake
from bot.missed import NOT_OLDER_THAN
from bot.questions import GONE, HIDDEN_FOR_A_ROLE, NO_ACCESS, NO_CLIP_THERE, ONLY_ATTACHED
from bot.services import Services
from core.errors import StoreError
from core.store import HistoryFilter, Store
from core.types import AnswerPlace, VerdictLabel, WhoMayAsk
from tests.integration.bot.scene import CLIP, LOOK_EVERY_S, Scene
from tests.integration.bot.support import FakeWorker, report_for

UNPRIVILEGED = discord.Intents.default()


def own_role(scene: Scene) -> discord.Role:
    assert scene.guild.me is not None
    (role,) = [role for role in scene.guild.me.roles if role.managed]
    return role


async def names_in(store: Store) -> list[str]:
    return [row.source_name for row in await store.log.list(HistoryFilter())]


async def test_a_reply_to_a_clip_that_discord_lets_it_fetch_checks_that_clip(scene: Scene, store: Store) -> None:
    bob = scene.guild.add_member(scene.env.create_user("bob"))
    posted = await bob.send(scene.channel, "look at this", attachments=[CLIP])
    question = await scene.alice.send(scene.channel, f"{scene.me} real?", reply_to=posted)

    check = await store.checks.get(1)
    assert check is not None
    assert (check.asker.poster_id, check.asker.requester_id) == (bob.id, scene.alice.id)
    assert (check.asker.message_id, check.asker.attachment_id) == (posted.id, posted.attachments[0].id)
    assert scene.answer.reference is not None
    assert scene.answer.reference.message_id == question.id


async def test_a_reply_to_a_message_that_is_gone_says_so(scene: Scene) -> None:
    bob = scene.guild.add_member(scene.env.create_user("bob"))
    posted = await bob.send(scene.channel, "look at this", attachments=[CLIP])
    scene.env.inject_error("GET", "/channels/*/messages/*", status=404, code=10008)
    await scene.alice.send(scene.channel, scene.me, reply_to=posted)

    assert scene.answer.content == GONE


async def test_a_reply_to_a_message_that_it_may_not_read_says_which_permissions_are_missing(scene: Scene) -> None:
    bob = scene.guild.add_member(scene.env.create_user("bob"))
    posted = await bob.send(scene.channel, "look at this", attachments=[CLIP])
    scene.env.inject_error("GET", "/channels/*/messages/*", status=403, code=50001)
    await scene.alice.send(scene.channel, scene.me, reply_to=posted)

    assert scene.answer.content == NO_ACCESS


async def test_a_reply_to_words_alone_says_that_there_is_no_clip(scene: Scene) -> None:
    bob = scene.guild.add_member(scene.env.create_user("bob"))
    posted = await bob.send(scene.channel, "hello")
    await scene.alice.send(scene.channel, scene.me, reply_to=posted)

    assert scene.answer.content == NO_CLIP_THERE


async def test_a_mention_that_is_added_by_an_edit_is_answered_once(scene: Scene, store: Store) -> None:
    posted = await scene.alice.send(scene.channel, "look", attachments=[CLIP])
    assert scene.answers == []
    await scene.alice.edit(posted, f"look {scene.me}")
    await scene.alice.edit(posted, f"look, {scene.me}!")

    assert len(scene.answers) == 1
    assert await names_in(store) == ["clip.mp4"]


async def test_a_mention_that_is_added_much_later_asks_nothing(scene: Scene) -> None:
    posted = await scene.alice.send(scene.channel, "look", attachments=[CLIP])
    await scene.let_pass(EDITED_WITHIN.total_seconds() + 60)
    await scene.alice.edit(posted, f"look {scene.me}")

    assert scene.answers == []


async def test_the_clips_of_a_forwarded_message_are_checked(scene: Scene, store: Store) -> None:
    posted = await scene.alice.send(scene.channel, "look", attachments=[CLIP])
    room = scene.alice.user.dm_channel
    await scene.alice.forward(posted, room)

    assert await names_in(store) == ["clip.mp4"]


@pytest.mark.simcord(approved_intents=UNPRIVILEGED)
async def test_a_mention_of_its_role_alone_says_that_discord_hides_the_message(scene: Scene) -> None:
    await scene.alice.send(scene.channel, f"{own_role(scene).mention} look", attachments=[CLIP])

    assert scene.answer.content == HIDDEN_FOR_A_ROLE


async def test_a_mention_of_its_role_asks_where_discord_shows_the_message(store: Store, services: Services) -> None:
    async with simcord.run(FacepulseBot(services, LOOK_EVERY_S, message_content=True)) as env:
        scene = Scene(env)
        await scene.alice.send(scene.channel, f"{own_role(scene).mention} look", attachments=[CLIP])

        assert "Waiting to start" in scene.answer.content


@pytest.mark.parametrize(
    "link", ["https://tenor.com/view/face-123", "https://cdn.discordapp.com/attachments/1/2/a.mp4"]
)
async def test_links_are_not_followed_and_that_is_said(scene: Scene, store: Store, link: str) -> None:
    await scene.ask(text=link)

    assert scene.answer.content == ONLY_ATTACHED
    assert await names_in(store) == []


async def test_of_many_clips_the_first_are_checked_and_the_others_named(scene: Scene, store: Store) -> None:
    clips = [(f"{i}.mp4", bytes([i])) for i in range(MOST_CLIPS + 2)]
    await scene.ask(*clips)

    assert len(await names_in(store)) == MOST_CLIPS
    (told,) = [message.content for message in scene.answers if "at most" in message.content]
    assert told == f"I look at {MOST_CLIPS} clips of one message at most; left out are **4.mp4**, **5.mp4**."


async def test_an_exempt_channel_gets_a_sentence_and_no_check(scene: Scene, services: Services, store: Store) -> None:
    await services.guilds.change(scene.guild.id, by=1, exempt_channel_ids=(scene.channel.id,))
    await scene.ask(CLIP)

    assert scene.answer.content == "Clips are not checked in this channel."
    assert await names_in(store) == []


async def test_only_roles_that_may_ask_are_answered(scene: Scene, services: Services, store: Store) -> None:
    trusted = scene.guild.create_role("trusted")
    await services.guilds.change(scene.guild.id, by=1, who_may_ask=WhoMayAsk.ROLES, ask_role_ids=(trusted.id,))
    bob = scene.guild.add_member(scene.env.create_user("bob"), roles=[trusted])
    await scene.ask(CLIP)
    assert scene.answer.content == "In this server only certain roles may ask for checks; ask a moderator."

    await bob.send(scene.channel, scene.me, attachments=[CLIP])
    assert await names_in(store) == ["clip.mp4"]


async def test_moderators_may_ask_where_nobody_else_may(scene: Scene, services: Services, store: Store) -> None:
    role = scene.guild.create_role("mods", permissions=discord.Permissions(manage_messages=True))
    moderator = scene.guild.add_member(scene.env.create_user("mod"), roles=[role])
    await services.guilds.change(scene.guild.id, by=1, who_may_ask=WhoMayAsk.MODERATORS)
    await scene.ask(CLIP)
    assert scene.answer.content == "In this server only moderators may ask for checks."

    await moderator.send(scene.channel, scene.me, attachments=[CLIP])
    assert await names_in(store) == ["clip.mp4"]


async def test_a_used_up_budget_says_when_it_is_back(scene: Scene, services: Services, store: Store) -> None:
    await services.guilds.change(scene.guild.id, by=1, user_daily_budget=1)
    await scene.ask(CLIP)
    await scene.ask(("other.mp4", b"other"))

    told = scene.answers[-1].content
    assert told.startswith("You have used all your checks of the last 24 hours; the next one is possible <t:")
    assert await names_in(store) == ["clip.mp4"]


async def test_of_two_clips_only_the_one_within_the_budget_is_checked(
    scene: Scene, services: Services, store: Store
) -> None:
    await services.guilds.change(scene.guild.id, by=1, user_daily_budget=1)
    await scene.ask(("a.mp4", b"a"), ("b.mp4", b"b"))

    assert await names_in(store) == ["a.mp4"]
    assert "Only 1 of these 2 clips can be checked" in scene.answers[0].content


async def test_a_server_that_wants_private_answers_gets_them_by_direct_message(
    scene: Scene, services: Services, worker: FakeWorker
) -> None:
    await services.guilds.change(scene.guild.id, by=1, answer_place=AnswerPlace.PRIVATE)
    await scene.ask(CLIP)
    claim = await worker.claim()
    await worker.finish(claim, report_for(claim, VerdictLabel.LIKELY_FAKE))
    await scene.wait()

    assert scene.answer.content == IN_PRIVATE
    (private,) = scene.direct_messages
    assert private.content == "⚠️ Signs of manipulation: **clip.mp4**"


async def test_who_takes_no_direct_messages_is_told_so_at_once(scene: Scene, services: Services, store: Store) -> None:
    await services.guilds.change(scene.guild.id, by=1, answer_place=AnswerPlace.PRIVATE)
    room = scene.alice.user.dm_channel
    scene.env.inject_error("POST", f"/channels/{room.id}/messages", status=403, code=50007, times=None)
    await scene.ask(CLIP)

    assert scene.answer.content == NO_DIRECT_MESSAGES
    assert await names_in(store) == []


async def test_an_answer_that_came_while_the_bot_was_down_is_given_at_the_next_start(
    scene: Scene, services: Services, worker: FakeWorker
) -> None:
    await scene.ask(CLIP)
    claim = await worker.claim()
    await scene.env.restart_bot(FacepulseBot(services, LOOK_EVERY_S))  # the old one no longer looks
    await worker.finish(claim)
    await scene.env.restart_bot(FacepulseBot(services, LOOK_EVERY_S))

    assert scene.answer.content == "❔ Can't tell: **clip.mp4**"
    assert await services.desk.left_open() == ()


async def test_an_address_that_expired_is_fetched_anew(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    read, tries = discord.Attachment.read, []

    async def expires_once(self: discord.Attachment, **options: bool) -> bytes:
        tries.append(self.url)
        if len(tries) == 1:
            raise discord.NotFound(SimpleNamespace(status=404, reason="gone"), "expired")
        return await read(self, **options)

    monkeypatch.setattr(discord.Attachment, "read", expires_once)
    await scene.ask(CLIP)

    assert len(tries) == 2
    assert "Waiting to start" in scene.answer.content


async def test_several_clips_in_private_are_announced_once(scene: Scene, services: Services, store: Store) -> None:
    await services.guilds.change(scene.guild.id, by=1, answer_place=AnswerPlace.PRIVATE)
    await scene.ask(("a.mp4", b"a"), ("b.mp4", b"b"))

    assert scene.answer.content == IN_PRIVATE
    assert len(scene.direct_messages) == 2
    assert sorted(await names_in(store)) == ["a.mp4", "b.mp4"]


async def test_many_questions_at_the_same_moment_stay_within_the_budget(services: Services) -> None:
    settings = await services.guilds.change(7, by=1, user_daily_budget=3)
    intake, person = Intake(services), Person(1, frozenset(), is_moderator=False, channel_ids=frozenset())
    admitted = await asyncio.gather(*(intake.admit(ENGLISH, settings, person, 2) for _ in range(5)))

    assert [one.allowed for one in admitted] == [2, 1, 0, 0, 0]
    for one in admitted:
        with one:
            pass
    assert (await intake.admit(ENGLISH, settings, person, 2)).allowed == 2


async def test_a_log_that_cannot_be_read_is_told_in_the_channel(
    scene: Scene, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise StoreError("The log cannot be read.")

    monkeypatch.setattr(type(services.budgets), "left", broken)
    await scene.ask(CLIP)

    assert scene.answer.content == "The log cannot be read."


async def test_a_question_that_was_missed_is_answered_after_the_restart_and_only_once(
    scene: Scene, services: Services, store: Store
) -> None:
    await scene.ask(CLIP)
    room, backend = scene.channel.id, scene.env.backend
    attachments = backend.store_attachments(room, [("missed.mp4", b"missed")])
    backend.create_message(room, scene.alice.id, f"{scene.me} and this?", attachments=attachments, broadcast=False)
    backend.create_message(room, scene.alice.id, "words to nobody", broadcast=False)
    for _ in range(2):
        await scene.env.restart_bot(FacepulseBot(services, LOOK_EVERY_S))

    assert sorted(await names_in(store)) == ["clip.mp4", "missed.mp4"]
    assert len(scene.answers) == 2


async def test_nothing_is_looked_for_where_nothing_was_seen(scene: Scene, services: Services, store: Store) -> None:
    attachments = scene.env.backend.store_attachments(scene.channel.id, [CLIP])
    scene.env.backend.create_message(
        scene.channel.id, scene.alice.id, f"{scene.me} old", attachments=attachments, broadcast=False
    )
    await scene.env.restart_bot(FacepulseBot(services, LOOK_EVERY_S))

    assert await names_in(store) == []


async def test_a_question_that_is_hours_old_is_not_dug_out(
    scene: Scene, services: Services, store: Store, worker: FakeWorker
) -> None:
    await scene.ask(CLIP)
    await worker.finish(await worker.claim())
    await scene.wait()
    room, backend = scene.channel.id, scene.env.backend
    attachments = backend.store_attachments(room, [("missed.mp4", b"missed")])
    backend.create_message(room, scene.alice.id, f"{scene.me} and this?", attachments=attachments, broadcast=False)
    await scene.let_pass(NOT_OLDER_THAN.total_seconds() + 60)
    await scene.env.restart_bot(FacepulseBot(services, LOOK_EVERY_S))

    assert await names_in(store) == ["clip.mp4"]


async def test_a_verdict_that_discord_never_took_is_given_at_the_next_start(
    scene: Scene, services: Services, worker: FakeWorker
) -> None:
    await scene.ask(CLIP)
    await worker.finish(await worker.claim())
    scene.env.inject_error("PATCH", "/channels/*/messages/*", status=403, times=1 + 1 + len(INSIST_AFTER_S))
    for _ in range(1 + len(INSIST_AFTER_S)):
        await scene.wait()
    assert scene.answer.embeds == []
    await scene.env.restart_bot(FacepulseBot(services, LOOK_EVERY_S))

    assert scene.answer.content == "❔ Can't tell: **clip.mp4**"
