"""`facepulse train fusion`: a table in, a calibration out, or a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.cli import run
from core.evaluation.score_table import write_scores
from core.types import Evidence
from core.verdict.calibration import load_calibration
from core.verdict.fit import ScoredFace


def scores(path: Path, people: int = 40, separation: float = 5.0) -> Path:
    rng = np.random.default_rng(0)
    faces = []
    for person in range(people):
        for fake in (False, True):
            score = float(1 / (1 + np.exp(-(rng.normal() + separation * (fake - 0.5)))))
            evidence = (Evidence("appearance", "1", None, score, 1.0),)
            faces.append(ScoredFace(f"{person}{fake}", fake, f"p{person}", "swap" * fake, evidence))
    return write_scores(faces, path)


def test_it_writes_a_calibration_that_loads_and_says_what_it_rests_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "fusion.json"
    assert run(["train", "fusion", str(scores(tmp_path / "scores.tsv")), "-o", str(out)]) == 0
    told = capsys.readouterr().out
    assert load_calibration(out).versions == {"appearance": "1"}
    assert "40 real faces of 40 persons" in told
    assert "at most 7.2%, with 95 % confidence" in told


def test_two_runs_write_the_same_file(tmp_path: Path) -> None:
    table = scores(tmp_path / "scores.tsv")
    for name in ("a.json", "b.json"):
        assert run(["train", "fusion", str(table), "-o", str(tmp_path / name), "--seed", "3"]) == 0
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_too_few_people_are_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = scores(tmp_path / "scores.tsv", people=1)
    assert run(["train", "fusion", str(table), "-o", str(tmp_path / "fusion.json")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "two persons" in line
    assert not (tmp_path / "fusion.json").exists()
