from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from core.settings import VideoLimits


@pytest.fixture(scope="session")
def limits() -> VideoLimits:
    return VideoLimits()


@pytest.fixture(autouse=True)
def nothing_left_behind(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test of this room, failing or not, leaves no process, no open file (shared memory too), no directory."""
    scratch = tmp_path_factory.mktemp("scratch")
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    before = _held(scratch)
    yield
    assert _held(scratch) == before


def _held(scratch: Path) -> tuple[set[int], int, list[Path]]:
    me = psutil.Process()
    return {child.pid for child in me.children(recursive=True)}, me.num_fds(), list(scratch.iterdir())
