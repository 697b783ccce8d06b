"""Runs a command under docker/seccomp.json, as a container engine would: for docker/verify.sh and the tests.

Usage: under_profile.py PROFILE COMMAND [ARGUMENT…]. Needs the system's libseccomp (Debian: libseccomp2), which engines
bring themselves. Exit status 125 when it is not there or refuses the profile, else that of the command.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from pathlib import Path
from typing import Any

NO_NEW_PRIVS = 38  # prctl
ALLOW, ERRNO = 0x7FFF0000, 0x00050000  # seccomp.h
MATCHES = {"SCMP_CMP_EQ": 4, "SCMP_CMP_MASKED_EQ": 7}
ARCHITECTURES = {"SCMP_ARCH_X86_64": ("x86_64", 0xC000003E), "SCMP_ARCH_AARCH64": ("aarch64", 0xC00000B7)}
CANNOT = 125


class Argument(ctypes.Structure):
    """One comparison of an argument of a system call: `scmp_arg_cmp`."""

    _fields_ = (
        ("index", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("value", ctypes.c_uint64),
        ("value_two", ctypes.c_uint64),
    )


def action(name: str, errno: int) -> int:
    """Return the number of an action."""
    return {"SCMP_ACT_ALLOW": ALLOW, "SCMP_ACT_ERRNO": ERRNO | errno}[name]


def load(profile: dict[str, Any]) -> None:
    """Hold this process, and all that it starts, to a profile.

    Raises:
        OSError: there is no libseccomp, or it refuses the profile.
    """
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    default = action(profile["defaultAction"], profile.get("defaultErrnoRet", 1))
    context = ctypes.c_void_p(library.seccomp_init(default))
    if not context or os.uname().machine not in {ARCHITECTURES[name][0] for name in profile["architectures"]}:
        raise OSError("the profile is not for this processor")
    for rule in profile["syscalls"]:
        add(library, context, rule, default)
    if library.seccomp_load(context) != 0:
        raise OSError("the profile cannot be loaded")


def add(library: ctypes.CDLL, context: ctypes.c_void_p, rule: dict[str, Any], default: int) -> None:
    """Add one rule for all the names in it; names that this processor does not have are left out, as engines do."""
    does = action(rule["action"], rule.get("errnoRet", 1))
    told = [
        Argument(argument["index"], MATCHES[argument["op"]], argument["value"], argument.get("valueTwo", 0))
        for argument in rule.get("args", [])
    ]
    for name in rule["names"]:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number < 0 or does == default:
            continue
        status = library.seccomp_rule_add_array(
            context, ctypes.c_uint32(does), number, len(told), (Argument * len(told))(*told)
        )
        if status != 0:
            raise OSError(-status, f"the rule for {name} cannot be added")


def main(arguments: list[str]) -> None:
    """Load the profile and become the command."""
    try:
        ctypes.CDLL(None).prctl(NO_NEW_PRIVS, 1, 0, 0, 0)
        load(json.loads(Path(arguments[0]).read_text()))
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(CANNOT)
    os.execvp(arguments[1], arguments[1:])  # noqa: S606  (the command is what it is for)


if __name__ == "__main__":
    main(sys.argv[1:])
