"""Every official layout is read as published, and what is missing is told in one sentence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from core.errors import DatasetError
from core.evaluation.datasets.detection import DETECTION_DATASETS, load_clips
from core.evaluation.datasets.labelled import Collection, Label, LabelledClip, Pick, Region
from tests.unit.evaluation.detection import trees


def by_id(collection: Collection) -> dict[str, LabelledClip]:
    return {clip.id: clip for clip in collection.clips}


@pytest.mark.parametrize("name", trees.BUILDERS)
def test_every_layout_is_recognised_by_what_lies_in_its_root(tmp_path: Path, name: str) -> None:
    root = trees.BUILDERS[name](tmp_path / "data")

    assert load_clips(root, split="all") == DETECTION_DATASETS[name](root, "all")
    assert {clip.label for clip in load_clips(root, split="all").clips} == {Label.REAL, Label.FAKE}


@pytest.mark.parametrize("name", trees.BUILDERS)
def test_an_empty_folder_is_told_in_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(DatasetError, match=r"^[^.]+.*\.$"):
        load_clips(tmp_path, name)


def test_faceforensics_takes_test_sequences_by_default_in_every_compression(tmp_path: Path) -> None:
    found = by_id(load_clips(trees.faceforensics(tmp_path)))

    assert len(found) == 3 + 2 * 3
    assert {clip.compression for clip in found.values()} == {"c23", "c40"}
    fake = found["manipulated_sequences/Face2Face/c23/videos/003_000.mp4"]
    assert (fake.person, fake.group, fake.generator, fake.split) == ("003", "003", "Face2Face", "test")
    assert "original_sequences/youtube/c23/videos/071.mp4" not in found


def test_faceforensics_without_its_lists_says_which_is_missing_and_what_can_be_done(tmp_path: Path) -> None:
    root = trees.faceforensics(tmp_path, splits=False)

    with pytest.raises(DatasetError, match=r"splits/test\.json is missing.*--split all"):
        load_clips(root)
    with pytest.raises(DatasetError, match=r"splits/val\.json is missing"):
        load_clips(root, split="val")
    assert len(load_clips(root, split="all").clips) == 13


def test_faceforensics_refuses_a_file_that_is_not_named_as_published(tmp_path: Path) -> None:
    trees.clip(trees.faceforensics(tmp_path) / "manipulated_sequences/Deepfakes/c23/videos/mine.mp4")

    with pytest.raises(DatasetError, match=r"Deepfakes/c23/videos/mine\.mp4 is not named as published"):
        load_clips(tmp_path)


def test_deepfakedetection_is_read_from_within_the_same_tree(tmp_path: Path) -> None:
    root = trees.faceforensics(trees.deepfakedetection(tmp_path))
    found = by_id(load_clips(root, "deepfakedetection"))

    assert len(found) == 3
    fake = found["manipulated_sequences/DeepFakeDetection/c23/videos/01_02__exit_phone_room__YVGY8LOK.mp4"]
    real = found["original_sequences/actors/c23/videos/01__exit_phone_room.mp4"]
    assert fake.group == real.group == "01__exit_phone_room"
    assert all("youtube" not in name for name in found)


def test_celeb_df_tests_on_its_list_and_knows_twins(tmp_path: Path) -> None:
    root = trees.celeb_df(tmp_path)
    found = by_id(load_clips(root))

    assert set(found) == {"YouTube-real/00170.mp4", "Celeb-real/id0_0000.mp4", "Celeb-synthesis/id0_id16_0000.mp4"}
    fake = found["Celeb-synthesis/id0_id16_0000.mp4"]
    assert (fake.person, fake.group) == ("id0", found["Celeb-real/id0_0000.mp4"].group)
    assert len(load_clips(root, split="train").clips) == 2


def test_a_clip_that_a_list_names_and_that_is_not_here_is_told(tmp_path: Path) -> None:
    root = trees.celeb_df(tmp_path)
    (root / "YouTube-real/00170.mp4").unlink()

    assert load_clips(root).absent == ("YouTube-real/00170.mp4",)


def test_celeb_df_with_a_label_against_the_folder_is_refused(tmp_path: Path) -> None:
    (trees.celeb_df(tmp_path) / "List_of_testing_videos.txt").write_text("0 Celeb-real/id0_0000.mp4\n")

    with pytest.raises(DatasetError, match=r"calls Celeb-real/id0_0000\.mp4 fake"):
        load_clips(tmp_path)


def test_dfdc_reads_every_part_and_joins_fakes_to_their_original(tmp_path: Path) -> None:
    found = by_id(load_clips(trees.dfdc(tmp_path), split="all"))

    assert found["dfdc_train_part_0/aaa.mp4"].group == found["dfdc_train_part_0/bbb.mp4"].group == "bbb.mp4"
    assert found["test/videos/ddd.mp4"].fake
    assert [clip.id for clip in load_clips(tmp_path).clips] == ["test/videos/ddd.mp4"]


def test_one_part_of_dfdc_may_be_given_alone(tmp_path: Path) -> None:
    assert len(load_clips(trees.dfdc(tmp_path) / "dfdc_train_part_0").clips) == 3


def test_dfdc_may_not_name_files_outside_of_its_folder(tmp_path: Path) -> None:
    (trees.dfdc(tmp_path) / "test/metadata.json").write_text(json.dumps({"../../x.mp4": {"is_fake": 1}}))

    with pytest.raises(DatasetError, match="outside of its folder"):
        load_clips(tmp_path)


def test_dfdc_without_a_label_is_refused(tmp_path: Path) -> None:
    (trees.dfdc(tmp_path) / "test/metadata.json").write_text(json.dumps({"ddd.mp4": {}}))

    with pytest.raises(DatasetError, match=r"test/metadata\.json does not hold a label"):
        load_clips(tmp_path)


def test_dfdc_preview_knows_methods_and_who_was_filmed_where(tmp_path: Path) -> None:
    found = load_clips(trees.dfdc_preview(tmp_path)).clips

    assert {(clip.person, clip.group, clip.split) for clip in found} == {("1085625", "1085625_A", "test")}
    assert {clip.generator for clip in found} == {"", "DFDC preview:method_A"}


def test_the_test_list_alone_is_enough_for_the_test_split(tmp_path: Path) -> None:
    root = trees.faceforensics(tmp_path)
    expected = load_clips(root)
    for other in ("train", "val"):
        (root / f"splits/{other}.json").unlink()

    assert load_clips(root) == expected


def test_deeperforensics_needs_the_originals_and_says_where_to_put_them(tmp_path: Path) -> None:
    root = trees.deeperforensics(tmp_path)
    found = by_id(load_clips(root))
    damaged = found["manipulated_videos/end_to_end_level_3/000_M004.mp4"]

    assert len(found) == 5
    assert (damaged.generator, damaged.compression, damaged.split) == ("DF-VAE", "level_3", "test")
    assert found["original_sequences/youtube/c23/videos/000.mp4"].split == "test"
    shutil.rmtree(root / "original_sequences")
    with pytest.raises(DatasetError, match="no real clips of its own"):
        load_clips(root)


def test_fakeavceleb_leaves_out_clips_that_are_fake_in_sound_alone(tmp_path: Path) -> None:
    found = load_clips(trees.fakeavceleb(tmp_path)).clips

    assert sorted(clip.generator for clip in found) == ["", "fsgan", "wav2lip"]
    assert {(clip.person, clip.group) for clip in found} == {("id00076", "id00076_00109")}


def test_a_split_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no clip in the split val; it has test, train"):
        load_clips(trees.celeb_df(tmp_path), split="val")
    with pytest.raises(DatasetError, match="no official splits"):
        load_clips(trees.fakeavceleb(tmp_path / "f"), split="test")


class TestTable:
    def write(self, root: Path, *lines: str) -> Path:
        for name in ("a.mp4", "b.mp4", "c.mp4"):
            trees.clip(root / name)
        table = root / "clips.tsv"
        table.write_text("\n".join(line.replace(" ", "\t") for line in lines) + "\n")
        return table

    def test_paths_are_relative_to_the_table(self, tmp_path: Path) -> None:
        table = self.write(tmp_path, "path label person generator group", "a.mp4 real P - g", "b.mp4 fake P X:y g")
        real, fake = load_clips(table).clips

        assert real.path == tmp_path / "a.mp4"
        assert (fake.family, fake.group, fake.fake) == ("X", "g", True)

    def test_a_side_by_side_clip_is_a_real_and_a_fake_face_and_twins(self, tmp_path: Path) -> None:
        table = self.write(tmp_path, "path label person generator", "a.mp4 side_by_side P X")
        left, right = load_clips(table).clips

        assert (left.region, left.fake, left.generator) == (Region.LEFT, False, "")
        assert (right.region, right.fake, right.generator) == (Region.RIGHT, True, "X")
        assert left.group == right.group != ""

    def test_a_note_or_column_says_that_only_the_rightmost_face_is_meant(self, tmp_path: Path) -> None:
        table = self.write(
            tmp_path, "path label person generator region face", "a.mp4 fake P X left rightmost", "b.mp4 fake P X  "
        )
        first, second = load_clips(table).clips

        assert (first.region, first.pick) == (Region.LEFT, Pick.RIGHTMOST)
        assert (second.region, second.pick) == (Region.WHOLE, Pick.ALL)

    @pytest.mark.parametrize(
        ("lines", "sentence"),
        [
            (["path label", "a.mp4 real"], "no column named person"),
            (["path label person", "a.mp4 maybe P"], "unknown label in line 2: maybe"),
            (["path label person", "a.mp4 real "], "lacks a path or a person in line 2"),
            (["path label person", "a.mp4 real P", "z.mp4 fake P", "y.mp4 fake P"], r"names y\.mp4 and 1 more"),
            (["path label person", "a.mp4 real P", "a.mp4 fake P"], r"names a\.mp4 twice"),
            (["path label person region", "a.mp4 real P top"], "unknown region in line 2: top"),
            (["path label person"], "is empty"),
        ],
    )
    def test_a_table_that_is_not_valid_is_told_where(self, tmp_path: Path, lines: list[str], sentence: str) -> None:
        with pytest.raises(DatasetError, match=sentence):
            load_clips(self.write(tmp_path, *lines))


def test_the_manifest_of_the_real_clips_is_read(shared_data: Path) -> None:
    clips = load_clips(shared_data).clips
    halves = [clip for clip in clips if clip.region is not Region.WHOLE]

    assert len(halves) == 2 * 39
    assert sum(clip.pick is Pick.RIGHTMOST for clip in halves) == 4
    assert all(clip.path.is_file() for clip in clips)
