"""A clip comes out with one person's face drawn anew, every frame at its time, and the rest as it was."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from core.errors import CancelledError, SwapModelError
from core.settings import VideoLimits
from core.swap.framing import head_and_shoulders
from core.swap.merge import MergeOptions, Merger, full_size, merged_frames, merged_pairs, watch
from core.swap.person import number
from core.types import Progress, Stage
from core.video import open_clip
from tests.synth import files
from tests.synth.clips import Scene, even_times, write_scene
from tests.synth.drawers import KnownDrawer

PLAIN = MergeOptions(colour="none", motion_blur=0.0)
UNEVEN = np.cumsum(np.tile([0.02, 0.06, 0.04], 8))
LIMITS = full_size(VideoLimits())


def red(picture: np.ndarray) -> np.ndarray:
    return np.full_like(picture, (220, 30, 30))


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """One face, with uneven times."""
    scene = Scene(width_px=480, height_px=360, face_px=150)
    return write_scene(tmp_path_factory.mktemp("clips") / "one.mp4", scene, UNEVEN - UNEVEN[0], rate=Fraction(25))


@pytest.fixture(scope="module")
def pair(tmp_path_factory) -> Path:
    """Two faces beside each other."""
    scene = Scene(width_px=640, height_px=360, face_px=120, centres=((0.25, 0.5), (0.75, 0.5)))
    return write_scene(tmp_path_factory.mktemp("clips") / "two.mp4", scene, even_times(25, 0.8), rate=Fraction(25))


def decoded(path: Path) -> list[tuple[float, np.ndarray]]:
    with open_clip(path, LIMITS) as reader:
        return [(frame.time_s, frame.rgb) for frame in reader]


def test_every_frame_comes_out_at_its_time_with_its_face_replaced(clip):
    told: list[Progress] = []
    merged = list(merged_frames(clip, KnownDrawer(red), PLAIN, LIMITS, told.append))
    filmed = decoded(clip)
    assert [frame.time_s for frame in merged] == [time for time, _ in filmed]
    for frame, (_, rgb) in zip(merged, filmed, strict=True):
        assert frame.rgb.shape == rgb.shape
        assert len(frame.swapped_xyxy_px) == 1
        x, y = frame.swapped_xyxy_px[0].reshape(2, 2).mean(axis=0).astype(int)
        assert frame.rgb[y, x, 0] > 200 and frame.rgb[y, x, 1] < 60
    assert {one.stage for one in told} == {Stage.OPENING, Stage.FRAMES}
    assert told[-1].done == told[-1].total == len(filmed)


def test_a_person_who_was_not_chosen_stays_bit_by_bit(pair):
    filmed = decoded(pair)
    for wanted in (1, 2):
        merged = list(merged_frames(pair, KnownDrawer(red), PLAIN, LIMITS, choose=number(wanted)))
        halves = {
            side: [
                bool((frame.rgb[:, part] != rgb[:, part]).any()) for frame, (_, rgb) in zip(merged, filmed, strict=True)
            ]
            for side, part in (("left", slice(0, 320)), ("right", slice(320, 640)))
        }
        assert sorted(map(all, halves.values())) == [False, True]
        assert sorted(map(any, halves.values())) == [False, True]


def test_a_turned_clip_comes_out_upright(clip, tmp_path):
    quarter = [np.rot90(rgb, 1) for _, rgb in decoded(clip)]
    turned = files.turned(tmp_path / "turned.mp4", 90, quarter)
    merged = list(merged_frames(turned, KnownDrawer(red), PLAIN, LIMITS))
    assert {frame.rgb.shape for frame in merged} == {(360, 480, 3)}
    assert all(len(frame.swapped_xyxy_px) == 1 for frame in merged)


def test_a_clip_in_poses_that_were_never_trained_comes_out_as_it_was(clip):
    merged = list(merged_frames(clip, KnownDrawer(red), PLAIN, LIMITS, coverage=lambda yaw, pitch: 0.0))
    for frame, (_, rgb) in zip(merged, decoded(clip), strict=True):
        np.testing.assert_array_equal(frame.rgb, rgb)
        assert len(frame.swapped_xyxy_px) == 0


def test_head_and_shoulders_show_nothing_of_the_other_person(pair):
    watched = watch(pair, LIMITS)
    merger = Merger(KnownDrawer(red), PLAIN)
    shown = list(merged_pairs(watched, merger, frozenset({0}), LIMITS, framing=head_and_shoulders))
    other = watched.track(1)
    box = other.boxes_xyxy_px[0]
    sizes = {one.merged.rgb.shape for one in shown} | {one.filmed.shape for one in shown}
    assert len(sizes) == 1
    side = next(iter(sizes))[0]
    corner = head_and_shoulders(watched, frozenset({0})).boxes(0, box[None])[0]
    assert corner[2] <= 0 or corner[0] >= side or corner[3] <= 0 or corner[1] >= side
    assert shown[0].strength == 1


def test_a_person_who_is_not_there_is_told_before_anything_is_merged(clip):
    with pytest.raises(SwapModelError, match="no person 2"):
        next(merged_frames(clip, KnownDrawer(red), PLAIN, LIMITS, choose=number(2)))


def test_a_clip_without_a_face_is_told(tmp_path):
    empty = write_scene(
        tmp_path / "empty.mp4",
        Scene(width_px=320, height_px=240, centres=((3.0, 3.0), (4.0, 4.0))),
        even_times(25, 0.4),
    )
    with pytest.raises(SwapModelError, match="no face"):
        watch(empty, LIMITS)


def test_a_clip_that_became_another_one_meanwhile_is_not_merged(clip, pair, tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(clip.read_bytes())
    watched = watch(path, LIMITS)
    path.write_bytes(pair.read_bytes())
    with pytest.raises(SwapModelError, match="was changed"):
        next(merged_pairs(watched, Merger(KnownDrawer(red), PLAIN), frozenset({0}), LIMITS))


def test_merging_can_be_stopped_at_any_frame(clip):
    def stop(progress: Progress) -> None:
        if progress.stage is Stage.FRAMES and progress.done == 5:
            raise CancelledError("Stopped.")

    frames = merged_frames(clip, KnownDrawer(red), PLAIN, LIMITS, stop)
    with pytest.raises(CancelledError):
        list(frames)
