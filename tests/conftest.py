"""What every test may use."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings
from obstore.store import MemoryStore

from core.media import BucketMedia, MediaStore
from core.settings import MediaPlace
from core.store import Store, migrate, open_store
from tests.synth.clips import Scene, even_times, write_scene
from tests.synth.media import CREDENTIALS, S3Server
from tests.synth.postgres import PostgresServer

SHARED_CLIPS = Path(__file__).resolve().parents[2] / "shared" / "data"

# The same examples every time, however slow the machine: a test that fails fails for everybody. New examples are
# looked for with `pytest --hypothesis-profile=search`.
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", settings.get_profile("search"), derandomize=True, database=None)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def _same_chance() -> None:
    """Let chance begin anew for each test, so that none depends on those that this process ran before it."""
    random.seed(0)
    np.random.seed(0)
    if "torch" in sys.modules:  # loading it takes seconds; whoever does finds it seeded
        sys.modules["torch"].manual_seed(0)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real clips kept beside the project; tests that want them skip where they are not."""
    if not SHARED_CLIPS.is_dir():
        pytest.skip("the real clips (../shared/data) are not on this machine")
    return SHARED_CLIPS


@pytest.fixture(scope="session")
def short_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of one 160-px face at 640×480, 25 frames/s, pulse 72 bpm. Do not change the file."""
    path = tmp_path_factory.mktemp("clips") / "short.mp4"
    scene = Scene(width_px=640, height_px=480, face_px=160)
    return write_scene(path, scene, even_times(25, 2), rate=Fraction(25))


@pytest.fixture(scope="session")
def pulse_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds of one 200-px face at 640×480, 25 frames/s, pulse 72 bpm. Do not change the file."""
    path = tmp_path_factory.mktemp("clips") / "pulse.mp4"
    scene = Scene(width_px=640, height_px=480, face_px=200)
    return write_scene(path, scene, even_times(25, 12), rate=Fraction(25))


@pytest.fixture(scope="session")
def _empty_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "empty.sqlite3"
    migrate(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL server for all tests of this process."""
    # Not in a folder of pytest: the path of a socket must be short, and the server's own user must reach it.
    with tempfile.TemporaryDirectory(prefix="facepulse-pg-", ignore_cleanup_errors=True) as folder:
        try:
            server = PostgresServer(Path(folder) / "data")
        except (OSError, subprocess.SubprocessError, RuntimeError) as error:
            pytest.skip(f"PostgreSQL does not start on this machine: {error}")
        yield server
        server.close()


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """The URL of an empty log on PostgreSQL, with all its tables."""
    name = postgres.fresh()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """One S3 server for all tests of this process."""
    server = S3Server()
    yield server
    server.close()


@pytest.fixture
def bucket(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> MediaPlace:
    """An empty bucket, with the credentials for it in the environment."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return MediaPlace(f"s3://{s3.fresh()}/of/us", s3.endpoint)


@pytest.fixture
def memory_media() -> MediaStore:
    """Media that lie elsewhere than in a folder, as in a bucket."""
    return BucketMedia(MemoryStore())


@pytest.fixture
def database() -> str:
    """The kind of database that `log_url` is on; a folder of tests overrides this to be run on both."""
    return "sqlite"


@pytest.fixture
def log_url(database: str, request: pytest.FixtureRequest) -> str:
    """The URL of an empty log with all its tables; on SQLite it is `facepulse.sqlite3` in `tmp_path`."""
    name = "postgres_url" if database == "postgresql" else "sqlite_url"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
def sqlite_url(_empty_log: Path, tmp_path: Path) -> str:
    """The URL of an empty log in `tmp_path`, with all its tables."""
    path = tmp_path / "facepulse.sqlite3"
    shutil.copyfile(_empty_log, path)
    return f"sqlite+aiosqlite:///{path}"


@pytest_asyncio.fixture
async def store(log_url: str) -> AsyncIterator[Store]:
    """An empty log, open."""
    async with open_store(log_url) as opened:
        yield opened
