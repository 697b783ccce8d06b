"""Clips wait for their check and figures for their reader, and neither stays for ever."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import ClipNotFoundError
from core.services.folders import ORPHAN_AGE_S, Folders, measure
from tests.synth.logs import sha256_of

NOW_S = 1_800_000_000.0
KEEP_S = 3600.0


def aged(path: Path, age_s: float) -> Path:
    os.utime(path, (NOW_S - age_s, NOW_S - age_s))
    return path


def test_a_kept_clip_has_its_bytes_under_a_name_of_its_own(tmp_path: Path) -> None:
    folders = Folders(tmp_path)

    first, second = folders.keep(b"same"), folders.keep(b"same")

    assert first != second
    assert folders.clip(first).read_bytes() == folders.clip(second).read_bytes() == b"same"


def test_a_clip_is_measured_whole_however_large(tmp_path: Path) -> None:
    media = bytes(range(256)) * 10_000
    path = tmp_path / "clip"
    path.write_bytes(media)

    assert measure(media) == measure(path) == (sha256_of(media), 2_560_000)


def test_a_folder_is_no_clip(tmp_path: Path) -> None:
    with pytest.raises(ClipNotFoundError, match="no file"):
        measure(tmp_path)


def test_a_sweep_takes_old_clips_that_nobody_needs(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    needed, orphan, fresh = (folders.keep(b"clip") for _ in range(3))
    for name in (needed, orphan):
        aged(folders.clip(name), ORPHAN_AGE_S + 1)
    aged(folders.clip(fresh), ORPHAN_AGE_S - 1)

    folders.sweep({needed}, NOW_S, KEEP_S)

    assert {path.name for path in folders.incoming.iterdir()} == {needed, fresh}


def test_a_sweep_takes_figures_past_their_time(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    for number, age_s in ((1, KEEP_S + 1), (2, KEEP_S - 1)):
        folders.figures(number).mkdir(parents=True)
        (folders.figures(number) / "evidence.png").write_bytes(b"picture")
        aged(folders.figures(number), age_s)

    folders.sweep(set(), NOW_S, KEEP_S)

    assert [path.name for path in folders.outgoing.iterdir()] == ["2"]


def test_a_sweep_of_nothing_is_no_error(tmp_path: Path) -> None:
    Folders(tmp_path / "not there").sweep(set(), NOW_S, KEEP_S)

    assert not (tmp_path / "not there").exists()
