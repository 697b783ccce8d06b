"""Clips wait for their check and figures for their reader, and neither stays for ever."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import pytest

from core.errors import ClipNotFoundError, ClipTooLargeError, MediaStoreError
from core.media import MediaStore
from core.services.folders import ORPHAN_AGE_S, Folders, measure
from tests.synth.logs import sha256_of
from tests.synth.media import Failing

NOW_S = 1_800_000_000.0
KEEP_S = 3600.0
MAX_BYTES = 1000


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


@pytest.fixture
def distant(tmp_path: Path, memory_media: MediaStore) -> Folders:
    """Folders whose clips lie elsewhere."""
    return Folders(tmp_path, memory_media)


def aged(path: Path, age_s: float) -> Path:
    os.utime(path, (NOW_S - age_s, NOW_S - age_s))
    return path


def draw(folders: Folders, check_id: int, picture: bytes = b"picture") -> None:
    with folders.drawing(check_id) as figures:
        (figures / "evidence.png").write_bytes(picture)
        (figures / "report.html").write_text("report")


def in_work(folders: Folders) -> list[Path]:
    return list(folders.scratch.glob("*"))


def test_a_kept_clip_has_its_bytes_under_a_name_of_its_own(folders: Folders) -> None:
    first, second = folders.keep(b"same"), folders.keep(b"same")

    assert first != second
    for name in (first, second):
        with folders.clip(name, MAX_BYTES) as path:
            assert path.read_bytes() == b"same"


def test_a_clip_that_lies_elsewhere_is_here_for_as_long_as_it_is_used(distant: Folders) -> None:
    name = distant.keep(b"a clip")

    with distant.clip(name, MAX_BYTES) as path:
        assert path.read_bytes() == b"a clip"
        assert path.parent == distant.scratch
        assert path.stat().st_mode & 0o077 == distant.scratch.stat().st_mode & 0o077 == 0

    assert not path.exists()
    assert in_work(distant) == []


def test_a_fetched_clip_is_deleted_also_when_its_analysis_fails(distant: Folders) -> None:
    name = distant.keep(b"a clip")

    with pytest.raises(ZeroDivisionError), distant.clip(name, MAX_BYTES):
        raise ZeroDivisionError

    assert in_work(distant) == []


def test_a_clip_that_is_larger_than_it_may_be_is_not_fetched(distant: Folders) -> None:
    name = distant.keep(bytes(MAX_BYTES + 1))

    with pytest.raises(ClipTooLargeError), distant.clip(name, MAX_BYTES):
        pass

    assert in_work(distant) == []


@pytest.mark.parametrize("where", ["folders", "distant"])
def test_a_clip_that_does_not_wait_is_said_to_be_gone(where: str, request: pytest.FixtureRequest) -> None:
    place: Folders = request.getfixturevalue(where)
    name = place.keep(b"a clip")
    place.discard(name, None, "never there")

    with pytest.raises(ClipNotFoundError, match="no longer here"), place.clip(name, MAX_BYTES):
        pass


def test_a_clip_is_measured_whole_however_large(tmp_path: Path) -> None:
    media = bytes(range(256)) * 10_000
    path = tmp_path / "clip"
    path.write_bytes(media)

    assert measure(media) == measure(path) == (sha256_of(media), 2_560_000)


def test_a_folder_is_no_clip(tmp_path: Path) -> None:
    with pytest.raises(ClipNotFoundError, match="no file"):
        measure(tmp_path)


@pytest.mark.parametrize("where", ["folders", "distant"])
def test_figures_are_there_once_they_are_all_drawn(where: str, request: pytest.FixtureRequest) -> None:
    place: Folders = request.getfixturevalue(where)
    with pytest.raises(ZeroDivisionError), place.drawing(7) as figures:
        (figures / "evidence.png").write_bytes(b"half")
        raise ZeroDivisionError
    assert (place.figure_names(7), place.figure(7, "evidence.png")) == ((), None)

    draw(place, 7)
    draw(place, 70)

    assert place.figure_names(7) == ("evidence.png", "report.html")
    assert place.figure(7, "evidence.png") == b"picture"
    assert place.figure(7, "notes.txt") is None
    place.discard_figures(7, 8)
    assert (place.figure_names(7), len(place.figure_names(70))) == ((), 2)
    assert in_work(place) == []


def test_figures_that_are_drawn_again_replace_those_of_before(folders: Folders) -> None:
    draw(folders, 7, b"first")
    draw(folders, 7, b"second")

    assert folders.figure(7, "evidence.png") == b"second"


def test_a_sweep_takes_old_clips_that_nobody_needs(folders: Folders, tmp_path: Path) -> None:
    needed, orphan, fresh = (folders.keep(b"clip") for _ in range(3))
    for name in (needed, orphan):
        aged(tmp_path / "incoming" / name, ORPHAN_AGE_S + 1)
    aged(tmp_path / "incoming" / fresh, ORPHAN_AGE_S - 1)

    folders.sweep({needed}, NOW_S, KEEP_S)

    assert {path.name for path in (tmp_path / "incoming").iterdir()} == {needed, fresh}


def test_a_sweep_takes_figures_past_their_time(folders: Folders, tmp_path: Path) -> None:
    for number, age_s in ((1, KEEP_S + 1), (2, KEEP_S - 1)):
        draw(folders, number)
        for path in (tmp_path / "outgoing" / str(number)).iterdir():
            aged(path, age_s)

    folders.sweep(set(), NOW_S, KEEP_S)

    assert [path.name for path in (tmp_path / "outgoing").iterdir()] == ["2"]


def test_shared_figures_are_looked_through_four_times_in_the_time_that_they_are_kept(distant: Folders) -> None:
    draw(distant, 1)
    over_s = time.time() + KEEP_S
    distant.sweep(set(), over_s - 60, KEEP_S)

    distant.sweep(set(), over_s + 60, KEEP_S)
    assert distant.figure_names(1) != ()
    distant.sweep(set(), over_s + KEEP_S / 4, KEEP_S)
    assert distant.figure_names(1) == ()


def test_a_sweep_takes_what_a_dead_process_had_in_work_and_nothing_of_a_living_one(folders: Folders) -> None:
    draw(folders, 1)  # makes the folder
    left, held, fresh, drawn = (folders.scratch / name for name in ("left", "held", "fresh", "figures-1"))
    for path in (left, held, fresh):
        path.write_bytes(b"clip")
    drawn.mkdir()
    for path in (left, held, drawn):
        aged(path, ORPHAN_AGE_S + 1)
    aged(fresh, 0)

    with held.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        folders.tidy(NOW_S)

    assert set(in_work(folders)) == {held, fresh}


def test_a_fetched_clip_is_locked_while_it_is_used(distant: Folders) -> None:
    with distant.clip(distant.keep(b"a clip"), MAX_BYTES) as path:
        distant.tidy(path.stat().st_mtime + 2 * ORPHAN_AGE_S)

        assert path.read_bytes() == b"a clip"


def test_a_sweep_of_nothing_is_no_error(tmp_path: Path) -> None:
    Folders(tmp_path / "not there").sweep(set(), NOW_S, KEEP_S)

    assert not (tmp_path / "not there").exists()


def test_a_store_that_does_not_answer_loses_nothing_and_stops_no_sweep(tmp_path: Path) -> None:
    folders = Folders(tmp_path, Failing())

    folders.discard("a clip")
    folders.discard_figures(1)
    folders.sweep(set(), NOW_S, KEEP_S)

    assert (folders.figure_names(1), folders.figure(1, "evidence.png")) == ((), None)
    with pytest.raises(MediaStoreError, match="does not answer"):
        folders.keep(b"a clip")
