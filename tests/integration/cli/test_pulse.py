from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import OutputError, UnreadableClipError
from core.report import output
from tests.integration.cli.conftest import FakeEngine, Told
from tests.synth.analyses import WHY_NO_PULSE, make_analysis

Call = Callable[..., Told]
PROMISED_KEYS = {
    "clip", "windows", "bpm", "snr_db", "respiration_bpm", "abstained_because", "track", "method", "error",
}  # fmt: skip


def test_the_pulse_of_the_most_prominent_face_is_read_window_by_window(call: Call, engine: FakeEngine) -> None:
    engine.answers["a.mp4"] = make_analysis(bpm=72.0, faces=2, duration_s=14)
    told = call("pulse", "a.mp4", "--json")
    (answer,) = told.objects
    assert (told.status, told.err) == (0, "")
    assert answer.keys() >= PROMISED_KEYS
    assert (answer["clip"], answer["bpm"], answer["track"], answer["error"]) == ("a.mp4", 72.0, 0, None)
    assert len(answer["windows"]) == 3
    assert [face["bpm"] for face in answer["faces"]] == [72.0, 81.0]


def test_a_face_without_a_pulse_is_an_answer_with_its_reason(call: Call, engine: FakeEngine) -> None:
    engine.answers["a.mp4"] = make_analysis(bpm=None)
    told = call("pulse", "a.mp4", "--json")
    assert told.status == 0
    assert (told.objects[0]["bpm"], told.objects[0]["abstained_because"]) == (None, WHY_NO_PULSE)
    assert WHY_NO_PULSE in call("pulse", "a.mp4").out


def test_a_clip_without_a_face_is_an_answer_too(call: Call, engine: FakeEngine) -> None:
    engine.answers["a.mp4"] = make_analysis(faces=0)
    answer = call("pulse", "a.mp4", "--json").objects[0]
    assert answer.keys() >= PROMISED_KEYS
    assert (answer["windows"], answer["bpm"]) == ([], None)
    assert "no face" in answer["abstained_because"]
    assert "no face" in call("pulse", "a.mp4").out


def test_words_give_the_rate_and_every_window(call: Call, engine: FakeEngine) -> None:
    engine.answers["a.mp4"] = make_analysis(bpm=72.0, duration_s=14)
    told = call("pulse", "a.mp4")
    assert "72.0 beats a minute (POS, SNR 5.0 dB)" in told.out
    assert told.out.count(" s: 72.0 beats a minute") == 3


def test_the_plot_is_a_picture_where_it_was_asked_for(call: Call, engine: FakeEngine, tmp_path: Path) -> None:
    for name, analysis in {"a.mp4": make_analysis(), "b.mp4": make_analysis(faces=0)}.items():
        engine.answers[name] = analysis
        plot = tmp_path / "new" / f"{name}.png"
        assert call("pulse", name, "--plot", plot).status == 0
        assert plot.read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["a.mp4.png", "b.mp4.png"]


def test_a_plot_that_cannot_be_written_is_found_before_the_analysis(
    call: Call, engine: FakeEngine, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    for plot in (tmp_path / "file" / "out.png", tmp_path):
        assert call("pulse", "a.mp4", "--plot", plot).status == 2
    assert engine.asked == []


def test_a_plot_that_cannot_be_written_after_all_costs_no_answer(
    call: Call, engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_full(directory: Path, files: object) -> None:
        raise OutputError("Nothing can be written to it: no space left on device.")

    monkeypatch.setattr(output, "write_files", disk_full)
    engine.answers["a.mp4"] = make_analysis(bpm=72.0)
    told = call("pulse", "a.mp4", "--plot", tmp_path / "a.png", "--json")
    assert (told.status, told.objects[0]["bpm"]) == (1, 72.0)
    assert "no space left" in told.err


def test_a_clip_that_cannot_be_read_is_an_error_object_and_1(call: Call, engine: FakeEngine) -> None:
    engine.answers["a.mp4"] = UnreadableClipError("The file is empty.")
    told = call("pulse", "a.mp4", "--json")
    assert told.status == 1
    assert told.objects[0].keys() >= PROMISED_KEYS
    assert (told.objects[0]["error"], told.objects[0]["error_code"]) == ("The file is empty.", "unreadable")
    assert told.err == "a.mp4: The file is empty.\n"
