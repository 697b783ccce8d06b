"""Killing parts of the running service at random moments under load: `make chaos`, or `python -m benchmarks.chaos`.

Real: the service (`facepulse run` in processes of its own, with discord.py's own connections), worker processes,
Procrastinate, SQLite on disk, a PostgreSQL server that waits for its disk, and in the rounds of the decoding child the
whole analysis of a small clip. Stood in: Discord (`discord_side.py`, which outlives every bot), most clips (bytes whose
analysis is a pause), and who starts ended processes again. Leases last 8 s and rights to answer 3 s instead of 30.

In each round two to four members ask, and one thing is killed with SIGKILL at a random moment: the bot, a worker, the
decoding child, one of two bots, or on PostgreSQL some or all connections or the server itself; on SQLite the write
lock is held for up to 14 s. A question counts as acknowledged once Discord has any message of ours about it but a
refusal. Every question, acknowledged or not, must end in exactly one row, done or failed with a sentence, and exactly
one message that shows it, with no other message that still promises an answer; only while the database is away a
question may be refused at once, in one sentence and with no promise. All are judged once more at the end.

Rounds are kept as JSON lines until the table is printed, so a run that was stopped goes on. Exit status: 0 when all of
that held, 1 otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import io
import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

import psutil

from benchmarks.chaos.discord_side import DiscordSide
from benchmarks.chaos.rounds import TARGETS, Outcome, Rounds
from benchmarks.chaos.world import World, serving
from tests.synth.clips import Scene, even_times, write_scene
from tests.synth.postgres import PostgresServer

ENGINES = ("local", "distributed")
PR_SET_CHILD_SUBREAPER = 36
HOUR_S = 3600.0
SWEPT_S = 60.0


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200, help="of each engine (200)")
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--record", type=Path, help="a file of results to go on from (one of the temporary folder)")
    parser.add_argument("--only", type=int, help="one round alone; nothing is recorded")
    parser.add_argument("--keep", type=Path, help="an existing folder for the logs of all processes, to look at")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    _adopt_orphans()
    engines = ENGINES if asked.engine == "both" else (asked.engine,)
    record = asked.record or Path(tempfile.gettempdir()) / f"facepulse-chaos-{asked.seed}.jsonl"
    wanted = range(asked.rounds) if asked.only is None else [asked.only]
    known = {} if asked.only is not None else _recorded(record)
    faults: list[str] = []
    for engine in engines:
        left = [number for number in wanted if (engine, number) not in known]
        if left:
            faults += _run(engine, left, asked.seed, None if asked.only is not None else record, asked.keep)
    if asked.only is not None:
        return int(bool(faults))
    outcomes = [one for one in _recorded(record).values() if one.engine in engines and one.number < asked.rounds]
    print_table(outcomes)
    faults += [f"{one.engine} round {one.number} ({one.harm}): {fault}" for one in outcomes for fault in one.broken]
    for fault in faults:
        print(f"BROKEN: {fault}")
    if asked.record is None:
        record.unlink(missing_ok=True)
    return int(bool(faults))


def _run(engine: str, numbers: Sequence[int], seed: int, record: Path | None, keep: Path | None) -> list[str]:
    """Play these rounds, write each down, and return what was wrong at the end of all."""
    with _folder(f"facepulse-chaos-{engine}-", keep) as folder, serving(engine, folder) as server:
        return asyncio.run(_play(engine, numbers, seed, record, folder, server))


async def _play(
    engine: str, numbers: Sequence[int], seed: int, record: Path | None, folder: Path, server: PostgresServer | None
) -> list[str]:
    async with DiscordSide(seed) as discord_side, World(engine, folder, discord_side, server) as world:
        rounds = Rounds(world, seed, _clips(folder))
        for number in numbers:
            outcome = await rounds.play(number)
            _reap()
            told = "; ".join(outcome.broken) or "all well"
            print(f"{engine} {number:4} {outcome.took_s:6.1f} s  {outcome.harm}: {told}", file=sys.stderr, flush=True)
            if record is not None:
                with record.open("a") as kept:
                    kept.write(json.dumps(asdict(outcome)) + "\n")
        return [f"{engine}, at the end: {fault}" for fault in await _end(world, rounds)]


@contextmanager
def _folder(prefix: str, keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        yield Path(tempfile.mkdtemp(prefix=prefix, dir=keep))
        return
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as name:
        yield Path(name)


async def _end(world: World, rounds: Rounds) -> list[str]:
    """Look at everything once more, have orphaned files swept as they would be after minutes, and end it all."""
    faults = await rounds.judge_all()
    files = len(world.waiting_files())
    await world.stop()
    world.age_files(HOUR_S)
    await world.add_bot()  # workers sweep when they start
    if world.engine == "distributed":
        world.add_worker()
    until_s = time.monotonic() + SWEPT_S
    while world.waiting_files() and time.monotonic() < until_s:  # noqa: ASYNC110
        await asyncio.sleep(0.5)
    if world.waiting_files():
        faults.append(f"{len(world.waiting_files())} files are left")
    await world.stop()
    _reap()
    ours = [process for process in world.processes("python") if process.pid != os.getpid()]
    if ours:
        faults.append(f"{len(ours)} processes are left")
    print(f"{world.engine}: {files} orphaned clips lay there for the sweep; swept: {not world.waiting_files()}")
    return faults


def _clips(folder: Path) -> Callable[[], bytes]:
    """Return what makes a small real clip, another one at each call: 1 s of a rendered face and a box of noise."""
    path = write_scene(
        folder / "clip.mp4", Scene(width_px=320, height_px=240, face_px=110), even_times(25, 2.0), rate=Fraction(25)
    )
    clip = path.read_bytes()

    def another() -> bytes:
        noise = os.urandom(24)
        out = io.BytesIO(clip)
        out.seek(0, io.SEEK_END)
        out.write((8 + len(noise)).to_bytes(4, "big") + b"free" + noise)
        return out.getvalue()

    return another


def _adopt_orphans() -> None:
    """Have processes whose parent died come to this one, so that none can hide."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def _reap() -> None:
    """Take leave of adopted processes that ended."""
    for process in psutil.Process().children():
        if process.status() == psutil.STATUS_ZOMBIE:
            try:
                os.waitpid(process.pid, os.WNOHANG)
            except ChildProcessError:
                continue


def _recorded(record: Path) -> dict[tuple[str, int], Outcome]:
    if not record.is_file():
        return {}
    rows = [json.loads(line) for line in record.read_text().splitlines()]
    return {(row["engine"], row["number"]): Outcome(**row) for row in rows}


def print_table(outcomes: Sequence[Outcome]) -> None:
    """Print how the rounds of each engine and target ended."""
    heads = ("rounds", "asked", "acknowledged", "done", "failed", "refused", "broken", "median s", "longest s")
    print("| engine | killed | " + " | ".join(heads) + " |")
    print("|---|---|" + "---:|" * len(heads))
    for engine in ENGINES:
        of_engine = [one for one in outcomes if one.engine == engine]
        for target in TARGETS:
            _print_row(engine, target, [one for one in of_engine if one.target == target])
        _print_row(engine, "all", of_engine)


def _print_row(engine: str, target: str, outcomes: Sequence[Outcome]) -> None:
    if not outcomes:
        return
    took = sorted(one.took_s for one in outcomes)
    cells = (
        len(outcomes),
        sum(one.asked for one in outcomes),
        sum(one.acknowledged for one in outcomes),
        sum(one.done for one in outcomes),
        sum(one.failed for one in outcomes),
        sum(one.refused for one in outcomes),
        sum(bool(one.broken) for one in outcomes),
        f"{took[len(took) // 2]:.1f}",
        f"{took[-1]:.1f}",
    )
    print(f"| {engine} | {target} | " + " | ".join(str(cell) for cell in cells) + " |")


if __name__ == "__main__":
    sys.exit(main())
