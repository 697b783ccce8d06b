"""A worker says now and then that it lives, also while it waits: what readiness and the metrics look at."""

from __future__ import annotations

import asyncio
import logging
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial

from core.errors import StoreError
from core.services.clock import Clock
from core.store import GpuUse, Store, WorkerSeen

logger = logging.getLogger(__name__)

EVERY_S = 10.0
LAST_BEAT_S = 3.0
"""How long a beat that is being written is awaited before the worker leaves."""
SILENT_FOR = timedelta(hours=1)
"""After that the row of a worker that died is deleted."""
NVIDIA_SMI = "nvidia-smi"
_QUERY = ("--query-gpu=utilization.gpu,memory.used,memory.total", "--format=csv,noheader,nounits")
_MEBIBYTE = 1 << 20


@asynccontextmanager
async def living(
    store: Store,
    name: str,
    clock: Clock,
    every_s: float = EVERY_S,
    read_gpu: Callable[[], GpuUse | None] | None = None,
) -> AsyncIterator[None]:
    """Say every `every_s` that the worker `name` lives, for as long as the block lasts; then that it left.

    A log that cannot be written does not stop the worker: it falls silent, which is what is to be seen then.
    """
    over = asyncio.Event()
    beat = partial(_beat, store, name, clock, read_gpu or gpu_use)
    beating = asyncio.create_task(_repeated(beat, every_s, over), name="presence")
    try:
        yield
    finally:
        over.set()
        # Not cancelled while it writes: a connection that was cut off could not write that the worker left.
        await asyncio.wait([beating], timeout=LAST_BEAT_S)
        beating.cancel()
        await asyncio.wait([beating])
        with suppress(StoreError):
            await store.workers.leave(name)


async def _repeated(beat: Callable[[], Awaitable[None]], every_s: float, over: asyncio.Event) -> None:
    while not over.is_set():
        await beat()
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), every_s)


async def _beat(store: Store, name: str, clock: Clock, read_gpu: Callable[[], GpuUse | None]) -> None:
    try:
        seen = WorkerSeen(name, host_name(), clock(), await asyncio.to_thread(read_gpu))
        await store.workers.beat(seen)
        await store.workers.forget_silent(clock() - SILENT_FOR)
    except StoreError:
        logger.warning("worker %s cannot say that it lives", name, exc_info=True)


def host_name() -> str:
    """Return the name of this machine, as it stands in the rows of its workers."""
    return socket.gethostname()[:200]


def gpu_use() -> GpuUse | None:
    """Return what `nvidia-smi` says of the busiest graphics processor, None on a machine without it."""
    program = shutil.which(NVIDIA_SMI)
    if program is None:
        return None
    try:
        # A fixed program of the system with fixed arguments.
        told = subprocess.run([program, *_QUERY], capture_output=True, text=True, timeout=5, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return parse_gpu_use(told.stdout)


def parse_gpu_use(text: str) -> GpuUse | None:
    """Return the busiest of the processors that `nvidia-smi` lists ("7, 1200, 81559" a line), None when there is none.

    The units are those of nvidia-smi: percent and MiB.
    """
    found = []
    for line in text.splitlines():
        try:
            busy, used, total = (float(part) for part in line.split(","))
        except ValueError:  # "[N/A]": this processor does not say
            continue
        found.append(GpuUse(busy / 100, int(used * _MEBIBYTE), int(total * _MEBIBYTE)))
    return max(found, key=lambda gpu: (gpu.busy, gpu.used_bytes), default=None)
