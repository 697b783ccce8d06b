"""What only a folder promises: it survives a power cut, and nobody else looks into it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import MediaStoreError
from core.media import LocalMedia


def test_a_clip_is_on_the_disk_before_it_is_said_to_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    sync, replace = os.fsync, Path.replace

    def noted_sync(descriptor: int) -> None:
        done.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file")  # noqa: PTH112
        sync(descriptor)

    def noted_replace(path: Path, target: Path) -> Path:
        done.append("named")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    LocalMedia(tmp_path).put("incoming/a", b"a clip")

    assert done == ["file", "named", "folder"]


def test_folders_below_the_data_folder_are_the_owners_alone(tmp_path: Path) -> None:
    media = LocalMedia(tmp_path / "data")
    media.put("evidence/1/2", b"a clip")

    for folder in ("evidence", "evidence/1"):
        assert (tmp_path / "data" / folder).stat().st_mode & 0o077 == 0


def test_a_link_is_no_media(tmp_path: Path) -> None:
    media = LocalMedia(tmp_path)
    media.put("outgoing/7/a.png", b"picture")
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "outgoing" / "7" / "b.png").symlink_to(tmp_path / "secret")

    assert media.get("outgoing/7/b.png") is None
    assert [stored.name for stored in media.list("outgoing/7")] == ["a.png"]


def test_a_folder_that_cannot_be_written_is_seen_by_a_probe(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(MediaStoreError, match="not writable"):
        LocalMedia(tmp_path / "file").probe()


def test_a_probe_sees_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = os.statvfs_result((4096, 4096, 100, 0, 0, 100, 50, 50, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda path: full)

    with pytest.raises(MediaStoreError):
        LocalMedia(tmp_path).probe()
