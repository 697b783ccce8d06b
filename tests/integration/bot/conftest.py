"""A log in a temporary folder, the desk over it, and a worker without analysis."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.desk import Desk
from core.store import Store, migrate, open_store
from tests.integration.bot.support import FakeWorker

MAX_BYTES = 2000


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'log.sqlite3'}"
    await asyncio.to_thread(migrate, url)
    async with open_store(url) as opened:
        yield opened


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path, MAX_BYTES)


@pytest.fixture
def worker(store: Store, tmp_path: Path) -> FakeWorker:
    return FakeWorker(store, tmp_path)
