"""`/privacy`: what members see, get and have deleted of what is stored about them; also in direct messages."""

import json
from pathlib import Path

import pytest
import simcord

from bot.client import FacepulseBot
from bot.cogs.privacy import FILE_NAME
from bot.services import Services
from core.services.evidence import EvidenceFolder
from core.services.folders import Folders
from core.services.privacy import Privacy
from core.store import HistoryFilter, Store
from tests.integration.bot.seen import told_alone
from tests.integration.bot.support import FakeWorker
from tests.synth.logs import becomes
from tests.synth.media import Failing

CLIP = ("holiday.mp4", b"not really a video")


class Scene:
    """A server with two members, the bot, and a clip that alice had checked."""

    def __init__(self, env: simcord.Env) -> None:
        self.env = env
        self.guild = env.create_guild()
        self.channel = self.guild.create_text_channel("general")
        self.alice = self.guild.add_member(env.create_user("alice"))
        self.bob = self.guild.add_member(env.create_user("bob"))

    async def ask(self) -> None:
        assert self.env.bot.user is not None
        await self.alice.send(self.channel, f"{self.env.bot.user.mention} real?", attachments=[CLIP])


@pytest.fixture
def simcord_bot(services: Services) -> FacepulseBot:
    return FacepulseBot(services, 60.0)


@pytest.fixture
async def scene(simcord_env: simcord.Env, worker: FakeWorker) -> Scene:
    scene = Scene(simcord_env)
    await scene.ask()
    await worker.finish(await worker.claim())
    await simcord_env.advance_time(60.0)
    return scene


async def exported(result: simcord.InteractionResult) -> dict[str, object]:
    (file,) = [file for answer in (result.response, *result.followups) if answer for file in answer.attachments]
    assert file.filename == FILE_NAME
    content: dict[str, object] = json.loads(await file.read())
    return content


async def test_show_tells_what_is_stored_and_why_to_its_person_alone(scene: Scene) -> None:
    text = told_alone(await scene.alice.slash(scene.channel, "privacy show"))

    assert "1 entry" in text
    assert "Checks you asked for" in text
    assert "To answer you" in text
    assert "nothing goes to other services" in text


async def test_one_of_whom_nothing_is_stored_is_told_so(scene: Scene) -> None:
    assert "Nothing is stored about you." in told_alone(await scene.bob.slash(scene.channel, "privacy show"))


async def test_export_is_a_file_with_ones_own_data(scene: Scene) -> None:
    result = await scene.alice.slash(scene.channel, "privacy export")
    told_alone(result)
    data = await exported(result)

    assert data["user_id"] == str(scene.alice.id)
    assert "holiday.mp4" in json.dumps(data)
    others = await exported(await scene.bob.slash(scene.channel, "privacy export"))
    assert "holiday.mp4" not in json.dumps(others)


async def test_it_works_in_direct_messages(scene: Scene) -> None:
    assert "1 entry" in told_alone(await scene.alice.user.slash("privacy show"))
    data = await exported(await scene.alice.user.slash("privacy export"))
    assert data["user_id"] == str(scene.alice.id)


@pytest.mark.simcord(check_errors=False)
async def test_an_export_larger_than_an_upload_is_one_sentence(
    scene: Scene, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def much(self: object, user_id: int) -> bytes:
        return bytes(30 << 20)

    monkeypatch.setattr(type(services.privacy), "export", much)
    text = told_alone(await scene.alice.slash(scene.channel, "privacy export"))

    assert text == "Your data is larger than Discord lets me send; ask whoever runs me for the file."


async def test_forget_says_what_stays_and_forgets_only_after_the_button(scene: Scene, store: Store) -> None:
    asked = await scene.alice.slash(scene.channel, "privacy forget")
    text = told_alone(asked)
    assert "Stays, without your name" in text
    assert "This cannot be taken back." in text
    (row,) = await store.log.list(HistoryFilter())
    assert row.asker.requester_id == scene.alice.id

    assert asked.response is not None
    await scene.alice.click(asked.response, label="Forget me")
    text = told_alone(asked)
    assert "✅ You are forgotten." in text
    assert "1 check was emptied." in text
    assert "Nothing is stored about you." in told_alone(await scene.alice.slash(scene.channel, "privacy show"))


async def test_leaving_it_forgets_nothing(scene: Scene) -> None:
    asked = await scene.alice.slash(scene.channel, "privacy forget")
    assert asked.response is not None
    await scene.alice.click(asked.response, label="Leave it")

    assert "1 entry" in told_alone(await scene.alice.slash(scene.channel, "privacy show"))


async def test_forgetting_one_leaves_the_others(scene: Scene) -> None:
    asked = await scene.bob.slash(scene.channel, "privacy forget")
    assert asked.response is not None
    await scene.bob.click(asked.response, label="Forget me")

    assert "1 entry" in told_alone(await scene.alice.slash(scene.channel, "privacy show"))


async def test_evidence_of_a_server_goes_when_the_bot_is_removed_from_it(
    scene: Scene, simcord_bot: FacepulseBot, services: Services
) -> None:
    evidence, elsewhere = EvidenceFolder(services.desk.folders.media), scene.env.create_guild()
    for guild in (scene.guild, elsewhere):
        evidence.keep(guild.id, 1, b"a clip")

    simcord_bot.dispatch("guild_remove", simcord_bot.get_guild(scene.guild.id))

    async def gone() -> bool:
        return not evidence.has(scene.guild.id, 1)

    await becomes(gone)
    assert evidence.read(elsewhere.id, 1) == b"a clip"


async def test_evidence_that_cannot_be_deleted_now_is_left_for_retention(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await Privacy(store, Folders(tmp_path, Failing())).left(1)

    assert "cannot be deleted yet" in caplog.text
