"""What the decoding child gives up before it looks at the file."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38


def give_up_privileges(cpu_s: int, memory_bytes: int, file_bytes: int) -> None:
    """Limit this process for good: no new files, processes or privileges, so much processor and memory."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, file_bytes)
    _limit(resource.RLIMIT_NOFILE, 0)  # what is open stays open; nothing can be opened any more
    _limit(resource.RLIMIT_CPU, cpu_s, cpu_s + 1)  # SIGXCPU first: it says why; SIGKILL if that was not enough
    _limit(resource.RLIMIT_AS, memory_bytes)
    _limit(resource.RLIMIT_NPROC, 0)  # the kernel does not hold root to this one; seccomp does
    if sys.platform == "linux":
        _end_with_parent()


def _limit(which: int, soft: int, hard: int | None = None) -> None:
    ceiling = resource.getrlimit(which)[1]
    hard = soft if hard is None else hard
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    try:
        resource.setrlimit(which, (soft, hard))
    except (OSError, ValueError):
        # macOS refuses RLIMIT_AS; the parent's own deadlines stand in any case
        if sys.platform == "linux":
            raise


def _end_with_parent() -> None:
    """Be killed when the thread that started this process ends, and never gain a privilege by exec."""
    parent = os.getppid()
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in ((PR_SET_NO_NEW_PRIVS, 1), (PR_SET_PDEATHSIG, int(signal.SIGKILL))):
        if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), f"prctl({option})")
    if os.getppid() != parent:  # it ended while this was being arranged
        os.kill(os.getpid(), signal.SIGKILL)
