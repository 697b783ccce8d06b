"""A whole analysis counts the blinks of a face."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from core.pipeline import analyse
from core.settings import VideoLimits
from core.types import FaceSummary
from tests.synth.blinking import blinking_frames
from tests.synth.clips import even_times, write_video

BLINKS_S = (1.0, 3.1, 6.52)


def only_face(path: Path) -> FaceSummary:
    (face,) = analyse(path, VideoLimits()).report.faces
    return face


def test_filmed_blinks_are_counted(tmp_path: Path) -> None:
    times = even_times(25, 8.2)
    clip = write_video(tmp_path / "blinks.mp4", blinking_frames(times, BLINKS_S), times, rate=Fraction(25))

    face = only_face(clip)

    assert face.blinks_per_min == pytest.approx(60 * len(BLINKS_S) / times[-1], rel=0.01)
    assert face.blinks_abstained_because is None


def test_a_short_clip_says_why_not(short_clip: Path) -> None:
    face = only_face(short_clip)

    assert face.blinks_per_min is None
    assert face.blinks_abstained_because == "only 1.9 s of face; blinks need 8 s"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("clip", "counted", "within"),
    [
        ("clips/real/ffpp_519.mp4", 16, 2),
        ("clips/real/edtalk_src_pose_source1.mp4", 12, 1),
        ("clips/real/dfl_sample_Obama_speaking.mp4", 4, 0),
        ("pulse/ubfc/subject17/vid.mp4", None, 0),
    ],
)
def test_blinks_of_real_people_are_those_counted_by_eye(
    shared_data: Path, clip: str, counted: int | None, within: int
) -> None:
    face = only_face(shared_data / clip)

    assert face.blinks_per_min is not None
    blinks = face.blinks_per_min * (face.times_s[1] - face.times_s[0]) / 60
    if counted is None:
        assert blinks <= 6  # a person who stares: one in the first half minute
    else:
        assert blinks == pytest.approx(counted, abs=within + 0.3)
