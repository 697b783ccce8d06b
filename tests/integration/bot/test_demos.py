"""`/demo` under simcord: from the admin who allows a model to the labelled video, and every rule on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord
from simcord.backend.errors import SetupError

from bot import demo_showing
from bot.client import FacepulseBot
from bot.cogs.demos import DemosCog
from bot.demo_showing import NO_WRITING, upload
from bot.services import Services
from core.jobs.demos import DemoWorker
from core.jobs.loop import Timing
from core.services import demos as rules
from core.services.clock import utc_now
from core.services.folders import Folders
from core.settings import Settings
from core.store import Asker, CheckStatus, Declaration, Demo, NewModel, Origin, Store
from core.types.swap import ConsentScope
from tests.integration.bot.scene import LOOK_EVERY_S
from tests.integration.bot.scene import Scene as Server
from tests.integration.bot.seen import told_alone
from tests.integration.bot.support import FakeWorker, report_for
from tests.synth.logs import becomes
from tests.synth.studios import LABEL, FakeStudio, unreadable
from tests.synth.wishes import make_swap

CLIP = ("me.mp4", b"a driver clip")
refusing = pytest.mark.simcord(check_errors=False)
"""What a command refuses is raised, and answered."""
DECLARE, LEAVE = "I declare this", "Leave it"


class Scene(Server):
    """A server with a mod-log, an admin, a moderator, a member, and one model that was allowed."""

    def __init__(self, env: simcord.Env, services: Services, store: Store, data_dir: Path) -> None:
        super().__init__(env)
        self.services, self.store, self.data_dir = services, store, data_dir
        self.log = self.guild.create_text_channel("mod-log")
        admins = self.guild.create_role(
            "admins", permissions=discord.Permissions(manage_guild=True, manage_messages=True)
        )
        mods = self.guild.create_role("mods", permissions=discord.Permissions(manage_messages=True))
        self.anna = self.guild.add_member(env.create_user("anna"), roles=[admins])
        self.mo = self.guild.add_member(env.create_user("mo"), roles=[mods])
        self.studio = FakeStudio()
        self.later_cogs: list[DemosCog] = []
        self.worker = DemoWorker(
            store, studio=self.studio.studio, folders=Folders(data_dir), settings=Settings(), name="w",
            timing=Timing(tick_s=0.01), clock=utc_now,
        )  # fmt: skip

    async def set_up(self, *scope: ConsentScope) -> None:
        await self.services.guilds.change(
            self.guild.id, by=1, demos_allowed=True, mod_log_channel_id=self.log.id, language="en"
        )
        await self.register("ron", *scope)
        (model,) = await self.services.demos.models(self.guild.id)
        await self.store.swap_models.allow(model, 1, {}, datetime.now(UTC))

    async def register(self, name: str, *scope: ConsentScope) -> None:
        path = self.data_dir / name
        path.mkdir(exist_ok=True)
        new = NewModel(self.guild.id, name, str(path), make_swap(*scope))
        await self.store.swap_models.add(new, datetime.now(UTC))

    async def swap(self, who: simcord.MemberActor | None = None, **options: Any) -> simcord.InteractionResult:
        options = {"model": "ron", "person": "self", "clip": CLIP} | options
        given = {name: value for name, value in options.items() if value is not None}
        return await (who or self.mo).slash(self.channel, "demo swap", **given)

    async def declare(self, who: simcord.MemberActor | None = None, **options: Any) -> simcord.InteractionResult:
        asked = await self.swap(who, **options)
        assert asked.response is not None
        await (who or self.mo).click(asked.response, label=DECLARE)
        return asked

    async def make(self) -> None:
        """Have the demo made that waits, and shown."""
        assert await self.worker.work_once(asyncio.Event())
        await self.wait()

    async def demo(self, number: int = 1) -> Demo:
        demo = await self.store.demos.get(number)
        assert demo is not None
        return demo

    def told_moderators(self) -> list[discord.Message]:
        assert self.env.bot.user is not None
        return [message for message in self.log.history() if message.author.id == self.env.bot.user.id]

    @property
    def files(self) -> list[bytes]:
        """What is kept of clips and demos."""
        return [path.read_bytes() for path in (self.data_dir / "incoming").glob("*")]


@pytest.fixture
def simcord_bot(services: Services) -> FacepulseBot:
    return FacepulseBot(services, LOOK_EVERY_S)


@pytest.fixture
async def scene(simcord_env: simcord.Env, services: Services, store: Store, tmp_path: Path) -> AsyncIterator[Scene]:
    scene = Scene(simcord_env, services, store, tmp_path)
    await scene.set_up()
    yield scene
    for cog in scene.later_cogs:
        await cog.cog_unload()


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


async def is_over(scene: Scene) -> bool:
    return await scene.store.demos.is_answered(1)


async def test_a_declared_clip_becomes_one_labelled_video_in_the_channel(scene: Scene) -> None:
    asked = await scene.swap()
    text = told_alone(asked)
    assert "the clip shows **you**" in text
    assert "18 or older" in text
    assert "it is noted with your name" in text
    assert scene.answers == [], "nothing happens before the declaration"

    assert asked.response is not None
    await scene.mo.click(asked.response, label=DECLARE)
    assert "on its way" in told_alone(asked)
    assert "Waiting to start" in scene.answer.content
    assert scene.labels(scene.answer) == ["Cancel"]

    await scene.make()

    shown = scene.answer
    (video,) = shown.attachments
    assert video.filename == "demo-00000001.mp4"
    assert await video.read() == LABEL + CLIP[1]
    assert "AI-made face swap, demo `00000001`" in shown.content
    assert scene.labels(shown) == ["See how the detector sees it"]
    assert scene.pings == []
    assert scene.files == [], "neither the clip nor the demo is kept"
    demo = await scene.demo()
    assert (demo.status, demo.asker.requester_id, demo.declaration.value) == (CheckStatus.DONE, scene.mo.id, "self")


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


@refusing
@pytest.mark.parametrize("where", ["channel", "server"])
async def test_age_restricted_places_are_refused(scene: Scene, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    if where == "channel":
        monkeypatch.setattr(discord.TextChannel, "is_nsfw", lambda self: self.id == scene.channel.id)
    else:
        monkeypatch.setattr("bot.demo_rules.ADULT_SERVERS", tuple(discord.NSFWLevel))

    assert "no demos in age-restricted" in told_alone(await scene.swap())


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


@refusing
async def test_one_demo_at_a_time_and_so_many_a_day(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    await scene.declare()

    assert told_alone(await scene.swap()) == rules.ONE_AT_A_TIME
    await scene.make()
    monkeypatch.setattr(rules, "A_DAY_BY_MEMBER", 1)
    assert told_alone(await scene.swap()) == rules.USED_UP
    monkeypatch.setattr(rules, "A_DAY_BY_SERVER", 1)
    assert told_alone(await scene.swap(scene.anna)) == rules.SERVER_USED_UP


@refusing
async def test_what_changed_between_asking_and_declaring_counts(scene: Scene, store: Store) -> None:
    asked = await scene.swap()
    await scene.services.demos.withdraw(scene.guild.id, "ron", by=1)
    assert asked.response is not None
    result = await scene.mo.click(asked.response, label=DECLARE)

    assert rules.NO_MODEL in told_alone(result)
    assert await store.demos.list(None, 9) == ()
    assert scene.files == []


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

    assert await asyncio.wait_for(working, 20)
    assert (await scene.demo()).status is CheckStatus.CANCELLED
    assert scene.answers == []


async def test_a_clip_that_cannot_be_used_is_told_in_the_channel(scene: Scene) -> None:
    scene.studio.refusal = unreadable()
    await scene.declare()
    await scene.make()

    assert scene.answer.content == "🎭 **me.mp4**: The file is damaged or is not a video."
    assert scene.answer.attachments == []
    assert scene.told_moderators() == []


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


async def test_a_demo_that_lost_its_message_in_a_restart_gets_one(scene: Scene, services: Services) -> None:
    asker = Asker(Origin.DISCORD, scene.mo.id, scene.guild.id, scene.channel.id, None, scene.mo.id)
    wish = rules.Wish("ron", asker, "me.mp4", Declaration.SELF)
    await services.demos.ask(wish, CLIP[1], await services.guilds.get(scene.guild.id))

    assert await scene.worker.work_once(asyncio.Event())

    await restarted(scene)
    await becomes(lambda: is_over(scene))

    assert len(scene.answer.attachments) == 1


async def test_a_demo_whose_channel_is_closed_after_a_restart_is_given_up(scene: Scene, services: Services) -> None:
    asker = Asker(Origin.DISCORD, scene.mo.id, scene.guild.id, scene.channel.id, None, scene.mo.id)
    wish = rules.Wish("ron", asker, "me.mp4", Declaration.SELF)
    await services.demos.ask(wish, CLIP[1], await services.guilds.get(scene.guild.id))
    scene.env.inject_error("POST", f"/channels/{scene.channel.id}/messages", status=403, code=50013, times=None)

    await restarted(scene)

    await becomes(lambda: is_over(scene))
    assert (await scene.demo()).status is CheckStatus.CANCELLED
    assert scene.files == []


async def test_without_a_word_to_the_moderators_nothing_is_shown(scene: Scene) -> None:
    await scene.declare()
    scene.env.inject_error("POST", f"/channels/{scene.log.id}/messages", status=403, code=50013, times=None)
    await scene.make()

    assert NO_WRITING in scene.answer.content
    assert scene.answer.attachments == []
    assert scene.files == []


async def test_a_demo_that_is_too_large_for_the_server_is_one_sentence(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_showing, "upload_limit_of", lambda guild: 4)
    await scene.declare()
    await scene.make()

    assert demo_showing.TOO_LARGE in scene.answer.content
    assert scene.told_moderators() == []


async def test_a_demo_is_not_shown_once_demos_were_switched_off(scene: Scene) -> None:
    await scene.declare()
    await scene.services.guilds.change(scene.guild.id, by=1, demos_allowed=False)
    await scene.make()

    assert "Demos are off in this server" in scene.answer.content
    assert scene.answer.attachments == []
    assert (scene.told_moderators(), scene.files) == ([], [])


async def test_a_file_that_is_not_the_labelled_one_is_not_shown(scene: Scene) -> None:
    await scene.declare()
    assert await scene.worker.work_once(asyncio.Event())
    (path,) = (scene.data_dir / "incoming").glob("*")
    path.write_bytes(b"unlabelled")
    await scene.wait()

    assert rules.CHANGED in scene.answer.content
    assert scene.answer.attachments == []


async def test_the_upload_takes_nothing_but_a_labelled_file(scene: Scene) -> None:
    message = await scene.mo.send(scene.channel, "here")

    with pytest.raises(TypeError, match="LabelledFile"):
        await upload(message, b"any video", "a label", None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"only core\.services\.demos"):
        rules.LabelledFile(b"any video", "0123abcd", None)  # type: ignore[arg-type]


async def test_the_button_shows_how_the_detector_sees_it(scene: Scene, worker: FakeWorker) -> None:
    await scene.declare()
    await scene.make()

    seen = await scene.alice.click(scene.answer, label="See how the detector sees it")
    claim = await worker.claim()
    assert claim.asker.requester_id == scene.alice.id
    assert claim.source_name == "demo-00000001.mp4"
    await worker.finish(claim, report_for(claim))
    await scene.wait()

    assert "demo-00000001.mp4" in told_alone(seen)


async def test_evidence_keeping_keeps_the_demo(scene: Scene) -> None:
    await scene.services.guilds.change(scene.guild.id, by=1, keep_evidence=True)
    await scene.declare()
    await scene.make()

    assert scene.files == [LABEL + CLIP[1]]


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


async def test_models_are_suggested_where_they_can_be_used(scene: Scene) -> None:
    await scene.register("nina")

    for command, typed, names in (("swap", "", ["ron"]), ("allow", "N", ["nina"]), ("withdraw", "", ["nina", "ron"])):
        found = await scene.mo.autocomplete(scene.channel, f"demo {command}", "model", typed)
        assert [choice["value"] for choice in found] == names


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


async def test_demos_are_only_for_servers(scene: Scene) -> None:
    with pytest.raises(SetupError):
        await scene.mo.user.slash("demo models")
