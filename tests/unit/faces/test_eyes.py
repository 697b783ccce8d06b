"""The opening of the eyes of a portrait whose lids are drawn shut."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from core.faces import FaceModels, FaceTracker
from core.faces.eyes import EyeWatcher, square_around_eye
from core.types import FaceObservation, Frame
from tests.synth.blinking import blinking_frames

NOW = np.array([1.0])


def film(shut: bool) -> Frame:
    (rgb,) = blinking_frames(NOW, (1.0,) if shut else ())
    return Frame(0, 0.0, rgb)


def observed(models: FaceModels, frame: Frame) -> FaceObservation:
    (observation,) = FaceTracker(models).step(frame)
    return observation


def test_both_eyes_are_open_and_shut_when_they_are(models: FaceModels) -> None:
    opened, shut = (models.eyes.openness(f.rgb, observed(models, f).landmarks_px) for f in (film(False), film(True)))

    assert np.all((opened > 0.25) & (opened < 0.5))
    assert np.all(shut < 0.5 * opened)


def test_the_opening_does_not_depend_on_how_the_head_is_tilted(models: FaceModels) -> None:
    frame = film(False)
    turn = cv2.getRotationMatrix2D((320, 240), 20, 1)
    tilted = Frame(0, 0.0, cv2.warpAffine(frame.rgb, turn, (640, 480), borderMode=cv2.BORDER_REPLICATE))

    upright = models.eyes.openness(frame.rgb, observed(models, frame).landmarks_px)
    assert models.eyes.openness(tilted.rgb, observed(models, tilted).landmarks_px) == pytest.approx(upright, rel=0.15)


def test_a_mirrored_face_has_its_eyes_exchanged(models: FaceModels) -> None:
    frame = film(False)
    mirrored = Frame(0, 0.0, np.ascontiguousarray(frame.rgb[:, ::-1]))

    first = models.eyes.openness(frame.rgb, observed(models, frame).landmarks_px)
    assert models.eyes.openness(mirrored.rgb, observed(models, mirrored).landmarks_px)[::-1] == pytest.approx(
        first, rel=0.1
    )


def test_the_square_lies_around_its_eye() -> None:
    landmarks = np.zeros((468, 2), np.float32)
    landmarks[33], landmarks[133], landmarks[362], landmarks[263] = (10, 50), (30, 50), (60, 50), (60, 70)

    left, right = square_around_eye(landmarks, 0), square_around_eye(landmarks, 1)

    assert (left.x_px, left.y_px, left.side_px, left.angle_rad) == pytest.approx((20, 50, 46, 0))
    assert (right.x_px, right.y_px, right.side_px, right.angle_rad) == pytest.approx((60, 60, 46, np.pi / 2))


def watch(models: FaceModels, observations: list[FaceObservation]) -> EyeWatcher:
    watcher, rgb = EyeWatcher(models.eyes, 64.0, 35.0), film(False).rgb
    for observation in observations:
        watcher.add(Frame(observation.frame_index, observation.time_s, rgb), observation)
    return watcher


def test_a_small_or_turned_face_is_not_looked_at(models: FaceModels) -> None:
    face = observed(models, film(False))
    seen = [
        face,
        replace(face, time_s=0.1, yaw_deg=-40.0),
        replace(face, time_s=0.2, box_xyxy_px=np.array([0, 0, 60, 63])),
        replace(face, time_s=0.3),
    ]

    trace = watch(models, seen).finish({0: 5})[5]

    assert trace.track_id == 5
    assert trace.times_s.tolist() == [0, 0.1, 0.2, 0.3]
    assert np.isnan(trace.openness).tolist() == [[False, True, True, False]] * 2


def test_the_second_eye_is_looked_at_when_the_first_closes_and_now_and_then(models: FaceModels) -> None:
    class Counted:
        looked: list[tuple[int, float]] = []  # noqa: RUF012

        def eye(self, rgb: np.ndarray, landmarks_px: np.ndarray, side: int) -> float:
            opening = 0.05 if 0.49 < rgb[0, 0, 0] / 100 < 0.61 else 0.3
            self.looked.append((side, rgb[0, 0, 0] / 100))
            return opening

    face, reader = observed(models, film(False)), Counted()
    watcher = EyeWatcher(reader, 64.0, 35.0)  # type: ignore[arg-type]
    for i in range(24):
        rgb = np.full((2, 2, 3), 4 * i, np.uint8)
        watcher.add(Frame(i, 0.04 * i, rgb), replace(face, time_s=0.04 * i))

    second = [time_s for side, time_s in reader.looked if side == 1]
    assert {0.52, 0.56, 0.6} <= set(second)
    assert len(second) <= 10
    openness = watcher.finish({0: 0})[0].openness
    assert np.array_equal(openness[0], openness[1])


@pytest.mark.parametrize(("rate_hz", "kept"), [(25, 30), (30, 30), (50, 15), (60, 15), (120, 10)])
def test_of_many_frames_a_second_only_some_are_looked_at(models: FaceModels, rate_hz: int, kept: int) -> None:
    face = observed(models, film(False))
    watcher = watch(models, [replace(face, time_s=i / rate_hz) for i in range(30)])

    assert len(watcher.finish({0: 0})[0].times_s) == kept


def test_a_face_that_was_none_is_left_out(models: FaceModels) -> None:
    assert watch(models, [observed(models, film(False))]).finish({7: 0}) == {}
