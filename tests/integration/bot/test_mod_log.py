"""Flagged cases in the moderation log: who may decide them, what is shown then, and that nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import discord
import pytest
import simcord

from bot.client import FacepulseBot
from bot.services import Services
from core.services.reviews import CaseState
from core.store import Store
from core.types import VerdictLabel
from tests.integration.bot.scene import CLIP, LOOK_EVERY_S, Scene
from tests.integration.bot.seen import followed_up_alone, text_of, told_alone
from tests.integration.bot.support import FakeWorker, report_for
from tests.synth.moderation import answered, asked_by

ANSWERED_ERRORS = pytest.mark.simcord(check_errors=False)
"""simcord counts an answered error of a form as one."""


class Court:
    """A server with a moderation log and two moderators, in which alice's clip was flagged: case 1."""

    def __init__(self, scene: Scene, log: Any) -> None:
        self.scene, self.log = scene, log
        role = scene.guild.create_role("mods", permissions=discord.Permissions(manage_messages=True))
        self.mod, self.other = (
            scene.guild.add_member(scene.env.create_user(name), roles=[role]) for name in ("mod", "other")
        )

    @property
    def entry(self) -> discord.Message:
        """The only message in the log."""
        only: discord.Message
        (only,) = self.log.history()
        return only

    @property
    def review(self) -> str:
        """What the message in the log says of the review."""
        field = self.entry.embeds[0].fields[0]
        return f"{field.name}\n{field.value}"

    async def decide(self, member: Any, label: str, reason: str | None = None) -> simcord.InteractionResult:
        shown = await member.click(self.entry, label=label)
        sent: simcord.InteractionResult = await member.submit_modal(
            shown, {} if reason is None else {only_input(shown): reason}
        )
        return sent


def only_input(shown: simcord.InteractionResult) -> str:
    """The id of the only field of a form."""
    assert shown.modal is not None
    (label,) = shown.modal["components"]
    return str(label["component"]["custom_id"])


@pytest.fixture
async def flag(scene: Scene, services: Services, worker: FakeWorker) -> Callable[..., Any]:
    log = scene.guild.create_text_channel("mod-log")
    await services.guilds.change(scene.guild.id, by=1, mod_log_channel_id=log.id)

    async def make() -> Court:
        await scene.ask(CLIP)
        claim = await worker.claim()
        await worker.finish(claim, report_for(claim, VerdictLabel.LIKELY_FAKE))
        await scene.wait()
        return Court(scene, log)

    return make


@pytest.fixture
async def court(flag: Callable[..., Any]) -> Court:
    made: Court = await flag()
    return made


async def test_a_flagged_case_shows_its_verdict_its_message_and_the_buttons(court: Court) -> None:
    told = text_of(court.entry)
    question = court.scene.channel.history()[0]

    assert "⏳ Review of case 1: open" in told
    assert "Waits for a moderator" in told
    assert f"Posted by <@{court.scene.alice.id}>: {question.jump_url}" in told
    assert "Signs of manipulation" in told
    assert court.scene.labels(court.entry) == ["Uphold", "Dismiss", "Assign…"]
    assert [attachment.filename for attachment in court.entry.attachments] == ["evidence.png"]


async def test_upholding_shows_who_when_and_why(court: Court, services: Services) -> None:
    await court.decide(court.mod, "Uphold", "The jaw flickers.")

    assert "✔️ Review of case 1: upheld" in court.review
    assert f"<@{court.mod.id}> upheld it <t:" in court.review
    assert "Reason: The jaw flickers." in court.review
    assert court.scene.labels(court.entry) == ["Dismiss after all"]
    assert court.entry.embeds[0].image.url
    case = await services.reviews.get(1, court.scene.guild.id)
    assert case is not None
    assert (case.state, case.decided_by) == (CaseState.UPHELD, court.mod.id)


async def test_one_can_change_ones_mind(court: Court) -> None:
    await court.decide(court.mod, "Uphold")
    await court.decide(court.other, "Dismiss after all", "I know who filmed it.")

    assert f"<@{court.other.id}> dismissed it" in court.review
    assert court.scene.labels(court.entry) == ["Uphold after all"]


@ANSWERED_ERRORS
async def test_a_reason_is_required_where_the_server_says_so(court: Court, services: Services) -> None:
    await services.guilds.change(court.scene.guild.id, by=1, reason_required=True)
    shown = await court.mod.click(court.entry, label="Dismiss")
    assert shown.modal is not None
    assert shown.modal["components"][0]["component"]["required"]
    refused = await court.mod.submit_modal(shown, {only_input(shown): "  "})

    assert followed_up_alone(refused) == "This server asks for a reason with every decision."
    assert "open" in court.review


async def test_others_than_moderators_are_refused_alone(court: Court) -> None:
    for label in ("Uphold", "Dismiss", "Assign…"):
        refused = await court.scene.alice.click(court.entry, label=label)

        assert told_alone(refused) == "Only moderators, who have the permission Manage Messages, can do this."
    assert "open" in court.review


@ANSWERED_ERRORS
async def test_who_loses_the_permission_while_the_form_is_open_cannot_decide(court: Court) -> None:
    shown = await court.mod.click(court.entry, label="Uphold")
    member = court.scene.env.backend.guilds[court.scene.guild.id].members[court.mod.id]
    member.role_ids.clear()
    refused = await court.mod.submit_modal(shown, {})

    assert "Only moderators" in followed_up_alone(refused)
    assert "open" in court.review


@ANSWERED_ERRORS
async def test_of_two_moderators_the_faster_one_decides_and_the_other_is_told(court: Court) -> None:
    slow = await court.other.click(court.entry, label="Dismiss")
    await court.decide(court.mod, "Uphold", "Seen it.")
    too_late = await court.other.submit_modal(slow, {})

    assert followed_up_alone(too_late) == f"<@{court.mod.id}> has already decided this case: upheld."
    assert f"<@{court.mod.id}> upheld it" in court.review


@ANSWERED_ERRORS
async def test_a_case_is_assigned_to_a_moderator_and_to_nobody_else(court: Court) -> None:
    shown = await court.mod.click(court.entry, label="Assign…")
    refused = await court.mod.submit_modal(shown, {only_input(shown): [court.scene.alice]})
    assert followed_up_alone(refused) == "A case can be assigned only to somebody with the permission Manage Messages."

    shown = await court.mod.click(court.entry, label="Assign…")
    await court.mod.submit_modal(shown, {only_input(shown): [court.other]})
    assert f"Assigned to <@{court.other.id}>" in court.review


async def test_buttons_work_after_a_restart(court: Court, services: Services) -> None:
    await court.scene.env.restart_bot(FacepulseBot(services, LOOK_EVERY_S))
    await court.decide(court.mod, "Dismiss", "A known film.")

    assert "Reason: A known film." in court.review


async def test_a_members_note_appears_in_the_message_that_is_there(court: Court) -> None:
    shown = await court.scene.alice.click(court.scene.answer, label="This is wrong")
    await court.scene.alice.submit_modal(shown, {only_input(shown): "I filmed *this* myself."})

    assert f"<@{court.scene.alice.id}>: I filmed \\*this\\* myself." in text_of(court.entry)


async def test_a_deleted_log_loses_no_case(court: Court, services: Services) -> None:
    court.scene.env.backend.delete_channel(court.log.id)
    found = await court.mod.slash(court.scene.channel, "review next")
    assert found.response is not None
    assert "Review of case 1: open" in told_alone(found)

    shown = await court.mod.click(found.response.message, label="Uphold")
    await court.mod.submit_modal(shown, {})
    case = await services.reviews.get(1, court.scene.guild.id)
    assert case is not None
    assert case.state is CaseState.UPHELD


async def test_a_decision_made_elsewhere_shows_in_the_log_too(court: Court) -> None:
    found = await court.other.slash(court.scene.channel, "review next")
    assert found.response is not None
    shown = await court.other.click(found.response.message, label="Dismiss")
    await court.other.submit_modal(shown, {})

    assert f"<@{court.other.id}> dismissed it" in court.review
    assert court.scene.labels(court.entry) == ["Uphold after all"]


async def test_the_log_speaks_the_language_of_its_server(flag: Callable[..., Any], services: Services) -> None:
    court = await flag()
    await services.guilds.change(court.scene.guild.id, by=1, language="de")
    await court.decide(court.mod, "Uphold")

    assert "Signs of manipulation" not in text_of(court.entry)


async def test_a_copy_of_an_upheld_clip_is_told_and_flagged_whatever_its_own_verdict(
    court: Court, services: Services, store: Store, worker: FakeWorker
) -> None:
    await court.decide(court.mod, "Uphold")
    for name in ("copy.mp4", "other.mp4"):
        await court.scene.ask((name, name.encode()))
        claim = await worker.claim()
        if name == "copy.mp4":
            await store.looks.set_copy(claim.id, 1)
        await worker.finish(claim, report_for(claim, VerdictLabel.INCONCLUSIVE))
    await court.scene.wait()

    copy, other = court.scene.answers[1:]
    assert "It looks like a re-encoded copy of the clip of case 1." in text_of(copy)
    assert "copy of the clip" not in text_of(other)
    assert await services.reviews.get(2, court.scene.guild.id) is not None
    assert await services.reviews.get(3, court.scene.guild.id) is None


async def test_a_copy_of_a_clip_that_nobody_decided_about_is_told_only(
    court: Court, services: Services, store: Store, worker: FakeWorker
) -> None:
    await court.scene.ask(("copy.mp4", b"copy"))
    claim = await worker.claim()
    await store.looks.set_copy(claim.id, 1)
    await worker.finish(claim, report_for(claim, VerdictLabel.INCONCLUSIVE))
    await court.scene.wait()

    assert "copy of the clip of case 1" in text_of(court.scene.answers[-1])
    assert await services.reviews.get(2, court.scene.guild.id) is None


async def test_the_case_of_another_server_is_not_named_for_a_copy(
    court: Court, store: Store, worker: FakeWorker
) -> None:
    elsewhere = await answered(store, b"elsewhere", asker=asked_by(guild_id=99))
    await court.scene.ask(("copy.mp4", b"copy"))
    claim = await worker.claim()
    await store.looks.set_copy(claim.id, elsewhere.id)
    await worker.finish(claim)
    await court.scene.wait()

    assert "copy of the clip" not in text_of(court.scene.answers[-1])
