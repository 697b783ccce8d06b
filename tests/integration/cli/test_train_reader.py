"""`facepulse train reader`: from photographs and recordings to weights, in very few steps."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from safetensors.numpy import load_file

from bot import cli
from models.pulse_wave import read_wave
from tests.synth.clips import Scene, even_times, portrait, pulse_wave, write_scene


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    picture = cv2.cvtColor(np.asarray(portrait()), cv2.COLOR_RGB2BGR)
    for number in range(2):
        cv2.imwrite(str(folder / f"{number}.png"), picture)
    return folder


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two subjects in UBFC-rPPG's layout, 3 s each."""
    root = tmp_path_factory.mktemp("recordings")
    times = even_times(60, 3)
    for number, bpm in ((1, 70.0), (2, 110.0)):
        subject = root / f"subject{number}"
        subject.mkdir()
        write_scene(subject / "vid.mp4", Scene(width_px=320, height_px=240, face_px=120, bpm=bpm), even_times(30, 3))
        rows = (pulse_wave(times, bpm), np.full(len(times), bpm), times)
        np.savetxt(subject / "ground_truth.txt", np.stack(rows))
    return root


def call(photos: Path, folder: Path, out: str, *more: str) -> int:
    config = folder / "recipe.toml"
    config.write_text(
        "clips = 1\nfirst_clip = 2\nduration_s = 2.0\nno_pulse_share = 0.0\nsteps = 2\npeople_steps = 4\nregions = 3\n"
    )
    where = ("--photos", str(photos), "--cache", str(folder / "cache"), "--out", str(folder / out))
    return cli.run(["train", "reader", *where, "--config", str(config), *more])


def test_photographs_become_weights_and_a_person_can_be_left_out(
    photos: Path, recordings: Path, tmp_path: Path
) -> None:
    assert call(photos, tmp_path, "alone.safetensors") == 0
    people = ("--data", str(recordings), "--resume")
    assert call(photos, tmp_path, "all.safetensors", *people) == 0
    assert call(photos, tmp_path, "fold.safetensors", *people, "--leave-out", "subject1") == 0
    assert call(photos, tmp_path, "again.safetensors", *people, "--leave-out", "subject1") == 0
    alone, everyone, fold, again = (
        load_file(tmp_path / f"{name}.safetensors") for name in ("alone", "all", "fold", "again")
    )
    assert np.isfinite(read_wave(np.full((2, 60, 3), 0.3), fold)).all()
    assert not np.array_equal(alone["first.weight"], fold["first.weight"])
    assert not np.array_equal(everyone["first.weight"], fold["first.weight"])
    assert all(np.array_equal(fold[name], again[name]) for name in fold)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--leave-out", "subject9"), "No subject of the recordings is called subject9."),
        (("--dataset", "other"), "There is no dataset called other"),
    ],
)
def test_what_cannot_be_trained_on_is_told_in_one_sentence(
    more: tuple[str, ...],
    sentence: str,
    photos: Path,
    recordings: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call(photos, tmp_path, "x.safetensors", "--data", str(recordings), *more) != 0
    assert sentence in capsys.readouterr().err


def test_an_empty_folder_of_photographs_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "none").mkdir()
    assert call(tmp_path / "none", tmp_path, "x.safetensors") != 0
    assert "fewer than two pictures" in capsys.readouterr().err
