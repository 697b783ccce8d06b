"""The demo in the channel: one message from the declaration to the labelled video, and nothing without its label."""

from __future__ import annotations

import asyncio

import pytest

from bot import demo_showing
from bot.demo_showing import upload
from core.services import demos as rules
from core.store import CheckStatus
from tests.integration.bot.demos.scene import CLIP, DECLARE, Scene
from tests.integration.bot.seen import told_alone
from tests.integration.bot.support import FakeWorker, report_for
from tests.synth.studios import LABEL, unreadable


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


async def test_a_clip_that_cannot_be_used_is_told_in_the_channel(scene: Scene) -> None:
    scene.studio.refusal = unreadable()
    await scene.declare()
    await scene.make()

    assert scene.answer.content == "🎭 **me.mp4**: The file is damaged or is not a video."
    assert scene.answer.attachments == []
    assert scene.told_moderators() == []


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
