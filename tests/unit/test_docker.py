"""The images and compose files: linted, held against the schema, and kept from losing what protects them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from bot.cli import COMMANDS

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text()
COMPOSE = sorted(DOCKER.glob("compose*.yaml"))
OURS = "facepulse-"


def tool(name: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    assert found is not None, f"{name} is one of the packages for developers"
    return found


def services(path: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text())["services"]
    return found


def ours(path: Path) -> dict[str, dict[str, Any]]:
    return {name: service for name, service in services(path).items() if service["image"].startswith(OURS)}


def stages() -> dict[str, tuple[str, list[str]]]:
    """{stage: (what it is made from, its instructions)}"""
    found: dict[str, tuple[str, list[str]]] = {}
    joined = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE))
    for line in filter(None, map(str.strip, joined.splitlines())):
        words = line.split()
        if words[0] == "FROM":
            name = words[3]
            found[name] = words[1], []
        elif found:
            found[name][1].append(line)
    return found


def instructions(stage: str) -> list[str]:
    """All instructions of an image, those of the stages it is made from first."""
    made_from, own = stages()[stage]
    return (instructions(made_from) if made_from in stages() else []) + own


def last(stage: str, word: str) -> str:
    return [line for line in instructions(stage) if line.split()[0] == word][-1]


def load_context() -> ModuleType:
    import importlib.util

    spec = importlib.util.spec_from_file_location("docker_context", DOCKER / "context.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_linter_has_nothing_to_say_about_the_dockerfile() -> None:
    run = subprocess.run([tool("hadolint"), DOCKER / "Dockerfile"], check=False, capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (0, "")


@pytest.mark.parametrize("path", COMPOSE, ids=lambda path: path.name)
def test_compose_files_are_what_the_specification_describes(path: Path) -> None:
    command = [tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", path]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("image", ["bot", "worker"])
def test_an_image_runs_as_nobody_in_particular_and_has_a_health_check(image: str) -> None:
    assert last(image, "USER") == "USER 10001:10001"
    assert "CMD" in last(image, "HEALTHCHECK")
    command = json.loads(last(image, "CMD").removeprefix("CMD "))
    assert isinstance(command, list)  # no shell between the signal and the program
    assert command[0] == "facepulse"
    assert command[1] in COMMANDS
    assert last(image, "STOPSIGNAL") == "STOPSIGNAL SIGTERM"


def test_base_images_have_a_version() -> None:
    (base,) = re.findall(r"^ARG PYTHON_IMAGE=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", base)
    assert {made_from for made_from, _ in stages().values()} <= {"${PYTHON_IMAGE}", *stages()}


def test_the_health_check_of_a_worker_is_a_module_that_there_is() -> None:
    words = json.loads(last("worker", "HEALTHCHECK").split("CMD", 1)[1])
    assert words[:2] == ["python", "-m"]
    assert (ROOT / (words[2].replace(".", "/") + ".py")).is_file()


@pytest.mark.parametrize("path", COMPOSE, ids=lambda path: path.name)
def test_our_containers_can_write_nothing_but_their_volumes_and_gain_no_rights(path: Path) -> None:
    assert ours(path)
    for name, service in ours(path).items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["tmpfs"], name
        assert service["pids_limit"], name
        assert service["mem_limit"], name
        assert not {"privileged", "cap_add", "network_mode", "pid", "user"} & service.keys(), name


@pytest.mark.parametrize("path", COMPOSE, ids=lambda path: path.name)
def test_our_containers_let_the_decoding_child_wall_itself_in(path: Path) -> None:
    for name, service in ours(path).items():
        profiles = [option for option in service["security_opt"] if option.startswith("seccomp")]
        assert profiles == ["seccomp:./seccomp.json"], name
        assert (path.parent / "seccomp.json").is_file()


def under_profile(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command under our profile, by the system's libseccomp."""
    run = subprocess.run(
        [sys.executable, DOCKER / "under_profile.py", DOCKER / "seccomp.json", *command],
        check=False, capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    if run.returncode == 125:
        pytest.skip(f"no seccomp here: {run.stderr}")
    return run


WALLS = (
    "from core.settings import VideoLimits; from core.video import standing_walls;"
    "print(sorted(standing_walls(VideoLimits()).missing))"
)


def test_all_walls_of_the_decoding_child_stand_under_the_profile_as_they_do_without_it() -> None:
    without = subprocess.run([sys.executable, "-c", WALLS], check=True, capture_output=True, text=True, cwd=ROOT)

    assert under_profile(sys.executable, "-c", WALLS).stdout == without.stdout


@pytest.mark.parametrize(
    ("call", "refused"),
    [
        ("mount(b'none', b'/mnt', b'tmpfs', 0, None)", True),
        ("setns(0, 0)", True),
        ("ptrace(0, 0, 0, 0)", True),
        ("unshare(0x00020000)", True),  # a mount namespace
        ("unshare(0x20000000)", True),  # a process namespace
        ("unshare(0x50000000)", False),  # user and network: the decoding child
        ("syscall(435, None, 0)", None),  # clone3: said not to be there, so that clone is taken
    ],
)
def test_the_profile_lets_nothing_through_but_what_the_child_needs(call: str, refused: bool | None) -> None:
    program = f"import ctypes; c = ctypes.CDLL(None, use_errno=True); print(c.{call}, ctypes.get_errno())"
    result, errno = under_profile(sys.executable, "-c", program).stdout.split()
    if refused is False:
        allowed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
        assert [result, errno] == allowed.stdout.split()
    else:
        assert (int(result), int(errno)) == (-1, 38 if refused is None else 1)


def test_workers_of_several_machines_share_nothing_but_database_and_bucket() -> None:
    worker = services(DOCKER / "compose.scale.yaml")["worker"]

    assert [volume for volume in worker["volumes"] if ":" in volume] == []
    assert {"FACEPULSE_DATABASE_URL", "FACEPULSE_MEDIA_URL", "FACEPULSE_MEDIA_ENDPOINT"} <= worker["environment"].keys()
    assert worker["networks"] == ["inside"]


@pytest.mark.parametrize("path", COMPOSE, ids=lambda path: path.name)
def test_what_a_service_waits_for_is_there_and_says_when_it_is_ready(path: Path) -> None:
    found = services(path)
    for name, service in found.items():
        for other, how in service.get("depends_on", {}).items():
            ready = "healthcheck" in found[other] or found[other]["image"].startswith(OURS)
            assert ready or how["condition"] == "service_completed_successfully", (name, other)


@pytest.mark.parametrize("path", COMPOSE, ids=lambda path: path.name)
def test_nothing_is_open_to_other_machines(path: Path) -> None:
    for name, service in services(path).items():
        for port in service.get("ports", []):
            assert str(port).startswith("127.0.0.1:"), name


@pytest.mark.parametrize("path", COMPOSE, ids=lambda path: path.name)
def test_images_of_others_are_named_by_version_and_secrets_are_not_in_the_file(path: Path) -> None:
    for name, service in services(path).items():
        assert service["image"].startswith(OURS) or re.search(r":v?\d", service["image"]), name
        for key, value in service.get("environment", {}).items():
            if re.search("TOKEN|PASSWORD|SECRET|ACCESS_KEY", key):
                assert re.fullmatch(r"\$\{\w+(:-|:\?[^}]*)\}", value), key


@pytest.mark.parametrize("path", COMPOSE, ids=lambda path: path.name)
def test_compose_builds_the_stages_that_there_are_and_sets_only_settings_that_there_are(path: Path) -> None:
    from core.settings import Settings

    known = {f"FACEPULSE_{name.upper()}" for name in Settings.model_fields}
    for service in ours(path).values():
        assert service["build"]["target"] in stages()
        assert (path.parent / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
        assert {key for key in service.get("environment", {}) if key.startswith("FACEPULSE_")} <= known


def test_the_build_context_holds_the_program_and_nothing_of_this_machine() -> None:
    files = set(load_context().files(ROOT))

    assert {"bot/cli.py", "core/pipeline.py", "models/weights.toml", "constraints.txt", "docker/install.sh"} <= files
    tops = {name.split("/")[0] for name in files}
    assert tops <= {"bot", "core", "migrations", "models", "docker", "pyproject.toml", "constraints.txt"} | {
        "weights-packages.txt", "README.md", "LICENSE",
    }  # fmt: skip
    assert not [name for name in files if name.endswith((".pyc", ".sqlite3", ".env"))]


@pytest.mark.parametrize(
    ("path", "within"),
    [
        ("a/b.py", True),
        ("a/b.pyc", False),
        ("a/deep/er/b.pyc", False),
        ("a/secret/b.py", False),
        ("b.py", False),
        ("c.txt", True),
        ("cc.txt", False),
    ],
)
def test_patterns_are_read_as_a_builder_reads_them(path: str, within: bool) -> None:
    context = load_context()
    assert context.is_in(path, context.rules("# a note\n*\n!a\n!?.txt\n**/*.pyc\na/secret\n")) is within


def test_every_file_that_the_program_reads_is_packed_with_it() -> None:
    """An installed copy has only what `package-data` names."""
    import tomllib

    packed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    unpacked = []
    for package in ("bot", "core", "models"):
        patterns = packed[package]
        for path in (ROOT / package).rglob("*"):
            inner = path.relative_to(ROOT / package)
            if path.is_file() and path.suffix not in {".py", ".pyc", ".md", ".pot"}:
                unpacked += [] if any(inner.match(pattern) for pattern in patterns) else [str(path.relative_to(ROOT))]
    assert unpacked == []
