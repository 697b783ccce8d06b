"""Many questions at once: `python -m benchmarks.discord_load`.

The real client under simcord is asked by mention and by command, and its buttons are pressed, while a made-up worker
answers. The table tells how soon a first sign of life comes, how often an answer is edited, and how long the event
loop is busy with one thing. What stands in for Discord runs on the same loop, so the waits are rather too long.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.types import HttpLogEntry

from benchmarks.loop_watch import LoopWatch, watched_loop
from benchmarks.playground.live import LiveEnv
from bot.client import FacepulseBot
from bot.memory import settle_memory
from bot.services import build_services
from core.report.figures import evidence_picture
from core.store import Store, migrate, open_store
from core.types import Progress, Stage
from core.versions import versions_key
from tests.synth.analyses import make_analysis

REQUESTS = 200
SPREAD_S = 10.0
"""The questions come at even pauses over this time."""
SHARES = {"mention": 0.6, "command": 0.2, "button": 0.2}
MEMBERS = 40
CLIP_BYTES, LARGE_BYTES = 1 << 20, 24 << 20
LARGE_EVERY = 40
CHECK_S = 0.03
"""The made-up worker takes this long for a check."""
ALL_ANSWERED_S = 60.0
LEASE = timedelta(minutes=5)


class TimedLog(list[HttpLogEntry]):
    """simcord's log of requests, with the time of each."""

    def __init__(self) -> None:
        super().__init__()
        self.times_s: list[float] = []

    def append(self, entry: HttpLogEntry) -> None:
        """Note a request."""
        self.times_s.append(time.perf_counter())
        super().append(entry)

    def first(self, fits: Callable[[HttpLogEntry], bool]) -> float | None:
        """Return when the first request that fits was made."""
        return next((at for at, entry in zip(self.times_s, self, strict=True) if fits(entry)), None)


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it. `first_sign_s` has the waits by kind of question, `edits` how often each answer was edited."""

    first_sign_s: dict[str, list[float]]
    edits: list[int]
    verdicts: int
    clips: int
    watch: LoopWatch


async def load(folder: Path, requests: int = REQUESTS, spread_s: float = SPREAD_S) -> Load:
    """Ask the bot in a made-up server, wait until all is answered, and return what came of it."""
    url = f"sqlite+aiosqlite:///{folder / 'facepulse.sqlite3'}"
    await asyncio.to_thread(migrate, url)
    picture = await asyncio.to_thread(lambda: evidence_picture(make_analysis()))
    async with open_store(url) as store, open_store(url) as workers_store:
        env = LiveEnv(FacepulseBot(build_services(store, folder, 200 << 20)))
        await env.start()
        env.rest_s = 0.0
        env.backend.http_requests = log = TimedLog()
        settle_memory()  # as `facepulse run` does
        try:
            async with asyncio.TaskGroup() as group:  # a worker that fails ends it all
                working = group.create_task(_work(workers_store, folder, picture))
                with watched_loop() as watch:
                    asked = await Crowd(env, log).ask(_kinds(requests), spread_s)
                    clips = sum(kind != "button" for kind, _, _ in asked)
                    with suppress(TimeoutError):  # the table tells how many are missing
                        async with asyncio.timeout(ALL_ANSWERED_S):
                            while _verdicts(log) < clips:  # noqa: ASYNC110 - nothing tells when the last is there
                                await asyncio.sleep(0.2)
                working.cancel()
        finally:
            gc.unfreeze()
            await env.shutdown()
    return _seen(asked, log, clips, watch)


class Crowd:
    """The members of one server, and what they do."""

    def __init__(self, env: LiveEnv, log: TimedLog) -> None:
        self._log = log
        self._random = random.Random(1)
        guild = env.create_guild()
        self._channels = [guild.create_text_channel(f"clips-{number}") for number in range(4)]
        self._members = [guild.add_member(env.create_user(f"member-{number}")) for number in range(MEMBERS)]
        self._me = env.bot.user.mention if env.bot.user is not None else ""
        self._clips = 0

    async def ask(self, kinds: Sequence[str], spread_s: float) -> list[tuple[str, int, float]]:
        """Do all of it; return of each the kind, the id of message or interaction, and when."""
        asked, start_s = [], time.perf_counter()
        for number, kind in enumerate(kinds):
            await asyncio.sleep(max(0.0, start_s + number * spread_s / len(kinds) - time.perf_counter()))
            member, channel = self._members[number % MEMBERS], self._random.choice(self._channels)
            while kind == "button" and self._answered() is None:  # noqa: ASYNC110 - as people wait for one
                await asyncio.sleep(0.05)
            at_s = time.perf_counter()
            asked.append((kind, await self._one(kind, member, channel), at_s))
        return asked

    async def _one(self, kind: str, member: MemberActor, channel: ChannelHandle) -> int:
        if kind == "mention":
            return (await member.send(channel, f"{self._me} real?", attachments=[self._clip()])).id
        if kind == "command":
            return (await member.slash(channel, "check", video=self._clip()))._interaction.id
        channel_id, message_id = self._answered() or (0, 0)
        place = next(one for one in self._channels if one.id == channel_id)
        answer = next(one for one in place.history() if one.id == message_id)
        return (await member.click(answer, label="Details"))._interaction.id

    def _clip(self) -> tuple[str, bytes]:
        self._clips += 1
        size = LARGE_BYTES if self._clips % LARGE_EVERY == 0 else CLIP_BYTES
        return f"clip-{self._clips}.mp4", self._clips.to_bytes(4) * (size // 4)

    def _answered(self) -> tuple[int, int] | None:
        """Return channel and message of some verdict in a channel."""
        done = [entry.path.split("/") for entry in self._log if _is_verdict(entry) and "/channels/" in entry.path]
        return (int(done[-1][2]), int(done[-1][4])) if done else None


async def _work(store: Store, folder: Path, picture: bytes) -> None:
    """Answer whatever waits, as a worker would: claim, tell progress, finish."""
    report, versions = make_analysis().report, versions_key()
    while True:
        claim = await store.queue.claim("load", datetime.now(UTC), LEASE)
        if claim is None:
            await asyncio.sleep(CHECK_S)
            continue
        await store.queue.heartbeat(claim, datetime.now(UTC), LEASE, Progress(Stage.FRAMES, 3, 9, None))
        await asyncio.sleep(CHECK_S)
        figures = folder / "outgoing" / str(claim.id)
        await asyncio.to_thread(figures.mkdir, parents=True)
        await asyncio.to_thread((figures / "evidence.png").write_bytes, picture)
        answer = replace(report, clip_sha256=claim.clip_sha256 or "")
        await store.queue.finish(claim, answer, versions, datetime.now(UTC))


def _kinds(requests: int) -> list[str]:
    kinds = [kind for kind, share in SHARES.items() for _ in range(round(requests * share))]
    random.Random(2).shuffle(kinds)
    return kinds


def _is_verdict(entry: HttpLogEntry) -> bool:
    return entry.method == "PATCH" and "fp:details:" in str(entry.json)


def _verdicts(log: TimedLog) -> int:
    return len({entry.path for entry in log if _is_verdict(entry)})


def _seen(asked: Sequence[tuple[str, int, float]], log: TimedLog, clips: int, watch: LoopWatch) -> Load:
    waits: dict[str, list[float]] = {kind: [] for kind in SHARES}
    for kind, number, at_s in asked:
        sign_s = log.first(_is_reply_to(number) if kind == "mention" else _is_answer_to(number))
        if sign_s is not None:
            waits[kind].append(sign_s - at_s)
    edited = Counter(entry.path for entry in log if entry.method == "PATCH")
    return Load(waits, list(edited.values()), _verdicts(log), clips, watch)


def _is_reply_to(message_id: int) -> Callable[[HttpLogEntry], bool]:
    def fits(entry: HttpLogEntry) -> bool:
        body: Any = entry.json or {}
        return entry.method == "POST" and int((body.get("message_reference") or {}).get("message_id", 0)) == message_id

    return fits


def _is_answer_to(interaction_id: int) -> Callable[[HttpLogEntry], bool]:
    return lambda entry: entry.path.startswith(f"/interactions/{interaction_id}/")


def lines(seen: Load) -> Iterator[str]:
    """Yield the table."""
    for kind, waits in seen.first_sign_s.items():
        ranked = sorted(waits)
        p95 = ranked[int(0.95 * (len(ranked) - 1))]
        yield (
            f"first sign of life, {kind:8} n={len(waits):<4} p50 {1e3 * statistics.median(waits):5.0f} ms"
            f"   p95 {1e3 * p95:5.0f} ms   max {1e3 * ranked[-1]:5.0f} ms"
        )
    yield f"edits of an answer: mean {statistics.mean(seen.edits):.1f}, most {max(seen.edits)}"
    yield f"answered: {seen.verdicts} of {seen.clips} clips"
    yield f"callbacks of the bot: {seen.watch.bot.count}; the longest:"
    for stall in seen.watch.bot.stalls[:5]:
        yield f"  {1e3 * stall.wall_s:6.1f} ms ({1e3 * stall.cpu_s:6.1f} ms CPU)  {stall.what}"
    harness = seen.watch.harness.stalls[0]
    yield f"longest of what stands in for Discord: {1e3 * harness.wall_s:.1f} ms  {harness.what}"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.discord_load", description=__doc__)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--spread", type=float, default=SPREAD_S, help="seconds over which they come")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for line in lines(asyncio.run(load(Path(folder), options.requests, options.spread))):
            print(line)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
