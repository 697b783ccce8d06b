"""What one check costs: `python -m benchmarks.scale_costs`, the measured half of docs/scaling.md.

Measured are a warm analysis of the synthetic clip of `make bench` (processor time, memory, what is stored and drawn), a
PostgreSQL out of a wheel under real requests and a real worker whose analysis is made up (transactions, write-ahead
log, bytes a check, connections), and the places for media (a folder, and moto's S3 server in this process, which is
slower than a real one). Processor time stays about the same on a busy machine; what is in seconds of a clock does not.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import statistics
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from benchmarks.scale_plan import told
from benchmarks.speed_clip import synthetic_clip
from core.jobs.worker import run_worker
from core.media import LocalMedia, MediaStore, open_media
from core.pipeline import analyse
from core.report.figures import evidence_picture
from core.report.page import write_report
from core.services import requests
from core.services.analysis import Engine
from core.services.folders import Folders
from core.settings import MediaPlace, Settings, VideoLimits
from core.store import Asker, Origin, open_store
from core.store.serialise import dump_report
from core.types import Analysis, Progress, ProgressCallback, Stage
from tests.synth.logs import sha256_of
from tests.synth.media import CREDENTIALS, S3Server
from tests.synth.postgres import PostgresServer

BUSY_S = 3.0
IDLE_S = 15.0
TICK_S = 0.05
LOOK_S = 1.0
SERVERS = 50
OWN_TABLES = (
    "SELECT sum(pg_total_relation_size(relid)) FROM pg_stat_user_tables WHERE relname NOT LIKE 'procrastinate%'"
)
WRITTEN = "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn"
DONE = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was measured."""

    what: str
    value: float
    unit: str


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checks", type=int, default=300, help="through the database (300)")
    parser.add_argument("--runs", type=int, default=3, help="warm analyses, of which the median is taken (3)")
    parser.add_argument("--clip-mib", type=float, default=4.0, help="size of the clips for the media stores (4)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="facepulse-costs-", ignore_cleanup_errors=True) as folder:
        analysis, rows = _analysis(Path(folder), asked.runs)
        rows += asyncio.run(_database(Path(folder), analysis, asked.checks))
        rows += _media(Path(folder), os.urandom(int(asked.clip_mib * (1 << 20))), asked.clip_mib)
    print("| measured | value | unit |\n|---|---|---|")
    for row in rows:
        print(f"| {row.what} | {told(row.value)} | {row.unit} |")
    return 0


def _analysis(folder: Path, runs: int) -> tuple[Analysis, list[Row]]:
    clip = synthetic_clip(folder)
    analysis = analyse(clip, VideoLimits())  # loads the networks
    costs = [_costs(clip) for _ in range(runs)]
    drawn = folder / "drawn"
    drawn.mkdir()
    (drawn / "evidence.png").write_bytes(evidence_picture(analysis))
    write_report(analysis, drawn, clip.name)
    figures = [path.stat().st_size for path in drawn.iterdir()]
    report = analysis.report
    names = f"{report.seconds_analysed:.0f} s of {report.video.width_px}×{report.video.height_px}, one face"
    own, child = (resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return analysis, [
        Row(f"analysis of {names}: processor", statistics.median(cost[0] for cost in costs), "s"),
        Row("of it in the networks of the detectors, as a clock saw it", statistics.median(c[1] for c in costs), "s"),
        Row("drawing its figures: processor", statistics.median(cost[2] for cost in costs), "s"),
        Row("memory of the worker, at most", own, "MB"),
        Row("memory of its decoding child, at most", child, "MB"),
        Row("its report as it is stored", len(dump_report(report)) / 1024, "KiB"),
        Row(f"its {len(figures)} figures and report page", sum(figures) / 1024, "KiB"),
    ]


def _costs(clip: Path) -> tuple[float, float, float]:
    with _processor() as analysing:
        analysis = analyse(clip, VideoLimits())
    with _processor() as drawing:
        evidence_picture(analysis)
        with tempfile.TemporaryDirectory() as folder:
            write_report(analysis, Path(folder), clip.name)
    return analysing(), dict(analysis.report.timings_s).get("detectors", 0.0), drawing()


@contextmanager
def _processor() -> Iterator[Callable[[], float]]:
    """Give a function that tells the processor time of the block, its children's with it, in s."""

    def spent_s() -> float:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(one.ru_utime + one.ru_stime for one in used)

    began_s, told = spent_s(), [0.0]
    yield lambda: told[0]
    told[0] = spent_s() - began_s


async def _database(folder: Path, analysis: Analysis, checks: int) -> list[Row]:
    server = await asyncio.to_thread(PostgresServer, folder / "pg", hasty=False)
    try:
        name = server.fresh()
        settings = Settings(_env_file=None, data_dir=folder / "data", database_url=server.url(name))
        with psycopg.connect(server.conninfo(name), autocommit=True) as look:
            return await _under_load(look, settings, analysis, checks)
    finally:
        await asyncio.to_thread(server.close)


async def _under_load(look: psycopg.Connection, settings: Settings, analysis: Analysis, checks: int) -> list[Row]:
    def number(query: str) -> float:
        look.execute("SELECT pg_stat_force_next_flush()")
        found = look.execute(query).fetchone()  # type: ignore[arg-type]
        return 0.0 if found is None else float(found[0])

    empty_bytes = number(OWN_TABLES)
    idle_per_s = await _idle(settings, analysis, lambda: number(DONE))
    written, done = number(WRITTEN), number(DONE)
    took_s, connections = await _answered(settings, _engine(analysis, 0.0), 0, checks, lambda: number(CONNECTED))
    # its workers end here, and with them what they counted
    quick = number(DONE) - done
    rows_bytes, wal_bytes = number(OWN_TABLES) - empty_bytes, number(WRITTEN) - written
    few, done = max(2, checks // 100), number(DONE)
    slow_s, _ = await _answered(settings, _engine(analysis, BUSY_S), checks, few, lambda: number(CONNECTED))
    busy = number(DONE) - done
    per_check = (quick - idle_per_s * took_s) / checks
    return [
        Row("transactions of an idle worker", idle_per_s, "a second"),
        Row("transactions of a check, asked and answered", per_check, ""),
        Row("transactions while an analysis runs", (busy - few * per_check) / slow_s, "a second"),
        Row("write-ahead log of a check", wal_bytes / checks / 1024, "KiB"),
        Row("tables and indexes of a check", rows_bytes / checks / 1024, "KiB"),
        Row("connections of one worker process, at most", connections, ""),
        Row("checks through one worker without an analysis", checks / took_s, "a second"),
    ]


async def _idle(settings: Settings, analysis: Analysis, done: Callable[[], float]) -> float:
    async with _working(settings, _engine(analysis, 0.0)):
        await asyncio.sleep(IDLE_S / 3)
        before = await asyncio.to_thread(done)
        await asyncio.sleep(IDLE_S)
        return (await asyncio.to_thread(done) - before) / IDLE_S


async def _answered(
    settings: Settings, engine: Engine, first: int, checks: int, connected: Callable[[], float]
) -> tuple[float, float]:
    """Ask so many checks and have one worker answer them; return the time of that and the worker's connections."""
    folders = Folders(settings.data_dir)
    async with open_store(settings.resolved_database_url) as store:
        for number in range(first, first + checks):
            asker = Asker(Origin.DISCORD, 10_000 + number, guild_id=1 + number % SERVERS, channel_id=2, message_id=3)
            await requests.request_check(
                store, f"clip {number}".encode(), asker, source_name="clip.mp4", folders=folders, max_bytes=1000
            )
    ours = await asyncio.to_thread(connected)
    began_s, most = time.monotonic(), 0.0
    async with _working(settings, engine), open_store(settings.resolved_database_url) as store:
        while await store.queue.open_checks(1):
            most = max(most, await asyncio.to_thread(connected) - 1)
            await asyncio.sleep(LOOK_S)
    return time.monotonic() - began_s, most - ours


@asynccontextmanager
async def _working(settings: Settings, engine: Engine) -> AsyncIterator[None]:
    stop = asyncio.Event()
    work = asyncio.create_task(run_worker(settings, stop, engine=engine, name="costs"))
    try:
        yield
    finally:
        stop.set()
        await work


def _engine(analysis: Analysis, seconds: float) -> Engine:
    """An engine that gives a real analysis for every clip, after so many seconds of telling its progress."""

    def analyse_made_up(path: Path, limits: VideoLimits, progress: ProgressCallback) -> Analysis:
        waited = threading.Event()
        for step in range(int(seconds / TICK_S)):
            progress(Progress(Stage.FRAMES, step, None, None))
            waited.wait(TICK_S)
        return replace(analysis, report=replace(analysis.report, clip_sha256=sha256_of(path.read_bytes())))

    return Engine(analyse_made_up, lambda *_: None, lambda: None)


def _media(folder: Path, clip: bytes, mib: float) -> list[Row]:
    server = S3Server()
    os.environ.update(CREDENTIALS)
    try:
        bucket = open_media(MediaPlace(f"s3://{server.fresh()}", server.endpoint), folder)
        return [
            *_store(f"{mib:g} MiB in a folder", LocalMedia(folder / "media"), clip, folder / "fetched"),
            *_store(f"{mib:g} MiB in a bucket (moto, this machine)", bucket, clip, folder / "fetched"),
        ]
    finally:
        server.close()


def _store(name: str, media: MediaStore, clip: bytes, target: Path) -> list[Row]:
    times_s: dict[str, list[float]] = {"put": [], "fetch": [], "delete": []}
    for number in range(20):
        key = f"incoming/{number}"
        steps: dict[str, Callable[[], object]] = {
            "put": lambda key=key: media.put(key, clip),
            "fetch": lambda key=key: media.fetch(key, target, len(clip)),
            "delete": lambda key=key: media.delete([key]),
        }
        for step, act in steps.items():
            began_s = time.perf_counter()
            act()
            times_s[step].append(time.perf_counter() - began_s)
    return [Row(f"{name}: {step}", 1000 * statistics.median(times), "ms") for step, times in times_s.items()]


if __name__ == "__main__":
    raise SystemExit(main())
