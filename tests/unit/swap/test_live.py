"""Live pictures are never late, never unlabelled, and shown only with consent."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from core.errors import CameraError, ConsentError
from core.faces.models import FaceModels, load_face_models
from core.faces.track import FaceTracker
from core.services import live_swaps
from core.settings import VideoLimits
from core.swap.cameras import Camera, Newest, open_camera, play
from core.swap.live import FrameRate, LiveSwap
from core.swap.merger import MergeOptions, Merger
from core.types import ConsentScope, Frame
from core.watermark import MarkReader
from tests.synth.clips import portrait
from tests.synth.drawers import CONSENT, KnownDrawer, swap_of

ID = "00c0ffee"
AT_ONCE = MergeOptions(colour="none", motion_blur=0.0, fade_s=0.0)


@pytest.fixture(scope="module")
def models() -> FaceModels:
    return load_face_models()


def green(picture: np.ndarray) -> np.ndarray:
    return np.full_like(picture, (20, 220, 20))


def is_green(rgb: np.ndarray, at) -> bool:
    x, y = np.round(at).astype(int)
    red, is_, blue = rgb[y, x].astype(int)
    return is_ > red + 80 and is_ > blue + 80


def live(models, options=AT_ONCE, **how) -> LiveSwap:
    return LiveSwap(Merger(KnownDrawer(green), options, coverage=how.pop("coverage", None)), models, ID, **how)


def mark_of(rgb) -> str | None:
    reader = MarkReader()
    reader.add(rgb)
    return reader.read().code


def test_the_face_is_swapped_and_the_picture_says_so(models):
    nose = FaceTracker(models).step(Frame(0, 0.0, portrait()))[0].landmarks_px[4]
    picture = live(models).step(Frame(0, 0.0, portrait()))
    assert picture.swapped == 1
    assert is_green(picture.rgb, nose)
    assert mark_of(picture.rgb) == ID
    assert set(picture.timings_s) == {"faces", "swap", "label"}


def test_a_picture_without_a_face_is_labelled_all_the_same(models):
    empty = np.full((360, 480, 3), 90, np.uint8)
    picture = live(models).step(Frame(0, 0.0, empty))
    assert picture.swapped == 0
    assert mark_of(picture.rgb) == ID


def test_a_new_face_fades_in_and_does_not_pop(models):
    swap = live(models, MergeOptions(colour="none", motion_blur=0.0, fade_s=0.4))
    nose = FaceTracker(models).step(Frame(0, 0.0, portrait()))[0].landmarks_px[4].round().astype(int)
    greens = [int(swap.step(Frame(i, i / 10, portrait())).rgb[nose[1], nose[0], 1]) for i in range(6)]
    assert greens[0] < greens[2] < greens[4]
    assert max(np.diff(greens)) < 0.6 * (greens[-1] - greens[0])


def test_a_pose_without_training_is_not_swapped(models):
    picture = live(models, coverage=lambda yaw, pitch: 0.0).step(Frame(0, 0.0, portrait()))
    assert picture.swapped == 0


def test_only_the_chosen_person_is_swapped_unless_everybody_is_asked_for(models):
    two = np.concatenate([portrait(), portrait()[:, ::-1]], axis=1)
    assert live(models).step(Frame(0, 0.0, two)).swapped == 1
    assert live(models, everybody=True).step(Frame(0, 0.0, two)).swapped == 2


def test_following_a_camera_for_hours_takes_no_more_memory(models):
    tracker = FaceTracker(models, keep_history=False)
    for number in range(4):
        seen = tracker.step(Frame(number, number / 25, portrait()))
    assert [len(one.observations) for one in tracker._live] == [1]
    assert seen[0].time_s == pytest.approx(3 / 25)
    assert tracker.finish() == ()


def test_the_newest_picture_is_taken_and_those_before_it_count_as_missed():
    newest, pictures = Newest(), [np.full((2, 2, 3), value, np.uint8) for value in range(3)]
    for number, rgb in enumerate(pictures):
        newest.put(number / 25, rgb)
    taken = newest.take()
    assert taken is not None
    assert (taken[0], int(taken[1][0, 0, 0])) == (2 / 25, 2)
    assert newest.missed == 2
    newest.end()
    assert newest.take() is None


def test_a_camera_that_falls_silent_is_said_to():
    with pytest.raises(CameraError, match="no picture"):
        Newest().take(wait_s=0.001)


def test_what_goes_wrong_in_the_reading_thread_reaches_whoever_takes_pictures():
    def unplugged(newest):
        newest.put(0.0, np.zeros((2, 2, 3), np.uint8))
        raise CameraError("unplugged")

    with Camera(unplugged) as camera, pytest.raises(CameraError, match="unplugged"):
        list(camera)


class Clock:
    """Time that passes only by waiting."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def now(self) -> float:
        return self.now_s

    def wait(self, pause_s: float) -> None:
        self.now_s += pause_s


def test_a_file_is_played_at_its_own_uneven_times():
    clock, newest, times = Clock(), Newest(), []
    rgb = np.zeros((2, 2, 3), np.uint8)

    def remember(time_s, _rgb):
        times.append((time_s, clock.now_s - 100))

    newest.put = remember  # type: ignore[method-assign]
    play(lambda: [(0.0, rgb), (0.04, rgb), (0.5, rgb)], newest, now=clock.now, wait=clock.wait)
    np.testing.assert_allclose(times, [(0.0, 0.0), (0.04, 0.04), (0.5, 0.5)], atol=1e-9)


def test_a_file_that_is_repeated_goes_on_until_nobody_wants_more():
    clock, newest, shown = Clock(), Newest(), []
    rgb = np.zeros((2, 2, 3), np.uint8)

    def until_seven(time_s, _rgb):
        shown.append(time_s)
        if len(shown) == 7:
            newest.end()

    newest.put = until_seven  # type: ignore[method-assign]
    play(lambda: [(0.0, rgb), (0.1, rgb), (0.2, rgb)], newest, repeat=True, now=clock.now, wait=clock.wait)
    assert shown == sorted(shown)
    assert len(shown) == 7


def test_repeating_an_empty_file_ends():
    newest = Newest()
    play(lambda: [], newest, repeat=True, now=lambda: 0.0, wait=lambda _s: None)
    assert not newest.has_ended()


def test_a_file_is_a_camera(short_clip):
    with open_camera(str(short_clip), limits=VideoLimits()) as camera:
        frames = list(camera)
    assert frames[0].rgb.shape == (480, 640, 3)
    assert len(frames) + camera.missed == 50
    assert "camera" not in [thread.name for thread in threading.enumerate()]


def test_a_camera_that_is_not_there_is_one_sentence():
    with pytest.raises(CameraError, match="/dev/video199 cannot be opened"):
        open_camera("/dev/video199", limits=VideoLimits())


def test_without_consent_to_demos_no_camera_is_opened(monkeypatch):
    only_training = replace(CONSENT, scope=frozenset({ConsentScope.TRAINING}))
    drawer = KnownDrawer(about=swap_of(consent=only_training))
    monkeypatch.setattr(live_swaps, "load_model", lambda *_: drawer)
    monkeypatch.setattr(live_swaps, "open_camera", lambda *_, **__: pytest.fail("opened"))
    with (
        pytest.raises(ConsentError, match="did not allow that demos are made"),
        live_swaps.live_session(
            None,
            "0",
            live_swaps.LiveOptions(),
            VideoLimits(),
            log=lambda *_: pytest.fail("told"),  # type: ignore[arg-type]
        ),
    ):
        pytest.fail("went on")


def test_the_frame_rate_is_that_of_the_last_seconds():
    rate = FrameRate(over_s=2.0)
    assert rate.step(0.0) == 0.0
    rates = [rate.step(i / 10) for i in range(1, 31)]
    assert rates[-1] == pytest.approx(10)
    slower = [rate.step(3 + i / 2) for i in range(1, 7)]
    assert slower[-1] == pytest.approx(2, rel=0.1)
