"""From clips and pictures to sets: whose faces, which, and where they lie."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import ClipError, ClipNotFoundError, FaceSetError
from core.faces import FaceModels, load_face_models
from core.faces.landmarks import ibug68
from core.settings import VideoLimits
from core.swap import cutting
from core.swap.chosen import Follower, choose
from core.swap.cutting import Tools, Wanted
from core.swap.extract import Extraction, embedding_like, extract, extracted
from core.swap.face_set import load_face_set, read_picture
from core.swap.geometry import crop
from core.swap.identity import SAME_PERSON, identity_present, load_identity
from core.types import FaceType, Progress
from tests.synth.clips import portrait
from tests.synth.face_sets import turned_mesh
from tests.unit.swap.test_identity import hopper

LIMITS = VideoLimits()


@pytest.fixture(scope="module")
def models() -> FaceModels:
    return load_face_models()


def save(path: Path, rgb: NDArray[np.uint8]) -> Path:
    path.parent.mkdir(exist_ok=True, parents=True)
    assert cv2.imwrite(str(path), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    return path


def both_people() -> NDArray[np.uint8]:
    """Collins small on the left, Hopper large on the right."""
    collins = cv2.resize(portrait()[20:240, 110:330], (300, 300))
    other = cv2.resize(hopper()[20:420, 60:460], (600, 600))
    picture = np.full((600, 900, 3), 90, np.uint8)
    picture[150:450, :300], picture[:, 300:] = collins, other
    return picture


def took(source: Path, out: Path, models: FaceModels, **more: object) -> Extraction:
    given = {"face_type": FaceType.FULL, "size_px": 128, "wanted": Wanted(), "tools": Tools(models), "add": False}
    return extracted(source, out, limits=LIMITS, progress=lambda _: None, **(given | more))  # type: ignore[arg-type]


def test_a_portrait_becomes_an_upright_face_in_its_place(tmp_path: Path, models: FaceModels) -> None:
    source = save(tmp_path / "collins.png", portrait())
    faces = extract(source, tmp_path / "set", limits=LIMITS, size_px=192, tools=Tools(models))
    (face,) = faces.faces
    assert (face.source, face.frame_index, face.time_s) == ("collins.png", 0, 0.0)
    assert abs(face.landmarks_px.mean(axis=0) - 96).max() < 20
    right_eye, left_eye = face.landmarks_px[33], face.landmarks_px[263]
    assert abs(np.degrees(np.arctan2(*(left_eye - right_eye)[::-1]))) < 6
    assert np.array_equal(read_picture(faces, face), crop(portrait(), face.frame_to_crop, 192))
    assert face.sharpness > 5 and 90 < face.face_px < 140


def test_a_tilted_picture_gives_the_same_crop(tmp_path: Path, models: FaceModels) -> None:
    turned = cv2.warpAffine(portrait(), cv2.getRotationMatrix2D((224, 118), 25, 1.3), (512, 512))
    crops = []
    for name, rgb in (("straight", portrait()), ("tilted", np.asarray(turned, np.uint8))):
        faces = extract(save(tmp_path / f"{name}.png", rgb), tmp_path / name, limits=LIMITS, tools=Tools(models))
        crops.append(cv2.GaussianBlur(read_picture(faces, faces.faces[0]), (0, 0), 4)[64:192, 64:192].astype(float))
    assert np.abs(crops[0] - crops[1]).mean() < 6


def test_every_nth_frame_of_a_clip_is_taken(tmp_path: Path, models: FaceModels, short_clip: Path) -> None:
    seen: list[Progress] = []
    faces = extract(
        short_clip, tmp_path / "set", limits=LIMITS, size_px=96, wanted=Wanted(every=10), tools=Tools(models),
        progress=seen.append,
    ).faces  # fmt: skip
    assert [face.frame_index for face in faces] == [0, 10, 20, 30, 40]
    assert [face.time_s for face in faces] == pytest.approx([0, 0.4, 0.8, 1.2, 1.6])
    assert (seen[-1].done, seen[-1].total) == (50, 50)


def test_frames_are_not_scaled_down_as_for_a_check(tmp_path: Path, models: FaceModels) -> None:
    large = save(tmp_path / "large.png", np.asarray(cv2.resize(portrait(), (1900, 1900)), np.uint8))
    assert took(large, tmp_path / "set", models).face_set.faces[0].face_px > 1900 / 512 * 90


def test_faces_that_are_small_blurred_or_cut_off_are_counted(tmp_path: Path, models: FaceModels) -> None:
    pictures = tmp_path / "pictures"
    save(pictures / "a.png", portrait())
    save(pictures / "small.png", np.asarray(cv2.resize(portrait(), (200, 200), interpolation=cv2.INTER_AREA), np.uint8))
    save(pictures / "blurred.png", np.asarray(cv2.GaussianBlur(portrait(), (0, 0), 3), np.uint8))
    save(pictures / "cut.png", portrait()[:, 205:])
    (pictures / "notes.txt").write_text("no picture")
    made = took(pictures, tmp_path / "set", models, wanted=Wanted(min_sharpness=4.0))
    assert [face.source for face in made.face_set.faces] == ["a.png"]
    assert made.left_out == {cutting.TOO_SMALL: 1, cutting.BLURRED: 1, cutting.CUT_OFF: 1, cutting.UNREADABLE: 1}
    assert made.frames == 4


def test_the_larger_of_two_people_is_taken_or_the_one_asked_for(tmp_path: Path, models: FaceModels) -> None:
    source = save(tmp_path / "both.png", both_people())
    first = took(source, tmp_path / "first", models)
    second = took(source, tmp_path / "second", models, wanted=Wanted(person=2))
    assert first.face_set.faces[0].face_px > 1.5 * second.face_set.faces[0].face_px
    assert first.left_out == second.left_out == {cutting.SOMEBODY_ELSE: 1}
    with pytest.raises(FaceSetError, match="no person number 3"):
        took(source, tmp_path / "third", models, wanted=Wanted(person=3))


def test_one_person_is_found_in_all_pictures_by_who_it_is(tmp_path: Path, models: FaceModels) -> None:
    if not identity_present():
        pytest.skip("the extra `identity` is not installed")
    tools, pictures = Tools(models, None, load_identity()), tmp_path / "pictures"
    save(pictures / "1.png", both_people())
    save(pictures / "2.png", portrait())
    save(pictures / "3.png", np.ascontiguousarray(both_people()[:, ::-1]))
    assert [face.source for face in took(pictures, tmp_path / "most", models, tools=tools).face_set.faces] == [
        "1.png",
        "3.png",
    ]
    like = embedding_like(pictures / "2.png", LIMITS, tools, load_identity())
    collins = took(pictures, tmp_path / "like", models, tools=tools, wanted=Wanted(like=like))
    assert [face.source for face in collins.face_set.faces] == ["1.png", "2.png", "3.png"]
    of_set = embedding_like(tmp_path / "like", LIMITS, tools, load_identity())
    assert np.linalg.norm(of_set - like) < SAME_PERSON / 2
    with pytest.raises(FaceSetError, match="Nobody"):
        took(pictures, tmp_path / "nobody", models, tools=tools, wanted=Wanted(like=like + 1))


def test_what_has_no_face_makes_no_set(tmp_path: Path, models: FaceModels) -> None:
    grey = save(tmp_path / "grey.png", np.full((200, 200, 3), 128, np.uint8))
    with pytest.raises(FaceSetError, match="No face was found"):
        took(grey, tmp_path / "set", models)
    small = save(tmp_path / "small.png", np.asarray(cv2.resize(portrait(), (200, 200)), np.uint8))
    with pytest.raises(FaceSetError, match="1 too small"):
        took(small, tmp_path / "set", models)
    assert not (tmp_path / "set").exists()


def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, models: FaceModels) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    for source in (tmp_path / "text.mp4", tmp_path / "absent.mp4"):
        with pytest.raises(ClipError):
            took(source, tmp_path / "set", models)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ClipNotFoundError, match="no files"):
        took(tmp_path / "empty", tmp_path / "set", models)
    assert not (tmp_path / "set").exists()


def test_a_set_is_no_source_of_another(tmp_path: Path, models: FaceModels) -> None:
    source = save(tmp_path / "a.png", portrait())
    took(source, tmp_path / "set", models)
    with pytest.raises(FaceSetError, match="a face set already"):
        took(tmp_path / "set", tmp_path / "other", models)


def test_pictures_are_added_only_when_asked_for(tmp_path: Path, models: FaceModels) -> None:
    source = save(tmp_path / "a.png", portrait())
    took(source, tmp_path / "set", models)
    with pytest.raises(FaceSetError, match="--add"):
        took(source, tmp_path / "set", models)
    assert len(took(source, tmp_path / "set", models, add=True).face_set.faces) == 2


KILLED = """
import signal
import sys
from pathlib import Path
from core.settings import VideoLimits
from core.swap.extract import extract
def told(progress):
    print(progress.done, flush=True)
    if progress.done == 20:
        signal.pause()
extract(Path(sys.argv[1]), Path(sys.argv[2]), limits=VideoLimits(), size_px=96, progress=told)
"""


def test_a_killed_extraction_leaves_no_set_and_does_not_stand_in_the_way(
    tmp_path: Path, models: FaceModels, short_clip: Path
) -> None:
    out = tmp_path / "set"
    running = subprocess.Popen([sys.executable, "-c", KILLED, str(short_clip), str(out)], stdout=subprocess.PIPE)
    assert running.stdout is not None
    while running.stdout.readline() != b"20\n":
        assert running.poll() is None
    running.kill()
    running.wait()
    running.stdout.close()
    assert not out.exists()
    assert any((tmp_path / ".set.partial").iterdir())
    took(save(tmp_path / "a.png", portrait()), out, models)
    assert len(load_face_set(out).faces) == 1
    assert not (tmp_path / ".set.partial").exists()


def test_another_aligner_moves_the_mesh_to_its_points() -> None:
    mesh = turned_mesh(20)[:, :2]
    moved_mesh = (mesh - 300) * 1.1 + np.array([310.0, 295.0])
    assert np.allclose(cutting.corrected(mesh, ibug68(moved_mesh)), moved_mesh, atol=0.01)


def test_another_aligner_decides_where_the_crop_is(tmp_path: Path, models: FaceModels) -> None:
    class Shifted:
        """Sees every face 10 pixels to the right of where the mesh sees it."""

        def landmarks(self, rgb: NDArray[np.uint8], boxes_xyxy_px: NDArray[np.floating]) -> NDArray[np.float32]:
            return ibug68(own + np.array([10, 0]))[None]

    source = save(tmp_path / "a.png", portrait())
    plain = took(source, tmp_path / "plain", models).face_set.faces[0]
    own = (plain.landmarks_px - plain.frame_to_crop[:, 2]) @ np.linalg.inv(plain.frame_to_crop[:, :2]).T
    other = took(source, tmp_path / "other", models, tools=Tools(models, Shifted())).face_set.faces[0]
    scale = np.hypot(*plain.frame_to_crop[0, :2])
    assert np.hypot(*(other.frame_to_crop[:, 2] - plain.frame_to_crop[:, 2])) == pytest.approx(10 * scale, rel=0.05)


def test_without_names_each_clip_gives_its_most_prominent_face() -> None:
    followers = [Follower(0, 5.0, [1]), Follower(0, 9.0, [2]), Follower(1, 3.0, [3])]
    assert [one.crops for one in choose(followers)] == [[2], [3]]
    assert [one.crops for one in choose(followers, person=2)] == [[1]]


def test_people_are_counted_by_prominence_over_all_clips() -> None:
    anna, ben = np.zeros((2, 128), np.float32)
    ben[0] = 1.0
    followers = [Follower(0, 5.0, [1], [anna]), Follower(0, 9.0, [2], [ben]), Follower(1, 6.0, [3], [anna])]
    assert [one.crops for one in choose(followers)] == [[1], [3]]
    assert [one.crops for one in choose(followers, person=2)] == [[2]]
    assert [one.crops for one in choose(followers, like=ben)] == [[2]]


def test_sharpness_falls_with_blur_and_ignores_what_is_around_the_face() -> None:
    rgb = np.asarray(cv2.resize(portrait()[50:200, 150:300], (128, 128)), np.uint8)
    face = np.array([[32.0, 32.0], [96.0, 96.0]])
    blurred = np.asarray(cv2.GaussianBlur(rgb, (0, 0), 2), np.uint8)
    framed = rgb.copy()
    framed[:16], framed[:, :16] = 0, 255
    assert cutting.sharpness(blurred, face) < 0.5 * cutting.sharpness(rgb, face)
    assert cutting.sharpness(framed, face) == cutting.sharpness(rgb, face)
