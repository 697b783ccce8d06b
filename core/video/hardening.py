"""What the decoding child gives up before it looks at the file.

Limits hold everywhere. The walls that only Linux has are put up one by one, so that a kernel or container that refuses
one still gets the others; `Walls` says which stand.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path

from core.video import syscalls
from core.video.protocol import Walls

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
CLONE_NEWIPC = 0x08000000
CAPABILITY_VERSION_3 = 0x20080522


def give_up_privileges(cpu_s: int, memory_bytes: int, file_bytes: int) -> Walls:
    """Limit this process for good: no new files, processes or privileges, no network, so much processor and memory.

    Raises:
        OSError: a limit that every system has could not be set.
    """
    linux = sys.platform == "linux"
    libc = ctypes.CDLL(None, use_errno=True)
    if linux:
        _be_first_to_go()
    own_network = linux and _leave_network(libc)
    own_root = linux and _leave_files()
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, file_bytes)
    _limit(resource.RLIMIT_NOFILE, 0)  # what is open stays open; nothing can be opened any more
    _limit(resource.RLIMIT_CPU, cpu_s, cpu_s + 1)  # SIGXCPU first: it says why; SIGKILL if that was not enough
    _limit(resource.RLIMIT_AS, memory_bytes)
    _limit(resource.RLIMIT_NPROC, 0)  # the kernel does not hold root to this one; the filter does
    no_privileges = linux and _drop_capabilities(libc)
    if not linux:
        return Walls(own_network=False, own_root=False, no_privileges=False, filtered=False)
    _end_with_parent(libc)
    return Walls(own_network, own_root, no_privileges, filtered=_filter_calls(libc))


def _be_first_to_go() -> None:
    """Where memory runs out the kernel ends this process before the one that waits for it."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")


def _leave_network(libc: ctypes.CDLL) -> bool:
    """Move into a network that has no way out; in a new user namespace, where root is nobody, if that may be made."""
    alone = CLONE_NEWNET | CLONE_NEWIPC
    return any(libc.unshare(flags) == 0 for flags in (CLONE_NEWUSER | alone, alone))


def _leave_files() -> bool:
    """Make the working directory, which is empty and already deleted, the only one there is."""
    try:
        os.chroot(".")
    except OSError:  # not root, and no user namespace to be root in
        return False
    return True


def _drop_capabilities(libc: ctypes.CDLL) -> bool:
    """Give up every capability, of this user namespace too, for good: nothing is executed that could give some."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    return bool(libc.capset(header, (ctypes.c_uint32 * 6)()) == 0)


def _filter_calls(libc: ctypes.CDLL) -> bool:
    processor = syscalls.PROCESSORS.get(os.uname().machine)
    if processor is None or sys.maxsize < 1 << 32:  # a 32-bit interpreter has numbers of its own
        return False
    return syscalls.install(syscalls.decoding_filter(processor, os.getpid()), libc)


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


def _end_with_parent(libc: ctypes.CDLL) -> None:
    """Be killed when the thread that started this process ends, and never gain a privilege by exec."""
    parent = os.getppid()
    for option, value in ((PR_SET_NO_NEW_PRIVS, 1), (PR_SET_PDEATHSIG, int(signal.SIGKILL))):
        if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), f"prctl({option})")
    if os.getppid() != parent:  # it ended while this was being arranged
        os.kill(os.getpid(), signal.SIGKILL)
