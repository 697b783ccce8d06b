"""The command as a process of its own: what is on which stream, how it ends, what it leaves behind."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import psutil
import pytest

from tests.synth import files

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "check.schema.json").read_text())
FACEPULSE = [sys.executable, "-c", "from bot.cli import main; main()"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment with its own data and scratch folders, by which its processes can be told from others."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FACEPULSE_")}
    return kept | {"FACEPULSE_DATA_DIR": str(tmp_path / "data"), "TMPDIR": str(scratch), "OMP_NUM_THREADS": "1"}


def _run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=100)


def leftovers(environment: dict[str, str]) -> list[str]:
    """Scratch files, and processes that still carry this environment."""
    alive = [f"process {process.pid}" for process in _processes_of(environment)]
    return alive + [path.name for path in Path(environment["TMPDIR"]).iterdir()]


def _processes_of(environment: dict[str, str]) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if process.environ().get("TMPDIR") == environment["TMPDIR"] and process.pid != os.getpid():
                yield process
        except psutil.Error:
            continue


def test_a_real_clip_is_answered_with_its_pulse(pulse_clip: Path, environment: dict[str, str]) -> None:
    done = _run([*FACEPULSE, "check", str(pulse_clip), "--json"], environment)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    answer = json.loads(line)
    jsonschema.Draft202012Validator(SCHEMA).validate(answer)
    assert answer["verdict"] in {"inconclusive", "likely_real"}
    (face,) = answer["faces"]
    assert face["pulse_bpm"] == pytest.approx(72, abs=2)
    assert {"opening", "frames", "signals", "detectors"} <= answer["timings_s"].keys()
    assert answer["weights"] and answer["case"] == 1
    assert leftovers(environment) == []


def test_bad_input_gets_a_sentence_each_and_leaves_nothing_behind(tmp_path: Path, environment: dict[str, str]) -> None:
    folder = tmp_path / "odd 🎬 names"
    folder.mkdir()
    bad = {
        files.empty(folder / "empty.mp4"): "unreadable",
        files.text(folder / "letter.mp4"): "unreadable",
        files.without_index(folder / "truncated.mp4"): "unreadable",
        files.audio_only(folder / "song.m4a"): "no_video",
        files.huge_picture(folder / "photo.png"): "unreadable",
        files.playlist(folder / "list.m3u8"): "unreadable",
        files.playlist(folder / "list.mp4"): "unreadable",
        files.really_long(folder / "long.mp4"): "too_large",
        folder / "nothing there.mp4": "not_found",
        folder: "unreadable",
    }
    odd = [
        files.one_frame(folder / "one frame.mp4"),
        files.write_clip(folder / "no face.mp4"),
        files.lying_header(folder / "eight hours.mp4"),
        files.picture(folder / "photo.jpg"),
    ]
    clips = [*bad, *odd]
    done = _run([*FACEPULSE, "check", *map(str, clips), "--json"], environment)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    answers = {Path(answer["clip"]): answer for answer in map(json.loads, done.stdout.splitlines())}
    assert list(answers) == clips
    for answer in answers.values():
        jsonschema.Draft202012Validator(SCHEMA).validate(answer)
    assert {path: answers[path]["error_code"] for path in bad} == bad
    assert [answers[path]["verdict"] for path in odd] == ["inconclusive"] * 4
    sentences = done.stderr.splitlines()
    assert sentences == [f"{path}: {answers[path]['error']}" for path in bad]
    assert leftovers(environment) == []


def test_ctrl_c_stops_it_at_once_with_one_line_and_no_stray_process(
    pulse_clip: Path, environment: dict[str, str]
) -> None:
    with subprocess.Popen(
        [*FACEPULSE, "check", str(pulse_clip), "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # a shell that was put in the background makes its programs ignore Ctrl-C, this one with them
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as process:
        _wait_for_a_child(process)
        os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to everyone in front
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err.strip()) == (130, "", "Stopped.")
    assert leftovers(environment) == []


def _wait_for_a_child(process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not psutil.Process(process.pid).children():
        assert time.monotonic() < deadline, "no decoding child was started"
        try:
            process.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail("it ended before it was interrupted")


def test_what_native_code_prints_stays_off_the_answers(environment: dict[str, str]) -> None:
    script = (
        "import os; from bot.terminal import answers\n"
        "with answers() as out:\n"
        "    os.write(1, b'native noise\\n'); print('python noise'); print('answer', file=out)\n"
        "print('afterwards')"
    )
    done = _run([sys.executable, "-c", script], environment)
    assert done.stdout == "answer\nafterwards\n"
    assert sorted(done.stderr.splitlines()) == ["native noise", "python noise"]


def test_a_reader_that_stops_reading_ends_it_without_a_traceback(environment: dict[str, str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [*FACEPULSE, "check", "nothing there.mp4", "--json", "--no-log"]
    done = subprocess.run(
        command, check=False, env=environment, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60
    )
    os.close(writing)
    assert done.returncode == 1
    assert done.stderr == "nothing there.mp4: There is no such file.\n"


def test_on_a_terminal_the_bar_shows_stage_frames_and_time_left(environment: dict[str, str]) -> None:
    script = (
        "from bot.terminal import progress_bar; from core.types import Progress, Stage\n"
        "with progress_bar('clip.mp4') as show:\n"
        "    show(Progress(Stage.FRAMES, 30, 240, 12.0))"
    )
    terminal, end = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment | {"COLUMNS": "120", "TERM": "xterm"},
        stderr=end,
        stdout=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(end)
    shown = os.read(terminal, 100_000).decode()
    os.close(terminal)
    assert (done.returncode, done.stdout) == (0, b"")
    assert "Looking at every frame" in shown and "30/240 frames" in shown and "about 12 s left" in shown


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_a_closed_standard_stream_is_no_crash(environment: dict[str, str], closed: int) -> None:
    script = f"import os; os.close({closed}); os.execv({sys.executable!r}, {[*FACEPULSE, 'check', 'nothing there']!r})"
    done = _run([sys.executable, "-c", script], environment)
    told = {
        0: "nothing there: There is no such file.\n",
        1: "Standard output is closed, so there is nowhere to write the answers.\n",
        2: "",
    }
    assert (done.returncode, done.stdout, done.stderr) == (1, "", told[closed])


def test_help_and_version_load_none_of_the_analysis(environment: dict[str, str]) -> None:
    script = (
        "import sys; from bot.cli import run\n"
        "status = run(['--help']) or run(['check', '--help']) or run(['--version'])\n"
        "heavy = {'numpy', 'torch', 'cv2', 'sqlalchemy', 'aiohttp', 'discord', 'rich'} & sys.modules.keys()\n"
        "sys.exit(status or (str(heavy) if heavy else 0))"
    )
    done = _run([sys.executable, "-c", script], environment)
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("check", "pulse", "history", "models", "run", "--report", "facepulse 0"):
        assert word in done.stdout
