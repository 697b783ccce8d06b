"""The whole analysis of a clip, without the program around it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from core.errors import CancelledError, ClipNotFoundError
from core.pipeline import KEY_FRAMES, analyse
from core.settings import VideoLimits
from core.types import Progress, Stage, VerdictLabel
from tests.synth import files
from tests.synth.clips import Scene, breathing_scene, even_times, uneven_times, write_scene, write_video

LIMITS = VideoLimits()


@pytest.mark.parametrize(
    ("times", "bpm"),
    [(even_times(25, 10), 54.0), (even_times(Fraction(30_000, 1001), 10), 96.0), (uneven_times(10), 132.0)],
    ids=["25 frames/s", "29.97 frames/s", "variable frame rate"],
)
def test_known_pulse_is_read_within_one_beat(times: np.ndarray, bpm: float, tmp_path: Path) -> None:
    clip = write_scene(tmp_path / "clip.mp4", Scene(bpm=bpm), times, rate=Fraction(30))
    reading = analyse(clip, LIMITS).faces[0].reading
    assert reading.bpm == pytest.approx(bpm, abs=1.0)


def test_face_without_pulse_gets_no_rate_and_a_reason(tmp_path: Path) -> None:
    clip = write_scene(tmp_path / "clip.mp4", Scene(bpm=None), even_times(25, 10), rate=Fraction(25))
    face = analyse(clip, LIMITS).report.faces[0]
    assert face.pulse_bpm is None
    assert face.pulse_abstained_because


@pytest.mark.slow
@pytest.mark.parametrize("breaths_bpm", [12.0, 18.0])
def test_known_breath_is_read_within_one_a_minute(breaths_bpm: float, tmp_path: Path) -> None:
    clip = write_scene(tmp_path / "clip.mp4", breathing_scene(72.0, breaths_bpm), even_times(15, 20))
    report = analyse(clip, LIMITS).report
    assert report.faces[0].respiration_bpm == pytest.approx(breaths_bpm, abs=1.0)
    assert report.faces[0].pulse_bpm == pytest.approx(72.0, abs=1.0)


@pytest.mark.slow
def test_who_holds_the_breath_gets_no_rate_of_it(tmp_path: Path) -> None:
    clip = write_scene(tmp_path / "clip.mp4", breathing_scene(72.0, None), even_times(15, 20))
    report = analyse(clip, LIMITS).report
    assert report.faces[0].respiration_bpm is None
    assert report.faces[0].pulse_bpm == pytest.approx(72.0, abs=1.0)


def test_every_stage_is_timed_and_told(short_clip: Path) -> None:
    told: list[Progress] = []
    report = analyse(short_clip, LIMITS, told.append).report
    assert list(report.timings_s) == [Stage.OPENING, Stage.FRAMES, Stage.SIGNALS, Stage.DETECTORS]
    frames = [progress.done for progress in told if progress.stage is Stage.FRAMES]
    assert frames == sorted(frames)
    assert frames[-1] == report.frames_analysed == 50


def test_cancelling_stops_the_analysis_in_the_middle(short_clip: Path) -> None:
    def refuse(progress: Progress) -> None:
        if progress.done >= 10:
            raise CancelledError("The check was taken back.")

    with pytest.raises(CancelledError):
        analyse(short_clip, LIMITS, refuse)


def test_two_people_get_an_answer_each(tmp_path: Path) -> None:
    scene = Scene(centres=((0.27, 0.5), (0.73, 0.5)), face_px=150)
    clip = write_scene(tmp_path / "two.mp4", scene, even_times(25, 2), rate=Fraction(25))
    analysis = analyse(clip, LIMITS)
    assert [face.track for face in analysis.report.faces] == [0, 1]
    middles = sorted((face.box_xyxy_px[0] + face.box_xyxy_px[2]) / 2 for face in analysis.report.faces)
    assert middles == [pytest.approx(0.27 * 1280, abs=20), pytest.approx(0.73 * 1280, abs=20)]
    on_faces = {evidence.track for evidence in analysis.report.verdict.evidence if evidence.track is not None}
    assert on_faces == {0, 1}


def test_clip_without_a_face_is_inconclusive_and_says_so(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    pictures = (rng.integers(0, 255, (240, 320, 3), np.uint8) for _ in range(20))
    clip = write_video(tmp_path / "noise.mp4", pictures, even_times(25, 1))
    report = analyse(clip, LIMITS).report
    assert report.faces == ()
    assert report.verdict.label is VerdictLabel.INCONCLUSIVE
    assert "no face" in report.verdict.reasons[0].lower()


def test_cut_off_clip_is_answered_from_what_is_there_and_says_so(tmp_path: Path) -> None:
    clip = files.cut_off(tmp_path / "cut.mp4")
    report = analyse(clip, LIMITS).report
    assert report.frames_analysed > 0
    assert any("cut off" in reason for reason in report.verdict.reasons)


def test_whole_clip_is_not_called_cut_off(short_clip: Path) -> None:
    assert not any("cut off" in reason for reason in analyse(short_clip, LIMITS).report.verdict.reasons)


def test_key_frames_are_few_and_spread_over_the_clip(pulse_clip: Path) -> None:
    times_s = [picture.time_s for picture in analyse(pulse_clip, LIMITS).key_frames]
    assert 3 <= len(times_s) <= KEY_FRAMES
    assert times_s[0] < 1
    assert times_s[-1] > 8


def test_missing_file_is_named_as_such() -> None:
    with pytest.raises(ClipNotFoundError):
        analyse(Path("no such clip.mp4"), LIMITS)
