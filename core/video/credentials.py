"""Content Credentials of an untrusted file, parsed in a process of their own and never in this one."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from core.video.process import child_environment

SIGNS = (b"c2pa", b"provenance")
"""One of these is in every file with Content Credentials: in the label of a manifest, or where XMP points to one."""
READ_BYTES = 4 << 20
CPU_S, WALL_S, MEMORY_BYTES = 20, 30.0, 1 << 30
MOST_BYTES = 32 << 20
"""The longest answer that is read."""


class CredentialsError(Exception):
    """Something like Content Credentials is there and cannot be read; says what the library said."""


def read_manifests(path: Path) -> str | None:
    """Return the manifest store of the file at `path` as c2pa writes it in JSON; None where there is none.

    The text is what a stranger signed or made up: nothing in it is checked but that it came.

    Raises:
        CredentialsError: there is one, and it cannot be read.
        OSError: the file cannot be read.
    """
    if not _may_hold_some(path):
        return None
    with path.open("rb") as file:
        answer = _answer(file.fileno())
    if "error" in answer:
        raise CredentialsError(str(answer["error"]))
    manifests = answer.get("manifests")
    return None if manifests is None else str(manifests)


def _may_hold_some(path: Path) -> bool:
    """Whether a sign of them is anywhere in the file: nearly all files have none, and need no process."""
    overlap = max(map(len, SIGNS)) - 1
    with path.open("rb") as file:
        before = b""
        while chunk := file.read(READ_BYTES):
            if any(sign in before + chunk for sign in SIGNS):
                return True
            before = chunk[-overlap:]
    return False


def _answer(file_fd: int) -> dict[str, Any]:
    job = json.dumps({"file_fd": file_fd, "cpu_s": CPU_S, "memory_bytes": MEMORY_BYTES})
    with _started(job, file_fd) as process:
        said = process.stdout.read(MOST_BYTES + 1) if process.stdout is not None else b""
    try:
        answer = json.loads(said) if len(said) <= MOST_BYTES else None
    except (ValueError, RecursionError):  # it was ended before it was done
        answer = None
    return answer if isinstance(answer, dict) else {"error": f"its reader ended with status {process.returncode}"}


@contextmanager
def _started(job: str, file_fd: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start the child; it is ended when `WALL_S` is over, and at the end of the block."""
    directory = Path(tempfile.mkdtemp(prefix="facepulse-credentials-"))
    ending: threading.Timer | None = None
    try:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-I", "-m", "core.video.credentials_child", job],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(file_fd,),
            cwd=directory,
            env=child_environment(),
            start_new_session=True,
        )
        ending = threading.Timer(WALL_S, process.kill)
        ending.start()
        with process:
            yield process
            process.kill()
    finally:
        if ending is not None:
            ending.cancel()
        with suppress(FileNotFoundError):  # the child deletes it once it is in
            directory.rmdir()
