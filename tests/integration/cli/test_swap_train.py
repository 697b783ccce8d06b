"""`facepulse swap train` and `export`: two sets in, a swap out that is gone on with, or a sentence."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from bot.cli import run
from bot.web.training_page import served
from core.errors import SettingsError
from core.swap import saved
from core.swap.model import load_model
from tests.synth.swaps import face_set

TINY = """
size_px = 64
encoder_channels = 4
code_numbers = 16
decoder_channels = 4
mask_channels = 2
faces = 2
precision = "float32"
"""


@pytest.fixture
def asked(tmp_path: Path) -> list[str]:
    source, target = face_set(tmp_path / "source", "Source"), face_set(tmp_path / "target", "Target")
    (tmp_path / "tiny.toml").write_text(TINY)
    sets = ["--source", str(source.path), "--target", str(target.path), "-o", str(tmp_path / "model")]
    return ["swap", "train", *sets, "--config", str(tmp_path / "tiny.toml")]


def test_a_swap_is_trained_gone_on_with_and_exported(
    asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*asked, "--iterations", "2", "--learning-rate", "0.001"]) == 0
    assert "Trained 2 iterations" in capsys.readouterr().out
    assert run([*asked[:-2], "--iterations", "4"]) == 0
    values = saved.read_saved(tmp_path / "model").values
    assert (values["steps"], values["config"]["learning_rate"], values["recipe"]["faces"]) == (4, 0.001, 2)
    assert run(["swap", "export", str(tmp_path / "model"), "-o", str(tmp_path / "her.dfm")]) == 0
    assert "64 px, 4 iterations" in capsys.readouterr().out
    assert load_model(tmp_path / "her.dfm").about.steps == 4


def test_a_backup_can_be_gone_back_to(asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*asked, "--iterations", "5", "--backup-every", "2"]) == 0
    assert run([*asked, "--iterations", "3", "--restore", "2"]) == 0
    assert saved.read_saved(tmp_path / "model").about.steps == 3
    assert run([*asked, "--iterations", "3", "--restore", "1"]) == 1
    assert "there are: 2, 4." in capsys.readouterr().err


def test_a_damaged_swap_says_how_to_go_back_and_does(
    asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*asked, "--iterations", "3", "--backup-every", "2"]) == 0
    folder = saved.read_saved(tmp_path / "model").folder
    (folder / saved.TRAINING).write_bytes(b"half of it")
    assert run([*asked, "--iterations", "4"]) == 1
    assert "--restore" in capsys.readouterr().err
    assert run([*asked, "--iterations", "4", "--restore", "2"]) == 0
    assert saved.read_saved(tmp_path / "model").about.steps == 4


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--size", "100"], "multiple of 16"),
        (["--config", "no.toml"], "cannot be read as TOML"),
    ],
)
def test_what_cannot_be_trained_is_a_sentence(
    asked: list[str], options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*asked, *options, "--iterations", "1"]) == 2
    assert sentence in capsys.readouterr().err


def test_an_unknown_key_is_named(asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tiny.toml").write_text("learning_speed = 1\n")
    assert run([*asked, "--iterations", "1"]) == 2
    assert "nothing is called learning_speed" in capsys.readouterr().err


def test_another_shape_asks_for_another_folder(asked: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*asked, "--iterations", "1"]) == 0
    assert run([*asked, "--iterations", "2", "--architecture", "liae"]) == 2
    assert "another folder" in capsys.readouterr().err


def test_ctrl_c_saves_and_ends(asked: list[str], tmp_path: Path) -> None:
    model = tmp_path / "model"
    command = [sys.executable, "-c", "from bot.cli import main; main()", *asked]
    endless = [*command, "--iterations", "1000000", "--save-every", "20"]
    child = subprocess.Popen(endless, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            before = saved.read_saved(model) if (model / saved.CURRENT).exists() else None
            if before is not None and before.about.steps >= 20:
                break
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=20)
    finally:
        child.kill()
    assert child.returncode == 0, err
    steps = saved.read_saved(model).about.steps
    assert f"run it again to go on: {steps} iterations".encode() in out
    assert steps >= 20


def test_the_page_shows_preview_and_losses(asked: list[str], tmp_path: Path) -> None:
    with served(tmp_path / "model", 0) as address:
        assert "Reading the faces" in fetched(address).decode()
        run([*asked, "--iterations", "20"])
        page = fetched(address).decode()
        assert "20 iterations · loss of the source" in page
        assert fetched(f"{address}/preview.png").startswith(b"\x89PNG")
        assert b'"step": 20' in fetched(f"{address}/status.json")


def test_a_port_in_use_is_a_sentence(tmp_path: Path) -> None:
    with served(tmp_path, 0) as address:
        port = int(address.split(":")[2].split("/")[0])
        with pytest.raises(SettingsError, match="--port"), served(tmp_path, port):
            pass


def fetched(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return answer.read()
