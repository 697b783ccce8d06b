"""The table of real and fake clips."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import DatasetError
from core.evaluation.face_clips import read_face_clips

HEADER = "path\tlabel\tperson\tgenerator\tpair\tsplit\tsource\tnote\n"


def collection(tmp_path: Path, *rows: str) -> Path:
    (tmp_path / "MANIFEST.tsv").write_text(HEADER + "".join(row + "\n" for row in rows))
    for row in rows:
        (tmp_path / row.split("\t")[0]).write_bytes(b"video")
    return tmp_path


def test_a_side_by_side_clip_is_a_real_half_and_a_fake_half_of_one_pair(tmp_path: Path) -> None:
    root = collection(tmp_path, "a.mp4\tside_by_side\tS01\tSwap:Ann\tS01\ttrain\twhere\ttwo faces, one swapped")
    left, right = read_face_clips(root)
    assert (left.half, left.fake, right.half, right.fake) == ("left", False, "right", True)
    assert left.pair == right.pair == "a"
    assert left.person == right.person == "S01"
    assert left.target == right.target == "Swap:Ann"
    assert right.face == "rightmost"
    assert right.name == "a:right"


def test_two_clips_of_one_person_are_two_pairs(tmp_path: Path) -> None:
    rows = [f"{name}.mp4\tside_by_side\tS01\tSwap:Ann\tS01\ttrain\twhere\t" for name in "ab"]
    assert {clip.pair for clip in read_face_clips(collection(tmp_path, *rows))} == {"a", "b"}


def test_other_rows_are_whole_clips_and_truth_files_are_not_clips(tmp_path: Path) -> None:
    root = collection(
        tmp_path,
        "r.mp4\treal\tF1\t\tF1\tdev\twhere\t",
        "f.mp4\tfake\tF1\tFF++\tF1\tdev\twhere\t",
        "t.txt\ttruth\tU1\t\t\ttrain\twhere\t",
    )
    real, fake = read_face_clips(root)
    assert (real.fake, fake.fake, real.half) == (False, True, None)
    assert real.pair == fake.pair == "F1"
    assert (real.target, fake.target) == ("real", "FF++")


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="MANIFEST"):
        read_face_clips(tmp_path)
    root = collection(tmp_path, "r.mp4\treal\tF1\t\t\tdev\twhere\t")
    (root / "r.mp4").unlink()
    with pytest.raises(DatasetError, match=r"r\.mp4"):
        read_face_clips(root)
    (root / "MANIFEST.tsv").write_text("path\tlabel\nr.mp4\treal\n")
    with pytest.raises(DatasetError, match="person"):
        read_face_clips(root)
