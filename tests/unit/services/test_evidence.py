"""The kept clips: whole files under their numbers, nothing half."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import ClipNotFoundError, OutputError
from core.media import LocalMedia
from core.media.contract import PARTIAL
from core.services.evidence import HALF_FOR, EvidenceFolder
from core.services.folders import Folders


@pytest.fixture
def folder(tmp_path: Path) -> EvidenceFolder:
    return EvidenceFolder(LocalMedia(tmp_path))


def test_a_kept_clip_is_found_and_deleted(folder: EvidenceFolder, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"from a file")
    folder.keep(1, 10, b"from memory")
    folder.keep(2, 20, clip)

    assert [folder.read(guild, check) for guild, check in ((1, 10), (2, 20))] == [b"from memory", b"from a file"]
    assert folder.kept() == {1: [10], 2: [20]}
    folder.delete(1, [10, 11])
    folder.delete(1, [20])
    assert not folder.has(1, 10)
    assert folder.kept() == {2: [20]}
    folder.delete_anywhere({20, 30})
    assert folder.kept() == {}


def test_a_clip_that_waits_is_kept_without_being_sent_again(folder: EvidenceFolder, tmp_path: Path) -> None:
    name = Folders(tmp_path).keep(b"waits")

    assert folder.keep_waiting(1, 10, name)
    assert not folder.keep_waiting(1, 11, "gone")
    assert (folder.read(1, 10), folder.has(1, 11)) == (b"waits", False)


def test_a_clip_is_not_found_in_another_server(folder: EvidenceFolder) -> None:
    folder.keep(1, 10, b"clip")

    assert not folder.has(2, 10)


def test_only_the_owner_of_the_service_may_look_into_the_folder(folder: EvidenceFolder, tmp_path: Path) -> None:
    folder.keep(1, 10, b"clip")

    assert (tmp_path / "evidence").stat().st_mode & 0o077 == 0


def test_a_clip_that_is_gone_leaves_nothing(folder: EvidenceFolder, tmp_path: Path) -> None:
    with pytest.raises(ClipNotFoundError):
        folder.keep(1, 10, tmp_path / "gone.mp4")

    assert folder.kept() == {}
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_folder_that_cannot_be_written_is_a_sentence(folder: EvidenceFolder, tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("in the way")

    with pytest.raises(OutputError, match=r"^The clip could not be kept as evidence"):
        folder.keep(1, 10, b"clip")


def test_a_copy_that_was_never_finished_is_no_evidence_and_goes(folder: EvidenceFolder, tmp_path: Path) -> None:
    folder.keep(1, 10, b"clip")
    half = tmp_path / "evidence" / "1" / f"11.0123{PARTIAL}"
    half.write_bytes(b"cl")
    now = datetime.now(UTC)
    assert folder.kept() == {1: [10]}

    folder.clear_halves(now)
    assert half.exists()
    os.utime(half, ((now - HALF_FOR - timedelta(minutes=1)).timestamp(),) * 2)
    folder.clear_halves(now)

    assert not half.exists()
    assert folder.has(1, 10)
