from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.signals.traces import MIN_PIXELS, PATCH_PX, TraceRecorder, linear_patch, region_means
from core.types import FaceObservation, Frame
from tests.synth.clips import srgb_to_linear

NAMES = ("left", "right", "cell_00", "cell_01")


def halves(
    landmarks_px: NDArray[np.float32], origin_xy: tuple[float, float], shape_hw: tuple[int, int], scale: float
) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Left and right half of the landmarks' box; upper and lower half as cells."""
    middle = (landmarks_px.min(axis=0) + landmarks_px.max(axis=0)) / 2
    x = (np.arange(shape_hw[1]) + 0.5) / scale + origin_xy[0]
    y = (np.arange(shape_hw[0]) + 0.5) / scale + origin_xy[1]
    big = np.where(x < middle[0], 0, 1).astype(np.int16) * np.ones(shape_hw, np.int16)
    cell = np.where(y < middle[1], 2, 3).astype(np.int16)[:, None] * np.ones(shape_hw, np.int16)
    return big, cell


def observation(left: float, top: float, size: float, track_id: int = 1, time_s: float = 0.0) -> FaceObservation:
    corners = np.array([[left, top], [left + size, top + size]], np.float32)
    landmarks = np.repeat(corners, 234, axis=0)
    return FaceObservation(track_id, 0, time_s, corners.ravel(), landmarks, 1.0, 0.0, 0.0, 0.0)


def recorded(picture: NDArray[np.uint8], *seen: FaceObservation) -> TraceRecorder:
    recorder = TraceRecorder(NAMES, halves)
    for one in seen:
        recorder.add(Frame(0, one.time_s, picture), one)
    return recorder


@pytest.mark.parametrize("size", [60, 190, 260, 610])
def test_the_mean_is_taken_in_linear_light_at_every_face_size(size: int) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (720, 800, 3), dtype=np.uint8)
    trace = recorded(picture, observation(40, 30, size - 1)).finish({1: 0})[0]
    truth = srgb_to_linear(picture[30 : 30 + size, 40 : 40 + size])
    half = size // 2
    assert trace.rgb[0, 0] == pytest.approx(truth[:, :half].mean(axis=(0, 1)), abs=0.006)
    assert trace.rgb[3, 0] == pytest.approx(truth[half:].mean(axis=(0, 1)), abs=0.006)
    gamma_first = srgb_to_linear(np.full((1, 1, 3), round(picture.mean()), np.uint8)).mean()
    assert abs(truth.mean() - gamma_first) > 0.05  # averaging first would be far off


@pytest.mark.parametrize("size", [100, 300, 600])
def test_pixels_are_counted_in_the_frame_not_in_the_patch(size: int) -> None:
    trace = recorded(np.full((720, 800, 3), 90, np.uint8), observation(40, 30, size - 1)).finish({1: 0})[0]
    assert trace.pixels[:2, 0].sum() == pytest.approx(size * size, rel=0.02)


def test_large_patches_shrink_by_a_whole_number() -> None:
    linear, unclipped, scale = linear_patch(np.zeros((2 * PATCH_PX + 1, 300, 3), np.uint8))
    assert scale == 1 / 3
    assert max(linear.shape[:2]) <= PATCH_PX
    assert linear.shape[:2] == unclipped.shape


def test_clipped_is_the_share_of_pixels_at_an_end_of_the_scale() -> None:
    picture = np.full((100, 100, 3), 128, np.uint8)
    picture[:, 50:75] = 255
    trace = recorded(picture, observation(0, 0, 99)).finish({1: 0})[0]
    assert trace.clipped[0, 0] == pytest.approx(0.0, abs=0.03)
    assert trace.clipped[1, 0] == pytest.approx(0.5, abs=0.03)


def test_a_region_of_too_few_pixels_is_nan_and_so_is_a_face_outside_the_picture() -> None:
    picture = np.full((100, 100, 3), 128, np.uint8)
    small = observation(10, 10, 2, time_s=0.0)
    outside = observation(-80, 10, 40, time_s=0.04)
    trace = recorded(picture, small, outside).finish({1: 0})[0]
    assert 0 < trace.pixels[0, 0] < MIN_PIXELS
    assert np.isnan(trace.rgb).all()
    assert trace.pixels[:, 1].max() == 0


def test_ids_are_merged_in_time_order_and_what_was_no_face_is_dropped() -> None:
    picture = np.full((100, 100, 3), 128, np.uint8)
    seen = [observation(0, 0, 90, track, t) for track, t in ((5, 0.2), (3, 0.0), (3, 0.1), (9, 0.0))]
    traces = recorded(picture, *seen).finish({3: 0, 5: 0})
    assert list(traces) == [0]
    assert traces[0].times_s.tolist() == [0.0, 0.1, 0.2]


def test_pixels_without_label_count_nowhere() -> None:
    linear = np.ones((4, 4, 3), np.float32)
    linear[0] = 50
    big = np.zeros((4, 4), np.int16)
    big[0] = -1
    rgb, pixels, _ = region_means(linear, np.full((4, 4), 255, np.uint8), (big, np.full_like(big, -1)), 2)
    assert pixels.tolist() == [12, 0]
    assert rgb[0].tolist() == [1, 1, 1]
    assert np.isnan(rgb[1]).all()
