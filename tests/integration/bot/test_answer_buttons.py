"""The buttons under an answer: who may press them, what they show, and that they outlive a restart."""

from __future__ import annotations

import discord
import pytest

from bot.client import FacepulseBot
from bot.services import Services
from core.services.requests import CheckStatus
from core.services.reviews import FlagKind
from core.store import Store
from core.types import VerdictLabel
from tests.integration.bot.scene import CLIP, LOOK_EVERY_S, Scene
from tests.integration.bot.support import FakeWorker, report_for


@pytest.fixture
async def answered(scene: Scene, worker: FakeWorker) -> Scene:
    """A scene in which alice's clip was answered: case 1, signs of manipulation."""
    await scene.ask(CLIP)
    claim = await worker.claim()
    await worker.finish(claim, report_for(claim, VerdictLabel.LIKELY_FAKE))
    await scene.wait()
    return scene


async def test_an_answer_has_its_buttons_and_a_running_check_only_cancel(scene: Scene, worker: FakeWorker) -> None:
    await scene.ask(CLIP)
    assert scene.labels(scene.answer) == ["Cancel"]
    await worker.finish(await worker.claim())
    await scene.wait()

    assert scene.labels(scene.answer) == ["Details", "Flag for review", "This is wrong", "What does this mean?"]


async def test_the_asker_can_cancel_and_the_message_says_so(scene: Scene, store: Store) -> None:
    await scene.ask(CLIP)
    await scene.alice.click(scene.answer, label="Cancel")

    check = await store.checks.get(1)
    assert check is not None
    assert check.status is CheckStatus.CANCELLED
    assert scene.answer.content == "**clip.mp4**: this check was cancelled."
    assert scene.labels(scene.answer) == []


async def test_others_cannot_cancel_and_are_told_so_alone(scene: Scene, store: Store) -> None:
    bob = scene.guild.add_member(scene.env.create_user("bob"))
    await scene.ask(CLIP)
    refused = await bob.click(scene.answer, label="Cancel")

    assert refused.response is not None
    assert refused.response.ephemeral
    assert refused.response.content == "Only who asked, or a moderator, can cancel a check."
    check = await store.checks.get(1)
    assert check is not None
    assert check.status is CheckStatus.QUEUED


async def test_a_moderator_can_cancel(scene: Scene, store: Store) -> None:
    role = scene.guild.create_role("mods", permissions=discord.Permissions(manage_messages=True))
    moderator = scene.guild.add_member(scene.env.create_user("mod"), roles=[role])
    await scene.ask(CLIP)
    await moderator.click(scene.answer, label="Cancel")

    check = await store.checks.get(1)
    assert check is not None
    assert check.status is CheckStatus.CANCELLED


async def test_details_show_every_measurement_to_who_clicks_alone(answered: Scene) -> None:
    clicked = await answered.alice.click(answered.answer, label="Details")

    assert clicked.response is not None
    assert clicked.response.ephemeral
    (embed,) = clicked.response.embeds
    assert embed.title == "Measurements of case 1"
    told = "\n".join(f"{field.name}: {field.value}" for field in embed.fields)
    assert "Face A: pulse 1: Score 0.93 of 1" in told
    assert "regional coherence 0.81" in told
    assert "phase spread: not measured" in told


async def test_the_meaning_of_the_verdict_is_explained_to_who_clicks_alone(answered: Scene) -> None:
    clicked = await answered.alice.click(answered.answer, label="What does this mean?")

    assert clicked.response is not None
    assert clicked.response.ephemeral
    (embed,) = clicked.response.embeds
    assert "proves nothing" in (embed.description or "")
    assert len(embed.fields) == 4


async def test_flagging_opens_a_case_and_thanks_alone(answered: Scene, services: Services) -> None:
    bob = answered.guild.add_member(answered.env.create_user("bob"))
    clicked = await bob.click(answered.answer, label="Flag for review")

    (thanks,) = [clicked.response, *clicked.followups]
    assert thanks is not None
    assert thanks.ephemeral
    assert thanks.content == "Thank you. Case 1 is flagged: a moderator will look at it."
    case = await services.reviews.get(1, answered.guild.id)
    assert case is not None


async def test_a_dispute_keeps_its_note(answered: Scene, services: Services) -> None:
    shown = await answered.alice.click(answered.answer, label="This is wrong")
    sent = await answered.alice.submit_modal(shown, {text_input(shown.modal): "I filmed this myself."})

    assert sent.response is not None
    assert sent.response.ephemeral
    case = await services.reviews.get(1, answered.guild.id)
    assert case is not None
    assert [(one.user_id, one.note) for one in case.disputes if one.note] == [
        (answered.alice.id, "I filmed this myself.")
    ]


async def test_buttons_work_after_a_restart(answered: Scene, services: Services) -> None:
    await answered.env.restart_bot(FacepulseBot(services, LOOK_EVERY_S))
    clicked = await answered.alice.click(answered.answer, label="Details")

    assert clicked.response is not None
    assert clicked.response.embeds[0].title == "Measurements of case 1"


async def test_an_answer_in_a_direct_message_has_no_moderators_to_ask(scene: Scene, worker: FakeWorker) -> None:
    room = scene.alice.user.dm_channel
    await scene.alice.send_dm("this one", attachments=scene.env.backend.store_attachments(room.id, [CLIP]))
    await worker.finish(await worker.claim())
    await scene.wait()

    (answer,) = scene.direct_messages
    assert scene.labels(answer) == ["Details", "What does this mean?"]


async def test_the_number_of_a_case_of_another_server_is_not_told(answered: Scene, worker: FakeWorker) -> None:
    elsewhere = answered.env.create_guild("Elsewhere")
    channel = elsewhere.create_text_channel("general")
    bob = elsewhere.add_member(answered.env.create_user("bob"))
    await bob.send(channel, answered.me, attachments=[CLIP])
    (answer,) = [message for message in channel.history() if message.author.id != bob.id]

    description = answer.embeds[0].description or ""
    assert "This clip was checked before." in description
    assert "case 1" not in description


async def test_a_flagged_verdict_is_a_case_and_stands_in_the_moderation_log(
    scene: Scene, services: Services, worker: FakeWorker
) -> None:
    log = scene.guild.create_text_channel("mod-log")
    await services.guilds.change(scene.guild.id, by=1, mod_log_channel_id=log.id)
    for label in (VerdictLabel.LIKELY_FAKE, VerdictLabel.LIKELY_REAL):
        await scene.ask((f"{label}.mp4", label.encode()))
        claim = await worker.claim()
        await worker.finish(claim, report_for(claim, label))
    await scene.wait()

    (told,) = log.history()
    assert told.embeds
    case = await services.reviews.get(1, scene.guild.id)
    assert case is not None
    assert case.kind is FlagKind.AUTOMATIC
    assert case.log_message_id == told.id
    assert await services.reviews.get(2, scene.guild.id) is None


async def test_a_case_that_is_flagged_again_stands_in_the_moderation_log_once(
    answered: Scene, services: Services
) -> None:
    log = answered.guild.create_text_channel("mod-log")
    await services.guilds.change(answered.guild.id, by=1, mod_log_channel_id=log.id)
    for name in ("bob", "carol"):
        member = answered.guild.add_member(answered.env.create_user(name))
        await member.click(answered.answer, label="Flag for review")

    assert len(log.history()) == 1


def text_input(modal: dict[str, object] | None) -> str:
    """The id of the only text field of a form."""
    assert modal is not None
    (label,) = modal["components"]  # type: ignore[misc]
    component = label["component"]
    assert isinstance(component["custom_id"], str)
    return component["custom_id"]
