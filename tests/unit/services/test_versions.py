"""What an answer depends on is known without the analysis, and is true."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import versions
from core.detectors.registry import CLIP_DETECTORS, FACE_DETECTORS, FRAME_DETECTORS


def test_weight_files_are_named_with_their_hash(tmp_path: Path) -> None:
    table = tmp_path / "weights.toml"
    table.write_text(f'[b.mesh]\nsha256 = "{"12" * 32}"\n[a]\nsha256 = "{"34" * 32}"\nlicence = "MIT"\n')

    assert versions.weight_hashes(table) == {"a": "34" * 32, "mesh": "12" * 32}
    assert versions.weight_hashes(tmp_path / "none.toml") == {}


def test_any_change_of_a_component_changes_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [versions.versions_key()]
    assert versions.versions_key() == keys[0]

    monkeypatch.setitem(versions.DETECTOR_VERSIONS, "pulse", "999")
    keys.append(versions.versions_key())
    monkeypatch.setattr(versions, "weight_hashes", lambda: {"mesh": "12" * 32})
    keys.append(versions.versions_key())
    monkeypatch.setattr(versions, "weight_hashes", lambda: {"mesh": "34" * 32})
    keys.append(versions.versions_key())
    monkeypatch.setattr(versions, "release", lambda: "999")
    keys.append(versions.versions_key())

    assert len(set(keys)) == len(keys)


def test_the_versions_are_those_of_the_registered_detectors() -> None:
    registered = {**FACE_DETECTORS, **CLIP_DETECTORS, **FRAME_DETECTORS}

    assert {name: detector.version for name, detector in registered.items()} == versions.DETECTOR_VERSIONS
    assert {name: detector.name for name, detector in registered.items()} == {name: name for name in registered}
