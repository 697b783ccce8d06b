"""`facepulse evaluate` from the command line: two short clips end to end, and made-up analyses for the rest."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from bot import cli, evaluating
from models.mesonet import Meso4
from tests.synth.clips import Scene, even_times, write_scene
from tests.synth.labelled import fake_analyse, write_clip
from tests.unit.evaluation.detection import trees


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Analyses that answer what the clip's file says."""
    monkeypatch.setenv("FACEPULSE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(evaluating, "analyse_quietly", fake_analyse)


def table(folder: Path, *rows: str) -> Path:
    path = folder / "clips.tsv"
    path.write_text("\n".join(("path label person generator group", *rows)).replace(" ", "\t") + "\n")
    return path


def test_two_clips_are_measured_from_end_to_end_with_a_baseline_beside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, bpm in (("real", 72.0), ("fake", None)):
        scene = Scene(320, 240, 110, bpm=bpm)
        write_scene(tmp_path / f"{name}.mp4", scene, even_times(25, 4.2), rate=Fraction(25))
    clips = table(tmp_path, "real.mp4 real P  g", "fake.mp4 fake P Still g")
    torch.manual_seed(0)
    weights = {name: value for name, value in Meso4().state_dict().items() if "num_batches" not in name}
    save_file(weights, tmp_path / "meso.safetensors")

    status = cli.run(
        [
            "evaluate",
            str(clips),
            "--out",
            str(tmp_path / "out"),
            "--reencode",
            "half",
            "--draws",
            "10",
            "--mesonet",
            str(tmp_path / "meso.safetensors"),
        ]
    )
    told = capsys.readouterr()
    found = json.loads((tmp_path / "out/table.json").read_text())

    assert status == 0
    assert told.out == (tmp_path / "out/table.md").read_text()
    assert found["methods"]["POS SNR"]["scored"] == found["methods"]["MesoNet (Meso-4)"]["scored"] == 2
    assert found["methods"]["POS SNR"]["auc"][0] == 1  # a still photograph has no pulse
    assert found["flips"][0]["real"]["clips"] == found["flips"][0]["fake"]["clips"] == 1
    assert len((tmp_path / "out/scores.jsonl").read_text().splitlines()) == 4


@pytest.mark.usefixtures("made_up")
class TestCall:
    def test_an_official_tree_is_measured_where_it_lies(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        root = trees.celeb_df(tmp_path / "celeb")
        for clip in root.rglob("*.mp4"):
            write_clip(clip, 0.9 if "synthesis" in str(clip) else 0.2)

        assert cli.run(["evaluate", str(root), "--out", str(tmp_path / "out"), "--draws", "10"]) == 0
        assert "Celeb-DF v2, split test: 2 real and 1 fake clips" in capsys.readouterr().out

    def test_a_second_run_goes_on_only_when_asked(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        write_clip(tmp_path / "a.mp4", 0.2)
        call = ["evaluate", str(table(tmp_path, "a.mp4 real P  ")), "--out", str(tmp_path / "out"), "--draws", "10"]

        assert [cli.run(call), cli.run(call), cli.run([*call, "--resume"])] == [0, 1, 0]
        assert "go on with --resume" in capsys.readouterr().err

    def test_what_could_not_be_read_is_told(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "a.mp4").write_text("no JSON")
        call = ["evaluate", str(table(tmp_path, "a.mp4 real P  ")), "--out", str(tmp_path / "out"), "--draws", "10"]

        assert cli.run(call) == 0
        assert "1 clips could not be read" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            (["--dataset", "nothing"], "There is no dataset called nothing"),
            (["--split", "val"], "has no clip in the split val"),
            (["--compression", "c40"], "with the compression c40"),
            (["--peer-scores", "x"], "NAME=file.tsv"),
            (["--mesonet", "absent.npz"], "MesoNet's weights cannot be read"),
            (["--calibration", "absent.json"], "The calibration file absent.json cannot be used"),
            (["--reencode", "crf99"], "no re-encoding called crf99"),
        ],
    )
    def test_a_wrong_call_is_one_sentence_before_anything_is_measured(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], sentence: str
    ) -> None:
        write_clip(tmp_path / "a.mp4", 0.2)
        call = ["evaluate", str(table(tmp_path, "a.mp4 real P  ")), "--out", str(tmp_path / "out"), *options]

        assert cli.run(call) != 0
        told = capsys.readouterr().err.strip()
        assert sentence in told
        assert "\n" not in told
        assert not (tmp_path / "out").exists()
