"""`facepulse swap make`: a labelled video, or one sentence and nothing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from bot.cli import run
from core.swap.label import read_marks
from core.swap.training import train
from core.types import FaceSet
from tests.synth.clips import Scene, even_times, write_scene
from tests.synth.swaps import face_set, tiny_plan


@pytest.fixture(scope="module")
def sets(tmp_path_factory) -> tuple[FaceSet, FaceSet]:
    folder = tmp_path_factory.mktemp("sets")
    return face_set(folder / "source", "Source"), face_set(folder / "target", "Target")


@pytest.fixture(scope="module")
def model(sets, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("swap") / "model"
    train(*sets, path, tiny_plan(1))
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    scene = Scene(width_px=480, height_px=360, face_px=150)
    return write_scene(tmp_path_factory.mktemp("clips") / "clip.mp4", scene, even_times(25, 0.52), rate=Fraction(25))


@pytest.fixture
def asked(model, clip, tmp_path, monkeypatch) -> list[str]:
    monkeypatch.setenv("FACEPULSE_DATA_DIR", str(tmp_path / "data"))
    return ["swap", "make", "--model", str(model), "--video", str(clip), "-o", str(tmp_path / "out" / "demo.mp4")]


def test_a_clip_and_a_model_make_a_labelled_video_and_its_pictures(asked, tmp_path, capsys):
    pictures = ["--preview", str(tmp_path / "strip.png"), "--coverage", str(tmp_path / "poses.png")]
    look = ["--mode", "seamless", "--mask", "inner", "--colour", "lct", "--erode", "-2", "--sharpen", "0.3"]
    assert run([*asked, *pictures, *look, "--made-by", "a test"]) == 0
    out = capsys.readouterr().out
    (demo_id,) = read_marks(tmp_path / "out" / "demo.mp4").demo_ids
    assert demo_id in out
    assert (tmp_path / "strip.png").is_file() and (tmp_path / "poses.png").is_file()


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--person", "3"], "There is no person 3 in the video: one face can be followed in it."),
        (["--occlusion", "nowhere.safetensors"], "There are no trained masks in nowhere.safetensors"),
        (["--like", "nowhere"], "There is no face set in nowhere"),
        (["--mask", "polygon", "--polygon", "nowhere"], "There is no face set in nowhere"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence_and_nothing_is_left(asked, more, sentence, tmp_path, capsys):
    assert run([*asked, *more]) == 1
    err = capsys.readouterr().err.strip().splitlines()[-1]
    assert err.startswith(sentence)
    assert not list(tmp_path.rglob("*.mp4"))


@pytest.mark.parametrize("missing", ["--model", "--video"])
def test_a_model_or_clip_that_is_not_there_is_told(asked, missing, tmp_path, capsys):
    asked[asked.index(missing) + 1] = str(tmp_path / "nothing")
    assert run(asked) == 1
    assert "There is no" in capsys.readouterr().err


def test_an_outline_needs_its_set(asked, capsys):
    assert run([*asked, "--mask", "polygon"]) == 2
    assert "go together" in capsys.readouterr().err
