"""A track is one person, from the first frame to the last, and only a person."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
import pytest

from core.faces import FaceModels, FaceTracker
from core.types import FaceObservation, FaceTrack, Frame
from tests.synth.clips import Scene, even_times, iter_frames

TWO = Scene(width_px=960, height_px=540, face_px=150, centres=((0.25, 0.5), (0.75, 0.5)))
ONE = Scene(width_px=640, height_px=480, face_px=110)


def film(scene: Scene, times_s: np.ndarray) -> list[Frame]:
    return [Frame(i, float(times_s[i]), rgb) for i, rgb in enumerate(iter_frames(scene, times_s))]


def covered(frame: Frame) -> Frame:
    """The frame with a board in front of the person."""
    rgb = frame.rgb.copy()
    rgb[120:360, 200:440] = 150
    return Frame(frame.index, frame.time_s, rgb)


def follow(
    models: FaceModels, clip: Iterable[Frame]
) -> tuple[FaceTracker, list[tuple[FaceObservation, ...]], tuple[FaceTrack, ...]]:
    tracker = FaceTracker(models)
    steps = [tracker.step(frame) for frame in clip]
    return tracker, steps, tracker.finish()


def test_a_face_is_observed_in_every_frame(models: FaceModels) -> None:
    clip = film(Scene(face_px=48), even_times(10, 1.5))
    _, steps, (track,) = follow(models, clip)
    assert [len(step) for step in steps] == [1] * 15
    assert track.frame_indices.tolist() == list(range(15))
    assert track.times_s.tolist() == [frame.time_s for frame in clip]
    assert 40 < track.face_size_px < 56


def test_two_people_are_two_tracks_whose_ids_never_change(models: FaceModels) -> None:
    tracker, steps, tracks = follow(models, film(TWO, even_times(10, 2)))
    assert len(tracks) == 2
    for track in tracks:
        middle = track.landmarks_px.mean(axis=1)[:, 0] / TWO.width_px
        assert np.ptp(middle) < 0.02
    assert {observation.track_id for step in steps for observation in step} == set(tracker.final_ids)


def test_final_ids_lead_from_observations_to_their_tracks(models: FaceModels) -> None:
    tracker, steps, tracks = follow(models, film(TWO, even_times(10, 1)))
    for observation in steps[3]:
        track = tracks[tracker.final_ids[observation.track_id]]
        assert np.array_equal(track.landmarks_px[3], observation.landmarks_px)


def test_tracks_are_numbered_by_seconds_and_size(models: FaceModels) -> None:
    clip = film(TWO, even_times(10, 2))
    for frame in clip[:8]:  # the person at the left comes late
        late = frame.rgb.copy()
        late[:, :480] = 118
        clip[frame.index] = Frame(frame.index, frame.time_s, late)
    _, _, tracks = follow(models, clip)
    assert [track.id for track in tracks] == [0, 1]
    assert tracks[0].landmarks_px[..., 0].mean() > 480
    assert len(tracks[0].times_s) == 20


def test_a_face_hidden_for_a_moment_keeps_its_id(models: FaceModels) -> None:
    clip = film(ONE, even_times(10, 3))
    clip[10:18] = [covered(frame) for frame in clip[10:18]]
    _, steps, tracks = follow(models, clip)
    assert [len(step) for step in steps[10:18]] == [0] * 8
    assert len(tracks) == 1
    assert tracks[0].frame_indices[-1] == 29


def test_a_face_that_comes_back_much_later_is_a_new_track(models: FaceModels) -> None:
    clip = film(ONE, even_times(10, 5.5))
    clip[10:40] = [covered(frame) for frame in clip[10:40]]
    _, _, tracks = follow(models, clip)
    assert sorted(len(track.times_s) for track in tracks) == [10, 15]


def test_a_cut_to_a_person_elsewhere_starts_a_new_track_at_once(models: FaceModels) -> None:
    times = even_times(10, 2)
    first = film(Scene(width_px=640, height_px=480, face_px=150, centres=((0.35, 0.5),)), times)
    second = film(Scene(width_px=640, height_px=480, face_px=150, centres=((0.62, 0.45),)), times)
    dark = [Frame(frame.index, frame.time_s, frame.rgb // 2) for frame in second]
    _, steps, tracks = follow(models, first[:10] + dark[10:])
    assert [len(step) for step in steps] == [1] * 20
    assert sorted(track.frame_indices[0] for track in tracks) == [0, 10]


def test_a_cut_in_the_background_keeps_the_person(models: FaceModels) -> None:
    clip = film(Scene(width_px=640, height_px=480, face_px=150), even_times(10, 2))
    for frame in clip[10:]:
        rgb = frame.rgb.copy()
        rgb[:, :180], rgb[:, 460:] = 255 - rgb[:, :180], 255 - rgb[:, 460:]
        clip[frame.index] = Frame(frame.index, frame.time_s, rgb)
    _, _, (track,) = follow(models, clip)
    assert len(track.times_s) == 20


def test_a_fade_to_dark_is_no_cut(models: FaceModels) -> None:
    clip = film(Scene(width_px=640, height_px=480, face_px=150), even_times(10, 2))
    clip = [Frame(f.index, f.time_s, f.rgb // (1 if f.index < 10 else 3)) for f in clip]
    _, _, (track,) = follow(models, clip)
    assert len(track.times_s) == 20


def test_a_cut_to_a_different_looking_face_in_the_same_place_starts_a_new_track(models: FaceModels) -> None:
    clip = film(Scene(width_px=640, height_px=480, face_px=150), even_times(10, 2))
    for frame in clip[10:]:
        darker = (frame.rgb.astype(float) * (0.45, 0.4, 0.35)).astype(np.uint8)
        darker[:, :180], darker[:, 460:] = 255 - frame.rgb[:, :180], 255 - frame.rgb[:, 460:]
        clip[frame.index] = Frame(frame.index, frame.time_s, darker)
    _, _, tracks = follow(models, clip)
    assert sorted(track.frame_indices[0] for track in tracks) == [0, 10]


def test_one_frame_with_a_face_is_a_track_of_one_observation(models: FaceModels) -> None:
    _, _, (track,) = follow(models, film(ONE, np.array([0.0])))
    assert len(track.times_s) == 1


def test_no_face_is_no_track(models: FaceModels) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (360, 640, 3), dtype=np.uint8)
    tracker, _, tracks = follow(models, [Frame(i, i / 10, np.roll(noise, i, axis=1)) for i in range(8)])
    assert tracks == ()
    assert tracker.final_ids == {}


def test_a_face_seen_for_a_blink_of_a_longer_clip_is_dropped(models: FaceModels) -> None:
    clip = film(ONE, even_times(10, 3))
    clip = [frame if 20 <= frame.index < 23 else covered(frame) for frame in clip]
    tracker, steps, tracks = follow(models, clip)
    assert [len(step) for step in steps[20:23]] == [1, 1, 1]
    assert tracks == ()
    assert tracker.final_ids == {}


def test_at_most_max_faces_are_followed_and_the_largest_are_chosen(models: FaceModels) -> None:
    (rgb,) = iter_frames(TWO, np.array([0.0]))
    small = rgb.copy()
    small[:, :480] = 118
    small[150:390, 120:360] = rgb[30:510:2, 0:480:2]
    tracker = FaceTracker(models, max_faces=1)
    (observation,) = tracker.step(Frame(0, 0.0, small))
    assert observation.box_xyxy_px[0] > 480


def test_landmarks_of_a_still_face_hardly_tremble(models: FaceModels) -> None:
    clip = film(Scene(width_px=640, height_px=480, face_px=200, motion_px=0.0), even_times(10, 2))
    _, _, (track,) = follow(models, clip)
    assert np.diff(track.landmarks_px, axis=0).std() < 0.12


def test_frames_are_not_changed(models: FaceModels, picture: Frame) -> None:
    before = picture.rgb.copy()
    FaceTracker(models).step(picture)
    assert np.array_equal(picture.rgb, before)


@pytest.mark.parametrize(("clip", "people"), [("deepfacelive/Kim_Jarrey_0.mp4", 2), ("real/asl_help.mkv", 1)])
def test_real_clips_have_their_people(models: FaceModels, shared_data: Path, clip: str, people: int) -> None:
    tracker = FaceTracker(models)
    with av.open(str(shared_data / "clips" / clip)) as container:
        for index, frame in zip(range(40), container.decode(video=0), strict=False):
            tracker.step(Frame(index, index / 30, frame.to_ndarray(format="rgb24")))
    tracks = tracker.finish()
    assert [len(track.times_s) for track in tracks] == [40] * people
