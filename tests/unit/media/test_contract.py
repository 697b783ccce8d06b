"""What every place for media promises: a folder, a bucket in memory, a bucket of an S3 server."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import ClipNotFoundError, ClipTooLargeError
from core.media import Counting, LocalMedia, MediaStore, open_media
from core.media.bucket import CHUNK_BYTES
from core.media.contract import PARTIAL

MAX_BYTES = 64 << 20


@pytest.fixture(params=["folder", "memory", "s3", "counting"])
def media(request: pytest.FixtureRequest, tmp_path: Path) -> MediaStore:
    kind: str = request.param
    if kind == "s3":
        return open_media(request.getfixturevalue("bucket"), tmp_path)
    if kind == "memory":
        found: MediaStore = request.getfixturevalue("memory_media")
        return found
    local = LocalMedia(tmp_path / "data")
    return Counting(local) if kind == "counting" else local


def keys(media: MediaStore, prefix: str) -> set[str]:
    return {stored.key for stored in media.list(prefix)}


@pytest.mark.parametrize("size_bytes", [0, 1, CHUNK_BYTES + 1], ids=["empty", "small", "in parts"])
@pytest.mark.parametrize("from_file", [False, True], ids=["bytes", "file"])
def test_what_was_put_is_there_byte_for_byte(
    media: MediaStore, tmp_path: Path, size_bytes: int, from_file: bool
) -> None:
    content = os.urandom(size_bytes)
    (tmp_path / "clip").write_bytes(content)

    assert media.put("incoming/a", tmp_path / "clip" if from_file else content) == size_bytes

    assert media.has("incoming/a")
    assert media.get("incoming/a") == content
    assert media.fetch("incoming/a", tmp_path / "fetched", MAX_BYTES)
    assert (tmp_path / "fetched").read_bytes() == content
    here = media.path("incoming/a")
    assert here is None or here.read_bytes() == content


def test_what_is_put_again_replaces_what_was_there(media: MediaStore) -> None:
    media.put("incoming/a", b"the first, longer")
    media.put("incoming/a", b"the second")

    assert media.get("incoming/a") == b"the second"
    assert keys(media, "incoming") == {"incoming/a"}


def test_what_is_not_there_is_told_as_such(media: MediaStore, tmp_path: Path) -> None:
    assert not media.has("incoming/a")
    assert media.get("incoming/a") is None
    assert media.path("incoming/a") is None
    assert not media.fetch("incoming/a", tmp_path / "fetched", MAX_BYTES)
    assert not media.copy("incoming/a", "evidence/1/2")
    assert keys(media, "incoming") == set()
    media.delete([])
    media.delete(["incoming/a", "incoming/b"])
    media.delete_below("outgoing/7")


def test_a_file_that_cannot_be_read_is_no_media_and_leaves_nothing(media: MediaStore, tmp_path: Path) -> None:
    with pytest.raises(ClipNotFoundError, match=r"gone\.mp4"):
        media.put("incoming/a", tmp_path / "gone.mp4")

    assert keys(media, "incoming") == set()


def test_more_than_is_wanted_is_not_fetched(media: MediaStore, tmp_path: Path) -> None:
    media.put("incoming/a", b"12345")

    assert media.fetch("incoming/a", tmp_path / "fetched", 5)
    with pytest.raises(ClipTooLargeError):
        media.fetch("incoming/a", tmp_path / "refused", 4)
    assert not (tmp_path / "refused").exists()


def test_a_copy_is_there_when_the_first_is_gone(media: MediaStore) -> None:
    media.put("incoming/a", b"a clip")

    assert media.copy("incoming/a", "evidence/1/2")
    media.delete(["incoming/a"])

    assert (media.get("incoming/a"), media.get("evidence/1/2")) == (None, b"a clip")


def test_a_list_has_all_below_a_prefix_and_nothing_of_a_neighbour(media: MediaStore) -> None:
    began = datetime.now(UTC) - timedelta(seconds=2)
    for key in ("outgoing/7/a.png", "outgoing/7/b.png", "outgoing/70/a.png", "incoming/c"):
        media.put(key, key.encode())

    found = {stored.key: stored for stored in media.list("outgoing/7")}
    assert found.keys() == {"outgoing/7/a.png", "outgoing/7/b.png"}
    one = found["outgoing/7/a.png"]
    assert (one.name, one.size_bytes) == ("a.png", len("outgoing/7/a.png"))
    assert began <= one.written_at <= datetime.now(UTC) + timedelta(seconds=2)
    assert len(keys(media, "outgoing")) == 3

    media.delete_below("outgoing/7")
    assert keys(media, "outgoing") == {"outgoing/70/a.png"}


def test_more_than_a_page_is_listed_and_deleted(memory_media: MediaStore) -> None:
    for number in range(1001):
        memory_media.put(f"incoming/{number}", b"")

    assert len(keys(memory_media, "incoming")) == 1001
    memory_media.delete_below("incoming")
    assert keys(memory_media, "incoming") == set()


def test_a_folder_becomes_what_is_below_a_prefix(media: MediaStore, tmp_path: Path) -> None:
    folder = tmp_path / "drawn"
    folder.mkdir()
    for name in ("evidence.png", "report.html"):
        (folder / name).write_text(name)

    media.put_folder("outgoing/7", folder)

    assert keys(media, "outgoing/7") == {"outgoing/7/evidence.png", "outgoing/7/report.html"}
    assert media.get("outgoing/7/evidence.png") == b"evidence.png"


def test_a_place_that_can_be_used_says_so(media: MediaStore) -> None:
    media.probe()

    assert keys(media, "incoming") == set()


@pytest.mark.parametrize("key", ["", "/etc/passwd", "incoming/../../a", "incoming//a", "incoming/.", "a\0b"])
def test_a_key_never_leaves_its_place(media: MediaStore, key: str) -> None:
    for use in (media.has, media.get, media.path, media.delete_below, lambda key: media.put(key, b"")):
        with pytest.raises(ValueError, match="no key"):
            use(key)
    with pytest.raises(ValueError, match="no key"):
        media.delete([key])


def test_nothing_half_is_ever_under_a_key(media: MediaStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    media.put("incoming/a", b"before")
    monkeypatch.setattr("core.media.local.chunks", _breaks_off)
    monkeypatch.setattr("core.media.bucket.obstore.put", lambda *_, **__: next(_breaks_off(b"")) and 1 / 0)

    with pytest.raises((ClipNotFoundError, ZeroDivisionError)):
        media.put("incoming/a", tmp_path)

    assert media.get("incoming/a") == b"before"
    assert not [key for key in keys(media, "incoming") if key.endswith(PARTIAL)]


def _breaks_off(_: object):  # type: ignore[no-untyped-def]
    yield b"half"
    raise ClipNotFoundError("The file is gone.")
