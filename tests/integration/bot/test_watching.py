"""`/readyz` and `/metrics`."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from aiohttp import FormData, web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from prometheus_client.parser import text_string_to_metric_families

from bot.client import FacepulseBot
from bot.desk import Desk
from bot.membership import Membership
from bot.services import Services
from bot.web.app import build_web_app
from bot.web.house import House, load_templates
from bot.web.watching import Watching
from core import logs
from core.errors import StoreError
from core.media import Counting, LocalMedia
from core.services.operations import FRESH_FOR, Operations
from core.store import GpuUse, Store, WorkerSeen, open_store
from tests.synth.logs import NOON, Clock, make_question, make_report
from tests.synth.media import Failing

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
Client = TestClient[web.Request, web.Application]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@asynccontextmanager
async def page(
    desk: Desk, operations: Operations, readers: tuple[str, ...] = ("127.0.0.0/8",)
) -> AsyncIterator[Client]:
    watching = Watching(operations, tuple(ip_network(reader) for reader in readers))
    app = build_web_app(House(desk, 300.0, load_templates()), "127.0.0.1", watching)
    async with TestClient(TestServer(app)) as client:
        yield client


async def values(client: Client) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """{(name, sorted labels): value}, read by Prometheus' own parser."""
    answer = await client.get("/metrics")
    assert answer.status == 200
    samples = [s for family in text_string_to_metric_families(await answer.text()) for s in family.samples]
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in samples}


async def test_it_is_ready_when_database_worker_and_discord_are(desk: Desk, store: Store, clock: Clock) -> None:
    joined = [False]
    async with page(desk, Operations(store, lambda: joined[0], clock)) as client:
        answer = await client.get("/readyz")
        assert answer.status == 503
        assert await answer.json() == {
            "ready": False,
            "database": True,
            "worker": False,
            "discord": False,
            "media": True,
        }

        await store.workers.beat(WorkerSeen("w", "box", clock()))
        joined[0] = True
        answer = await client.get("/readyz")
        assert (answer.status, (await answer.json())["ready"]) == (200, True)

        clock.forward(FRESH_FOR.total_seconds() + 1)
        answer = await client.get("/readyz")
        assert (answer.status, (await answer.json())["worker"]) == (503, False)


async def test_without_a_token_discord_is_not_waited_for(desk: Desk, store: Store, clock: Clock) -> None:
    await store.workers.beat(WorkerSeen("w", "box", clock()))
    async with page(desk, Operations(store, None, clock)) as client:
        answer = await client.get("/readyz")
        assert (answer.status, (await answer.json())["discord"]) == (200, None)
        assert "facepulse_discord_joined" not in await (await client.get("/metrics")).text()


async def test_a_database_that_fails_is_told_and_the_process_still_lives(
    desk: Desk, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise StoreError("gone")

    monkeypatch.setattr(type(store.workers), "seen", broken)
    async with page(desk, Operations(store, None, clock)) as client:
        assert (await client.get("/readyz")).status == 503
        assert (await client.get("/healthz")).status == 200
        assert await values(client) == {("facepulse_database_up", ()): 0.0}


async def test_a_media_store_that_does_not_answer_is_told_and_counted(desk: Desk, store: Store, clock: Clock) -> None:
    media = Counting(Failing(LocalMedia(desk.folders.data_dir), times=2))
    await store.workers.beat(WorkerSeen("w", "box", clock()))
    async with page(desk, Operations(store, None, clock, media=media)) as client:
        answer = await client.get("/readyz")
        assert (answer.status, (await answer.json())["media"]) == (503, False)
        told = await values(client)
        assert (told["facepulse_media_up", ()], told["facepulse_database_up", ()]) == (0, 1)
        assert told["facepulse_media_failures_total", (("verb", "probe"),)] == 2

        assert (await client.get("/readyz")).status == 200
        assert (await values(client))["facepulse_media_up", ()] == 1


async def test_the_metrics_tell_the_queue_the_ends_the_times_and_the_workers(
    desk: Desk, store: Store, clock: Clock
) -> None:
    report = replace(make_report(), timings_s={"frames": 3.0, "signals": 0.2})
    done = await store.checks.add_answered(make_question(), report, NOON)
    await store.checks.add_repeat(make_question(requested_at=NOON), done)
    await store.checks.add_failed(make_question(b"x"), "unreadable", "Not a video.", NOON)
    await store.checks.add(make_question(b"z", requested_at=NOON))
    await store.workers.beat(WorkerSeen("w", "box", NOON, GpuUse(0.25, 10, 100)))
    clock.forward(30)
    verdict = report.verdict.label.value

    async with page(desk, Operations(store, lambda: True, clock)) as client:
        told = await values(client)
        again = await values(client)

    assert told == again  # looking changes nothing
    assert told["facepulse_checks", (("status", "queued"),)] == 1
    assert told["facepulse_checks", (("status", "running"),)] == 0
    assert told["facepulse_oldest_queued_seconds", ()] == 30
    assert told["facepulse_verdicts_total", (("from_log", "false"), ("verdict", verdict))] == 1
    assert told["facepulse_verdicts_total", (("from_log", "true"), ("verdict", verdict))] == 1
    assert told["facepulse_errors_total", (("code", "unreadable"),)] == 1
    assert told["facepulse_stage_seconds_bucket", (("le", "2.5"), ("stage", "frames"))] == 0
    assert told["facepulse_stage_seconds_bucket", (("le", "5.0"), ("stage", "frames"))] == 1
    assert told["facepulse_stage_seconds_sum", (("stage", "whole"),)] == pytest.approx(3.2)
    assert told["facepulse_workers", ()] == 1
    assert told["facepulse_gpu_busy", (("worker", "w"),)] == 0.25
    assert told["facepulse_gpu_memory_used_bytes", (("worker", "w"),)] == 10
    assert told["facepulse_database_up", ()] == told["facepulse_discord_joined", ()] == 1


async def test_two_processes_of_a_service_tell_the_same(desk: Desk, store: Store, clock: Clock, tmp_path: Path) -> None:
    await store.checks.add_answered(make_question(), make_report(), NOON)
    async with (
        open_store(f"sqlite+aiosqlite:///{tmp_path / 'log.sqlite3'}") as second,
        page(desk, Operations(store, None, clock)) as one,
        page(desk, Operations(second, None, clock)) as other,
    ):
        told = await values(one), await values(other)

    ours = [{key: n for key, n in values.items() if not key[0].endswith("_created")} for values in told]
    assert ours[0] == ours[1]


async def test_only_the_configured_readers_see_the_metrics(desk: Desk, store: Store) -> None:
    async with page(desk, Operations(store, None), readers=("10.0.0.0/8",)) as client:
        answer = await client.get("/metrics")
        assert answer.status == 403
        assert "facepulse_" not in await answer.text()


async def test_a_web_site_does_not_reach_the_metrics_by_a_name_of_its_own(desk: Desk, store: Store) -> None:
    async with page(desk, Operations(store, None)) as client:
        answer = await client.get("/metrics", headers={"Host": "evil.example"})
        assert answer.status == 403


@pytest.mark.parametrize(
    ("path", "address", "distant"),
    [
        ("/metrics", "10.1.2.3", True),
        ("/metrics", "::ffff:10.1.2.3", True),
        ("/metrics", "127.0.0.1", False),
        ("/metrics", "192.168.0.1", False),
        ("/", "10.1.2.3", False),
        ("/metrics", "", False),
    ],
)
def test_a_reader_on_another_machine_may_know_this_one_by_any_name(path: str, address: str, distant: bool) -> None:
    watching = Watching(None, (*LOOPBACK, ip_network("10.0.0.0/8")))  # type: ignore[arg-type]
    request = make_mocked_request("GET", path).clone(remote=address)
    assert watching.is_distant_reader(request) is distant


async def test_membership_follows_the_connection(services: Services) -> None:
    membership = Membership()
    async with FacepulseBot(services) as bot:
        membership.follow(bot)
        assert not membership.is_joined()
        for event, joined in (("on_ready", True), ("on_disconnect", False), ("on_resumed", True)):
            for listener in bot.extra_events[event]:
                await listener()
            assert membership.is_joined() is joined


async def test_the_page_says_in_the_log_which_request_became_which_case(
    desk: Desk, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.addFilter(logs.add_subject)
    caplog.set_level(logging.INFO, "bot.web")
    form = FormData()
    form.add_field("clip", b"clip", filename="clip.mp4")
    async with page(desk, Operations(store, None)) as client:
        case = (await (await client.post("/api/checks", data=form)).json())["id"]

    (line,) = [record for record in caplog.records if record.name == "bot.web.pages"]
    check = await store.checks.get(case)
    assert check is not None
    assert line.subject == logs.Subject(case, logs.request_of(check.incoming_name))
    assert line.subject.request is not None
