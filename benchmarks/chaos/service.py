"""The bot process of a round: `facepulse run` itself, told where this Discord is.

What differs from `facepulse run`: Discord's address; attachments are fetched from there without the rules for
Discord's own hosts; the engine of the worker processes (`engine.py`) and the length of their leases; a process that
died while it answered is waited for 3 s and not 30; ended checks that nobody showed are looked for every 2 s.
"""

from __future__ import annotations

import asyncio
import ctypes
import signal
import sys
from datetime import timedelta
from functools import partial

import aiohttp
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot import following
from bot.commands import run
from core import logs
from core.errors import FacepulseError
from core.jobs.local import LocalWorkers
from core.services import requests
from core.settings import read_settings

ENGINE = "benchmarks.chaos.engine:ENGINE"
LEASE_S = 8.0
PR_SET_PDEATHSIG = 1


class Nearby:
    """In place of the downloads from Discord's hosts."""

    def __init__(self, *_: object) -> None:
        pass

    async def fetch(self, url: str) -> bytes:
        """Return what is at an address."""
        async with aiohttp.ClientSession() as session, session.get(url, raise_for_status=True) as response:
            return await response.read()


def main(address: str) -> int:
    """Serve until a signal; exit status as of `facepulse run`."""
    Route.BASE = f"http://{address}/api/v10"
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(f"ws://{address}/")
    run.Downloads = Nearby  # type: ignore[misc,assignment]
    run.LocalWorkers = partial(  # type: ignore[misc,assignment]
        LocalWorkers, options=("--engine", ENGINE, "--lease-s", str(LEASE_S))
    )
    requests.ANSWERING_FOR = timedelta(seconds=3)
    requests.OVERDUE_AFTER = timedelta(seconds=3)
    following.KEEP_UP = 4
    settings = read_settings()
    logs.set_up(settings.log_format, "service")
    try:
        asyncio.run(run.serve(settings))
    except FacepulseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def end_with_the_parent() -> None:
    """Have the kernel kill this process when the one that started it dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
