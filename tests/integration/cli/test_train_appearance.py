"""`facepulse train appearance`: photos in, weights out, or a sentence."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.appearance import load_appearance
from tests.integration.cli.test_train_fusion import run
from tests.synth.clips import portrait


def photos(folder: Path) -> Path:
    folder.mkdir()
    face = portrait()[:300, 80:380, ::-1]
    cv2.imwrite(str(folder / "one.png"), np.ascontiguousarray(face))
    cv2.imwrite(str(folder / "two.png"), np.ascontiguousarray(face[:, ::-1]))
    return folder


def test_two_photos_are_enough_for_a_small_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, config = tmp_path / "net.safetensors", tmp_path / "config.toml"
    config.write_text("pairs = 2\n")
    asked = ["train", "appearance", "--photos", str(photos(tmp_path / "faces")), "--out", str(out), "--steps", "1"]
    asked += ["--autoencoder-steps", "2"]
    assert run([*asked, "--config", str(config), "--checkpoint", str(tmp_path / "run.ck")]) == 0
    assert load_appearance(out) is not None
    assert "Wrote" in capsys.readouterr().out


def test_without_material_it_says_what_to_give(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["train", "appearance", "--out", str(tmp_path / "n"), "--checkpoint", str(tmp_path / "c")]
    assert run(asked) != 0
    assert "--photos" in capsys.readouterr().err


def test_a_swap_that_was_never_trained_ends_it_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, checkpoint = tmp_path / "new" / "net.safetensors", tmp_path / "new" / "run.ck"
    asked = ["train", "appearance", "--photos", str(photos(tmp_path / "faces")), "--out", str(out)]
    asked += ["--checkpoint", str(checkpoint), "--swap", str(tmp_path / "nothing"), str(tmp_path / "driver.mp4")]
    assert run(asked) == 1
    assert "no trained swap" in capsys.readouterr().err
    assert not out.parent.exists()
