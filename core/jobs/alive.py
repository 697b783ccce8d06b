"""`python -m core.jobs.alive`: exit status 0 when a worker of this machine said lately that it lives.

The health check of a container in which a worker runs: a container's name is its own.
"""

from __future__ import annotations

import asyncio
import sys

from core.errors import FacepulseError
from core.jobs.presence import host_name
from core.services.clock import Clock, utc_now
from core.services.operations import FRESH_FOR
from core.settings import Settings, read_settings
from core.store import open_store


async def is_alive(settings: Settings, clock: Clock = utc_now) -> bool:
    """Return whether a worker of this machine said lately, in the database of `settings`, that it lives.

    Raises:
        StoreError: the database does not answer.
    """
    async with open_store(settings.resolved_database_url) as store:
        seen = await store.workers.seen(clock() - FRESH_FOR)
    return any(worker.host == host_name() for worker in seen)


def main() -> int:
    """Say on standard error what is wrong, if anything is, and return the exit status."""
    try:
        alive = asyncio.run(is_alive(read_settings()))
    except FacepulseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if not alive:
        sys.stderr.write(f"No worker of {host_name()} has said lately that it lives.\n")
    return 0 if alive else 1


if __name__ == "__main__":
    sys.exit(main())
