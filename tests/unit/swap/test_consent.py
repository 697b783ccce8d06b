"""Consent: what is on record, for what it holds, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from core.errors import ConsentError, FaceSetError
from core.swap.consent import read_consent, require_consent, write_consent
from core.swap.face_set import load_face_set
from core.swap.set_writer import prune, restore
from core.types import ConsentScope
from tests.synth.face_sets import consent, write_set

TRAINING = ConsentScope.TRAINING


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_set(tmp_path / "set", record=consent("Zoë Ångström"))
    assert load_face_set(tmp_path / "set").consent == consent("Zoë Ångström")


def test_without_a_record_nothing_is_allowed(tmp_path: Path) -> None:
    with pytest.raises(ConsentError, match=r"No consent is on record.*facepulse faces consent"):
        require_consent(write_set(tmp_path / "set"), TRAINING)


def test_only_what_was_allowed_is_allowed(tmp_path: Path) -> None:
    write_set(tmp_path / "set", record=consent("Ada", frozenset({TRAINING})))
    faces = load_face_set(tmp_path / "set")
    assert require_consent(faces, TRAINING).person == "Ada"
    for scope in (ConsentScope.DEMOS, ConsentScope.DISCORD):
        with pytest.raises(ConsentError, match="Ada did not allow"):
            require_consent(faces, scope)


def test_added_pictures_are_not_covered_by_an_earlier_consent(tmp_path: Path) -> None:
    write_set(tmp_path / "set", record=consent())
    faces = write_set(tmp_path / "set", add=True)
    with pytest.raises(ConsentError, match=r"not for the pictures that are there now"):
        require_consent(faces, TRAINING)
    write_consent(tmp_path / "set", consent())
    assert require_consent(load_face_set(tmp_path / "set"), TRAINING) == consent()


def test_a_consent_outlives_pruning(tmp_path: Path) -> None:
    write_set(tmp_path / "set", [(0.0, 0.0), (5.0, 0.0)], record=consent())
    assert prune(tmp_path / "set", {"000001.png": "blurred"}).consent == consent()


def test_pictures_that_come_back_are_covered_only_if_they_were_there(tmp_path: Path) -> None:
    write_set(tmp_path / "set", [(0.0, 0.0), (5.0, 0.0), (9.0, 0.0)])
    prune(tmp_path / "set", {"000001.png": "somebody else"})
    write_consent(tmp_path / "set", consent())
    prune(tmp_path / "set", {"000002.png": "blurred"})
    assert restore(tmp_path / "set", ["000002.png"]).consent == consent()
    assert restore(tmp_path / "set", ["000001.png"]).consent is None


def test_a_record_that_was_copied_from_another_set_holds_for_nobody(tmp_path: Path) -> None:
    write_set(tmp_path / "ada", [(0.0, 0.0)], record=consent("Ada"))
    write_set(tmp_path / "ben", [(0.0, 0.0), (5.0, 0.0)])
    (tmp_path / "ben/consent.json").write_bytes((tmp_path / "ada/consent.json").read_bytes())
    with pytest.raises(ConsentError, match=r"not for the pictures that are there now"):
        require_consent(load_face_set(tmp_path / "ben"), TRAINING)


def test_a_set_that_was_copied_whole_keeps_its_consent(tmp_path: Path) -> None:
    write_set(tmp_path / "ada", record=consent("Ada"))
    shutil.copytree(tmp_path / "ada", tmp_path / "copy")
    assert require_consent(load_face_set(tmp_path / "copy"), TRAINING) == consent("Ada")


@pytest.mark.parametrize(
    "change",
    [
        {"adult": False},
        {"adult": "no"},
        {"scope": []},
        {"scope": ["everything"]},
        {"person": " "},
        {"given_at": "2026-01-01"},
        {"basis": "hearsay"},
        {"how": ""},
    ],
)
def test_a_record_that_was_bent_by_hand_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    write_set(tmp_path / "set", record=consent())
    path = tmp_path / "set/consent.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ConsentError, match="cannot be read"):
        load_face_set(tmp_path / "set")


def test_a_consent_needs_a_set(tmp_path: Path) -> None:
    with pytest.raises(FaceSetError):
        write_consent(tmp_path, consent())
    assert read_consent(tmp_path) is None
