"""`facepulse history` shows the log to a person and to a program."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from bot.commands.history import Moment, history
from core.store import Asker, Origin, Store, open_store
from core.types import VerdictLabel
from tests.synth.logs import NOON, make_question, make_report, sha256_of


@pytest.fixture
def in_utc_plus_2(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC-2")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, log_url: str, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FACEPULSE_DATABASE_URL", log_url)


@pytest.fixture
def log(log_url: str, settings: None) -> None:
    async def fill(store: Store) -> None:
        fake = await store.checks.add_answered(
            make_question(source_name="[red]clip[/].mp4"), make_report(), NOON + timedelta(seconds=7.5)
        )
        later = NOON + timedelta(hours=1)
        discord = Asker(Origin.DISCORD, 11, 22, 33, 44)
        await store.checks.add_repeat(make_question(requested_at=later, asker=discord), fake)
        question = make_question(b"b", requested_at=later + timedelta(hours=1), asker=Asker(Origin.WEB))
        await store.checks.add_failed(question, "unreadable", "This is not a video.", later)
        await store.checks.add(make_question(b"c", requested_at=later + timedelta(hours=2)))

    async def open_and_fill() -> None:
        async with open_store(log_url) as store:
            await fill(store)

    asyncio.run(open_and_fill())


def run(*arguments: str) -> Result:
    return CliRunner().invoke(history, arguments, catch_exceptions=False)


def cases(*arguments: str) -> list[int]:
    return [json.loads(line)["case"] for line in run("--json", *arguments).stdout.splitlines()]


def test_a_table_for_people(log: None, in_utc_plus_2: None) -> None:
    lines = run().stdout.splitlines()

    assert len(lines) == 5
    assert lines[0].split() == ["Case", "When", "Clip", "Answer", "Asked", "from", "Took"]
    assert lines[1].split()[:4] == ["4", "2026-05-04", "17:00", "clip.mp4"]
    assert "waiting" in lines[1]
    assert "no answer: This is not a video." in lines[2]
    assert "local page" in lines[2]
    assert "Signs of manipulation (as in case 1)" in lines[3]
    assert "Discord, server 22, channel 33, user 11" in lines[3]
    assert lines[4].split() == [
        "1", "2026-05-04", "14:00", "[red]clip[/].mp4", "Signs", "of", "manipulation", "terminal", "7.5", "s"
    ]  # fmt: skip


def test_one_object_a_line_for_programs(log: None) -> None:
    lines = run("--json", "--limit", "1", "--offset", "3").stdout.splitlines()

    assert [json.loads(line) for line in lines] == [
        {
            "case": 1,
            "requested_at": "2026-05-04T12:00:00+00:00",
            "clip": "[red]clip[/].mp4",
            "sha256": sha256_of(b"a clip"),
            "status": "done",
            "verdict": "likely_fake",
            "probability_fake": 0.93,
            "origin": "cli",
            "requester_id": None,
            "guild_id": None,
            "channel_id": None,
            "took_s": 7.5,
            "checked_before": None,
            "error": None,
        }
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--verdict", "likely_fake"), [2, 1]),
        (("--status", "failed"), [3]),
        (("--origin", "web"), [3]),
        (("--sha256", sha256_of(b"b")[:8]), [3]),
        (("--guild", "22", "--requester", "11"), [2]),
        (("--since", "2026-05-04T13:00Z", "--until", "2026-05-04T14:00:00+00:00"), [2]),
        (("--since", "7d"), []),
        (("--limit", "2"), [4, 3]),
    ],
)
def test_options_narrow_the_list(log: None, arguments: tuple[str, ...], expected: list[int]) -> None:
    assert cases(*arguments) == expected


def test_a_full_page_says_how_to_see_more(log: None) -> None:
    assert "--offset 2" in run("--limit", "2").stdout
    assert "--offset" not in run("--limit", "5").stdout


def test_an_empty_log_and_an_empty_answer_are_sentences(settings: None) -> None:
    assert run().stdout == "Nothing was checked yet.\n"
    assert run("--verdict", "likely_fake").stdout == "No check matches.\n"
    assert run("--json").stdout == ""


def test_a_log_that_was_never_made_is_empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FACEPULSE_DATABASE_URL", raising=False)
    monkeypatch.setenv("FACEPULSE_DATA_DIR", str(tmp_path / "not there yet"))

    assert run().stdout == "Nothing was checked yet.\n"


def test_a_day_is_that_of_the_place_and_included_as_an_end(in_utc_plus_2: None) -> None:
    assert Moment().convert("2026-05-04", None, None) == datetime(2026, 5, 3, 22, tzinfo=UTC)
    assert Moment(end_of_day=True).convert("2026-05-04", None, None) == datetime(2026, 5, 4, 22, tzinfo=UTC)
    assert Moment(end_of_day=True).convert("2026-05-04T10:30", None, None) == datetime(2026, 5, 4, 8, 30, tzinfo=UTC)
    assert Moment().convert("2026-05-04T10:30Z", None, None) == datetime(2026, 5, 4, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["yesterday", "7", "999999w", "2026-13-01", ""])
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(click.BadParameter, match="24h"):
        Moment().convert(text, None, None)


def test_a_wrong_call_exits_with_2(settings: None) -> None:
    assert run("--verdict", "perhaps").exit_code == 2


def test_every_verdict_can_be_asked_for(settings: None) -> None:
    assert {run("--verdict", label.value).exit_code for label in VerdictLabel} == {0}


@pytest.mark.parametrize("option", ["--guild", "--requester", "--limit", "--offset"])
def test_a_number_that_no_database_holds_is_a_wrong_call(settings: None, option: str) -> None:
    result = run(option, str(2**63))
    assert result.exit_code == 2
    assert "is not in the range" in result.stderr
