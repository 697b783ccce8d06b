"""What moderators hear of demos, look up and delete; which models there are, by whose consent."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.demo_showing import NO_WRITING
from core.services import demos as rules
from core.store import NewModel, Store
from tests.integration.bot.demos.scene import Scene, refusing
from tests.integration.bot.seen import told_alone
from tests.synth.wishes import make_swap


async def test_moderators_hear_of_every_demo_and_can_delete_it(scene: Scene) -> None:
    await scene.declare()
    await scene.make()

    (told,) = scene.told_moderators()
    text = told.embeds[0].description or ""
    assert f"<@{scene.mo.id}>" in text
    assert "the clip shows the asker" in text
    assert str(scene.answer.id) in text
    assert scene.labels(told) == ["Delete the demo"]

    await scene.mo.click(told, label="Delete the demo")

    assert scene.answers == []
    (told,) = scene.told_moderators()
    assert f"Deleted by <@{scene.mo.id}>" in (told.embeds[0].description or "")
    assert scene.labels(told) == []
    assert [entry.action for entry in await scene.services.audit.list(scene.guild.id, 1)] == ["demo.delete"]


async def test_members_cannot_delete_a_demo(scene: Scene) -> None:
    await scene.declare()
    await scene.make()
    (told,) = scene.told_moderators()

    result = await scene.alice.click(told, label="Delete the demo")

    assert "Only moderators" in told_alone(result)
    assert len(scene.answers) == 1


async def test_without_a_word_to_the_moderators_nothing_is_shown(scene: Scene) -> None:
    await scene.declare()
    scene.env.inject_error("POST", f"/channels/{scene.log.id}/messages", status=403, code=50013, times=None)
    await scene.make()

    assert NO_WRITING in scene.answer.content
    assert scene.answer.attachments == []
    assert scene.files == []


@refusing
async def test_a_demo_is_found_by_the_id_in_its_label(scene: Scene) -> None:
    await scene.declare()
    await scene.make()
    text = told_alone(await scene.mo.slash(scene.channel, "demo find", id="00000001"))

    made = (await scene.demo()).provenance
    assert made is not None
    for part in (f"<@{scene.mo.id}>", made.driver_sha256, made.swap.target_id, "Rendered Ron", str(scene.answer.id)):
        assert part in text
    assert told_alone(await scene.mo.slash(scene.channel, "demo find", id="deadbeef")) == rules.NO_DEMO


async def test_a_demo_of_another_server_is_nobodys_business_here(scene: Scene, store: Store) -> None:
    elsewhere = await store.swap_models.add(NewModel(5, "ron", "/x", make_swap()), datetime.now(UTC))
    assert await store.swap_models.allow(elsewhere, 1, {}, datetime.now(UTC))
    assert (await scene.services.demos.models(scene.guild.id))[0].id != elsewhere.id
    await scene.declare()
    await scene.make()

    with pytest.raises(rules.DemoError, match="no such demo"):
        await scene.services.demos.marked("00000001", 5)
    assert (await scene.services.demos.marked("00000001", None)).id == 1


@refusing
async def test_an_admin_sees_the_consent_before_a_model_is_used(scene: Scene) -> None:
    await scene.register("nina")
    moderator = await scene.mo.slash(scene.channel, "demo allow", model="nina")
    assert "Manage Server" in told_alone(moderator)

    asked = await scene.anna.slash(scene.channel, "demo allow", model="nina")
    text = told_alone(asked)
    for part in ("Rendered Ron", "a drawn face: nobody is shown", "drawn by a program", "showing these in Discord"):
        assert part in text
    assert asked.response is not None
    await scene.anna.click(asked.response, label="Allow it")
    assert "Demos can be made with the model **nina**" in told_alone(asked)
    model = await scene.services.demos.model(scene.guild.id, "nina")
    assert model.is_usable
    again = await scene.anna.slash(scene.channel, "demo allow", model="nina")
    assert again.response is not None
    result = await scene.anna.click(again.response, label="Allow it")
    assert "already" in told_alone(result)


@refusing
async def test_withdrawing_deletes_what_is_posted_and_kept(scene: Scene) -> None:
    await scene.services.guilds.change(scene.guild.id, by=1, keep_evidence=True)
    await scene.declare()
    await scene.make()
    await scene.declare(scene.anna)
    asked = await scene.mo.slash(scene.channel, "demo withdraw", model="ron")
    assert "No demo is made with it from then on" in told_alone(asked)
    assert asked.response is not None
    await scene.mo.click(asked.response, label="Withdraw it")
    await scene.wait()

    text = told_alone(asked)
    assert "1 waiting demo was cancelled" in text
    assert "1 message with a demo was deleted" in text
    assert scene.files == []
    assert [message.content for message in scene.answers] == ["🎭 **me.mp4**: this demo was cancelled."]
    assert told_alone(await scene.swap()) == rules.NO_MODEL
    gone = await scene.mo.slash(scene.channel, "demo withdraw", model="ron")
    assert gone.response is not None
    result = await scene.mo.click(gone.response, label="Withdraw it")
    assert rules.NO_MODEL in told_alone(result)


async def test_models_are_listed_with_their_consent_and_state(scene: Scene) -> None:
    await scene.register("nina")
    text = told_alone(await scene.mo.slash(scene.channel, "demo models"))

    assert "**ron**\n✅ allowed" in text
    assert "**nina**\n⏳ waits for an admin" in text
    assert "Rendered Ron" in text


@refusing
async def test_a_model_whose_sources_pictures_were_not_noted_says_everywhere_that_it_must_be_registered_again(
    scene: Scene, store: Store
) -> None:
    for name, is_allowed in (("old", True), ("older", False)):
        new = NewModel(scene.guild.id, name, "/x", make_swap(), source_path="/sets/ada")
        model = await store.swap_models.add(new, datetime.now(UTC))
        if is_allowed:
            assert await store.swap_models.allow(model, 1, {}, datetime.now(UTC))

    text = told_alone(await scene.mo.slash(scene.channel, "demo models"))
    assert "**old**\n⚠️ must be registered again" in text
    assert "**older**\n⚠️ must be registered again" in text
    for name in ("old", "older"):
        assert told_alone(await scene.swap(model=name)) == rules.NOT_BOUND
        assert told_alone(await scene.anna.slash(scene.channel, "demo allow", model=name)) == rules.NOT_BOUND
    for command, names in (("swap", ["ron"]), ("allow", []), ("withdraw", ["old", "older", "ron"])):
        found = await scene.anna.autocomplete(scene.channel, f"demo {command}", "model", "")
        assert [choice["value"] for choice in found] == names


async def test_models_are_suggested_where_they_can_be_used(scene: Scene) -> None:
    await scene.register("nina")

    for command, typed, names in (("swap", "", ["ron"]), ("allow", "N", ["nina"]), ("withdraw", "", ["nina", "ron"])):
        found = await scene.mo.autocomplete(scene.channel, f"demo {command}", "model", typed)
        assert [choice["value"] for choice in found] == names
