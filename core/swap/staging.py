"""A folder beside the place of what is being made: nobody else's meanwhile, and empty when the next one begins."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path


def staging_of(out: Path) -> Path:
    """Return the folder beside `out` in which it is made."""
    place = out.absolute()
    return place.with_name(f".{place.name}.partial")


def begin(staging: Path) -> int:
    """Make the folder, empty of what a killed process left there, and return the lock that keeps others out of it.

    Raises:
        BlockingIOError: another process has it.
        OSError: it cannot be made.
    """
    staging.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(staging, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for child in staging.iterdir():
            shutil.rmtree(child) if child.is_dir() else child.unlink()
    except OSError:
        os.close(lock)
        raise
    return lock


def end(staging: Path, lock: int) -> None:
    """Delete the folder and let go of its lock."""
    shutil.rmtree(staging, ignore_errors=True)
    os.close(lock)
