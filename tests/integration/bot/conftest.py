"""A log in a temporary folder, the desk over it, and a worker without analysis."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import simcord

from bot.client import FacepulseBot
from bot.desk import Desk
from bot.services import Services, build_services
from core.store import Store, migrate, open_store
from tests import openapi
from tests.integration.bot.scene import LOOK_EVERY_S, Scene
from tests.integration.bot.support import FakeWorker

MAX_BYTES = 2000


@pytest.fixture(scope="session")
def empty_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with tables and no rows, made once and copied for each test."""
    path = tmp_path_factory.mktemp("log") / "empty.sqlite3"
    migrate(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(autouse=True)
def only_what_discord_takes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hold every request that a test's bot sent against Discord's own description, where that is at hand."""
    environments: list[simcord.Env] = []
    start = simcord.Env.start

    async def noted_start(env: simcord.Env) -> None:
        environments.append(env)
        await start(env)

    monkeypatch.setattr(simcord.Env, "start", noted_start)
    yield
    if openapi.description_path().is_file():
        api = openapi.load_api(openapi.description_path())
        faults = [fault for env in environments for entry in env.http_requests for fault in api.faults(entry)]
        assert not faults, "Discord would not take:\n" + "\n".join(dict.fromkeys(faults))


@pytest.fixture
async def store(tmp_path: Path, empty_log: Path) -> AsyncIterator[Store]:
    copy = shutil.copy(empty_log, tmp_path / "log.sqlite3")
    async with open_store(f"sqlite+aiosqlite:///{copy}") as opened:
        yield opened


@pytest.fixture
def services(store: Store, tmp_path: Path) -> Services:
    return build_services(store, tmp_path, MAX_BYTES)


@pytest.fixture
def desk(services: Services) -> Desk:
    return services.desk


@pytest.fixture
def worker(store: Store, tmp_path: Path) -> FakeWorker:
    return FakeWorker(store, tmp_path)


@pytest.fixture
def simcord_bot(services: Services) -> FacepulseBot:
    return FacepulseBot(services, LOOK_EVERY_S)


@pytest.fixture
def scene(simcord_env: simcord.Env) -> Scene:
    return Scene(simcord_env)
