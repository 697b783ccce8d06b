"""Log lines name the check and the request that they are about."""

from __future__ import annotations

import asyncio
import contextvars
import io
import json
import logging
import threading
from collections.abc import Iterator

import pytest

from core import logs


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What a logger of ours writes as JSON."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines("service"))
    handler.addFilter(logs.add_subject)
    logger = logging.getLogger("core.of_this_test")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield stream
    logger.removeHandler(handler)


def say(text: str = "hello %s", *values: object) -> None:
    logging.getLogger("core.of_this_test").info(text, *(values or ("you",)))


def read(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_carries_the_ids_of_its_block_and_no_other(lines: io.StringIO) -> None:
    say()
    with logs.about(request="0123456789ab"):
        with logs.about(check=7):
            say()
        say()
    say()

    assert [(line.get("check"), line.get("request")) for line in read(lines)] == [
        (None, None),
        (7, "0123456789ab"),
        (None, "0123456789ab"),
        (None, None),
    ]


def test_a_line_of_json_is_one_line_whatever_is_in_it(lines: io.StringIO) -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logging.getLogger("core.of_this_test").exception("a name with\nbreaks and \u2028 more")

    (line,) = lines.getvalue().rstrip("\n").split("\n")
    told = json.loads(line)
    assert (told["level"], told["process"], told["logger"]) == ("ERROR", "service", "core.of_this_test")
    assert told["message"] == "a name with\nbreaks and \u2028 more"
    assert "ValueError: two" in told["error"]


async def test_tasks_at_the_same_time_do_not_mix_their_ids(lines: io.StringIO) -> None:
    turn = asyncio.Barrier(2)

    async def task(number: int) -> None:
        with logs.about(check=number):
            await turn.wait()
            say("%d", number)

    await asyncio.gather(task(1), task(2))

    assert {(line["check"], line["message"]) for line in read(lines)} == {(1, "1"), (2, "2")}


def test_a_thread_started_with_the_context_carries_the_ids(lines: io.StringIO) -> None:
    with logs.about(check=3):
        thread = threading.Thread(target=contextvars.copy_context().run, args=(say,))
        thread.start()
        thread.join()

    assert read(lines)[0]["check"] == 3


def test_text_lines_name_what_they_are_about() -> None:
    record = logging.LogRecord("core.x", logging.INFO, "", 1, "started", (), None)
    with logs.about(check=12, request="0123456789ab"):
        logs.add_subject(record)

    assert logs.TextLines("worker").format(record).endswith("core.x: [case 12 request 0123456789ab] started")


def test_the_request_goes_along_in_a_name_and_is_read_back() -> None:
    request = logs.new_request()
    with logs.about(request=request):
        name = logs.tagged("ff" * 16)

    assert logs.request_of(name) == request
    assert logs.tagged("ff" * 16) == "ff" * 16


@pytest.mark.parametrize("name", [None, "", "ff" * 16, "0123456789ab", "not-hex-at-all", "0123456789AB-ff"])
def test_a_name_without_a_request_has_none(name: str | None) -> None:
    assert logs.request_of(name) is None
