from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from bot import checking
from core.errors import NoVideoError, OutputError, WeightsError
from core.report import page
from core.report.words import VERDICT_WORDS
from core.types import Analysis, VerdictLabel
from tests.integration.cli.conftest import FakeEngine, Told
from tests.synth.analyses import make_analysis, with_report

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "check.schema.json").read_text())

Call = Callable[..., Told]


def clip(folder: Path, engine: FakeEngine, name: str = "a.mp4", answer: Analysis | BaseException | None = None) -> Path:
    """A file (its bytes are its name) that the fake engine answers; its report carries the file's own sha256."""
    path = folder / name
    path.write_bytes(name.encode())
    analysis = make_analysis(path=path) if answer is None else answer
    if isinstance(analysis, Analysis):
        analysis = with_report(analysis, clip_sha256=hashlib.sha256(name.encode()).hexdigest(), size_bytes=len(name))
    engine.answers[name] = analysis
    return path


@pytest.mark.parametrize("label", list(VerdictLabel))
def test_a_verdict_is_told_in_words_with_its_reasons_and_faces(
    call: Call, engine: FakeEngine, tmp_path: Path, label: VerdictLabel
) -> None:
    told = call("check", clip(tmp_path, engine, answer=make_analysis(label=label, faces=2)))
    assert told.status == 0
    for words in (VERDICT_WORDS[label].title, VERDICT_WORDS[label].icon, "Face B", "81 beats a minute", "case 1"):
        assert words in told.out
    assert told.err == ""


def test_json_is_one_object_a_clip_in_order_and_nothing_else(call: Call, engine: FakeEngine, tmp_path: Path) -> None:
    clips = [clip(tmp_path, engine, name) for name in ("b.mp4", "a b 🎬.mp4")]
    told = call("check", *clips, "--json")
    assert (told.status, told.err) == (0, "")
    assert [answer["clip"] for answer in told.objects] == [str(path) for path in clips]
    for answer in told.objects:
        jsonschema.Draft202012Validator(SCHEMA).validate(answer)
    assert [answer["case"] for answer in told.objects] == [1, 2]


def test_a_clip_that_cannot_be_read_is_told_and_the_others_are_answered(
    call: Call, engine: FakeEngine, tmp_path: Path
) -> None:
    bad = clip(tmp_path, engine, "song.mp4", NoVideoError("The file has sound but no video."))
    good = clip(tmp_path, engine, "good.mp4")
    told = call("check", bad, good, "--json")
    assert told.status == 1
    assert told.err == f"{bad}: The file has sound but no video.\n"
    first, second = told.objects
    jsonschema.Draft202012Validator(SCHEMA).validate(first)
    assert (first["verdict"], first["error"]) == (None, "The file has sound but no video.")
    assert second["verdict"] == "inconclusive"


def test_an_unexpected_error_is_one_sentence_that_says_how_to_see_more(
    call: Call, engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = clip(tmp_path, engine, "bad.mp4", KeyError("inner"))
    told = call("check", bad, "--json")
    assert told.status == 1
    assert told.err.count("\n") == 1 and "FACEPULSE_DEBUG=1" in told.err and "inner" not in told.err
    assert told.objects[0]["error_code"] == "unexpected"
    monkeypatch.setenv("FACEPULSE_DEBUG", "1")
    assert "Traceback" in call("check", bad).err


def test_missing_weights_are_a_sentence_not_a_traceback(call: Call, engine: FakeEngine, tmp_path: Path) -> None:
    told = call("check", clip(tmp_path, engine, answer=WeightsError("The weights x are missing; run y.")), "--json")
    assert told.status == 1
    assert told.objects[0]["error_code"] == "weights"
    assert "The weights x are missing; run y." in told.err


def test_the_same_clip_again_is_answered_from_the_log_and_says_so(
    call: Call, engine: FakeEngine, tmp_path: Path
) -> None:
    path = clip(tmp_path, engine)
    first = call("check", path, "--json").objects[0]
    again = call("check", path, "--json").objects[0]
    assert engine.asked == ["a.mp4"]
    assert (again["checked_before"], again["case"]) == (first["case"], 2)
    differing = {key for key in first if first[key] != again[key]}
    assert differing == {"case", "checked_before"}
    assert "checked before: case 1" in call("check", path).out


@pytest.mark.parametrize("switch", ["--fresh", "--report=out"])
def test_fresh_and_report_analyse_again(call: Call, engine: FakeEngine, tmp_path: Path, switch: str) -> None:
    path = clip(tmp_path, engine)
    call("check", path)
    answer = call("check", path, switch, "--json").objects[0]
    assert engine.asked == ["a.mp4", "a.mp4"]
    assert (answer["checked_before"], answer["case"]) == (None, 2)


def test_no_log_leaves_no_trace(call: Call, engine: FakeEngine, tmp_path: Path, data_dir: Path) -> None:
    answer = call("check", clip(tmp_path, engine), "--no-log", "--json").objects[0]
    assert answer["case"] is None
    assert not data_dir.exists()


def test_trouble_with_the_database_is_one_sentence_and_costs_no_answer(
    call: Call, engine: FakeEngine, tmp_path: Path, data_dir: Path
) -> None:
    data_dir.write_text("a file where the folder should be")
    told = call("check", clip(tmp_path, engine, "a.mp4"), clip(tmp_path, engine, "b.mp4"), "--json")
    assert told.status == 0
    assert [answer["case"] for answer in told.objects] == [None, None]
    assert told.err.count("\n") == 1 and "without being logged" in told.err


def test_a_report_is_written_where_it_was_asked_for(call: Call, engine: FakeEngine, tmp_path: Path) -> None:
    told = call("check", clip(tmp_path, engine), "--report", tmp_path / "new" / "out")
    assert told.status == 0
    assert (tmp_path / "new" / "out" / "report.html").is_file()
    assert str(tmp_path / "new" / "out" / "report.html") in told.out


def test_reports_of_several_clips_do_not_overwrite_each_other(call: Call, engine: FakeEngine, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    clips = [clip(tmp_path, engine, "a.mp4"), clip(tmp_path / "sub", engine, "a.mp4"), clip(tmp_path, engine, "b.mp4")]
    assert call("check", *clips, "--report", tmp_path / "out").status == 0
    assert sorted(path.parent.name for path in tmp_path.glob("out/*/report.html")) == ["a", "a-2", "b"]


def test_a_report_folder_that_cannot_be_written_is_found_before_any_analysis(
    call: Call, engine: FakeEngine, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    told = call("check", clip(tmp_path, engine), "--report", tmp_path / "file" / "out", "--json")
    assert (told.status, told.out, engine.asked) == (2, "", [])
    assert "Nothing can be written to" in told.err and told.err.count("\n") == 1


def test_a_report_that_cannot_be_written_after_all_costs_no_answer(
    call: Call, engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_full(analysis: Analysis, directory: Path, clip_name: str) -> Path:
        raise OutputError("Nothing can be written to out: no space left on device.")

    monkeypatch.setattr(page, "write_report", disk_full)
    told = call("check", clip(tmp_path, engine), "--report", tmp_path / "out", "--json")
    (answer,) = told.objects
    jsonschema.Draft202012Validator(SCHEMA).validate(answer)
    assert told.status == 1
    assert (answer["verdict"], answer["error"], answer["case"]) == ("inconclusive", None, 1)
    assert "no space left" in answer["report_error"] and "no space left" in told.err


def test_a_name_of_any_bytes_is_answered_logged_and_reported(call: Call, engine: FakeEngine, tmp_path: Path) -> None:
    path = clip(tmp_path, engine, "a.mp4").rename(tmp_path / os.fsdecode(b"a\xff.mp4"))
    engine.answers[path.name] = engine.answers["a.mp4"]
    told = call("check", path, "--report", tmp_path / "out", "--json")
    assert (told.status, told.err) == (0, "")
    assert (told.objects[0]["clip"], told.objects[0]["case"]) == (str(path), 1)
    assert (tmp_path / "out" / "report.html").is_file()


@pytest.mark.parametrize("arguments", [["check"], ["check", "--sideways", "a.mp4"], ["chekc", "a.mp4"], ["pulse"]])
def test_a_wrong_call_ends_with_2(call: Call, arguments: list[str]) -> None:
    told = call(*arguments)
    assert (told.status, told.out) == (2, "")
    assert "Error: " in told.err


def test_a_wrong_setting_is_a_sentence_and_found_before_any_clip(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEPULSE_WEB_PORT", "seventy")
    told = call("check", "a.mp4")
    assert (told.status, told.out) == (2, "")
    assert told.err.startswith("The setting FACEPULSE_WEB_PORT is not valid")


def test_ctrl_c_ends_with_130_and_one_line(call: Call, engine: FakeEngine, tmp_path: Path) -> None:
    told = call("check", clip(tmp_path, engine, answer=KeyboardInterrupt()), clip(tmp_path, engine, "b.mp4"))
    assert told.status == 130
    assert told.err.strip() == "Stopped."
    assert engine.asked == ["a.mp4"]


def test_a_name_cannot_steer_the_terminal(call: Call, engine: FakeEngine, tmp_path: Path) -> None:
    told = call("check", clip(tmp_path, engine, "a\x1b[2J.mp4"))
    assert "\x1b" not in told.out


def test_an_answer_of_another_version_of_the_log_is_analysed_again(
    call: Call, engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = clip(tmp_path, engine)
    call("check", path)
    monkeypatch.setattr("core.versions.DETECTOR_VERSIONS", {"pulse": "2"})
    assert call("check", path, "--json").objects[0]["checked_before"] is None
    assert engine.asked == ["a.mp4", "a.mp4"]


def test_folders_of_reports_are_named_after_the_clips() -> None:
    assert list(checking.different_names(["x/a.mp4", "y/a.mkv", "a-2.mp4", "a.webm"])) == ["a", "a-2", "a-2-2", "a-3"]
    assert list(checking.different_names(["..", "...mp4", "/"])) == ["clip", "clip-2", "clip-3"]
