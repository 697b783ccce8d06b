"""The service that is harmed: its processes, started again when they end, and its database."""

from __future__ import annotations

import asyncio
import os
import secrets
import sqlite3
import sys
from asyncio.subprocess import Process
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
import psycopg

from benchmarks.chaos.discord_side import SHY_GUILD, DiscordSide
from benchmarks.chaos.service import ENGINE, LEASE_S, end_with_the_parent
from core.services.guilds import Guilds
from core.store import migrate, open_store
from core.types import AnswerPlace
from tests.synth.postgres import PostgresServer
from tests.synth.raw import run_sql

ROOT = Path(__file__).resolve().parents[2]
AGAIN_S = 0.3
"""Before a process that ended is started again, as a service manager would."""
UP_S = 90.0
STOP_S = 25.0
PG_WORKERS = 2
DECODER, WORKER = "core.video.child", "core.jobs.worker"


class Kept:
    """One process that is started again whenever it ends, until it is retired."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self._command = command
        self._environment = environment
        self._log = log
        self._wanted = True
        self._keeper: asyncio.Task[None] | None = None
        self.process: Process | None = None
        self.starts = 0

    def start(self) -> Self:
        """Begin to keep it."""
        self._keeper = asyncio.create_task(self._keep())
        return self

    @property
    def pid(self) -> int | None:
        """Its process id now, None while it does not run."""
        return None if self.process is None or self.process.returncode is not None else self.process.pid

    def kill(self) -> bool:
        """Kill it outright; False when it did not run."""
        pid = self.pid
        if pid is None or self.process is None:
            return False
        self.process.kill()
        return True

    async def retire(self, *, politely: bool = True) -> None:
        """End it for good: by SIGTERM, and after `STOP_S` outright."""
        self._wanted = False
        process = self.process
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate() if politely else process.kill()
        if self._keeper is not None:
            done, _ = await asyncio.wait({self._keeper}, timeout=STOP_S)
            if not done and process is not None:
                process.kill()
                await self._keeper

    async def _keep(self) -> None:
        while self._wanted:
            with self._log.open("ab") as log:
                self.process = await asyncio.create_subprocess_exec(
                    *self._command,
                    env=self._environment,
                    cwd=self._log.parent,
                    stdout=log,
                    stderr=log,
                    preexec_fn=end_with_the_parent,
                )
            self.starts += 1
            await self.process.wait()
            await asyncio.sleep(AGAIN_S)


@contextmanager
def serving(engine: str, folder: Path) -> Iterator[PostgresServer | None]:
    """Have the PostgreSQL server of an engine run while the block lasts; None for the one without."""
    server = PostgresServer(folder / "pg", hasty=False) if engine == "distributed" else None
    try:
        yield server
    finally:
        if server is not None:
            server.close()


class World:
    """A service on one of the two engines; an async context manager that ends its processes."""

    def __init__(
        self, engine: str, folder: Path, discord_side: DiscordSide, server: PostgresServer | None = None
    ) -> None:
        self.engine = engine
        self.discord = discord_side
        self.data_dir = folder / "data"
        self.data_dir.mkdir(parents=True)
        self._folder = folder
        self._server = server
        self._name = "" if self._server is None else self._server.fresh()
        self.url = f"sqlite+aiosqlite:///{self.data_dir / 'facepulse.sqlite3'}"
        if self._server is not None:
            self.url = self._server.url(self._name)
        self.bots: list[Kept] = []
        self.workers: list[Kept] = []

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def _start(self) -> None:
        await asyncio.to_thread(migrate, self.url)
        async with open_store(self.url) as store:
            await Guilds(store).change(SHY_GUILD, by=1, answer_place=AnswerPlace.PRIVATE)
            for guild in (SHY_GUILD, SHY_GUILD - 1):
                await Guilds(store).change(guild, by=1, guild_daily_budget=100_000)
        for _ in range(PG_WORKERS if self._server is not None else 0):
            self.add_worker()
        await self.add_bot()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """End bots and workers politely; the database stays."""
        kept = [*self.bots, *self.workers]
        await asyncio.gather(*(one.retire() for one in kept))
        self.bots.clear()
        self.workers.clear()

    async def add_bot(self) -> Kept:
        """Start one more bot process, and return it when it has joined Discord."""
        before = self.discord.joined
        command = [sys.executable, "-m", "benchmarks.chaos.service", self.discord.address]
        bot = Kept(command, self._environment(), self._folder / f"bot-{secrets.token_hex(2)}.log").start()
        self.bots.append(bot)
        async with asyncio.timeout(UP_S):
            while self.discord.joined == before:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return bot

    def add_worker(self) -> Kept:
        """Start one more worker process of its own."""
        command = [sys.executable, "-m", WORKER, "--engine", ENGINE, "--lease-s", str(LEASE_S)]
        log = self._folder / f"worker-{secrets.token_hex(2)}.log"
        worker = Kept(command, self._environment(), log).start()
        self.workers.append(worker)
        return worker

    async def retire_bot(self, bot: Kept) -> None:
        """Take a bot process away for good, outright."""
        self.bots.remove(bot)
        await bot.retire(politely=False)

    def _environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("FACEPULSE_")},
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "DISCORD_TOKEN": "a.token.of-nobody",
            "FACEPULSE_DATA_DIR": str(self.data_dir),
            "FACEPULSE_DATABASE_URL": self.url,
            "FACEPULSE_WEB_PORT": "0",
            "FACEPULSE_WORKERS": "0" if self._server is not None else "1",
        }

    def processes(self, mark: str) -> list[psutil.Process]:
        """Return those of this run's processes that have `mark` among their arguments."""
        return [process for process in _descendants() if mark in _arguments(process)]

    def worker_pids(self) -> list[int]:
        """Return the ids of the worker processes that run now."""
        return [process.pid for process in self.processes(WORKER)]

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement on the database."""
        return run_sql(self.url, statement)

    def cut_connections(self, at_most: int | None) -> int:
        """PostgreSQL: end this many connections, or all, as the server's administrator can; return how many."""
        if self._server is None:
            return 0
        limit = "ALL" if at_most is None else str(at_most)
        with psycopg.connect(self._server.conninfo("postgres"), autocommit=True) as admin:
            cut = admin.execute(
                f"SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity"
                f" WHERE datname = '{self._name}' ORDER BY random() LIMIT {limit}) AS chosen".encode()
            )
            return len(cut.fetchall())

    def kill_server(self) -> None:
        """PostgreSQL: kill -9 the server."""
        if self._server is not None:
            self._server.kill()

    def start_server(self) -> None:
        """PostgreSQL: start the server again, which recovers by its log."""
        if self._server is not None:
            self._server.start_again()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """SQLite: hold the write lock while the block lasts."""
        database = sqlite3.connect(self.data_dir / "facepulse.sqlite3", isolation_level=None, timeout=20)
        with closing(database):
            database.execute("BEGIN IMMEDIATE")
            yield
            database.execute("ROLLBACK")

    def waiting_files(self) -> list[str]:
        """Return the names of the clips that lie in the data folder."""
        incoming = self.data_dir / "incoming"
        return sorted(path.name for path in incoming.iterdir()) if incoming.is_dir() else []

    def age_files(self, seconds: float) -> None:
        """Make the waiting clips look so much older."""
        for path in (self.data_dir / "incoming").glob("*"):
            then = path.stat().st_mtime - seconds
            os.utime(path, (then, then))


def _descendants() -> list[psutil.Process]:
    return [one for one in psutil.Process().children(recursive=True) if _lives(one)]


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _arguments(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []
