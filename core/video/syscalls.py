"""The system calls that the decoding child may still make, as a filter that the Linux kernel runs before each one.

The list names what is allowed; the rest is answered "not permitted", which libraries take as they take any failure.
What no decoder ever does, and only a taken-over one would, ends the process (SIGSYS).
"""

from __future__ import annotations

import ctypes
import struct
from dataclasses import dataclass

RET_KILL_PROCESS = 0x80000000
RET_ERRNO_EPERM = 0x00050000 | 1
RET_ALLOW = 0x7FFF0000

PROT_EXEC = 4
AT_EMPTY_PATH = 0x1000

_ARGUMENTS_AT, _ARGUMENT_BYTES = 16, 8  # struct seccomp_data: nr, arch, instruction pointer, six arguments of 64 bits
_NUMBER_AT, _PROCESSOR_AT = 0, 4
_X32_BIT = 0x40000000  # x86-64 takes a second set of numbers, for programs with short pointers

# linux/bpf_common.h and linux/filter.h
_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_JUMP_EQUAL, _JUMP_NOT_LESS, _JUMP_ANY_BIT = 0x15, 0x35, 0x45  # BPF_JMP | BPF_JEQ, BPF_JGE, BPF_JSET | BPF_K
_RETURN = 0x06

_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2

Instruction = tuple[int, int, int, int]
"""Code, instructions to skip when the comparison holds, to skip when it does not, and its number."""


@dataclass(frozen=True, slots=True)
class Processor:
    """A processor's name for itself in a system call, and its numbers of system calls by name."""

    audit_arch: int
    allowed: dict[str, int]
    ends: dict[str, int]
    x32: bool = False


# asm/unistd_64.h. Reading, memory, clocks, locks, signals to itself, and the end.
_X86_64 = Processor(
    audit_arch=0xC000003E,
    x32=True,
    allowed={
        "read": 0, "write": 1, "futex": 202, "lseek": 8, "munmap": 11, "mremap": 25, "madvise": 28, "brk": 12,
        "clock_gettime": 228, "gettimeofday": 96, "fstat": 5, "close": 3, "pread64": 17, "readv": 19, "writev": 20,
        "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "sigaltstack": 131, "restart_syscall": 219,
        "sched_yield": 24, "sched_getaffinity": 204, "nanosleep": 35, "clock_nanosleep": 230, "getrandom": 318,
        "getpid": 39, "gettid": 186, "exit": 60, "exit_group": 231,
        "mmap": 9, "mprotect": 10, "newfstatat": 262, "tgkill": 234,
    },
    ends={
        "execve": 59, "execveat": 322, "fork": 57, "vfork": 58, "ptrace": 101,
        "socket": 41, "socketpair": 53, "connect": 42, "bind": 49, "sendto": 44, "sendmsg": 46,
        "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "unshare": 272, "setns": 308,
        "process_vm_readv": 310, "process_vm_writev": 311, "init_module": 175, "finit_module": 313, "kexec_load": 246,
        "bpf": 321, "io_uring_setup": 425, "userfaultfd": 323, "perf_event_open": 298, "keyctl": 250, "setuid": 105,
    },
)  # fmt: skip

# asm-generic/unistd.h, which 64-bit ARM uses
_AARCH64 = Processor(
    audit_arch=0xC00000B7,
    allowed={
        "read": 63, "write": 64, "futex": 98, "lseek": 62, "munmap": 215, "mremap": 216, "madvise": 233, "brk": 214,
        "clock_gettime": 113, "gettimeofday": 169, "fstat": 80, "close": 57, "pread64": 67, "readv": 65, "writev": 66,
        "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139, "sigaltstack": 132, "restart_syscall": 128,
        "sched_yield": 124, "sched_getaffinity": 123, "nanosleep": 101, "clock_nanosleep": 115, "getrandom": 278,
        "getpid": 172, "gettid": 178, "exit": 93, "exit_group": 94,
        "mmap": 222, "mprotect": 226, "newfstatat": 79, "tgkill": 131,
    },
    ends={
        "execve": 221, "execveat": 281, "ptrace": 117,
        "socket": 198, "socketpair": 199, "connect": 203, "bind": 200, "sendto": 206, "sendmsg": 211,
        "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51, "unshare": 97, "setns": 268,
        "process_vm_readv": 270, "process_vm_writev": 271, "init_module": 105, "finit_module": 273, "kexec_load": 104,
        "bpf": 280, "io_uring_setup": 425, "userfaultfd": 282, "perf_event_open": 241, "keyctl": 219, "setuid": 146,
    },
)  # fmt: skip

PROCESSORS = {"x86_64": _X86_64, "aarch64": _AARCH64}
"""By the name that `os.uname` gives; the filter stands on these only."""


def decoding_filter(processor: Processor, pid: int) -> tuple[Instruction, ...]:
    """Return the filter for the decoding process `pid`, in classic BPF.

    Nothing can be opened, sent, started or traced; no memory can be made executable; signals go to `pid` alone.
    """
    once_allowed = (
        ("mmap", 2, _JUMP_ANY_BIT, PROT_EXEC, RET_ERRNO_EPERM, RET_ALLOW),
        ("mprotect", 2, _JUMP_ANY_BIT, PROT_EXEC, RET_ERRNO_EPERM, RET_ALLOW),
        # how C libraries ask for the size of an open file; with a path it would tell what files there are
        ("newfstatat", 3, _JUMP_EQUAL, AT_EMPTY_PATH, RET_ALLOW, RET_ERRNO_EPERM),
        ("tgkill", 0, _JUMP_EQUAL, pid, RET_ALLOW, RET_ERRNO_EPERM),
    )
    asks_more = {name for name, *_ in once_allowed}
    code: list[Instruction] = [(_LOAD, 0, 0, _PROCESSOR_AT), *_unless(_JUMP_EQUAL, processor.audit_arch)]
    code.append((_LOAD, 0, 0, _NUMBER_AT))
    if processor.x32:
        code += [(_JUMP_NOT_LESS, 0, 1, _X32_BIT), (_RETURN, 0, 0, RET_KILL_PROCESS)]
    for name, number in processor.allowed.items():
        if name not in asks_more:
            code += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, RET_ALLOW)]
    for name, argument, compare, value, holds, fails in once_allowed:
        # the low half of the argument: both processors are little-endian, and the kernel reads these as 32 bits
        code += [
            (_JUMP_EQUAL, 0, 4, processor.allowed[name]),
            (_LOAD, 0, 0, _ARGUMENTS_AT + argument * _ARGUMENT_BYTES),
            (compare, 0, 1, value),
            (_RETURN, 0, 0, holds),
            (_RETURN, 0, 0, fails),
        ]
    for number in processor.ends.values():
        code += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, RET_KILL_PROCESS)]
    return (*code, (_RETURN, 0, 0, RET_ERRNO_EPERM))


def install(code: tuple[Instruction, ...], libc: ctypes.CDLL) -> bool:
    """Hold this process to a filter for good; False where the kernel takes none. Needs "no new privileges"."""
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in code))

    class Head(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    head = Head(len(code), ctypes.addressof(program))
    return bool(libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_SECCOMP_MODE_FILTER), ctypes.byref(head), 0, 0) == 0)


def _unless(compare: int, value: int) -> tuple[Instruction, Instruction]:
    """End the process unless the comparison holds."""
    return (compare, 1, 0, value), (_RETURN, 0, 0, RET_KILL_PROCESS)
