"""One check can be followed through the logs of both processes; a worker is seen to live."""

from __future__ import annotations

import io
import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core import logs
from core.jobs.local import LocalWorkers
from core.services import requests
from core.services.folders import Folders
from core.services.requests import Asker, CheckStatus, Origin
from core.settings import Settings
from core.store import Store
from tests.synth.logs import becomes

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def settings(log_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return Settings(data_dir=tmp_path / "data", database_url=log_url, log_format="json")


def json_lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


async def test_lines_about_one_check_carry_the_same_ids_in_both_processes(
    store: Store, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines("service"))
    handler.addFilter(logs.add_subject)
    logger = logging.getLogger("bot.of_this_test")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    request = logs.new_request()
    try:
        with logs.about(request=request):
            check = await requests.request_check(
                store,
                b"a clip",
                Asker(Origin.WEB),
                source_name="a.mp4",
                folders=Folders(settings.data_dir),
                max_bytes=1000,
            )
            with logs.about(check=check.id):
                logger.info("asked")
    finally:
        logger.removeHandler(handler)

    async def done() -> bool:
        now = await store.checks.get(check.id)
        return now is not None and now.status is CheckStatus.DONE

    async with LocalWorkers(settings, ("--engine", "tests.synth.engines:QUICK")):
        await becomes(done)

    here = json_lines(stream.getvalue())
    there = [line for line in json_lines(capfd.readouterr().err) if line["process"] == "worker"]
    of_the_check = [line for line in there if "check" in line]
    assert len(of_the_check) >= 2  # started, and how it ended
    assert {(line["check"], line["request"]) for line in here + of_the_check} == {(check.id, request)}
    assert {line["pid"] for line in here}.isdisjoint(line["pid"] for line in there)


async def test_a_worker_without_work_is_seen_to_live_until_it_leaves(store: Store, settings: Settings) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=1)

    async def seen(number: int) -> bool:
        return len(await store.workers.seen(long_ago)) == number

    async with LocalWorkers(settings, ("--engine", "tests.synth.engines:QUICK")):
        await becomes(lambda: seen(1))
    assert await seen(0)
