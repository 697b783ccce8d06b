"""Whether something can be written where it was asked for, found out before the work is done; and writing it whole."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from core.errors import OutputError


def require_writable(directory: Path) -> None:
    """Make `directory` if need be and see that a file can be written there.

    Raises:
        OutputError: it cannot.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise _refused(directory, error) from error


def write_files(directory: Path, files: Mapping[str, bytes]) -> None:
    """Write `files` (name -> content) into `directory`, made if need be, in their order.

    All are written next to their place first and then moved: what was there before stays whole when writing fails.

    Raises:
        OutputError: the directory cannot be made or written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".facepulse-", dir=directory))
        try:
            for name, content in files.items():
                (staging / name).write_bytes(content)
            for name in files:
                (staging / name).replace(directory / name)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise _refused(directory, error) from error


def _refused(directory: Path, error: OSError) -> OutputError:
    if isinstance(error, FileExistsError | NotADirectoryError):
        return OutputError(f"Nothing can be written to {directory}: it is a file, not a folder, or lies in one.")
    why = (error.strerror or "the system refused").lower()
    return OutputError(f"Nothing can be written to {directory}: {why}.")
