"""What a round of chaos counts as a fault, and one round of it."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from benchmarks.chaos.discord_side import CHANNEL, Asked, DiscordSide, Post
from benchmarks.chaos.rounds import Rounds, is_refused, judged
from benchmarks.chaos.world import World

ASKED = Asked(11, 22, "clip.mp4", private=False)
DONE = (7, 11, "done", "2026-05-04", None, None)
FAILED = (7, 11, "failed", "2026-05-04", "This is not a video.", None)
VERDICT = "fp:details:7"


def post(text: str, *buttons: str, number: int = 33) -> Post:
    return Post(number, CHANNEL, 9001, 11, {}, [(text, buttons)])


def test_one_row_and_one_visible_answer_is_no_fault() -> None:
    assert judged(ASKED, [DONE], [post("a verdict", VERDICT)]) == []
    assert judged(ASKED, [FAILED], [post("clip.mp4: This is not a video.")]) == []


@pytest.mark.parametrize(
    ("rows", "shown", "fault"),
    [
        ([], [post("Looking at **clip.mp4**…")], "0 results are stored"),
        ([DONE, DONE], [post("a verdict", VERDICT)], "2 results are stored"),
        ([DONE], [], "case 7 has 0 visible answers"),
        ([DONE], [post("a verdict", VERDICT), post("a verdict", VERDICT, number=34)], "case 7 has 2 visible answers"),
        (
            [DONE],
            [post("a verdict", VERDICT), post("Looking at it…", number=34)],
            "1 messages that still show progress",
        ),
        ([(7, 11, "running", None, None, None)], [post("…", "fp:cancel:7")], "case 7 is running"),
        ([(*DONE[:3], None, None, None)], [post("a verdict", VERDICT)], "case 7 is not noted as answered"),
        ([DONE], [post("a verdict", VERDICT), post("something else", number=34)], "case 7 has 1 other messages"),
    ],
)
def test_a_question_that_was_lost_or_answered_twice_is_a_fault(
    rows: list[tuple[object, ...]], shown: list[Post], fault: str
) -> None:
    assert any(fault in found for found in judged(ASKED, rows, shown))


def test_only_a_refusal_without_a_promise_is_a_refusal() -> None:
    refusal = "The database is busy; try again in a moment."
    promised = post("Looking at **clip.mp4**…")
    promised.shown.append((refusal, ()))

    assert is_refused([post(refusal)])
    assert not is_refused([promised])
    assert not is_refused([post(refusal), post("Looking at **clip.mp4**…", number=34)])
    assert not is_refused([])


async def test_this_discord_shows_two_messages_with_one_nonce_once() -> None:
    async with DiscordSide(0) as discord_side, aiohttp.ClientSession() as session:
        asked = discord_side.ask("clip.mp4", b"a clip")
        body = {
            "content": "Looking at it…", "nonce": "n", "enforce_nonce": True,
            "message_reference": {"message_id": str(asked.message_id)},
        }  # fmt: skip
        address = f"http://{discord_side.address}/api/v10/channels/{CHANNEL}/messages"
        numbers = []
        for nonce in ("n", "n", "another"):
            async with session.post(address, json=body | {"nonce": nonce}) as answer:
                numbers.append((await answer.json())["id"])

    assert numbers[0] == numbers[1] != numbers[2]
    assert [str(shown.id) for shown in discord_side.shown_to(asked)] == [numbers[0], numbers[2]]


@pytest.mark.slow
async def test_a_round_in_which_a_bot_is_killed_loses_nothing(tmp_path: Path) -> None:
    async with DiscordSide(0) as discord_side, World("local", tmp_path, discord_side) as world:
        rounds = Rounds(world, 0, lambda: b"")
        number = next(number for number in range(20) if rounds.target(number) == "bot")

        outcome = await rounds.play(number)

        assert outcome.broken == []
        assert outcome.done == outcome.asked > 0
        assert await rounds.judge_all() == []
