"""`make playground`: open the page it names, post a clip, click through. Ctrl-C ends all, and nothing is kept."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from benchmarks.playground.live import LiveEnv
from benchmarks.playground.page import build_page
from benchmarks.playground.stage import Stage
from benchmarks.playground.world import BOT_NAME, World
from bot.bootstrap import start_app
from bot.client import FacepulseBot
from bot.web.app import serving
from core.errors import FacepulseError, SettingsError
from core.jobs.local import LocalWorkers
from core.settings import Settings

HOST, PORT = "127.0.0.1", 8090


@asynccontextmanager
async def playing(data_dir: Path, port: int = PORT, *, workers: bool = True) -> AsyncIterator[tuple[Stage, str]]:
    """The real bot in its made-up server, with its page and, if wanted, a real worker, while the block lasts.

    Yields:
        what is shown, and the address of the page.

    Raises:
        FacepulseError: the port is taken, or the data folder cannot be used.
    """
    settings = Settings(_env_file=None, data_dir=data_dir, database_url=None, discord_token=None, workers=1)
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(start_app(settings))
        env = LiveEnv(FacepulseBot(app.services, message_content=True))
        env.backend.bot_user.name = BOT_NAME
        await env.start()
        stack.push_async_callback(env.shutdown)
        world = World(env)
        await world.furnish(app.services)
        stage = Stage(env, world)
        await stage.open()
        stack.push_async_callback(stage.close)
        if workers:
            await stack.enter_async_context(LocalWorkers(settings))
        fresh = asyncio.create_task(stage.keep_fresh())
        stack.push_async_callback(_ended, fresh)
        try:
            address = await stack.enter_async_context(serving(build_page(stage), HOST, port))
        except SettingsError as error:
            raise SettingsError(f"Port {port} of {HOST} cannot be used; choose another one with --port.") from error
        yield stage, address


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def play(port: int) -> None:
    """Serve the page until a signal, or until the session is ended on the page."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with tempfile.TemporaryDirectory(prefix="facepulse-playground-") as folder:
        async with playing(Path(folder), port) as (stage, address):
            print(f"Facepulse's playground is at {address} – Ctrl-C ends it, and nothing is kept.", flush=True)
            waits = [asyncio.create_task(stop.wait()), asyncio.create_task(stage.until_closed())]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()


def main() -> int:
    """Run the playground; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.playground", description=__doc__)
    parser.add_argument("--port", type=int, default=PORT, help=f"of the page (default {PORT})")
    port = parser.parse_args().port
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        asyncio.run(play(port))
    except FacepulseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
