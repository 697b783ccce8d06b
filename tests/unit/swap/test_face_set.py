"""Sets of faces on disk: what is written is read, and a stop in the middle leaves no half of a set."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.errors import FaceSetError
from core.swap import set_writer
from core.swap.face_set import load_face_set, read_picture
from core.swap.set_writer import FaceSetWriter, prune, restore
from core.types import FaceType
from tests.synth.face_sets import face, write_set

POSES = [(-30.0, 0.0), (0.0, 5.0), (20.0, -10.0)]


def test_what_was_written_is_read(tmp_path: Path) -> None:
    written = write_set(tmp_path / "set", POSES, face_type=FaceType.WHOLE, size_px=128)
    read = load_face_set(tmp_path / "set")
    assert (read.sha256, read.face_type, read.size_px, read.consent) == (written.sha256, FaceType.WHOLE, 128, None)
    assert [(one.yaw_deg, one.pitch_deg) for one in read.faces] == POSES
    wanted = face(20.0, -10.0, face_type=FaceType.WHOLE, size_px=128)
    assert np.allclose(read.faces[2].landmarks_px, wanted.landmarks_px, atol=0.01)
    assert np.allclose(read.faces[2].frame_to_crop, wanted.frame_to_crop, atol=1e-5)


def test_pictures_come_back_without_loss(tmp_path: Path) -> None:
    rgb = np.random.default_rng(1).integers(0, 255, (96, 96, 3), dtype=np.uint8)
    with FaceSetWriter(tmp_path / "set", FaceType.FULL, 96) as writer:
        writer.add(rgb, face())
        made = writer.commit()
    assert np.array_equal(read_picture(made, made.faces[0]), rgb)


def test_the_id_is_that_of_the_pictures(tmp_path: Path) -> None:
    one, same, other = (
        write_set(tmp_path / name, poses) for name, poses in (("one", POSES), ("same", POSES), ("other", POSES[:2]))
    )
    assert one.id == same.id != other.id


def test_a_changed_picture_is_refused(tmp_path: Path) -> None:
    made = write_set(tmp_path / "set")
    path = tmp_path / "set/pictures/000001.png"
    cv2.imwrite(str(path), np.zeros((96, 96, 3), np.uint8))
    with pytest.raises(FaceSetError, match="was changed"):
        read_picture(made, made.faces[0])
    path.unlink()
    with pytest.raises(FaceSetError, match="cannot be read"):
        read_picture(made, made.faces[0])


@pytest.mark.parametrize("content", ["", "[]", '{"format": 1}', '{"format": 1, "index": "../../etc/passwd"}'])
def test_a_damaged_header_is_one_sentence(tmp_path: Path, content: str) -> None:
    write_set(tmp_path / "set")
    (tmp_path / "set/set.json").write_text(content)
    with pytest.raises(FaceSetError, match="damaged"):
        load_face_set(tmp_path / "set")


def test_a_changed_list_of_faces_is_refused(tmp_path: Path) -> None:
    write_set(tmp_path / "set")
    index = next((tmp_path / "set").glob("faces-*.jsonl"))
    index.write_text(index.read_text().replace("drawn.mp4", "other.mp4"))
    with pytest.raises(FaceSetError, match="damaged"):
        load_face_set(tmp_path / "set")


def test_a_folder_without_a_set_says_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(FaceSetError, match="faces extract"):
        load_face_set(tmp_path)


def test_a_set_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    before = write_set(tmp_path / "set", POSES)
    with pytest.raises(FaceSetError, match="already"):
        FaceSetWriter(tmp_path / "set", FaceType.FULL, 96)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/diary.txt").write_text("mine")
    with pytest.raises(FaceSetError, match="not empty"):
        FaceSetWriter(tmp_path / "notes", FaceType.FULL, 96)
    assert load_face_set(tmp_path / "set").sha256 == before.sha256


def test_faces_are_added_under_new_names(tmp_path: Path) -> None:
    write_set(tmp_path / "set", POSES)
    both = write_set(tmp_path / "set", POSES[:2], add=True)
    assert [one.name for one in both.faces] == [f"00000{n}.png" for n in (1, 2, 3, 4, 5)]
    assert all(read_picture(both, one).shape == (96, 96, 3) for one in both.faces)


def test_faces_of_another_kind_are_not_added(tmp_path: Path) -> None:
    write_set(tmp_path / "set")
    with pytest.raises(FaceSetError, match="full faces of 96"):
        FaceSetWriter(tmp_path / "set", FaceType.HALF, 96, add=True)


def test_only_the_wanted_faces_are_kept(tmp_path: Path) -> None:
    with FaceSetWriter(tmp_path / "set", FaceType.FULL, 96) as writer:
        for yaw in (1.0, 2.0, 3.0):
            writer.add(np.zeros((96, 96, 3), np.uint8), face(yaw))
        made = writer.commit({0, 2})
    assert [one.yaw_deg for one in made.faces] == [1.0, 3.0]
    assert sorted(path.name for path in (tmp_path / "set/pictures").iterdir()) == ["000001.png", "000002.png"]


def test_nothing_is_left_where_no_face_was_found_or_something_failed(tmp_path: Path) -> None:
    with pytest.raises(FaceSetError, match="No face"), FaceSetWriter(tmp_path / "set", FaceType.FULL, 96) as writer:
        writer.commit()
    with pytest.raises(RuntimeError), FaceSetWriter(tmp_path / "set", FaceType.FULL, 96) as writer:
        writer.add(np.zeros((96, 96, 3), np.uint8), face())
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_two_processes_do_not_write_one_set(tmp_path: Path) -> None:
    with FaceSetWriter(tmp_path / "set", FaceType.FULL, 96), pytest.raises(FaceSetError, match="Another process"):
        FaceSetWriter(tmp_path / "set", FaceType.FULL, 96)


KILLED = """
import os, signal, sys
from pathlib import Path
from core.swap import set_files
from tests.synth.face_sets import write_set
step = int(sys.argv[2])
calls = 0
def killing(name):
    original = getattr(Path, name)
    def called(self, *given, **named):
        global calls
        calls += 1
        if calls == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(self, *given, **named)
    setattr(Path, name, called)
for name in ("replace", "rename", "write_bytes"):
    killing(name)
write_set(Path(sys.argv[1]), [(0.0, 0.0), (5.0, 0.0)], add=True)
"""


@pytest.mark.parametrize(
    ("is_new", "step"), [(True, 1), (True, 3), (True, 6), (True, 9), (False, 2), (False, 4), (False, 8)]
)
def test_a_killed_writer_leaves_the_set_as_it_was(tmp_path: Path, step: int, is_new: bool) -> None:
    before = None if is_new else write_set(tmp_path / "set", POSES)
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "set"), str(step)], check=False)
    assert ended.returncode == -signal.SIGKILL
    if before is None:
        assert not (tmp_path / "set").exists()
    else:
        after = load_face_set(tmp_path / "set")
        assert [read_picture(after, one).shape for one in after.faces]
        assert len(after.faces) == len(before.faces)
    again = write_set(tmp_path / "set", POSES, add=True)
    assert all(read_picture(again, one) is not None for one in again.faces)
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_pruned_faces_come_back(tmp_path: Path) -> None:
    before = write_set(tmp_path / "set", POSES)
    less = prune(tmp_path / "set", {"000002.png": "blurred"})
    assert [one.name for one in less.faces] == ["000001.png", "000003.png"]
    assert less.id != before.id
    assert (tmp_path / "set/pruned/000002.png").is_file()
    assert not (tmp_path / "set/pictures/000002.png").exists()
    assert "blurred" in next((tmp_path / "set").glob("faces-*.jsonl")).read_text()
    assert restore(tmp_path / "set").id == before.id
    assert (tmp_path / "set/pictures/000002.png").is_file()


def test_a_stop_between_the_steps_of_pruning_loses_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_set(tmp_path / "set", POSES)
    with monkeypatch.context() as patch:
        patch.setattr(set_writer, "PRUNED", "file/where/none/can/be")
        (tmp_path / "set/file").write_text("")
        with pytest.raises(FaceSetError):
            prune(tmp_path / "set", {"000002.png": "blurred"})
    assert len(load_face_set(tmp_path / "set").faces) == 2
    assert (tmp_path / "set/pictures/000002.png").is_file()
    back = restore(tmp_path / "set")
    assert all(read_picture(back, one) is not None for one in back.faces)


def test_a_set_is_never_pruned_to_nothing(tmp_path: Path) -> None:
    write_set(tmp_path / "set")
    with pytest.raises(FaceSetError, match="No face would be left"):
        prune(tmp_path / "set", {"000001.png": "blurred"})


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FaceSetError, match="cannot be written"):
        FaceSetWriter(tmp_path / "file/set", FaceType.FULL, 96)


def test_the_header_says_what_is_in_the_set(tmp_path: Path) -> None:
    made = write_set(tmp_path / "set", POSES)
    header = json.loads((tmp_path / "set/set.json").read_text())
    assert (header["faces"], header["sha256"], header["face_type"], header["size_px"]) == (3, made.sha256, "full", 96)
