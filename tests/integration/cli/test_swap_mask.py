"""`facepulse swap mask`: labels in, masks out, masks beside a set."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli import run
from core.swap.mask_labels import write_label
from core.types import FaceSet
from tests.synth.swaps import face_set


@pytest.fixture
def labelled(tmp_path: Path) -> FaceSet:
    made = face_set(tmp_path / "set")
    for one in made.faces:
        write_label(made.path, one.name, ())
    return made


def test_masks_are_trained_and_applied(labelled, tmp_path, capsys):
    out = str(tmp_path / "masks.safetensors")
    assert run(["swap", "mask", "train", str(labelled.path), "-o", out, "--steps", "2"]) == 0
    said = capsys.readouterr().out
    assert "trained on 6 faces" in said and "On 2 other faces" in said
    assert run(["swap", "mask", "apply", str(labelled.path), out]) == 0
    assert "8 masks" in capsys.readouterr().out
    assert len(list((labelled.path / "masks").glob("*.png"))) == 8


@pytest.mark.parametrize("command", [["train", "SET", "-o", "OUT"], ["apply", "SET", "OUT"], ["label", "SET"]])
def test_a_set_that_is_not_there_is_told(command, tmp_path, capsys):
    places = {"SET": str(tmp_path / "nothing"), "OUT": str(tmp_path / "out")}
    assert run(["swap", "mask", *(places.get(word, word) for word in command)]) == 1
    assert "There is no face set in" in capsys.readouterr().err


def test_a_port_that_is_taken_is_told(labelled, capsys):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert run(["swap", "mask", "label", str(labelled.path), "--port", port]) == 2
    assert f"Port {port}" in capsys.readouterr().err
