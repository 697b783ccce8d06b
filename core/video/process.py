"""The parent's hold on one decoding child: starting it, hearing it within its time, and ending it in every case."""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from core.video.protocol import SLOTS, Job, Message, ProtocolError, decode, message_bytes

_INHERITED_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
"""Without these an interpreter in an unusual place does not start; nothing else of the environment is passed on."""


class ChildEndedError(Exception):
    """The child closed its pipe; `status` is its exit status, negative for a signal."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the decoding child ended with status {status}")
        self.status = status


class ChildLateError(Exception):
    """The child let its parent wait too long."""


@dataclass(slots=True)
class _Resources:
    """What must be given back, kept apart from its owner so that a finalizer can do it."""

    process: subprocess.Popen[bytes] | None = None
    ring: mmap.mmap | None = None
    fds: list[int] = field(default_factory=list)

    def release(self) -> None:
        if self.process is not None:
            if self.process.returncode is None:  # not waited for: its number, and its group's, cannot be another's yet
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()
            self.process = None
        if self.ring is not None:
            self.ring.close()
            self.ring = None
        while self.fds:
            os.close(self.fds.pop())


class DecoderProcess:
    """One child, its ring of picture slots and its pipes. `close` ends all of it and may be called twice."""

    def __init__(self, job: Job, *, stall_s: float, waiting_s: float) -> None:
        """Start the child.

        Args:
            job: what to do; its `ring_fd` is filled in here, its `file_fd` stays the caller's to close.
            stall_s: longest wait for one message.
            waiting_s: longest wait for all messages together.
        """
        self._stall_s = stall_s
        self._left_s = waiting_s
        self._slot_bytes = job.slot_bytes
        self._held = _Resources()
        self._finalizer = weakref.finalize(self, self._held.release)
        try:
            self._start(job)
        except BaseException:
            self.close()
            raise

    def _start(self, job: Job) -> None:
        ring_fd = _anonymous_memory(job.slot_bytes * SLOTS)
        self._held.fds.append(ring_fd)
        self._ring = self._held.ring = mmap.mmap(ring_fd, job.slot_bytes * SLOTS)
        arguments = json.dumps({**asdict(job), "ring_fd": ring_fd})
        directory = tempfile.mkdtemp(prefix="facepulse-decode-")
        try:
            self._process = self._held.process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-I", "-m", "core.video.child", arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=(job.file_fd, ring_fd),
                cwd=directory,
                env=child_environment(),
                start_new_session=True,  # a group of its own: Ctrl-C is ours, and killing it takes all of it
                bufsize=0,
            )
            if self._process.stdin is not None:  # a child that never reads must not hold us up
                os.set_blocking(self._process.stdin.fileno(), False)
        finally:
            # gone at once, so that nothing is left even when we are killed; no file can be made in such a directory
            Path(directory).rmdir()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    def receive(self) -> Message:
        """Wait for the next message.

        Raises:
            ChildEndedError: there will be none.
            ChildLateError: it took too long.
            ProtocolError: it is not a message.
        """
        deadline = time.monotonic() + min(self._stall_s, self._left_s)
        started = time.monotonic()
        try:
            return decode(self._read(message_bytes(self._read(4, deadline)), deadline))
        finally:
            self._left_s -= time.monotonic() - started

    def _read(self, size: int, deadline: float) -> bytes:
        pipe = self._process.stdout
        if pipe is None:  # pragma: no cover - it was asked for
            raise ChildLateError
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        data = b""
        while len(data) < size:
            if not poll.poll(max(deadline - time.monotonic(), 0) * 1000):
                raise ChildLateError
            chunk = os.read(pipe.fileno(), size - len(data))
            if not chunk:
                raise ChildEndedError(self._status())
            data += chunk
        return data

    def _status(self) -> int:
        try:
            return self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:  # it closed the pipe and lives on
            return 0

    def take(self, slot: int, size: int) -> bytes:
        """Copy `size` bytes out of a slot and give the slot back.

        Raises:
            ProtocolError: a slot does not hold so much.
        """
        if size > self._slot_bytes:
            raise ProtocolError("a picture larger than its slot")
        start = slot * self._slot_bytes
        data = self._ring[start : start + size]
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):  # it has ended; the next message, or the lack of it, tells how
                self._process.stdin.write(bytes([slot]))
        return data

    def close(self) -> None:
        """End the child and everything that it started, and free the ring."""
        self._finalizer()


def child_environment() -> dict[str, str]:
    """Return all that a child is told of this process's environment."""
    kept = {name: os.environ[name] for name in _INHERITED_VARIABLES if name in os.environ}
    return {**kept, "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def _anonymous_memory(size: int) -> int:
    """A descriptor of shared memory that has no name, so that it cannot outlive the processes that hold it."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("facepulse-frames", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(fd, size)
        # a child that shrank it would have us killed on the next read
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
        return fd
    with tempfile.TemporaryFile() as file:
        os.ftruncate(file.fileno(), size)
        return os.dup(file.fileno())
