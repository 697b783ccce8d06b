"""`facepulse faces` from a shell: a set is made, tidied, given consent, looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.services import face_sets
from core.swap import extract
from core.swap.face_set import load_face_set
from tests.integration.cli.conftest import Told
from tests.synth.clips import portrait
from tests.synth.face_sets import write_set

Call = Callable[..., Told]
CONSENT = ("--person", "Ada L.", "--how", "form 12", "--scope", "training,demos")


@pytest.fixture
def face_set(tmp_path: Path) -> Path:
    return write_set(tmp_path / "ada", [(-40.0, 0.0), (0.0, 0.0), (3.0, 2.0)]).path


def test_a_set_is_extracted_and_the_next_step_is_said(call: Call, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    cv2.imwrite(str(tmp_path / "pictures/a.png"), cv2.cvtColor(portrait(), cv2.COLOR_RGB2BGR))
    (tmp_path / "pictures/b.txt").write_text("no picture")
    told = call("faces", "extract", tmp_path / "pictures", "-o", tmp_path / "set", "--type", "whole", "--size", 128)
    assert told.status == 0
    assert "1 faces in" in told.out and "1 in a file that cannot be read" in told.out
    assert f"facepulse faces consent {tmp_path / 'set'}" in told.out
    made = load_face_set(tmp_path / "set")
    assert (made.face_type, made.size_px, len(made.faces)) == ("whole", 128, 1)


def test_without_the_extra_it_is_said_that_nobody_was_told_apart(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(face_sets, "identity_present", lambda: False)
    cv2.imwrite(str(tmp_path / "a.png"), cv2.cvtColor(portrait(), cv2.COLOR_RGB2BGR))
    assert "were not told apart" in call("faces", "extract", tmp_path / "a.png", "-o", tmp_path / "set").err


def test_what_has_no_face_is_one_sentence_and_no_set(call: Call, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((90, 90, 3), 99, np.uint8))
    told = call("faces", "extract", tmp_path / "grey.png", "-o", tmp_path / "set")
    assert (told.status, told.out) == (1, "")
    assert "No face was found" in told.err and len(told.err.splitlines()) == 1
    assert not (tmp_path / "set").exists()


def test_fan_without_its_weights_says_how_to_get_them(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    cv2.imwrite(str(tmp_path / "a.png"), cv2.cvtColor(portrait(), cv2.COLOR_RGB2BGR))
    told = call("faces", "extract", tmp_path / "a.png", "-o", tmp_path / "set", "--aligner", "fan")
    assert told.status == 1
    assert "facepulse models fetch" in told.err
    assert not (tmp_path / "set").exists()


def test_stopped_by_the_user_it_leaves_nothing(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(extract.Cutter, "take", stopped)
    (tmp_path / "pictures").mkdir()
    cv2.imwrite(str(tmp_path / "pictures/a.png"), cv2.cvtColor(portrait(), cv2.COLOR_RGB2BGR))
    told = call("faces", "extract", tmp_path / "pictures", "-o", tmp_path / "sets/ada")
    assert (told.status, told.err.strip()) == (130, "Stopped.")
    assert list((tmp_path / "sets").iterdir()) == []


def test_a_consent_is_recorded_and_printed(call: Call, face_set: Path) -> None:
    assert call("faces", "consent", face_set).status == 1
    told = call("faces", "consent", face_set, *CONSENT, "--adult", "--given", "2026-05-06", "--recorded-by", "me")
    assert told.status == 0
    again = call("faces", "consent", face_set)
    assert again.status == 0
    assert "Ada L. (person) allows demos, training; form 12; given 2026-05-06, recorded by me" in again.out


def test_minors_are_refused(call: Call, face_set: Path) -> None:
    told = call("faces", "consent", face_set, *CONSENT)
    assert told.status == 1
    assert "Faces of minors are not used" in told.err
    assert load_face_set(face_set).consent is None


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("--scope", "everything"), "no scope"),
        (("--given", "yesterday"), "no date"),
        (("--given", "2999-01-01"), "in the future"),
        (("--how", " "), "says how"),
    ],
)
def test_a_consent_that_makes_no_sense_is_refused(
    call: Call, face_set: Path, change: tuple[str, str], sentence: str
) -> None:
    told = call("faces", "consent", face_set, *CONSENT, "--adult", *change)
    assert told.status in {1, 2}
    assert sentence in told.err
    assert load_face_set(face_set).consent is None


def test_half_a_consent_is_a_wrong_call(call: Call, face_set: Path) -> None:
    assert call("faces", "consent", face_set, "--person", "Ada").status == 2


def test_faces_are_sorted_out_and_taken_back(call: Call, face_set: Path) -> None:
    tried = call("faces", "prune", face_set, "--max-yaw", 30, "--try")
    assert "000001.png  turned too far" in tried.out and "1 would be sorted out; 3 are in the set" in tried.out
    assert "1 sorted out; 2 are in the set" in call("faces", "prune", face_set, "--max-yaw", 30).out
    assert "sorted out: 1 turned too far" in call("faces", "info", face_set).out
    assert "1 faces are back" in call("faces", "restore", face_set, "000001.png").out
    assert len(load_face_set(face_set).faces) == 3
    assert "no picture 000009.png" in call("faces", "restore", face_set, "000009.png").err


def test_pruning_by_nothing_is_a_wrong_call(call: Call, face_set: Path) -> None:
    assert call("faces", "prune", face_set).status == 2


def test_a_set_is_described(call: Call, face_set: Path) -> None:
    out = call("faces", "info", face_set).out
    assert "3 full faces of 96 px from 1 files" in out
    assert "turns of the head that are missing: to the left, to the right, up, down" in out
    assert "consent: none on record" in out


def test_faces_are_printed_in_order(call: Call, face_set: Path) -> None:
    lines = call("faces", "sort", face_set, "--by", "yaw").out.splitlines()
    assert [line.split() for line in lines] == [
        ["000001.png", "-40.00"],
        ["000002.png", "0.00"],
        ["000003.png", "3.00"],
    ]


def test_the_sheet_is_a_picture(call: Call, face_set: Path, tmp_path: Path) -> None:
    assert call("faces", "sheet", face_set, "-o", tmp_path / "sheet.png").status == 0
    assert cv2.imread(str(tmp_path / "sheet.png")).shape[1] == 1200


def test_a_folder_without_a_set_is_one_sentence(call: Call, tmp_path: Path) -> None:
    for command in ("info", "sort", "restore", "consent"):
        told = call("faces", command, tmp_path)
        assert told.status == 1
        assert "There is no face set" in told.err
