"""Regions around the face lie outside it, follow it, and are told from collar and hair."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.faces.landmarks import FACE_OVAL
from core.faces.regions import REGION_NAMES
from core.faces.surroundings import REACH, SURROUND_NAMES, joined, looks_like_skin, surroundings_masks
from core.signals import TraceRecorder
from core.types import FaceObservation, Frame, RoiTrace

SHAPE = (480, 640)


def test_neck_and_background_are_outside_the_face_and_temples_inside(face: FaceObservation) -> None:
    labels, cells = surroundings_masks(face.landmarks_px, (0, 0), SHAPE)
    assert (cells == -1).all()
    inside = np.zeros(SHAPE, np.uint8)
    cv2.fillPoly(inside, [np.rint(face.landmarks_px[list(FACE_OVAL)]).astype(np.int32)], 1)
    for name, share in (("neck", 0.0), ("background", 0.0), ("left_temple", 1.0), ("right_temple", 1.0)):
        region = labels == SURROUND_NAMES.index(name)
        assert region.any(), name
        assert inside[region].mean() == pytest.approx(share, abs=0.25), name
    below = np.argwhere(labels == SURROUND_NAMES.index("neck"))[:, 0]
    assert below.min() > face.landmarks_px[:, 1].max()


def test_a_recorder_with_reach_sees_them(face: FaceObservation) -> None:
    picture = np.full((*SHAPE, 3), 90, np.uint8)
    near, far = (TraceRecorder(SURROUND_NAMES, surroundings_masks, reach) for reach in (0.0, REACH))
    for recorder in (near, far):
        recorder.add(Frame(0, 0.0, picture), face)
    seen = far.finish({face.track_id: 0})[0]
    assert np.isfinite(seen.rgb).all()
    assert np.isnan(near.finish({face.track_id: 0})[0].rgb[0]).all()


def test_skin_in_shadow_is_skin_and_cloth_and_nothing_are_not() -> None:
    cheeks = np.tile([0.42, 0.24, 0.17], (20, 1))
    assert looks_like_skin(0.4 * cheeks, cheeks)
    assert not looks_like_skin(np.tile([0.1, 0.3, 0.5], (20, 1)), cheeks)
    assert not looks_like_skin(0.02 * cheeks, cheeks)
    assert not looks_like_skin(np.full((20, 3), np.nan), cheeks)


def test_traces_of_different_pictures_are_not_joined() -> None:
    def trace(names: tuple[str, ...], times: np.ndarray) -> RoiTrace:
        shape = (len(names), len(times))
        return RoiTrace(0, names, times, np.ones((*shape, 3)), np.ones(shape), np.zeros(shape))

    both = joined(trace(REGION_NAMES, np.arange(4.0)), trace(SURROUND_NAMES, np.arange(4.0)))
    assert both.region_names == (*REGION_NAMES, *SURROUND_NAMES)
    with pytest.raises(ValueError, match="different pictures"):
        joined(trace(REGION_NAMES, np.arange(4.0)), trace(SURROUND_NAMES, np.arange(4.0) + 1))
