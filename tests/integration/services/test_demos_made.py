"""A demo is made whole, with its label, or nothing of it is left."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from core.detectors.provenance import xmp_sources
from core.errors import (
    CancelledError,
    ConsentError,
    DemoError,
    FacepulseError,
    LabelError,
    OutputError,
    SwapModelError,
    UnreadLabelError,
)
from core.services import demos_made
from core.services.demo_notes import NOTES, noted
from core.services.demo_options import DemoOptions, merge_options
from core.services.demos_made import make_demo
from core.settings import Settings, VideoLimits
from core.swap.consent import write_consent
from core.swap.coverage import Coverage
from core.swap.label import read_marks
from core.swap.masks import FacePart
from core.swap.merge import MergeOptions
from core.swap.poses import TrainedPoses
from core.types import ConsentScope, Progress, Stage
from core.video import open_clip
from core.video.audio import read_audio
from core.watermark import MarkReader
from tests.synth.clips import Scene, even_times, iter_frames, write_scene
from tests.synth.demos import labelled as labelled_demo
from tests.synth.drawers import CONSENT, KnownDrawer, swap_of
from tests.synth.swaps import face_set

FRONTAL = TrainedPoses(*(Coverage.of_poses([0.0] * 9 + [5.0] * 9 + [-5.0] * 9, [0.0] * 27) for _ in "ab"))


def red(picture: np.ndarray) -> np.ndarray:
    return np.full_like(picture, (220, 30, 30))


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """A face at 480×360 for 0.6 seconds, with a tone."""
    path = tmp_path_factory.mktemp("clips") / "driver.mp4"
    times = even_times(25, 0.6)
    frames = iter_frames(Scene(width_px=480, height_px=360, face_px=150), times)
    import av

    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 480, 360, "yuv420p"
        audio = out.add_stream("aac", rate=44100)
        audio.layout = "mono"
        for number, rgb in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            picture.pts = number
            out.mux(video.encode(picture))
        out.mux(video.encode(None))
        wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(26624) / 44100)
        for start in range(0, len(wave), 1024):
            sound = av.AudioFrame.from_ndarray(wave[None, start : start + 1024].astype(np.float32), "fltp", "mono")
            sound.sample_rate, sound.pts, sound.time_base = 44100, start, Fraction(1, 44100)
            out.mux(audio.encode(sound))
        out.mux(audio.encode(None))
    return path


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def drawer(monkeypatch) -> KnownDrawer:
    """Every model is one that draws red, and was trained on frontal faces."""
    known = KnownDrawer(red)
    monkeypatch.setattr(demos_made, "load_model", lambda path, device: known)
    monkeypatch.setattr(demos_made, "trained_poses", lambda path: FRONTAL)
    monkeypatch.setattr(demos_made, "identity_present", lambda: False)
    return known


@pytest.fixture
def quick(monkeypatch) -> None:
    """The label, which takes most of the time, is left to the tests of it: a file without a picture is written."""

    def written(frames, out, provenance, **how):
        shown = sum(1 for _ in frames)
        out.write_bytes(b"no video")
        return SimpleNamespace(path=out, sha256="e" * 64, provenance=provenance, frames=shown)

    monkeypatch.setattr(demos_made, "write_labelled", written)
    monkeypatch.setattr(demos_made, "read_marks", lambda path: SimpleNamespace(sentences=lambda: (), demo_ids=()))


def made(clip, tmp_path, settings, options=None, **more):
    options = options or DemoOptions(merge=MergeOptions(colour="none"))
    return make_demo(
        tmp_path / "model", clip, tmp_path / "demo.mp4", options, made_by="a test", settings=settings, **more
    )


def test_a_demo_has_its_label_its_times_and_its_sound(clip, tmp_path, settings, drawer):
    told, sentences = [], []
    labelled = made(clip, tmp_path, settings, progress=told.append, tell=sentences.append)
    assert labelled.path == tmp_path / "demo.mp4"
    assert read_marks(labelled.path).demo_ids == (labelled.provenance.demo_id,)
    assert labelled.provenance.swap == drawer.about
    assert labelled.provenance.made_by == "a test"
    assert sentences == []
    with open_clip(clip, VideoLimits()) as filmed, open_clip(labelled.path, VideoLimits()) as swapped:
        assert labelled.provenance.driver_sha256 == filmed.clip.sha256
        frames = list(zip(filmed, swapped, strict=True))
    assert [one.time_s for one, _ in frames] == [other.time_s for _, other in frames]
    x, y = 240, 180
    assert all(other.rgb[y, x, 0] > 190 and other.rgb[y, x, 1] < 90 for _, other in frames)
    limits = VideoLimits()
    before, after = read_audio(clip, limits).track, read_audio(labelled.path, limits).track
    assert [packet.data for packet in after.packets] == [packet.data for packet in before.packets]
    assert [packet.time_samples for packet in after.packets] == [packet.time_samples for packet in before.packets]
    assert {one.stage for one in told} == {Stage.OPENING, Stage.FRAMES}
    (noted_one,) = noted(settings.data_dir)
    assert (noted_one.demo_id, noted_one.made_by) == (labelled.provenance.demo_id, "a test")
    assert (noted_one.driver_sha256, noted_one.file_sha256) == (labelled.provenance.driver_sha256, labelled.sha256)
    assert noted_one.swap == drawer.about


def test_pictures_beside_it_are_written_when_asked_for(clip, tmp_path, settings, drawer, quick):
    options = DemoOptions(preview=tmp_path / "strip.png", coverage=tmp_path / "poses" / "coverage.png")
    made(clip, tmp_path, settings, options)
    strip, coverage = (cv2.imread(str(path)) for path in (options.preview, options.coverage))
    assert strip.shape[1] > 4 * strip.shape[0] / 2 > 4 * 480
    assert coverage.shape == (610, 1100, 3)


def test_a_preview_is_known_for_a_demo_whole_as_a_check_sees_it_and_cut_up(
    clip, tmp_path, settings, drawer, quick, monkeypatch
):
    monkeypatch.setattr(demos_made, "new_demo_id", lambda: "00c0ffee")  # how often marks outlast a cut is measured
    preview = tmp_path / "strip.png"
    demo_id = made(clip, tmp_path, settings, DemoOptions(preview=preview)).provenance.demo_id
    strip = cv2.cvtColor(cv2.imread(str(preview)), cv2.COLOR_BGR2RGB)
    height, width = strip.shape[:2]
    as_checked = cv2.resize(strip, None, fx=1280 / width, fy=1280 / width, interpolation=cv2.INTER_AREA)
    without_its_caption = strip[height // 2 + 3 :][:300, 6:646]
    for picture in (as_checked, without_its_caption):
        reader = MarkReader()
        reader.add(np.ascontiguousarray(picture))
        assert reader.read().tiles == demo_id
    assert xmp_sources(preview) == ("compositeWithTrainedAlgorithmicMedia",)


def test_a_head_and_shoulders_demo_is_a_square(clip, tmp_path, settings, drawer):
    labelled = made(clip, tmp_path, settings, DemoOptions(head_and_shoulders=True))
    with open_clip(labelled.path, VideoLimits()) as swapped:
        frame = next(swapped)
    assert frame.rgb.shape[0] == frame.rgb.shape[1] >= 320


@pytest.fixture
def unread(monkeypatch, quick) -> list[str]:
    """The ids whose marks the pictures hide: as many of the first ones as stand here, "" for any."""
    hidden: list[str] = []
    written, tried = demos_made.write_labelled, []

    def read_back(frames, out, provenance, **how):
        tried.append(provenance.demo_id)
        done = written(frames, out, provenance, **how)
        if len(tried) <= len(hidden):
            hidden[len(tried) - 1] = provenance.demo_id
            out.unlink()
            raise UnreadLabelError("The label could not be read back.")
        return done

    monkeypatch.setattr(demos_made, "write_labelled", read_back)
    return hidden


def test_a_demo_whose_marks_are_hidden_by_its_picture_is_made_with_another_id(clip, tmp_path, settings, drawer, unread):
    unread.append("")
    preview = tmp_path / "strip.png"
    labelled = made(clip, tmp_path, settings, DemoOptions(preview=preview))
    assert labelled.provenance.demo_id not in unread
    assert labelled.frames == 15 == len(drawer.seen) / 2, "every frame is drawn once more"
    assert [one.demo_id for one in noted(settings.data_dir)] == [labelled.provenance.demo_id]
    assert set(left_over(tmp_path)) == {labelled.path, preview, settings.data_dir / NOTES}


def test_a_preview_that_hides_its_marks_is_made_with_another_id_too(
    clip, tmp_path, settings, drawer, quick, monkeypatch
):
    strips, hidden = demos_made.preview_strip, []

    def strip(pairs, demo_id):
        if not hidden:
            hidden.append(demo_id)
            raise UnreadLabelError("The label could not be read back.")
        return strips(pairs, demo_id)

    monkeypatch.setattr(demos_made, "preview_strip", strip)
    labelled = made(clip, tmp_path, settings, DemoOptions(preview=tmp_path / "strip.png"))
    assert hidden and labelled.provenance.demo_id not in hidden
    assert labelled.path.exists()


def test_a_demo_whose_marks_no_id_can_carry_is_given_up_and_leaves_nothing(clip, tmp_path, settings, drawer, unread):
    unread.extend([""] * 9)
    with pytest.raises(UnreadLabelError):
        made(clip, tmp_path, settings)
    assert len([one for one in unread if one]) == demos_made.MOST_TRIES
    assert len(set(unread)) == demos_made.MOST_TRIES + 1
    assert left_over(tmp_path) == []


def test_what_another_id_would_not_mend_is_not_tried_again(clip, tmp_path, settings, drawer, quick, monkeypatch):
    def unsigned(frames, out, provenance, **how):
        list(frames)
        raise LabelError("The video cannot be signed.")

    monkeypatch.setattr(demos_made, "write_labelled", unsigned)
    with pytest.raises(LabelError, match="signed"):
        made(clip, tmp_path, settings)
    assert len(drawer.seen) == 15


def stopped(progress: Progress) -> None:
    if progress.stage is Stage.FRAMES and progress.done == 10:
        raise CancelledError("Stopped.")


def left_over(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and "signing" not in path.parts]


def test_a_demo_that_is_stopped_leaves_nothing(clip, tmp_path, settings, drawer):
    options = DemoOptions(preview=tmp_path / "strip.png", coverage=tmp_path / "coverage.png")
    with pytest.raises(CancelledError):
        made(clip, tmp_path, settings, options, progress=stopped)
    assert left_over(tmp_path) == []


def test_a_demo_whose_pictures_cannot_be_written_leaves_nothing(clip, tmp_path, settings, drawer, quick):
    (tmp_path / "file").write_text("in the way")
    options = DemoOptions(preview=tmp_path / "strip.png", coverage=tmp_path / "file" / "coverage.png")
    with pytest.raises(OutputError):
        made(clip, tmp_path, settings, options)
    assert left_over(tmp_path) == [tmp_path / "file"]


def test_a_preview_that_fails_takes_the_video_along_but_nothing_from_before(
    clip, tmp_path, settings, drawer, quick, monkeypatch
):
    def full(directory, files):
        raise OutputError("Nothing can be written: no space left on device.")

    monkeypatch.setattr(demos_made, "write_files", full)
    before = tmp_path / "strip.png"
    before.write_bytes(b"from before")
    with pytest.raises(OutputError, match="no space"):
        made(clip, tmp_path, settings, DemoOptions(preview=before))
    assert left_over(tmp_path) == [before] and before.read_bytes() == b"from before"


def test_a_demo_that_cannot_be_noted_leaves_nothing(clip, tmp_path, settings, drawer, quick):
    (settings.data_dir / NOTES).mkdir(parents=True)
    with pytest.raises(OutputError, match="cannot be noted"):
        made(clip, tmp_path, settings, DemoOptions(preview=tmp_path / "strip.png"))
    assert left_over(tmp_path) == []


def test_a_demo_whose_log_is_the_database_is_not_noted_beside_it(clip, tmp_path, settings, drawer, quick):
    made(clip, tmp_path, settings, DemoOptions(log=False))
    assert noted(settings.data_dir) == ()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (DemoOptions(preview=Path("demo.mp4")), "would replace what else is written"),
        (DemoOptions(preview=Path("a.png"), coverage=Path("a.png")), "would replace what else is written"),
        (DemoOptions(preview=Path()), "is a folder"),
    ],
)
def test_each_file_needs_a_place_of_its_own(clip, tmp_path, settings, drawer, options, sentence, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match=sentence):
        made(clip, tmp_path, settings, options)
    assert drawer.seen == []


@pytest.mark.parametrize("which", ["out", "preview"])
def test_the_clip_itself_is_never_replaced(clip, tmp_path, settings, drawer, which):
    before = clip.read_bytes()
    out = clip if which == "out" else tmp_path / "demo.mp4"
    options = DemoOptions(preview=clip if which == "preview" else None)
    with pytest.raises(OutputError, match="replace the clip"):
        make_demo(tmp_path / "model", clip, out, options, made_by="a test", settings=settings)
    assert clip.read_bytes() == before
    assert drawer.seen == []


def test_without_consent_to_demos_there_is_none(clip, tmp_path, settings, drawer):
    training_only = replace(CONSENT, scope=frozenset({ConsentScope.TRAINING}))
    drawer.about = swap_of(consent=training_only)
    with pytest.raises(ConsentError, match="Eileen Collins did not allow that demos"):
        made(clip, tmp_path, settings)
    assert left_over(tmp_path) == []
    assert drawer.seen == []


def test_a_person_who_is_not_there_is_told(clip, tmp_path, settings, drawer):
    with pytest.raises(SwapModelError, match="no person 4"):
        made(clip, tmp_path, settings, DemoOptions(person=4))
    assert left_over(tmp_path) == []


def test_a_picture_too_small_for_its_label_is_refused_before_anything_is_drawn(tmp_path, settings, drawer):
    small = write_scene(tmp_path / "small.mp4", Scene(width_px=320, height_px=200, face_px=120), even_times(25, 0.6))
    with pytest.raises(LabelError, match="too small"):
        made(small, tmp_path, settings)
    assert drawer.seen == []


def test_a_model_whose_poses_are_not_known_draws_all_and_says_so(clip, tmp_path, settings, drawer, quick, monkeypatch):
    monkeypatch.setattr(demos_made, "trained_poses", lambda path: None)
    sentences: list[str] = []
    made(clip, tmp_path, settings, tell=sentences.append)
    assert len(sentences) == 1 and "every pose" in sentences[0]


def test_a_clip_of_poses_that_were_never_trained_is_not_called_a_swap(clip, tmp_path, settings, drawer, monkeypatch):
    to_the_left = TrainedPoses(*(Coverage.of_poses([60.0] * 9, [0.0] * 9) for _ in "ab"))
    monkeypatch.setattr(demos_made, "trained_poses", lambda path: to_the_left)
    with pytest.raises(DemoError, match="In no frame could the face be drawn"):
        made(clip, tmp_path, settings)
    assert (drawer.seen, left_over(tmp_path)) == ([], [])


def test_poses_that_were_never_trained_are_drawn_when_that_is_asked_for(
    clip, tmp_path, settings, drawer, quick, monkeypatch
):
    monkeypatch.setattr(demos_made, "trained_poses", lambda path: pytest.fail("looked up"))
    made(clip, tmp_path, settings, DemoOptions(ignore_coverage=True))
    assert len(drawer.seen) == 15


def test_a_demo_is_not_made_of_a_demo(tmp_path, settings, drawer):
    first = labelled_demo(tmp_path, "00c0ffee")
    with pytest.raises(DemoError, match="face-swap demo 00c0ffee itself"):
        make_demo(tmp_path / "model", first.path, tmp_path / "again.mp4", DemoOptions(), made_by="", settings=settings)
    assert (drawer.seen, (tmp_path / "again.mp4").exists()) == ([], False)


def brightness(rgb: np.ndarray, landmarks_px: np.ndarray) -> np.ndarray:
    return np.array([rgb.mean() / 30, 0.0], np.float32)


@pytest.mark.parametrize(("shade", "alike"), [(1.0, True), (0.1, False)])
def test_only_who_is_like_the_set_is_swapped(clip, tmp_path, settings, drawer, quick, monkeypatch, shade, alike):
    watched = demos_made.watch(clip, VideoLimits())
    like_the_clip = float(np.mean([one.rgb.mean() for one in watched.portraits[0]]))
    monkeypatch.setattr(demos_made, "read_picture", lambda face_set, face: np.full((9, 9, 3), like_the_clip * shade))
    monkeypatch.setattr(demos_made, "load_identity", lambda: SimpleNamespace(embed=brightness))
    made_set = face_set(tmp_path / "set")
    options = DemoOptions(source_set=made_set.path)
    if alike:
        made(clip, tmp_path, settings, options)
        assert len(drawer.seen) == 15
        return
    with pytest.raises(SwapModelError, match="Nobody in the video is like"):
        made(clip, tmp_path, settings, options)
    assert drawer.seen == []


def test_who_is_in_the_set_must_have_allowed_demos_too(clip, tmp_path, settings, drawer):
    made_set = face_set(tmp_path / "set", with_consent=False)
    with pytest.raises(ConsentError, match="No consent"):
        made(clip, tmp_path, settings, DemoOptions(source_set=made_set.path))


@pytest.mark.parametrize("who", ["shown", "like"])
def test_everything_that_is_asked_for_must_have_been_allowed_by_both(clip, tmp_path, settings, drawer, who):
    demos_only = frozenset({ConsentScope.TRAINING, ConsentScope.DEMOS})
    if who == "shown":
        drawer.about = swap_of(consent=replace(CONSENT, scope=demos_only))
    made_set = face_set(tmp_path / "set")
    if who == "like":
        write_consent(made_set.path, replace(made_set.consent, scope=demos_only))
    options = DemoOptions(source_set=made_set.path, scopes=frozenset({ConsentScope.DEMOS, ConsentScope.DISCORD}))
    with pytest.raises(ConsentError, match="did not allow that demos with their face are shown in Discord"):
        made(clip, tmp_path, settings, options)
    assert drawer.seen == []


def test_options_are_made_from_plain_words():
    options = merge_options(
        mode="seamless", part="mouth", mask_source="drawn", colour="lct", erode_share=0.02, blur_share=0.05
    )
    assert options.part is FacePart.MOUTH
    assert options.erode_share == 0.02
    with pytest.raises(FacepulseError):
        merge_options(mode="overlay", part="polygon", mask_source="both", polygon_set=Path("nowhere"))
