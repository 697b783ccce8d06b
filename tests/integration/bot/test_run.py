"""`facepulse run` as a process: it says where it is, serves, and stops without a trace."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from core.store import HistoryFilter, migrate, open_store
from tests.synth.logs import becomes
from tests.synth.moderation import answered

COMMAND = [sys.executable, "-c", "from bot.commands.run import run; run()"]
STOP_S = 45.0
"""Generous: other tests may be using the processors, and a worker that just started loads its networks to the end."""


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("FACEPULSE_", "DISCORD_"))}
    return {**own, "FACEPULSE_DATA_DIR": str(data_dir), "FACEPULSE_WEB_PORT": "0", **settings}


@contextlib.contextmanager
def service(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The running service and the line in which it says where it is."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        COMMAND, cwd=tmp_path, env=environment(tmp_path / "data"), stdout=pipe, stderr=pipe, text=True
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline()
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_it_serves_without_a_token_and_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with service(tmp_path) as (process, line):
        told = re.fullmatch(r"DISCORD_TOKEN is not set: not joining Discord; the local page is at (\S+)\n", line)
        assert told is not None, line
        with urllib.request.urlopen(f"{told[1]}/healthz") as answer:
            assert answer.status == 200
        children = psutil.Process(process.pid).children(recursive=True)
        assert children, "a worker process runs beside the service"

        process.send_signal(number)
        _, errors = process.communicate(timeout=STOP_S)

        assert process.returncode == 0
        assert "Traceback" not in errors
        assert psutil.wait_procs(children, timeout=1)[1] == []
        assert (tmp_path / "data" / "facepulse.sqlite3").is_file()


def test_it_lets_old_checks_expire_when_it_starts(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'data' / 'facepulse.sqlite3'}"
    migrate(url)

    async def fill() -> None:
        async with open_store(url) as store:
            await answered(store, at=datetime.now(UTC) - timedelta(days=91), name="old.mp4")
            await answered(store, b"b", at=datetime.now(UTC), name="new.mp4")

    async def names() -> list[str]:
        async with open_store(url) as store:
            return [row.source_name for row in await store.log.list(HistoryFilter())]

    async def old_is_gone() -> bool:
        return await names() == ["new.mp4", ""]

    asyncio.run(fill())
    with service(tmp_path) as (process, _):
        asyncio.run(becomes(old_is_gone, STOP_S))
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=STOP_S)

    assert process.returncode == 0
    assert "Traceback" not in errors


def failed_start(tmp_path: Path, env: dict[str, str]) -> str:
    """Start the service where it cannot start; return what it says."""
    ended = subprocess.run(COMMAND, check=False, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert ended.returncode == 1
    return ended.stderr


def test_a_busy_port_is_one_sentence_and_status_1(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = failed_start(tmp_path, environment(tmp_path, FACEPULSE_WEB_PORT=port))

    assert said == (
        f"Port {port} of 127.0.0.1 is in use; stop the other program or set FACEPULSE_WEB_PORT to another port.\n"
    )


def test_a_data_directory_that_cannot_be_made_is_one_sentence_and_status_1(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    said = failed_start(tmp_path, environment(tmp_path / "file" / "data"))

    assert said.endswith("set FACEPULSE_DATA_DIR to one that can be written.\n")
    assert said.count("\n") == 1
