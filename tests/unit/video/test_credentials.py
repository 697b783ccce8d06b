"""The process that parses Content Credentials: walled in, bounded, and not started where there are none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.video import credentials
from core.video.credentials import READ_BYTES, CredentialsError, read_manifests
from tests.synth import files
from tests.synth.credentials import created, sign_clip


@pytest.fixture(scope="module")
def unsigned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return files.write_clip(tmp_path_factory.mktemp("clips") / "plain.mp4")


@pytest.fixture(scope="module")
def signed(unsigned: Path) -> Path:
    return sign_clip(unsigned, unsigned.with_name("signed.mp4"), created("digitalCapture"))


def nobody_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", started)


def test_a_signed_file_gives_its_manifests(signed: Path) -> None:
    told = json.loads(read_manifests(signed) or "")

    assert told["active_manifest"] in told["manifests"]


def test_a_file_under_any_name_is_known_by_its_bytes(signed: Path, tmp_path: Path) -> None:
    bare = tmp_path / "0123abcd"
    bare.write_bytes(signed.read_bytes())

    assert read_manifests(bare) is not None


def test_a_file_without_a_sign_of_them_needs_no_process(unsigned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody_is_started(monkeypatch)

    assert read_manifests(unsigned) is None


def test_a_sign_is_seen_across_the_pieces_that_are_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * (READ_BYTES - 2) + b"c2pa" + b"y" * 100)

    assert credentials._may_hold_some(tmp_path / "file")


def test_words_that_look_like_credentials_are_none(unsigned: Path, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(unsigned.read_bytes() + b"\0\0\0\x0cfreec2pa")

    assert read_manifests(tmp_path / "a.mp4") is None


def test_a_child_that_takes_too_long_is_ended_and_named(signed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "WALL_S", 0.01)

    with pytest.raises(CredentialsError, match="ended with status -9"):
        read_manifests(signed)


def test_a_child_without_memory_is_named(signed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "MEMORY_BYTES", 1 << 20)

    with pytest.raises(CredentialsError):
        read_manifests(signed)


def test_an_answer_that_is_too_long_is_not_read(signed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "MOST_BYTES", 100)

    with pytest.raises(CredentialsError, match="its reader ended"):
        read_manifests(signed)


PROBE = """
import ctypes, json, os, sys
from core.video import credentials_child as child
def looks(fd, context):
    try:
        open("/etc/passwd")
    except OSError as error:
        return {"error": type(error).__name__}
    return {"error": "it opened a file"}
child.read = looks
child.main()
"""


def test_the_child_opens_nothing_once_it_looks_at_the_file(signed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    with signed.open("rb") as file:
        job = json.dumps({"file_fd": file.fileno(), "cpu_s": 5, "memory_bytes": 1 << 30})
        command = [sys.executable, "-c", PROBE, job]
        run = subprocess.run(command, pass_fds=(file.fileno(),), capture_output=True, check=True, cwd=folder)

    assert json.loads(run.stdout)["error"] in {"PermissionError", "OSError", "FileNotFoundError"}
    assert not folder.exists()
