from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.errors import DatasetError
from core.evaluation.datasets import DATASETS, cohface, mmpd, pure, ubfc_phys, ubfc_rppg
from core.evaluation.datasets.recording import PulseRecording, increasing
from core.evaluation.metrics import Window, truth_rate
from tests.unit.evaluation import trees


def bpm_of(recording: PulseRecording, end_s: float = 19.0) -> float:
    rate = truth_rate(recording.times_s, recording.ppg, Window(1.0, end_s))
    assert rate is not None
    return rate.spectral_bpm


def test_ubfc_reads_both_sets_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    trees.ubfc_second(tmp_path / "DATASET_2", 10, bpm=66)
    trees.ubfc_second(tmp_path / "DATASET_2", 9, bpm=90)
    trees.ubfc_first(tmp_path / "DATASET_1", "5-gt", bpm=110)
    recordings = list(ubfc_rppg(tmp_path))
    assert [one.clip_id for one in recordings] == ["dataset1-5-gt", "subject9", "subject10"]
    assert [bpm_of(one) for one in recordings] == pytest.approx([110, 90, 66], abs=0.5)


def test_ubfc_takes_a_recompressed_copy_where_the_original_is_not(tmp_path: Path) -> None:
    trees.ubfc_second(tmp_path, 3, video="vid.mp4")
    (recording,) = ubfc_rppg(tmp_path)
    assert recording.video == tmp_path / "subject3" / "vid.mp4"


def test_a_ubfc_truth_that_starts_late_starts_with_the_video(tmp_path: Path) -> None:
    trees.ubfc_second(tmp_path, 4, start_s=23.575)
    (recording,) = ubfc_rppg(tmp_path)
    assert recording.times_s[0] == 0
    assert recording.times_s[-1] == pytest.approx(19.98, abs=0.02)
    assert "23.575" in recording.note


def test_ubfc_leaves_out_copied_truths(tmp_path: Path) -> None:
    for number in (12, 13, 14):
        trees.ubfc_second(tmp_path, number, bpm=60 + number)
    trees.ubfc_second(tmp_path, 15, bpm=60 + 12)  # the same wave as subject 12's
    assert [one.subject for one in ubfc_rppg(tmp_path)] == ["subject12", "subject14"]
    assert [one.subject for one in ubfc_rppg(tmp_path, left_out={})] == ["subject12", "subject13", "subject14"]


def test_samples_whose_time_goes_back_are_dropped() -> None:
    times = np.array([0.0, 1.0, 0.5, 1.0, 2.0, np.nan, 3.0])
    kept, (row,) = increasing(times, np.arange(7.0))
    assert kept.tolist() == [0, 1, 2, 3]
    assert row.tolist() == [0, 1, 4, 6]


def test_ubfc_phys_has_64_samples_a_second(tmp_path: Path) -> None:
    trees.ubfc_phys_clip(tmp_path, 10, 1, bpm=84)
    trees.ubfc_phys_clip(tmp_path, 2, 3, bpm=60)
    trees.ubfc_phys_clip(tmp_path, 2, 1, bpm=72)
    recordings = list(ubfc_phys(tmp_path))
    assert [(one.subject, one.clip_id, one.note) for one in recordings] == [
        ("s2", "s2_T1", "rest"),
        ("s2", "s2_T3", "arithmetic"),
        ("s10", "s10_T1", "rest"),
    ]
    assert [bpm_of(one) for one in recordings] == pytest.approx([72, 60, 84], abs=0.5)


def test_pure_keeps_the_digits_of_its_clock_and_yields_rgb(tmp_path: Path) -> None:
    trees.pure_clip(tmp_path, "03-02", bpm=78)
    (recording,) = pure(tmp_path)
    assert (recording.subject, recording.clip_id, recording.note) == ("03", "03-02", "talking")
    assert recording.times_s[0] == pytest.approx(-0.005, abs=1e-8)
    assert bpm_of(recording) == pytest.approx(78, abs=0.5)
    assert not isinstance(recording.video, Path)
    frames = list(recording.video)
    assert len(recording.video) == len(frames) == 5
    assert [frame.time_s for frame in frames] == pytest.approx(np.arange(5) / 30, abs=1e-8)
    assert [frame.rgb[0, 0].tolist() for frame in frames] == [[200, 10 * i, 10 * i] for i in range(5)]


def test_pure_says_how_many_pictures_are_missing(tmp_path: Path) -> None:
    clip = trees.pure_clip(tmp_path, "01-01")
    next((clip / "01-01").glob("*.png")).unlink()
    with pytest.raises(DatasetError, match="01-01 has 4 pictures and 5 times"):
        list(pure(tmp_path))


def test_a_damaged_picture_of_pure_is_named(tmp_path: Path) -> None:
    clip = trees.pure_clip(tmp_path, "01-01")
    picture = sorted((clip / "01-01").glob("*.png"))[2]
    picture.write_bytes(b"no picture")
    (recording,) = pure(tmp_path)
    assert not isinstance(recording.video, Path)
    with pytest.raises(DatasetError, match=picture.name):
        list(recording.video)


def test_cohface_reads_pulse_and_breath_at_256_hz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for person, clip in ((10, 0), (2, 3)):
        trees.cohface_clip(tmp_path, person, clip)
    times = np.arange(256 * 20) / 256
    rows = {"time": 0.25 + times, "pulse": trees.pulse(times, 96), "respiration": np.sin(2 * np.pi * 0.25 * times)}
    monkeypatch.setitem(sys.modules, "h5py", trees.FakeHdf5(rows))
    recordings = list(cohface(tmp_path))
    assert [(one.subject, one.clip_id, one.note) for one in recordings] == [
        ("2", "2-3", "daylight"),
        ("10", "10-0", "studio light"),
    ]
    assert recordings[0].times_s[0] == 0
    assert bpm_of(recordings[0]) == pytest.approx(96, abs=0.5)
    assert recordings[0].respiration is not None
    assert recordings[0].respiration[256] == pytest.approx(1.0)


def test_cohface_without_h5py_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trees.cohface_clip(tmp_path, 1, 0)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(DatasetError, match="pip install h5py"):
        cohface(tmp_path)


def test_cohface_with_a_row_missing_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trees.cohface_clip(tmp_path, 1, 0)
    monkeypatch.setitem(sys.modules, "h5py", trees.FakeHdf5({"pulse": np.arange(5.0)}))
    with pytest.raises(DatasetError, match=r"1/0/data\.hdf5"):
        list(cohface(tmp_path))


def test_mmpd_reads_v5_files_and_spreads_the_truth_over_the_video(tmp_path: Path) -> None:
    trees.mmpd_clip(tmp_path, 11, 2, bpm=84)
    trees.mmpd_clip(tmp_path, 2, 0, bpm=60)
    recordings = list(mmpd(tmp_path))
    assert [(one.subject, one.clip_id) for one in recordings] == [("p2", "p2_0"), ("p11", "p11_2")]
    assert recordings[0].note == "light LED-low, motion Stationary, exercise False, skin_color 3"
    assert [bpm_of(one) for one in recordings] == pytest.approx([60, 84], abs=0.5)
    video = recordings[0].video
    assert not isinstance(video, Path)
    frames = list(video)
    assert len(video) == len(frames) == 600
    assert frames[300].time_s == pytest.approx(10.0)
    assert frames[300].rgb[0, 0].tolist() == [128, 128, 128]
    assert frames[0].rgb[0, 0].tolist() == [0, 128, 128]


def test_mmpd_reads_v73_files_in_matlabs_order_of_axes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "subject1" / "p1_0.mat"
    path.parent.mkdir()
    path.write_bytes(b"MATLAB 7.3 MAT-file, Platform: made up")
    video = np.zeros((60, 4, 5, 3), np.uint8)
    video[..., 1] = np.arange(60)[:, None, None]
    words = np.array([[ord(letter)] for letter in "Nature"], np.uint16)
    content = {"video": video.transpose(), "GT_ppg": trees.pulse(np.arange(60) / 30)[:, None], "light": words}
    monkeypatch.setitem(sys.modules, "h5py", trees.FakeHdf5(content))
    (recording,) = mmpd(tmp_path)
    assert recording.note == "light Nature"
    assert not isinstance(recording.video, Path)
    frames = list(recording.video)
    assert (len(recording.video), len(frames)) == (60, 60)
    assert frames[7].rgb.shape == (4, 5, 3)
    assert frames[7].rgb[2, 3].tolist() == [0, 7, 0]


def test_mmpd_in_v73_without_h5py_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "subject1" / "p1_0.mat"
    path.parent.mkdir()
    path.write_bytes(b"MATLAB 7.3 MAT-file")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(DatasetError, match="pip install h5py"):
        list(mmpd(tmp_path))


@pytest.mark.parametrize("name", DATASETS)
def test_a_missing_or_empty_folder_is_told_in_one_sentence_at_once(name: str, tmp_path: Path) -> None:
    for root in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(DatasetError) as caught:
            DATASETS[name](root)
        assert str(caught.value).count(".") >= 1
        assert str(caught.value).endswith(".")
        assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "make", "lost", "told"),
    [
        ("ubfc-rppg", lambda root: trees.ubfc_second(root, 5), "subject5/ground_truth.txt", "subject5"),
        ("ubfc-rppg", lambda root: trees.ubfc_first(root, "5-gt"), "5-gt/vid.avi", "5-gt"),
        ("ubfc-phys", lambda root: trees.ubfc_phys_clip(root, 1, 2), "s1/bvp_s1_T2.csv", "s1/bvp_s1_T2.csv"),
        ("pure", lambda root: trees.pure_clip(root, "01-02"), "01-02/01-02.json", "01-02/01-02.json"),
        ("cohface", lambda root: trees.cohface_clip(root, 1, 3), "1/3/data.avi", "1/3/data.avi"),
    ],
)
def test_a_clip_without_its_other_half_is_named_at_once(
    name: str, make: Callable[[Path], Path], lost: str, told: str, tmp_path: Path
) -> None:
    make(tmp_path)
    (tmp_path / lost).unlink()
    with pytest.raises(DatasetError, match=f"incomplete.*{told}"):
        DATASETS[name](tmp_path)


@pytest.mark.parametrize(
    ("name", "make", "spoilt", "content"),
    [
        ("ubfc-rppg", lambda root: trees.ubfc_second(root, 5), "subject5/ground_truth.txt", b"one two"),
        ("ubfc-rppg", lambda root: trees.ubfc_first(root, "5-gt"), "5-gt/gtdump.xmp", b"1,2\n3,4\n"),
        ("ubfc-phys", lambda root: trees.ubfc_phys_clip(root, 1, 2), "s1/bvp_s1_T2.csv", b"time;bvp\n"),
        ("pure", lambda root: trees.pure_clip(root, "01-02"), "01-02/01-02.json", b'{"/Image": [{}]}'),
        ("mmpd", lambda root: trees.mmpd_clip(root, 1, 0, frames=3), "subject1/p1_0.mat", b"not a mat file"),
    ],
)
def test_a_spoilt_truth_is_named(
    name: str, make: Callable[[Path], Path], spoilt: str, content: bytes, tmp_path: Path
) -> None:
    make(tmp_path)
    (tmp_path / spoilt).write_bytes(content)
    with pytest.raises(DatasetError, match=spoilt):
        list(DATASETS[name](tmp_path))


def test_a_recording_cannot_be_changed(tmp_path: Path) -> None:
    trees.ubfc_second(tmp_path, 1)
    (recording,) = ubfc_rppg(tmp_path)
    with pytest.raises(ValueError, match="read-only"):
        recording.ppg[0] = 1.0


def test_pure_pictures_may_lie_beside_the_json(tmp_path: Path) -> None:
    clip = trees.pure_clip(tmp_path, "01-01")
    for picture in sorted((clip / "01-01").glob("*.png")):
        picture.rename(clip / picture.name)
    (clip / "01-01").rmdir()
    (recording,) = pure(tmp_path)
    assert len(json.loads((clip / "01-01.json").read_text())["/Image"]) == 5
    assert not isinstance(recording.video, Path)
    assert len(list(recording.video)) == 5


def test_the_recompressed_copies_are_read_as_they_are(shared_data: Path) -> None:
    recordings = list(ubfc_rppg(shared_data / "pulse" / "ubfc"))
    assert len(recordings) == 7
    for one in recordings:
        assert one.times_s[0] == 0
        assert 45 < one.times_s[-1] < 70
        assert isinstance(one.video, Path)
        assert one.video.is_file()
