"""What is sorted out of a set, and why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.swap import tidy
from core.swap.coverage import Coverage
from core.swap.set_writer import FaceSetWriter
from core.swap.sheet import coverage_png, in_order, missing, sheet_png
from core.swap.tidy import Tidying, to_prune
from core.types import FaceSet, FaceType, Progress, SwapFace
from tests.synth.face_sets import face, write_set


class FakeIdentity:
    """Tells people apart by the brightness of their picture."""

    def embed(self, rgb: NDArray[np.uint8], landmarks_px: NDArray[np.floating]) -> NDArray[np.float32]:
        return np.full(128, rgb.mean() / 255, np.float32)


def set_of(path: Path, pictures: list[tuple[NDArray[np.uint8], SwapFace]]) -> FaceSet:
    with FaceSetWriter(path, FaceType.FULL, 96) as writer:
        for rgb, one in pictures:
            writer.add(rgb, one)
        return writer.commit()


def noise(seed: int) -> NDArray[np.uint8]:
    coarse = np.random.default_rng(seed).integers(0, 255, (12, 12, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (96, 96), interpolation=cv2.INTER_CUBIC), np.uint8)


def test_blurred_small_and_turned_faces_are_named(tmp_path: Path) -> None:
    faces = [face(), face(sharpness=2.0), face(70.0), face(0.0, -50.0), replace(face(), face_px=50.0)]
    made = set_of(tmp_path / "set", [(noise(0), one) for one in faces])
    found = to_prune(made, Tidying(min_sharpness=3.0, max_yaw_deg=60.0, max_pitch_deg=40.0, min_face_px=64.0))
    assert found == {
        "000002.png": tidy.BLURRED,
        "000003.png": tidy.TURNED,
        "000004.png": tidy.TURNED,
        "000005.png": tidy.SMALL,
    }
    assert to_prune(made, Tidying()) == {}


def test_a_share_of_the_blurriest_goes(tmp_path: Path) -> None:
    made = set_of(tmp_path / "set", [(noise(0), face(sharpness=float(n))) for n in range(1, 21)])
    assert to_prune(made, Tidying(blurriest=0.1)) == {"000001.png": tidy.BLURRED, "000002.png": tidy.BLURRED}


def test_of_nearly_equal_pictures_the_sharpest_stays(tmp_path: Path) -> None:
    grain = np.random.default_rng(9).integers(-3, 4, (96, 96, 3))
    again = np.clip(noise(1).astype(int) + grain, 0, 255).astype(np.uint8)
    pictures = [(noise(1), face(sharpness=5.0)), (noise(2), face(sharpness=1.0)), (again, face(sharpness=8.0))]
    seen: list[Progress] = []
    found = to_prune(set_of(tmp_path / "set", pictures), Tidying(duplicates=2.0), None, seen.append)
    assert found == {"000001.png": f"{tidy.TWICE} 000003.png"}
    assert [progress.done for progress in seen] == [1, 2, 3]


def test_what_moves_behind_a_face_makes_no_other_picture(tmp_path: Path) -> None:
    box = face().landmarks_px
    low, high = box.min(axis=0).astype(int), np.ceil(box.max(axis=0)).astype(int)
    inside = np.zeros((96, 96, 1), bool)
    inside[low[1] : high[1], low[0] : high[0]] = True
    other = np.where(inside, noise(1), noise(2))
    assert np.array_equal(tidy.small_grey(noise(1), box), tidy.small_grey(other, box))
    assert np.abs(tidy.small_grey(noise(1), box) - tidy.small_grey(noise(2), box)).mean() > 10


def test_everybody_but_the_person_with_most_faces_goes(tmp_path: Path) -> None:
    dark, light = (np.full((96, 96, 3), level, np.uint8) for level in (20, 220))
    made = set_of(tmp_path / "set", [(rgb, face()) for rgb in (dark, light, light, dark, light)])
    found = to_prune(made, Tidying(others=True), FakeIdentity())  # type: ignore[arg-type]
    assert found == {"000001.png": tidy.SOMEBODY_ELSE, "000004.png": tidy.SOMEBODY_ELSE}


def test_a_large_set_is_grouped_by_a_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidy, "CLUSTERED", 10)
    rows = np.zeros((100, 128), np.float32)
    rows[::3, 0], rows[50, 1] = 1.0, 5.0
    found = tidy.groups(rows)
    assert found[1] == 0 and found[0] == 1 and found[50] == 2
    assert np.bincount(found).tolist() == [65, 34, 1]


def test_faces_are_sorted_by_what_was_asked_for(tmp_path: Path) -> None:
    made = write_set(tmp_path / "set", [(20.0, 5.0), (-30.0, 0.0), (0.0, -9.0)])
    assert [one.yaw_deg for one in in_order(made, "yaw")] == [-30.0, 0.0, 20.0]
    assert [one.pitch_deg for one in in_order(made, "pitch")] == [-9.0, 0.0, 5.0]
    assert [one.name for one in in_order(made, "time")] == ["000001.png", "000002.png", "000003.png"]


def test_the_sheet_shows_the_faces_of_the_set(tmp_path: Path) -> None:
    red = np.zeros((96, 96, 3), np.uint8)
    red[..., 0] = 250
    drawn = cv2.imdecode(np.frombuffer(sheet_png(set_of(tmp_path / "set", [(red, face())])), np.uint8), 1)
    reddish = (drawn[..., 2] > 240) & (drawn[..., :2].max(axis=2) < 10)
    assert 94**2 * 0.9 < reddish.sum() < 96**2


def test_the_coverage_plot_marks_what_is_missing_in_orange() -> None:
    def orange(coverage: Coverage) -> int:
        drawn = cv2.imdecode(np.frombuffer(coverage_png(coverage), np.uint8), 1).astype(int)
        return int(((drawn[..., 2] - drawn[..., 0] > 40) & (drawn[..., 2] > drawn[..., 1])).sum())

    yaw, pitch = (grid.ravel() for grid in np.meshgrid(np.arange(-60.0, 61, 2), np.arange(-40.0, 41, 2)))
    everything = Coverage.of_poses(list(yaw) * 4, list(pitch) * 4)
    frontal = Coverage.of_poses([0.0] * 50, [0.0] * 50)
    assert orange(everything) == 0 < orange(frontal)
    assert missing(everything) == ""
    assert missing(frontal) == "to the left, to the right, up, down"
