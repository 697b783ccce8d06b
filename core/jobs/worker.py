"""A worker process: `python -m core.jobs.worker`, as many as one likes on one database.

Started by `core.jobs.local` it is handed its settings as one line of JSON on its standard input, and stops when that
is closed: with the process that started it, however that ended. Started by hand it reads the settings itself.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import logging
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import NoReturn

from core import logs
from core.errors import FacepulseError
from core.jobs.contract import Load, engine_for
from core.jobs.demos import DEFAULT_STUDIO, DemoWorker, beside, load_studio
from core.jobs.loop import Timing, Worker
from core.jobs.presence import living
from core.jobs.running import THREAD_NAME
from core.media import open_media
from core.services.analysis import Engine
from core.services.clock import Clock, utc_now
from core.services.demo_making import Studio
from core.services.folders import Folders
from core.settings import Settings, read_settings
from core.store import open_store

logger = logging.getLogger(__name__)

DEFAULT_ENGINE = "core.services.engine:ENGINE"


async def run_worker(
    settings: Settings,
    stop: asyncio.Event,
    *,
    engine: Engine,
    name: str,
    timing: Timing | None = None,
    clock: Clock = utc_now,
    load: Load | None = None,
    studio: Callable[[], Studio] = load_studio,
) -> None:
    """Work on the queue of `settings` until `stop` is set.

    Args:
        settings: where database and files are, and the limits of a clip.
        stop: set from outside; a check in work is then finished within `load.drain_s`, or goes back to the queue.
        engine: what analyses.
        name: of this worker, unique among those of one database.
        timing: how often it looks; by default that of `Timing`.
        clock: gives the present moment.
        load: what it takes on; by default one check at a time, of every queue.
        studio: gives what demos are made with, when the first one is.

    Raises:
        SettingsError: the place of the media cannot be used.
        StoreError: the database URL cannot be used.
    """
    timing, load = timing or Timing(), load or Load()
    folders = Folders(settings.data_dir, open_media(settings.media_place, settings.data_dir))
    jobs = engine_for(settings.resolved_database_url, load, timing)
    await asyncio.to_thread(_prepare, engine)
    async with open_store(settings.resolved_database_url) as store:
        worker = Worker(
            store,
            engine=engine,
            folders=folders,
            limits=settings.video,
            keep_figures_s=settings.keep_figures_s,
            name=name,
            timing=timing,
            clock=clock,
            queues=load.queues or None,
        )
        demos = DemoWorker(
            store,
            studio=studio,
            folders=folders,
            settings=settings,
            name=name,
            timing=timing,
            clock=clock,
            queues=load.queues or None,
        )
        async with living(store, name, clock), beside(demos):
            await jobs.work(worker, stop)


def _prepare(engine: Engine) -> None:
    try:
        engine.prepare()
    except Exception:
        # The worker goes on: each check then fails with the sentence of this error, instead of waiting for ever.
        logger.exception("what the analysis needs could not be loaded")


def main(arguments: list[str] | None = None) -> int:
    """Run one worker process until SIGTERM, SIGINT or the end of its parent; return the exit status."""
    options = _options(arguments)
    logs.set_up("text", "worker")
    try:
        settings = _handed_settings() if options.supervised else read_settings()
        logs.set_up(settings.log_format, "worker")
        asyncio.run(_serve(settings, options))
    except FacepulseError as error:
        logger.error("%s", error)
        return 1
    return 0


def load_engine(name: str) -> Engine:
    """Return the engine called `package.module:NAME`."""
    module, _, attribute = name.partition(":")
    engine = getattr(importlib.import_module(module), attribute)
    if not isinstance(engine, Engine):
        raise TypeError(f"{name} is not an Engine")
    return engine


async def _serve(settings: Settings, options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if options.supervised:
        loop.add_reader(sys.stdin.fileno(), _see_end_of_parent, stop)
    engine = await asyncio.to_thread(load_engine, options.engine)
    name = f"{os.getpid()}-{secrets.token_hex(4)}"
    load = Load(tuple(options.queue), options.concurrency, options.drain_s)
    timing, studio = Timing(lease_s=options.lease_s), partial(load_studio, options.studio)
    await run_worker(settings, stop, engine=engine, name=name, timing=timing, load=load, studio=studio)


def _see_end_of_parent(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        stop.set()


def _handed_settings() -> Settings:
    return Settings.model_validate_json(sys.stdin.readline())


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m core.jobs.worker", description="Answer checks from the queue.")
    parser.add_argument(
        "--supervised", action="store_true", help="read the settings from standard input and stop when it is closed"
    )
    parser.add_argument("--lease-s", type=float, default=Timing().lease_s, help="how long a silent worker is awaited")
    parser.add_argument("--queue", action="append", default=[], help="take only checks of this queue; may be repeated")
    parser.add_argument("--concurrency", type=int, default=1, help="how many checks are analysed at once")
    parser.add_argument("--drain-s", type=float, default=0.0, help="how long a check in work is finished after a stop")
    parser.add_argument(
        "--engine", default=DEFAULT_ENGINE, help="for developers: MODULE:NAME of what analyses (default: %(default)s)"
    )
    parser.add_argument(
        "--studio",
        default=DEFAULT_STUDIO,
        help="for developers: MODULE:NAME of what makes demos (default: %(default)s)",
    )
    return parser.parse_args(arguments)


def leave(status: int) -> NoReturn:
    """End this process after `main`, whatever an analysis that did not stop is still doing."""
    if any(thread.name == THREAD_NAME for thread in threading.enumerate()):
        # An analysis that did not stop must not keep the process, nor crash it while the interpreter is taken down.
        logging.shutdown()
        os._exit(status)
    sys.exit(status)


if __name__ == "__main__":
    leave(main())
