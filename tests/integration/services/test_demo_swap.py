from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import demo_swap
from benchmarks.demo_swap import SOURCE, TARGET, Places, main
from core.detectors.provenance import xmp_sources
from core.faces.models import load_face_models
from core.swap.label import read_marks
from core.swap.metadata import read_words

FEW_STEPS = "3"


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_swap, "LEARNED_S", 3.0)
    monkeypatch.setattr(demo_swap, "FRESH_S", 2.0)
    for name in (SOURCE, TARGET):  # so short, the sets have the poses of the new clip only if all move alike
        monkeypatch.setitem(demo_swap.LEARNED_SEED, name, demo_swap.FRESH_SEED)


def test_a_puppet_says_in_its_file_that_nobody_was_filmed(tmp_path: Path) -> None:
    clip = demo_swap.filmed(tmp_path / "puppet.mp4", SOURCE, 1, 0.2, demo_swap.FRESH_RATE, load_face_models())
    assert xmp_sources(clip) == ("compositeSynthetic",)
    assert read_words(clip).title == "A photograph of Eileen Collins, moved by a program"
    assert [path.name for path in tmp_path.iterdir()] == ["puppet.mp4"]


@pytest.mark.slow
def test_the_demo_goes_from_two_portraits_to_a_clip_that_declares_itself_and_goes_on_where_it_was_stopped(
    short: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    places = Places(tmp_path / "demo")

    def stop(*_: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(demo_swap, "made", stop)
        assert main(["--out", str(places.root), "--iterations", FEW_STEPS]) == 130
    assert not places.demo.exists()
    kept = {path: path.stat().st_mtime_ns for path in (places.clip(SOURCE), places.clip(TARGET), places.fresh)}

    assert main(["--out", str(places.root), "--iterations", FEW_STEPS]) == 0
    assert kept == {path: path.stat().st_mtime_ns for path in kept}
    (demo_id,) = read_marks(places.demo).demo_ids
    assert f"face-swap demo {demo_id}" in capsys.readouterr().out
    for picture in (places.strip, places.poses, places.sheet(SOURCE), places.sheet(TARGET)):
        assert picture.stat().st_size > 1000

    monkeypatch.setattr(demo_swap, "asked", stop)
    places.demo.write_bytes(places.fresh.read_bytes())
    assert main(["--out", str(places.root), "--iterations", FEW_STEPS]) == 1
    assert "label" in capsys.readouterr().err
