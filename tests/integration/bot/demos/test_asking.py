"""Asking for a demo: who may, of which clip, how often; nothing is made without the declaration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord
from simcord.backend.errors import SetupError

from bot.services import Services
from core.services import demos as rules
from core.store import CheckStatus, Store
from core.types.swap import ConsentScope
from tests.integration.bot.demos.scene import CLIP, DECLARE, LEAVE, Scene, refusing
from tests.integration.bot.seen import told_alone


async def test_nothing_is_made_without_the_declaration(scene: Scene, store: Store) -> None:
    asked = await scene.swap()
    assert asked.response is not None
    await scene.mo.click(asked.response, label=LEAVE)

    assert "Nothing was changed" in told_alone(asked)
    assert await store.demos.list(None, 9) == ()


@refusing
@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"demos_allowed": False}, rules.OFF),
        ({"mod_log_channel_id": None}, rules.NO_LOG),
    ],
)
async def test_a_server_that_did_not_switch_demos_on_has_none(
    scene: Scene, settings: dict[str, Any], told: str
) -> None:
    await scene.services.guilds.change(scene.guild.id, by=1, **settings)

    assert told_alone(await scene.swap()) == told


@refusing
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"model": "nobody"}, rules.NO_MODEL),
        ({"model": "waits"}, rules.NOT_ALLOWED),
        ({"person": "consented"}, rules.NO_HOW),
        ({"clip": None}, "one of both"),
        ({"link": "https://discord.com/channels/1/2/3"}, "one of both"),
        ({"clip": None, "link": "https://discord.com/channels/1/2/3"}, "no link to a message of this server"),
        ({"clip": None, "link": "https://example.org"}, "no link to a message of this server"),
        ({"clip": ("notes.txt", b"a letter")}, "is not a video"),
        ({"clip": ("still.png", b"a picture")}, "is not a video"),
    ],
)
async def test_what_cannot_become_a_demo_is_one_sentence(scene: Scene, options: dict[str, Any], told: str) -> None:
    await scene.register("waits")
    text = told_alone(await scene.swap(**options))

    assert told in text
    assert "\n" not in text


@refusing
async def test_a_model_without_consent_for_discord_is_never_used(
    simcord_env: simcord.Env, services: Services, store: Store, tmp_path: Path
) -> None:
    scene = Scene(simcord_env, services, store, tmp_path)
    await scene.set_up(ConsentScope.TRAINING, ConsentScope.DEMOS)

    assert told_alone(await scene.swap()) == rules.NO_CONSENT


@refusing
async def test_a_clip_that_is_too_large_is_refused_before_it_is_fetched(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.demo_rules.LARGEST_BYTES", 3)

    assert "the largest clip that becomes a demo" in told_alone(await scene.swap())


async def test_members_do_not_get_the_command_unless_a_role_of_theirs_may_ask(scene: Scene) -> None:
    assert not [name for name in scene.alice.available_commands(scene.channel) if name.startswith("demo")]
    with pytest.raises(SetupError):
        await scene.swap(scene.alice)


async def test_demos_are_only_for_servers(scene: Scene) -> None:
    with pytest.raises(SetupError):
        await scene.mo.user.slash("demo models")


@refusing
@pytest.mark.parametrize("where", ["channel", "server"])
async def test_age_restricted_places_are_refused(scene: Scene, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    if where == "channel":
        monkeypatch.setattr(discord.TextChannel, "is_nsfw", lambda self: self.id == scene.channel.id)
    else:
        monkeypatch.setattr("bot.demo_rules.ADULT_SERVERS", tuple(discord.NSFWLevel))

    assert "no demos in age-restricted" in told_alone(await scene.swap())


@refusing
async def test_one_demo_at_a_time_and_so_many_a_day(scene: Scene) -> None:
    await scene.declare()

    assert told_alone(await scene.swap()) == rules.ONE_AT_A_TIME
    await scene.make()
    await scene.anna.slash(scene.channel, "settings demos", member=1)
    free_at = int(((await scene.demo()).requested_at + timedelta(days=1)).timestamp()) + 1
    told = "each member's budget in this server is 1 in 24 hours; the next one is possible"
    assert f"{told} <t:{free_at}:R>." in told_alone(await scene.swap())
    assert "the clip shows **you**" in told_alone(await scene.swap(scene.anna)), "others have theirs"
    await scene.anna.slash(scene.channel, "settings demos", server=1)
    told = "for this server now: its budget is 1 in 24 hours; the next one is possible"
    assert f"{told} <t:{free_at}:R>." in told_alone(await scene.swap(scene.anna))


@refusing
@pytest.mark.parametrize(
    ("whose", "told"), [("member", "each member's budget in this server is 0"), ("server", "its budget is 0")]
)
async def test_a_budget_of_nothing_is_nobodys_and_the_settings_say_so(scene: Scene, whose: str, told: str) -> None:
    result = await scene.anna.slash(scene.channel, "settings demos", **{whose: 0})

    assert "With a budget of 0 nobody can have a demo made" in told_alone(result)
    for who in (scene.mo, scene.anna):
        assert told in told_alone(await scene.swap(who))


@refusing
async def test_what_changed_between_asking_and_declaring_counts(scene: Scene, store: Store) -> None:
    asked = await scene.swap()
    await scene.services.demos.withdraw(scene.guild.id, "ron", by=1)
    assert asked.response is not None
    result = await scene.mo.click(asked.response, label=DECLARE)

    assert rules.NO_MODEL in told_alone(result)
    assert await store.demos.list(None, 9) == ()
    assert scene.files == []


async def test_settings_say_who_may_ask_and_what_is_missing(scene: Scene) -> None:
    role = scene.guild.create_role("trusted")
    added = told_alone(await scene.anna.slash(scene.channel, "settings demos", **{"role-add": role}))
    assert f"May ask besides moderators: <@&{role.id}>" in added
    assert "Server Settings → Integrations" in added
    assert (await scene.services.guilds.get(scene.guild.id)).demo_role_ids == (role.id,)

    removed = told_alone(await scene.anna.slash(scene.channel, "settings demos", **{"role-remove": str(role.id)}))
    assert "May ask besides moderators: none" in removed
    await scene.services.guilds.change(scene.guild.id, by=1, mod_log_channel_id=None)
    assert "no demo is made" in told_alone(await scene.anna.slash(scene.channel, "settings demos"))


async def test_a_linked_clip_is_made_into_a_demo_for_who_posted_it(scene: Scene) -> None:
    posted = await scene.mo.send(scene.channel, f"{scene.me} look", attachments=[CLIP])
    await scene.declare(clip=None, link=posted.jump_url)
    demo = await scene.demo()

    assert (demo.asker.message_id, demo.asker.poster_id) == (posted.id, scene.mo.id)
    await scene.store.checks.cancel(1, datetime.now(UTC))
    await scene.make()
    assert (await scene.demo()).status is CheckStatus.DONE


@refusing
async def test_somebody_elses_clip_needs_their_consent_on_record(scene: Scene) -> None:
    posted = await scene.alice.send(scene.channel, f"{scene.me} me", attachments=[CLIP])
    link: dict[str, Any] = {"clip": None, "link": posted.jump_url}

    assert "Somebody else posted that clip" in told_alone(await scene.swap(**link))
    asked = await scene.swap(**link, person="consented", how="message of *yesterday*")
    text = told_alone(asked)
    assert "consented to this demo" in text
    assert r"message of \*yesterday\*" in text
    assert asked.response is not None
    await scene.mo.click(asked.response, label=DECLARE)
    demo = await scene.demo()
    assert (demo.declaration.value, demo.declared_how) == ("consented", "message of *yesterday*")
    assert (demo.asker.requester_id, demo.asker.poster_id) == (scene.mo.id, scene.alice.id)


@refusing
async def test_a_clip_that_the_asker_may_not_see_stays_where_it_is(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = scene.guild.create_text_channel(
        "closed", overwrites={scene.mo: discord.PermissionOverwrite(view_channel=False)}
    )
    posted = await scene.anna.send(closed, f"{scene.me} secret", attachments=[CLIP])
    consented: dict[str, Any] = {"clip": None, "link": posted.jump_url, "person": "consented", "how": "x"}

    assert "You may not read that message" in told_alone(await scene.swap(**consented))
    monkeypatch.setattr(discord.TextChannel, "is_nsfw", lambda self: self.id == closed.id)
    assert "age-restricted" in told_alone(await scene.swap(scene.anna, **consented))


@refusing
async def test_a_message_without_a_video_or_that_is_gone_is_one_sentence(scene: Scene) -> None:
    words = await scene.mo.send(scene.channel, f"{scene.me} only words")

    assert "I see no video" in told_alone(await scene.swap(clip=None, link=words.jump_url))
    gone = words.jump_url.replace(str(words.id), str(words.id - 10**6))
    assert "I cannot see that message" in told_alone(await scene.swap(clip=None, link=gone))
