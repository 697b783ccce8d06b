"""One round: some questions, one thing killed at a random moment meanwhile, and what was left of the questions."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

import psutil

from benchmarks.chaos.discord_side import Asked, Post
from benchmarks.chaos.engine import MADE_UP
from benchmarks.chaos.world import DECODER, WORKER, World

TARGETS = ("bot", "worker", "child", "database", "two bots")
QUESTIONS = (2, 4)
ASKED_WITHIN_S, HARMED_WITHIN_S = 1.2, 3.0
PRIVATE_SHARE = 0.25
SETTLED_S = 150.0
QUIET_S = 1.0
"""Left to a double to show itself before the round is judged; all rounds are judged once more at the end."""
GONE_S = 10.0
LOCKED_S = 14.0
"""Longest time for which the lock of the SQLite file is held; the service waits 10 s for it."""
SERVER_SHARE, DOWN_S = 0.25, 5.0
"""How often the PostgreSQL server itself is killed instead of connections to it, and how long it may stay away."""
ALL_SHARE = 0.3
CHILD_WITHIN_S = 90.0

Harm = Callable[[], Awaitable[str]]


@dataclass(slots=True)
class Outcome:
    """How one round ended; the counts are of its questions. `broken` says what did not hold."""

    engine: str
    number: int
    target: str
    harm: str = ""
    asked: int = 0
    acknowledged: int = 0
    done: int = 0
    failed: int = 0
    refused: int = 0
    took_s: float = 0.0
    questions: list[list[Any]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


class Rounds:
    """The rounds of one engine; `real_clip` gives the bytes of a small clip, another one each time."""

    def __init__(self, world: World, seed: int, real_clip: Callable[[], bytes]) -> None:
        self._world = world
        self._seed = seed
        self._real_clip = real_clip
        self._number = 0
        self._random = random.Random(seed)
        self.everything: list[tuple[int, Asked]] = []

    def target(self, number: int) -> str:
        """Return what is harmed in a round: each in turn, in an order that is shuffled every time."""
        order = list(TARGETS)
        turn = number // len(order)
        random.Random(f"{self._seed}-{self._world.engine}-{turn}").shuffle(order)
        return order[number % len(order)]

    async def play(self, number: int) -> Outcome:
        """Play one round."""
        self._number, self._random = number, random.Random(f"{self._seed}-{self._world.engine}-{number}")
        outcome = Outcome(self._world.engine, number, self.target(number))
        began_s = time.monotonic()
        if outcome.target == "two bots":
            await self._world.add_bot()
        harm: dict[str, Harm] = {
            "bot": self._kill_bot,
            "worker": self._kill_worker,
            "child": self._kill_child,
            "database": self._lose_database,
            "two bots": self._kill_one_of_two,
        }
        harming = asyncio.create_task(harm[outcome.target]())
        asked = await self._ask(outcome.target)
        outcome.harm = await harming
        outcome.asked = len(asked)
        self.everything += [(number, one) for one in asked]
        await self._settle(outcome, asked)
        outcome.questions = [list(asdict(one).values()) for one in asked]
        outcome.took_s = round(time.monotonic() - began_s, 1)
        return outcome

    async def _ask(self, target: str) -> list[Asked]:
        count = self._random.randint(*QUESTIONS)
        moments = sorted(self._random.uniform(0, ASKED_WITHIN_S) for _ in range(count))
        asked, began_s = [], time.monotonic()
        for index, moment in enumerate(moments):
            await asyncio.sleep(max(0.0, began_s + moment - time.monotonic()))
            real = target == "child" and index == 0
            data = self._real_clip() if real else MADE_UP + self._random.randbytes(3000)
            private = self._random.random() < PRIVATE_SHARE
            asked.append(self._world.discord.ask(f"clip-{self._number}-{index}.mp4", data, private=private))
        return asked

    async def _at_some_moment(self) -> float:
        moment_s = self._random.uniform(0, HARMED_WITHIN_S)
        await asyncio.sleep(moment_s)
        return moment_s

    async def _kill_bot(self) -> str:
        bot = self._random.choice(self._world.bots)
        while True:  # it may be starting just now
            moment_s = await self._at_some_moment()
            if bot.kill():
                return f"bot killed after {moment_s:.2f} s"

    async def _kill_worker(self) -> str:
        while True:
            moment_s = await self._at_some_moment()
            found = self._world.processes(WORKER)
            if found:
                self._random.choice(found).kill()
                return f"worker killed after {moment_s:.2f} s"

    async def _kill_child(self) -> str:
        until_s = time.monotonic() + CHILD_WITHIN_S
        while not (found := self._world.processes(DECODER)):
            if time.monotonic() > until_s:
                return "no decoding child was seen"
            await asyncio.sleep(0.1)
        moment_s = self._random.uniform(0, 0.6)
        await asyncio.sleep(moment_s)
        found = self._world.processes(DECODER) or found
        with suppress(psutil.NoSuchProcess):
            found[0].kill()
        return f"decoding child killed {moment_s:.2f} s after it was seen"

    async def _lose_database(self) -> str:
        moment_s = await self._at_some_moment()
        if self._world.engine == "local":
            held_s = self._random.uniform(0.5, LOCKED_S)
            with self._world.locked():
                await asyncio.sleep(held_s)
            return f"write lock held for {held_s:.1f} s after {moment_s:.2f} s"
        if self._random.random() < SERVER_SHARE:
            away_s = self._random.uniform(0, DOWN_S)
            await asyncio.to_thread(self._world.kill_server)
            await asyncio.sleep(away_s)
            await asyncio.to_thread(self._world.start_server)
            return f"server killed after {moment_s:.2f} s, away for {away_s:.1f} s"
        at_most = None if self._random.random() < ALL_SHARE else self._random.randint(1, 3)
        cut = await asyncio.to_thread(self._world.cut_connections, at_most)
        return f"{cut} connections cut after {moment_s:.2f} s"

    async def _kill_one_of_two(self) -> str:
        moment_s = await self._at_some_moment()
        goes = self._random.choice(self._world.bots)
        which = self._world.bots.index(goes) + 1
        await self._world.retire_bot(goes)
        return f"bot {which} of 2 killed after {moment_s:.2f} s"

    async def _settle(self, outcome: Outcome, asked: Sequence[Asked]) -> None:
        """Wait until all is answered and noted, and say what is not as it should be."""
        until_s = time.monotonic() + SETTLED_S
        while (faults := await self._faults(asked, outcome)) and time.monotonic() < until_s:  # noqa: ASYNC110
            await asyncio.sleep(0.7)
        await asyncio.sleep(QUIET_S)
        outcome.broken = await self._faults(asked, outcome) or faults
        outcome.broken += await self._left_behind()

    async def _left_behind(self) -> list[str]:
        until_s = time.monotonic() + GONE_S
        while (left := self._world.processes(DECODER)) and time.monotonic() < until_s:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
        return [f"{len(left)} decoding children left"] if left else []

    async def _faults(self, asked: Sequence[Asked], outcome: Outcome) -> list[str]:
        rows = await self._rows(asked)
        if rows is None:
            return ["the database cannot be read"]
        of_asked = [[row for row in rows if row[1] == one.message_id] for one in asked]
        outcome.done = sum(row[2] == "done" for row in rows)
        outcome.failed = sum(row[2] == "failed" for row in rows)
        outcome.acknowledged, outcome.refused, faults = 0, 0, []
        for one, own in zip(asked, of_asked, strict=True):
            shown = self._world.discord.shown_to(one)
            if not own and is_refused(shown):
                outcome.refused += 1
                continue
            outcome.acknowledged += bool(shown)
            faults += [f"{one.filename}: {fault}" for fault in judged(one, own, shown)]
        return faults

    async def _rows(self, asked: Sequence[Asked]) -> list[tuple[Any, ...]] | None:
        numbers = ", ".join(str(one.message_id) for one in asked)
        wanted = (
            "SELECT id, message_id, status, answered_at, error_sentence, incoming_name FROM checks"
            f" WHERE message_id IN ({numbers}) ORDER BY id"
        )
        try:
            return await asyncio.to_thread(self._world.sql, wanted)
        except Exception:  # whatever the driver says of a database that is away
            return None

    async def judge_all(self) -> list[str]:
        """Look at every question of all rounds once more: nothing may have been added since."""
        faults, blank = [], Outcome(self._world.engine, -1, "")
        for number, one in self.everything:
            faults += [f"round {number}, {fault}" for fault in await self._faults([one], blank)]
        return faults


def judged(asked: Asked, rows: Sequence[tuple[Any, ...]], shown: Sequence[Post]) -> list[str]:
    """Return what is wrong about one question.

    Args:
        asked: the question.
        rows: of it, (number, message, status, answered_at, error sentence, name of the waiting clip).
        shown: what the bot posted about it.
    """
    if len(rows) != 1:
        return [f"{len(rows)} results are stored"]
    number, _, status, answered_at, sentence, _ = rows[0]
    faults = [] if status in {"done", "failed"} else [f"case {number} is {status}"]
    final = [post for post in shown if is_final(post, number, sentence)]
    unfinished = [post for post in shown if is_progress(post)]
    if len(final) != 1:
        faults.append(f"case {number} has {len(final)} visible answers")
    if unfinished:
        faults.append(f"case {number} has {len(unfinished)} messages that still show progress")
    if answered_at is None:
        faults.append(f"case {number} is not noted as answered")
    hints = len(shown) - len(final) - len(unfinished)
    if hints > (1 if asked.private else 0):
        faults.append(f"case {number} has {hints} other messages")
    return faults


def is_refused(shown: Sequence[Post]) -> bool:
    """Whether all that was said about a question is that the database cannot be reached, and nothing was promised."""
    return len(shown) == 1 and shown[0].text.startswith("The database ") and len(shown[0].shown) == 1


def is_final(post: Post, number: int, sentence: str | None) -> bool:
    """Whether a message shows the answer to this case: the verdict with its buttons, or why there is none."""
    if f"fp:details:{number}" in post.buttons:
        return True
    return sentence is not None and sentence.rstrip(".") in post.text.replace("\\", "")


def is_progress(post: Post) -> bool:
    """Whether a message still promises an answer."""
    return post.text.startswith("Looking at") or any(button.startswith("fp:cancel:") for button in post.buttons)
