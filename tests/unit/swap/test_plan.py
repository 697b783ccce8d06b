"""What is drawn in which frame: calm, on time, and without a pop."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from core.errors import SwapModelError
from core.faces.pose import canonical_mesh
from core.swap.framing import EMPTY, head_and_shoulders, whole_frame
from core.swap.merger import MergeOptions
from core.swap.person import largest, like, number
from core.swap.plan import plan
from core.swap.watch import Portrait, Watched
from core.types import Clip, FaceTrack, VideoInfo

TIMES = np.arange(90) / 30
FACE = (canonical_mesh()[:, :2] * 60).astype(np.float32)
OPTIONS = MergeOptions(fade_s=0.2, bridge_s=0.15, smooth_s=0.3)
SIZE = (1280, 720)


def always(yaw_deg: float, pitch_deg: float) -> float:
    return 1.0


def track_of(frames, *, track_id=0, at=lambda time: (400.0, 300.0), yaw=lambda time: 0.0, times=TIMES, noise=0.0):
    rng = np.random.default_rng(0)
    frames = np.asarray(list(frames))
    landmarks = np.stack([FACE + at(time) for time in times[frames]])
    landmarks = (landmarks + rng.normal(0, noise, landmarks.shape) if noise else landmarks).astype(np.float32)
    n = len(frames)
    return FaceTrack(
        id=track_id,
        frame_indices=frames,
        times_s=times[frames],
        boxes_xyxy_px=np.concatenate([landmarks.min(axis=1), landmarks.max(axis=1)], axis=1),
        landmarks_px=landmarks,
        scores=np.ones(n),
        yaw_deg=np.array([yaw(time) for time in times[frames]]),
        pitch_deg=np.zeros(n),
        roll_deg=np.zeros(n),
    )


def watched_of(*tracks, cuts=(), times=TIMES, portraits=None):
    info = VideoInfo(*SIZE, Fraction(30), 3.0, 90, "h264", "mov", 0, None)
    return Watched(Clip(Path("clip.mp4"), "a" * 64, 1, info), SIZE, times, cuts, tracks, portraits or {})


def strengths(planned, times=TIMES):
    return np.array([planned[i][0].strength if i in planned else 0.0 for i in range(len(times))])


def test_a_face_that_is_there_throughout_is_drawn_in_every_frame():
    planned = plan(watched_of(track_of(range(90))), [0], OPTIONS, always)
    np.testing.assert_array_equal(strengths(planned), 1)


def test_only_the_chosen_person_is_planned():
    watched = watched_of(track_of(range(90)), track_of(range(90), track_id=1, at=lambda time: (900.0, 300.0)))
    planned = plan(watched, [1], OPTIONS, always)
    assert {face.track_id for faces in planned.values() for face in faces} == {1}


def test_a_face_that_was_lost_for_a_moment_is_drawn_on_its_way():
    there = [*range(40), *range(43, 90)]
    watched = watched_of(track_of(there, at=lambda time: (300.0 + 150 * time, 300.0)))
    planned = plan(watched, [0], OPTIONS, always)
    np.testing.assert_array_equal(strengths(planned), 1)
    np.testing.assert_allclose(planned[41][0].landmarks_px, FACE + np.array([300 + 150 * TIMES[41], 300]), atol=0.01)


def test_a_face_that_is_lost_for_longer_fades_before_and_after():
    there = [*range(40), *range(60, 90)]
    shares = strengths(plan(watched_of(track_of(there)), [0], OPTIONS, always))
    assert not shares[40:60].any()
    assert shares[30] == 1 and shares[70] == 1
    assert np.abs(np.diff(shares)).max() <= 1 / 30 / 0.2 + 1e-6


def test_who_comes_and_goes_in_the_midst_of_a_scene_fades_in_and_out():
    shares = strengths(plan(watched_of(track_of(range(20, 70))), [0], OPTIONS, always))
    assert 0 < shares[20] < 0.2 and 0 < shares[69] < 0.2
    assert shares[45] == 1


def test_at_a_cut_nothing_fades():
    shares = strengths(plan(watched_of(track_of(range(20, 70)), cuts=(20, 70)), [0], OPTIONS, always))
    assert shares[20] == 1 and shares[69] == 1
    assert shares[19] == 0 and shares[70] == 0


def test_a_head_that_turns_to_where_nothing_was_trained_fades_and_never_pops():
    watched = watched_of(track_of(range(90), yaw=lambda time: 80 * np.sin(2 * np.pi * time / 3)))
    planned = plan(watched, [0], OPTIONS, lambda yaw, pitch: float(abs(yaw) < 45))
    shares = strengths(planned)
    yaw = 80 * np.sin(2 * np.pi * TIMES / 3)
    assert not shares[np.abs(yaw) >= 45].any()
    assert shares.max() == 1
    assert np.abs(np.diff(shares)).max() <= 1 / 30 / 0.2 + 1e-6


def test_the_alignment_of_a_still_face_is_calmer_than_its_landmarks():
    planned = plan(watched_of(track_of(range(90), noise=1.0)), [0], OPTIONS, always)
    raw = np.stack([planned[i][0].landmarks_px for i in range(90)])
    calm = np.stack([planned[i][0].aligned_by_px for i in range(90)])
    assert np.diff(calm, axis=0).std() < 0.4 * np.diff(raw, axis=0).std()


def test_the_alignment_of_a_face_that_moves_evenly_does_not_lag():
    planned = plan(watched_of(track_of(range(90), at=lambda time: (200.0 + 240 * time, 300.0))), [0], OPTIONS, always)
    for index in (0, 3, 45, 89):
        np.testing.assert_allclose(planned[index][0].aligned_by_px, planned[index][0].landmarks_px, atol=0.01)


def test_nothing_is_smoothed_over_a_cut():
    watched = watched_of(
        track_of(range(90), at=lambda time: (300.0, 300.0) if time < 1.5 else (800.0, 300.0)), cuts=(45,)
    )
    planned = plan(watched, [0], OPTIONS, always)
    for index in (43, 44, 45, 46):
        np.testing.assert_allclose(planned[index][0].aligned_by_px, planned[index][0].landmarks_px, atol=0.01)
        assert np.hypot(*planned[index][0].motion_px) < 0.01


@pytest.mark.parametrize("times", [TIMES, np.cumsum(np.tile([0.02, 0.05, 0.033], 30))])
def test_motion_is_what_the_face_goes_in_one_frame(times):
    track = track_of(range(90), at=lambda time: (200.0 + 240 * time, 300.0 - 60 * time), times=times)
    planned = plan(watched_of(track, times=times), [0], OPTIONS, always)
    step = np.median(np.diff(times))
    assert planned[45][0].motion_px == pytest.approx((240 * step, -60 * step), abs=0.05)


def test_the_largest_is_the_first_and_numbers_count_from_one():
    watched = watched_of(track_of(range(90)), track_of(range(90), track_id=1))
    assert largest()(watched) == {0}
    assert number(2)(watched) == {1}
    with pytest.raises(SwapModelError, match="no person 3"):
        number(3)(watched)


def portrait_of(value: float) -> tuple[Portrait, ...]:
    return (Portrait(np.full((8, 8, 3), value, np.uint8), FACE),)


def brightness(rgb, landmarks):
    return np.array([rgb.mean() / 100, 0.0], np.float32)


def test_who_is_like_a_set_is_chosen_with_their_later_appearances():
    tracks = (track_of(range(40)), track_of(range(40), track_id=1), track_of(range(50, 90), track_id=2))
    watched = watched_of(*tracks, portraits={0: portrait_of(50), 1: portrait_of(200), 2: portrait_of(190)})
    assert like(np.array([2.05, 0]), brightness)(watched) == {1, 2}
    assert number(1, brightness)(watched) == {0}
    assert number(2, brightness)(watched) == {1, 2}


def test_two_who_are_in_the_picture_together_are_never_both_chosen():
    tracks = (track_of(range(60)), track_of(range(30, 90), track_id=1))
    watched = watched_of(*tracks, portraits={0: portrait_of(200), 1: portrait_of(195)})
    assert like(np.array([2.0, 0]), brightness)(watched) == {0}


def test_nobody_who_is_unlike_the_set_is_chosen():
    watched = watched_of(track_of(range(90)), portraits={0: portrait_of(50)})
    with pytest.raises(SwapModelError, match="like"):
        like(np.array([2.0, 0]), brightness)(watched)


def test_head_and_shoulders_go_along_with_the_person():
    watched = watched_of(track_of(range(90), at=lambda time: (300.0 + 200 * time, 330.0)))
    framing = head_and_shoulders(watched, frozenset({0}))
    for index in (5, 45, 85):
        rgb = np.zeros((720, 1280, 3), np.uint8)
        x, y = (300 + round(200 * TIMES[index]), 330)
        rgb[y - 3 : y + 4, x - 3 : x + 4] = 255
        shown = framing.picture(index, rgb)
        side = shown.shape[0]
        rows, columns = np.nonzero(shown[..., 0] > 100)
        assert columns.mean() == pytest.approx(side / 2, abs=0.06 * side)
        assert 0.3 * side < rows.mean() < 0.6 * side
    box = framing.boxes(45, np.array([[x - 50, y - 50, x + 50, y + 50]], np.float32))
    assert box.shape == (1, 4)


def test_where_the_person_is_not_nothing_of_the_clip_is_shown():
    watched = watched_of(track_of(range(40)))
    framing = head_and_shoulders(watched, frozenset({0}))
    shown = framing.picture(60, np.full((720, 1280, 3), 255, np.uint8))
    assert (shown == EMPTY).all()
    assert shown.shape == framing.picture(10, np.full((720, 1280, 3), 255, np.uint8)).shape


def test_a_whole_frame_is_shown_as_it_is():
    rgb = np.zeros((720, 1280, 3), np.uint8)
    assert whole_frame(watched_of(track_of(range(9))), frozenset({0})).picture(0, rgb) is rgb
