from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.faces.landmarks import LIPS
from core.faces.mouth import REGION_NAMES, MouthRecorder
from core.faces.pose import canonical_mesh
from core.types import FaceObservation, Frame, MouthTrace

MESH = canonical_mesh()[:, :2]
FACE = ((MESH - MESH.mean(axis=0)) / np.ptp(MESH[:, 1]) * 200 + 200).astype(np.float32)
RNG = np.random.default_rng(0)
NOISE = RNG.integers(80, 170, (400, 400, 3)).astype(np.uint8)
LIPS_AT = REGION_NAMES.index("lips")


def observation(index: int, points: np.ndarray = FACE, track: int = 0) -> FaceObservation:
    box = np.concatenate([points.min(axis=0), points.max(axis=0)])
    return FaceObservation(track, index, index / 25, box, points, 0.9, 0.0, 0.0, 0.0)


def seen(pictures: list[np.ndarray], points: np.ndarray = FACE, indices: list[int] | None = None) -> MouthTrace:
    recorder = MouthRecorder()
    for i, rgb in zip(indices or list(range(len(pictures))), pictures, strict=True):
        recorder.add(Frame(i, i / 25, rgb, 1.0), observation(i, points))
    return recorder.finish({0: 5})[5]


def with_mouth(rgb: np.ndarray, value: int) -> np.ndarray:
    changed = rgb.copy()
    cv2.fillConvexPoly(changed, cv2.convexHull(np.rint(FACE[list(LIPS)]).astype(np.int32)), (value,) * 3)
    return changed


def test_every_region_of_a_whole_face_is_measured_in_every_frame() -> None:
    trace = seen([NOISE] * 3)
    assert trace.track_id == 5
    assert trace.region_names == REGION_NAMES
    assert np.isfinite(trace.detail).all()
    assert np.isfinite(trace.colour).all()
    assert np.isnan(trace.change[:, 0]).all()
    assert np.abs(trace.change[:, 1:]).max() == 0


def test_a_mouth_that_changes_changes_the_lips_and_no_other_part() -> None:
    trace = seen([with_mouth(NOISE, 90), with_mouth(NOISE, 140)])
    change = dict(zip(REGION_NAMES, trace.change[:, 1, 1], strict=True))
    assert change["lips"] > 15
    assert max(change[name] for name in ("chin", "cheeks", "nose", "eyes")) < 0.5
    assert trace.colour[LIPS_AT, 1, 0] - trace.colour[LIPS_AT, 0, 0] == pytest.approx(50, abs=6)


def test_a_blurred_mouth_has_less_fine_detail_than_the_rest() -> None:
    soft = cv2.GaussianBlur(NOISE, (0, 0), 2.5)
    mouth = with_mouth(np.zeros_like(NOISE), 1) > 0
    fine = seen([np.where(mouth, soft, NOISE).astype(np.uint8)]).detail[:, 0, 0]
    assert fine[LIPS_AT] < 0.5 * fine[REGION_NAMES.index("nose")]


def test_a_face_twice_as_large_and_turned_shows_the_same_colours() -> None:
    smooth = cv2.GaussianBlur(NOISE, (0, 0), 20)
    turn = cv2.getRotationMatrix2D((200, 200), 20, 1.5)
    turned = cv2.warpAffine(smooth, turn, (400, 400), borderMode=cv2.BORDER_REFLECT)
    points = (FACE @ turn[:, :2].T + turn[:, 2]).astype(np.float32)
    inside = [REGION_NAMES.index(name) for name in ("lips", "nose", "eyes", "cheeks")]
    one, other = seen([smooth]).colour[inside, 0], seen([turned], points).colour[inside, 0]
    np.testing.assert_allclose(one, other, atol=1.5)


def test_a_region_that_leaves_the_picture_is_not_known() -> None:
    low = FACE + np.float32([0, 150])
    trace = seen([NOISE], low)
    known = dict(zip(REGION_NAMES, np.isfinite(trace.detail[:, 0]).all(axis=1), strict=True))
    assert not known["chin"]
    assert known["eyes"]


def test_after_a_gap_nothing_is_said_of_the_change() -> None:
    trace = seen([NOISE, NOISE, NOISE], indices=[0, 1, 4])
    assert np.isfinite(trace.change[:, 1]).all()
    assert np.isnan(trace.change[:, 2]).all()


def test_faces_are_kept_apart_and_those_left_out_are_dropped() -> None:
    recorder = MouthRecorder()
    for i in range(2):
        recorder.add(Frame(i, i / 25, NOISE, 1.0), observation(i, track=0))
        recorder.add(Frame(i, i / 25, with_mouth(NOISE, 200), 1.0), observation(i, track=1))
    traces = recorder.finish({1: 0})
    assert list(traces) == [0]
    assert traces[0].colour[LIPS_AT, 0, 0] > 190
