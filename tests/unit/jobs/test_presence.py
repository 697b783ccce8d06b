"""What a graphics processor says of itself, and how a worker leaves."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest

from core.jobs.presence import living, parse_gpu_use
from core.store import GpuUse, Store


def test_the_busiest_processor_is_told_in_shares_and_bytes() -> None:
    assert parse_gpu_use("7, 1200, 81559\n93, 2, 100\n") == GpuUse(0.93, 2 << 20, 100 << 20)


@pytest.mark.parametrize("text", ["", "[N/A], [N/A], [N/A]\n", "No devices were found\n"])
def test_a_machine_without_one_says_nothing(text: str) -> None:
    assert parse_gpu_use(text) is None


async def test_a_worker_that_leaves_while_its_beat_is_written_waits_for_it() -> None:
    written, began, go_on = list[str](), asyncio.Event(), asyncio.Event()

    async def beat(_: object) -> None:
        began.set()
        await go_on.wait()
        written.append("beat")

    async def forget_silent(_: datetime) -> None: ...

    async def leave(name: str) -> None:
        written.append(f"{name} left")

    store = cast(Store, SimpleNamespace(workers=SimpleNamespace(beat=beat, forget_silent=forget_silent, leave=leave)))
    async with living(store, "one", lambda: datetime.now(UTC), read_gpu=lambda: None):
        await began.wait()
        asyncio.get_running_loop().call_soon(go_on.set)  # once the block has ended
    assert written == ["beat", "one left"]
