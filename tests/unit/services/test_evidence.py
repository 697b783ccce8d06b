"""The folder of kept clips: whole files under their numbers, nothing half."""

from pathlib import Path

import pytest

from core.errors import ClipNotFoundError, OutputError
from core.services.evidence import EvidenceFolder


@pytest.fixture
def folder(tmp_path: Path) -> EvidenceFolder:
    return EvidenceFolder(tmp_path)


def test_a_kept_clip_is_found_and_deleted(folder: EvidenceFolder, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"from a file")
    folder.keep(1, 10, b"from memory")
    folder.keep(2, 20, clip)

    kept = {check: folder.find(guild, check) for guild, check in ((1, 10), (2, 20))}
    assert [path.read_bytes() for path in kept.values() if path is not None] == [b"from memory", b"from a file"]
    assert folder.kept() == {1: [10], 2: [20]}
    assert folder.delete(10)
    assert not folder.delete(10)
    assert folder.find(1, 10) is None
    assert folder.kept() == {2: [20]}


def test_a_clip_is_not_found_in_another_server(folder: EvidenceFolder) -> None:
    folder.keep(1, 10, b"clip")

    assert folder.find(2, 10) is None


def test_only_the_owner_of_the_service_may_look_into_the_folder(folder: EvidenceFolder) -> None:
    folder.keep(1, 10, b"clip")

    assert folder.root.stat().st_mode & 0o077 == 0


def test_a_clip_that_is_gone_leaves_nothing(folder: EvidenceFolder, tmp_path: Path) -> None:
    with pytest.raises(ClipNotFoundError):
        folder.keep(1, 10, tmp_path / "gone.mp4")

    assert folder.kept() == {}
    assert [path for path in folder.root.rglob("*") if path.is_file()] == []


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("in the way")

    with pytest.raises(OutputError, match=r"^The clip could not be kept as evidence"):
        EvidenceFolder(tmp_path).keep(1, 10, b"clip")
