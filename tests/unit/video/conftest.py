from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
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
    processes, files = _processes(), _open_files()
    yield
    # What tests of other rooms left may well end meanwhile: a connection that is kept for a while, a child.
    assert _processes() - processes == set()
    assert _open_files() - files == set()
    assert list(scratch.iterdir()) == []


def _processes() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def _open_files() -> set[tuple[int, int, int]]:
    """Each descriptor of this process with what it stands for; its number alone may be given to another file."""
    found = set()
    for number in [int(path.name) for path in Path("/dev/fd").iterdir()]:
        with suppress(OSError):  # the one that lists them
            about = os.fstat(number)
            found.add((number, about.st_dev, about.st_ino))
    return found
