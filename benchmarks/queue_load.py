"""The queue under load: `python -m benchmarks.queue_load`.

Many checks of many servers wait in a PostgreSQL (one out of a wheel, or `--url`), then real worker processes are
started, whose analysis is made up: it sleeps for a known time. Told are how long it took until nothing waited, how
long the checks of each server waited, whether anything was analysed or answered twice, and how throughput grows with
the number of workers. The time of an analysis is sleep, so what is measured is the queue and not the cores.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.services import requests
from core.services.analysis import Engine
from core.services.folders import Folders
from core.settings import VideoLimits
from core.store import Asker, Check, CheckStatus, HistoryFilter, Origin, Store, open_store
from core.types import Analysis, ProgressCallback
from tests.synth import engines
from tests.synth.logs import analyse
from tests.synth.postgres import PostgresServer

SEED = 7
LONGEST_S = 900.0
ANALYSIS_S = "QUEUE_LOAD_ANALYSIS_S"
ANALYSED = "analysed"
"""The file in the data folder to which every analysis adds the name of its clip."""


def _sleep(path: Path, limits: VideoLimits, progress: ProgressCallback) -> Analysis:
    """Stands in for an analysis of a known duration."""
    note = os.open(path.parent.parent / ANALYSED, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(note, path.name.encode() + b"\n")
    os.close(note)
    time.sleep(float(os.environ[ANALYSIS_S]))
    return analyse(path, limits)


ENGINE = Engine(_sleep, engines.draw, engines.nothing_to_load)


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one load: times in seconds, waits by server."""

    workers: int
    checks: int
    took_s: float
    waits_s: dict[int, list[float]]
    analysed_twice: int
    not_done: int
    attempts: int

    @property
    def per_minute(self) -> float:
        """Checks answered in a minute."""
        return 60 * self.checks / self.took_s


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="an empty PostgreSQL that was migrated, for one run alone")
    parser.add_argument("--checks", type=int, default=1000)
    parser.add_argument("--servers", type=int, default=50)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--analysis-s", type=float, default=0.25, help="how long a made-up analysis takes")
    parser.add_argument("--scaling", type=int, nargs="*", default=[1, 2, 3, 4], help="numbers of workers to compare")
    parser.add_argument("--scaling-checks", type=int, default=160)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="facepulse-load-", ignore_cleanup_errors=True) as folder,
        _databases(Path(folder), asked.url) as urls,
    ):
        run = asyncio.run(_run(next(urls), Path(folder) / "all", asked.workers, asked.checks, asked))
        _print_load(run, asked.analysis_s)
        if asked.url is None:
            sizes = [
                asyncio.run(_run(next(urls), Path(folder) / f"w{n}", n, asked.scaling_checks, asked))
                for n in asked.scaling
            ]
            _print_scaling(sizes, asked.analysis_s)
    return 0 if run.analysed_twice == run.not_done == 0 else 1


@contextmanager
def _databases(folder: Path, url: str | None) -> Iterator[Iterator[str]]:
    if url is not None:
        yield iter([url])
        return
    server = PostgresServer(folder / "data", hasty=False)
    try:
        yield iter(lambda: server.url(server.fresh()), None)
    finally:
        server.close()


async def _run(url: str, data_dir: Path, workers: int, checks: int, asked: argparse.Namespace) -> Run:
    async with open_store(url) as store:
        await _ask(store, data_dir, checks, asked.servers)
        environment = os.environ | {
            "FACEPULSE_DATABASE_URL": url,
            "FACEPULSE_DATA_DIR": str(data_dir),
            ANALYSIS_S: str(asked.analysis_s),
        }
        command = [sys.executable, "-m", "core.jobs.worker", "--engine", f"{__spec__.name}:ENGINE"]
        with (data_dir / "workers.log").open("wb") as log:
            processes = [
                await asyncio.create_subprocess_exec(*command, env=environment, stderr=log) for _ in range(workers)
            ]
            try:
                began, took_s = await _drained(store, checks)
            finally:
                for process in processes:
                    process.terminate()
                for process in processes:
                    await process.wait()
        return await _measured(store, data_dir, workers, began, took_s)


async def _ask(store: Store, data_dir: Path, checks: int, servers: int) -> None:
    order = [number % servers for number in range(checks)]
    random.Random(SEED).shuffle(order)
    for number, server in enumerate(order):
        asker = Asker(Origin.DISCORD, requester_id=10_000 + number, guild_id=1 + server, channel_id=2, message_id=3)
        await requests.request_check(
            store, f"clip {number}".encode(), asker, source_name="a.mp4", folders=Folders(data_dir), max_bytes=1000
        )


async def _drained(store: Store, checks: int) -> tuple[datetime, float]:
    """Wait until nothing waits or runs; return when the first check began and how long all took from then."""
    began_s: float | None = None
    started_s = time.monotonic()
    while time.monotonic() - started_s < LONGEST_S:
        waiting = len(await store.queue.open_checks(checks))
        running = await store.log.count(HistoryFilter(status=CheckStatus.QUEUED)) < checks
        if began_s is None and running:
            began_s, began = time.monotonic(), datetime.now(UTC)
        if began_s is not None and not waiting:
            return began, time.monotonic() - began_s
        await asyncio.sleep(0.1 if began_s is None or waiting < 10 else 1.0)
    raise TimeoutError(f"checks still wait after {LONGEST_S:.0f} s")


async def _measured(store: Store, data_dir: Path, workers: int, began: datetime, took_s: float) -> Run:
    rows: list[Check] = []
    for row in await store.log.list(HistoryFilter(limit=1_000_000)):
        check = await store.checks.get(row.id)
        if check is not None:
            rows.append(check)
    waits: dict[int, list[float]] = defaultdict(list)
    for check in rows:
        if check.asker.guild_id is not None and check.started_at is not None:
            waits[check.asker.guild_id].append(max(0.0, (check.started_at - began).total_seconds()))
    analysed = Counter((data_dir / ANALYSED).read_text().split())
    return Run(
        workers=workers,
        checks=len(rows),
        took_s=took_s,
        waits_s=dict(waits),
        analysed_twice=sum(1 for times in analysed.values() if times > 1),
        not_done=sum(check.status is not CheckStatus.DONE for check in rows),
        attempts=max(check.attempts for check in rows),
    )


def _print_load(run: Run, analysis_s: float) -> None:
    medians = sorted(statistics.median(waits) for waits in run.waits_s.values())
    print(f"{run.checks} checks of {len(medians)} servers, {run.workers} workers, {analysis_s} s an analysis")
    rows = (
        ("until nothing waited", f"{run.took_s:.1f} s"),
        ("the analyses alone", f"{run.checks * analysis_s / run.workers:.1f} s"),
        ("throughput", f"{run.per_minute:.0f} checks/min"),
        ("median wait, best server", f"{medians[0]:.1f} s"),
        ("median wait, worst server", f"{medians[-1]:.1f} s"),
        ("worst ÷ best", f"{medians[-1] / medians[0]:.2f}"),
        ("analysed twice", str(run.analysed_twice)),
        ("not answered", str(run.not_done)),
        ("most attempts at a check", str(run.attempts)),
    )
    for name, value in rows:
        print(f"  {name:28} {value:>16}")


def _print_scaling(runs: Sequence[Run], analysis_s: float) -> None:
    if not runs:
        return
    print(f"\n{runs[0].checks} checks, {analysis_s} s an analysis")
    print(f"  {'workers':>7} {'took':>9} {'checks/min':>11} {'against the first':>18} {'twice':>6} {'not done':>9}")
    for run in runs:
        ratio = run.per_minute / runs[0].per_minute
        print(
            f"  {run.workers:7} {run.took_s:7.1f} s {run.per_minute:11.0f} {ratio:17.2f}×"
            f" {run.analysed_twice:6} {run.not_done:9}"
        )


if __name__ == "__main__":
    sys.exit(main())
