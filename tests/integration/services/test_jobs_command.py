"""`facepulse jobs` shows what waits and what was given up, tries again and takes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from click.testing import CliRunner, Result

from bot.commands.jobs import jobs
from core.services.folders import Folders
from core.store import Check, CheckStatus, Store, open_store
from tests.synth.logs import NOON, make_question

LEASE = timedelta(seconds=30)
T = TypeVar("T")


@pytest.fixture
def data_dir(log_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FACEPULSE_DATABASE_URL", log_url)
    monkeypatch.setenv("FACEPULSE_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def with_log(url: str, use: Callable[[Store], Awaitable[T]]) -> T:
    async def run() -> T:
        async with open_store(url) as store:
            return await use(store)

    return asyncio.run(run())


@pytest.fixture
def log(log_url: str, data_dir: Path) -> str:
    """1 was given up, 2 failed for its clip, 3 runs, 4 and 5 wait."""

    async def fill(store: Store) -> None:
        for code in ("internal", "unreadable"):
            await store.checks.add(make_question(incoming_name=f"clip of {code}", source_name="[red]x[/].mp4"))
            claim = await store.queue.claim("w1", NOON, LEASE)
            assert claim is not None
            await store.queue.fail(claim, code, f"The sentence of {code}.", NOON)
        await store.checks.add(make_question())
        await store.queue.claim("w1", NOON, LEASE)
        name = Folders(data_dir).keep(b"scanned")
        scan = make_question(b"scanned", incoming_name=name)
        await store.checks.add(scan)
        await store.checks.add(make_question(b"person"))

    with_log(log_url, fill)
    return log_url


def run(*arguments: str) -> Result:
    return CliRunner().invoke(jobs, arguments, catch_exceptions=False, standalone_mode=False)


def check(url: str, number: int) -> Check:
    async def get(store: Store) -> Check | None:
        return await store.checks.get(number)

    found = with_log(url, get)
    assert found is not None
    return found


def listed(*arguments: str) -> list[tuple[int, str, int, str | None]]:
    rows = [json.loads(line) for line in run("list", "--json", *arguments).output.splitlines()]
    return [(row["case"], row["state"], row["attempts"], row["error"]) for row in rows]


def test_it_lists_what_runs_what_waits_and_what_was_given_up(log: str) -> None:
    dead = (1, "given_up", 1, "The sentence of internal.")

    assert listed() == [(3, "running", 1, None), (4, "queued", 0, None), (5, "queued", 0, None), dead]
    assert listed("--dead") == [dead]


def test_the_table_has_every_line_and_reads_names_as_names(log: str) -> None:
    out = run("list").output

    assert "given up" in out
    assert "being checked" in out
    assert "[red]x[/].mp4" in out


def test_nothing_is_a_sentence(log_url: str, data_dir: Path) -> None:
    assert run("list").output == "Nothing waits, and nothing was given up.\n"
    assert run("retry", "--all").output == "Nothing was given up.\n"


def test_what_was_given_up_waits_again(log: str) -> None:
    done = run("retry", "1")

    assert (done.return_value, done.output) == (0, "Case 1: waits again.\n")
    again = check(log, 1)
    assert (again.status, again.attempts, again.error_sentence) == (CheckStatus.QUEUED, 0, None)


def test_all_that_was_given_up_waits_again(log: str) -> None:
    assert run("retry", "--all").return_value == 0
    assert listed("--dead") == []


@pytest.mark.parametrize("number", ["2", "3", "99"])
def test_what_was_not_given_up_is_not_tried_again(log: str, number: str) -> None:
    done = run("retry", number)

    assert (done.return_value, done.stderr) == (1, f"Case {number}: was not given up, or its clip is no longer here.\n")


def test_checks_are_taken_back_with_their_clips(log: str, data_dir: Path) -> None:
    done = run("cancel", "4", "2")

    assert (done.return_value, done.stdout) == (1, "Case 4: taken back.\n")
    assert done.stderr == "Case 2: neither waits nor runs.\n"
    assert check(log, 4).status is CheckStatus.CANCELLED
    assert list((data_dir / "incoming").iterdir()) == []


@pytest.mark.parametrize("arguments", [("retry",), ("retry", "1", "--all"), ("cancel",), ("cancel", "x")])
def test_a_wrong_call_ends_with_2(arguments: tuple[str, ...]) -> None:
    assert CliRunner().invoke(jobs, arguments).exit_code == 2
