"""The log of a question asked in Discord: one request id from the message on."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from core import logs
from core.store import Store
from tests.integration.bot.scene import CLIP, Scene
from tests.integration.bot.support import FakeWorker


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What our own loggers write."""
    caplog.set_level(logging.INFO, "bot")
    caplog.handler.addFilter(logs.add_subject)
    yield caplog
    caplog.handler.removeFilter(logs.add_subject)


def subjects(lines: list[logging.LogRecord], check: int) -> list[logs.Subject]:
    found = [record.subject for record in lines if isinstance(record.__dict__.get("subject"), logs.Subject)]
    return [subject for subject in found if subject.check == check]


async def test_two_messages_are_two_requests_and_each_goes_to_the_worker_with_its_clip(
    scene: Scene, store: Store, worker: FakeWorker, lines: pytest.LogCaptureFixture
) -> None:
    await scene.alice.send(scene.channel, scene.me, attachments=[CLIP])
    first = await worker.claim()
    await scene.alice.send(scene.channel, scene.me, attachments=[("b.mp4", b"another")])
    second = await worker.claim()

    requests = [logs.request_of(claim.incoming_name) for claim in (first, second)]
    assert None not in requests
    assert requests[0] != requests[1]
    for claim, request in zip((first, second), requests, strict=True):
        assert set(subjects(lines.records, claim.id)) == {logs.Subject(claim.id, request)}


async def test_two_clips_of_one_message_are_one_request(scene: Scene, worker: FakeWorker) -> None:
    await scene.alice.send(scene.channel, scene.me, attachments=[CLIP, ("b.mp4", b"another")])

    requests = {logs.request_of((await worker.claim()).incoming_name) for _ in range(2)}

    assert len(requests) == 1
    assert None not in requests


async def test_a_command_is_one_request_from_the_question_to_the_answer(
    scene: Scene, worker: FakeWorker, lines: pytest.LogCaptureFixture
) -> None:
    posted = await scene.alice.send(scene.channel, "look", attachments=[CLIP])
    await scene.alice.context_menu(scene.channel, "Check for deepfake", posted)
    claim = await worker.claim()
    await worker.finish(claim)
    await scene.wait()

    subject = logs.Subject(claim.id, logs.request_of(claim.incoming_name))
    said = [record.getMessage() for record in lines.records if record.__dict__.get("subject") == subject]
    assert f"case {claim.id}: done, answer done" in said
    assert len(said) == len([record for record in lines.records if f"case {claim.id}" in record.getMessage()]) > 1
