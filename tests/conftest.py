"""What every test may use."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path

import pytest
import pytest_asyncio

from core.store import Store, migrate, open_store
from tests.synth.clips import Scene, even_times, write_scene

SHARED_CLIPS = Path(__file__).resolve().parents[2] / "shared" / "data"


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


@pytest.fixture
def log_url(_empty_log: Path, tmp_path: Path) -> str:
    """The URL of an empty log in `tmp_path`, with all its tables."""
    path = tmp_path / "facepulse.sqlite3"
    shutil.copyfile(_empty_log, path)
    return f"sqlite+aiosqlite:///{path}"


@pytest_asyncio.fixture
async def store(log_url: str) -> AsyncIterator[Store]:
    """An empty log, open."""
    async with open_store(log_url) as opened:
        yield opened
