"""What a taken-over decoding child could still do: nothing that reaches beyond its own memory."""

from __future__ import annotations

import json
import logging
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.settings import VideoLimits
from core.video import open_clip, refusals, standing_walls, syscalls
from core.video.protocol import Walls
from core.video.syscalls import PROT_EXEC, RET_ALLOW, RET_ERRNO_EPERM, RET_KILL_PROCESS, Instruction, Processor
from tests.synth import files

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="these walls are Linux's")
PID = 4321
BOTH = pytest.mark.parametrize("processor", syscalls.PROCESSORS.values(), ids=syscalls.PROCESSORS)


def verdict(code: tuple[Instruction, ...], arch: int, number: int, *arguments: int) -> int:
    """What the kernel would do with a system call: classic BPF as linux/filter.h describes it, the part used here."""
    words = {0: number, 4: arch} | {16 + 8 * i: value & 0xFFFFFFFF for i, value in enumerate(arguments)}
    held, position = 0, 0
    while True:
        kind, if_true, if_false, value = code[position]
        if kind == 0x06:
            return value
        if kind == 0x20:
            held = words.get(value, 0)
            position += 1
            continue
        holds = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[kind]
        position += 1 + (if_true if holds else if_false)


def asked(processor: Processor, number: int, *arguments: int) -> int:
    return verdict(syscalls.decoding_filter(processor, PID), processor.audit_arch, number, *arguments)


@BOTH
def test_what_decoding_needs_is_allowed_and_what_it_never_does_ends_the_process(processor: Processor) -> None:
    plain = {name: number for name, number in processor.allowed.items() if name not in {"newfstatat", "tgkill"}}
    assert {asked(processor, number) for number in plain.values()} == {RET_ALLOW}
    assert {asked(processor, number) for number in processor.ends.values()} == {RET_KILL_PROCESS}
    assert not set(processor.allowed.values()) & set(processor.ends.values())


@BOTH
@settings(max_examples=100, deadline=None)
@given(number=st.integers(0, 0x3FFFFFFF))
def test_every_other_call_is_refused(processor: Processor, number: int) -> None:
    if number not in {*processor.allowed.values(), *processor.ends.values()}:
        assert asked(processor, number) == RET_ERRNO_EPERM


@BOTH
def test_no_memory_is_made_executable_and_no_other_process_is_signalled(processor: Processor) -> None:
    for name in ("mmap", "mprotect"):
        assert asked(processor, processor.allowed[name], 0, 4096, 3) == RET_ALLOW
        assert asked(processor, processor.allowed[name], 0, 4096, PROT_EXEC | 1) == RET_ERRNO_EPERM
    assert asked(processor, processor.allowed["tgkill"], PID, PID, 6) == RET_ALLOW
    assert asked(processor, processor.allowed["tgkill"], PID + 1, PID + 1, 9) == RET_ERRNO_EPERM
    assert asked(processor, processor.allowed["newfstatat"], 3, 0, 0, 0) == RET_ERRNO_EPERM


@BOTH
def test_numbers_of_another_processor_end_the_process(processor: Processor) -> None:
    code = syscalls.decoding_filter(processor, PID)
    assert verdict(code, 0x40000003, 1) == RET_KILL_PROCESS  # 32-bit programs on the same machine
    if processor.x32:
        assert asked(processor, 0x40000000 | processor.allowed["read"]) == RET_KILL_PROCESS


@pytest.mark.parametrize(
    ("machine", "header"),
    [("x86_64", "x86_64-linux-gnu/asm/unistd_64.h"), ("aarch64", "asm-generic/unistd.h")],
)
def test_the_numbers_are_those_of_the_kernels_own_headers(machine: str, header: str) -> None:
    path = Path("/usr/include") / header
    if not path.is_file():
        pytest.skip("this machine has no kernel headers")
    found = {
        name.removeprefix("3264_"): int(number)
        for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)\n", path.read_text())
    }
    processor = syscalls.PROCESSORS[machine]
    ours = {**processor.allowed, **processor.ends}
    assert ours == {name: found.get(name, found.get("fstatat")) for name in ours}


ACTS = {
    "asks for a socket": "socket.socket()",
    "starts a program": "os.execv('/bin/sh', ['sh'])",
    "forks": "os.fork()",
    "traces its parent": "libc.ptrace(16, os.getppid(), 0, 0)",
    "opens for reading": "os.open('/etc/passwd', os.O_RDONLY)",
    "opens for writing": "os.open('/tmp/facepulse-was-here', os.O_CREAT | os.O_WRONLY)",
    "looks whether a file is there": "os.stat('/etc/passwd')",
    "lists a folder": "os.listdir('/')",
    "ends its parent": "os.kill(os.getppid(), 9)",
    "makes code": "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)",
    "starts a thread": "threading.Thread(target=print).start()",
    "raises its limits": "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))",
    "takes memory in moderation": "bytearray(1 << 20)",
    "reads what it was handed": "os.pread(handed, 4, 0) == b'here' or 1 / 0",
}
HARNESS = """
    import ctypes, json, mmap, os, resource, socket, sys, tempfile, threading
    from core.video import hardening
    libc = ctypes.CDLL(None, use_errno=True)
    def outcome(act):
        told, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            handed = os.memfd_create("handed")
            os.write(handed, b"here")
            folder = tempfile.mkdtemp()
            os.chdir(folder)
            os.rmdir(folder)
            code = compile(act, "act", "eval")
            hardening.give_up_privileges(5, 1 << 30, 0)
            try:
                eval(code)
                os.write(tell, b"done")
            except Exception as error:
                os.write(tell, type(error).__name__.encode())
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(tell)
        said = os.read(told, 100).decode()
        os.close(told)
        return said if status == 0 else -status
    print(json.dumps({name: outcome(act) for name, act in json.loads(sys.argv[1]).items()}))
"""


@on_linux
def test_a_taken_over_child_reaches_nothing() -> None:
    done = python(HARNESS, json.dumps(ACTS))
    said = json.loads(done)
    allowed = {name for name, outcome in said.items() if outcome == "done"}
    assert allowed == {"takes memory in moderation", "reads what it was handed"}
    ended = {name for name, outcome in said.items() if outcome == int(signal.SIGSYS)}
    assert ended >= {"asks for a socket", "starts a program", "traces its parent"}
    refused = {outcome for outcome in said.values() if isinstance(outcome, str) and outcome != "done"}
    assert refused <= {"PermissionError", "RuntimeError", "ValueError"}, said
    assert not Path("/tmp/facepulse-was-here").exists()


AS_NOBODY = """
    import os, tempfile
    from core.video import hardening
    folder = tempfile.mkdtemp()
    os.chmod(folder, 0o777)
    os.chdir(folder)
    os.rmdir(folder)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    walls = hardening.give_up_privileges(5, 1 << 30, 0)
    os.write(1, " ".join(walls.missing).encode())
"""


@on_linux
def test_a_service_without_root_has_the_same_walls_where_the_kernel_allows() -> None:
    missing = set(python(AS_NOBODY).split())
    assert missing in ({"own_network", "own_root"}, set()), "a kernel may keep namespaces to root, never the rest"


DOCKER_LIKE = """
    import ctypes, pathlib, sys
    from core.settings import VideoLimits
    from core.video import open_clip, syscalls
    libc = ctypes.CDLL(None, use_errno=True)
    code = [(0x20, 0, 0, 0)]
    for name in ("unshare", "chroot"):
        code += [(0x15, 0, 1, syscalls.PROCESSORS[__import__("os").uname().machine].ends[name]), (0x06, 0, 0, 0x50001)]
    assert libc.prctl(38, ctypes.c_ulong(1), 0, 0, 0) == 0
    assert syscalls.install((*code, (0x06, 0, 0, syscalls.RET_ALLOW)), libc)
    with open_clip(pathlib.Path(sys.argv[1]), VideoLimits()) as reader:
        print(sum(1 for _ in reader), *reader.walls.missing)
"""


@on_linux
def test_a_container_that_forbids_namespaces_still_gets_the_filter_and_is_told(tmp_path: Path) -> None:
    path = files.write_clip(tmp_path / "clip.mp4")
    assert python(DOCKER_LIKE, str(path)).split() == ["25", "own_network", "own_root"]


@on_linux
def test_the_child_is_alone_in_its_network_and_sees_no_files(tmp_path: Path, limits: VideoLimits) -> None:
    with open_clip(files.write_clip(tmp_path / "clip.mp4", files.colour_frames(200)), limits) as opened:
        if "own_network" in opened.walls.missing:
            pytest.skip("this machine makes no network namespaces")
        (child,) = (one.pid for one in psutil.Process().children() if "core.video.child" in one.cmdline())
        ours, its = (Path(f"/proc/{pid}/ns/net").readlink() for pid in ("self", child))
        assert ours != its
        assert list(Path(f"/proc/{child}/root").iterdir()) == []
        interfaces = Path(f"/proc/{child}/net/dev").read_text().splitlines()[2:]
        assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]


def test_the_walls_can_be_asked_for_without_a_clip(tmp_path: Path, limits: VideoLimits) -> None:
    with open_clip(files.write_clip(tmp_path / "clip.mp4"), limits) as opened:
        assert standing_walls(limits) == opened.walls


@on_linux
def test_a_missing_filter_is_a_warning_and_the_rest_is_told(caplog: pytest.LogCaptureFixture) -> None:
    refusals.tell_once.cache_clear()
    caplog.set_level(logging.INFO, "core.video")
    for walls in (Walls(True, True, True, True), Walls(False, True, True, True), Walls(True, True, True, False)):
        refusals.tell_once(walls)
        refusals.tell_once(walls)
    assert [record.levelname for record in caplog.records] == ["INFO", "INFO", "WARNING"]
    assert "without a network of their own" in caplog.messages[1]
    refusals.tell_once.cache_clear()


def python(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
        env={"OPENBLAS_NUM_THREADS": "1", "PATH": ""},
        cwd=Path(__file__).parents[3],
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
