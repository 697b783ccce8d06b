"""A labelled demo is known for what it is: the file itself, a copy without its metadata, and a crop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.pipeline import analyse
from core.settings import VideoLimits
from core.swap.label import LabelledVideo
from core.types import Report, VerdictLabel
from core.video import open_clip
from core.video.encode import write_video
from tests.synth.demos import labelled

LIMITS = VideoLimits()
DEMO = "1a2b3c4d"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> LabelledVideo:
    return labelled(tmp_path_factory.mktemp("demo"), DEMO, duration_s=0.8)


def pictures(path: Path) -> list[tuple[float, np.ndarray]]:
    with open_clip(path, LIMITS) as clip:
        return [(frame.time_s, frame.rgb) for frame in clip]


def declared_by(report: Report) -> dict[str, bool]:
    return {one.detector: one.declares_synthetic for one in report.verdict.evidence if one.track is None}


def test_the_file_itself_is_declared_by_its_credentials_and_its_pictures(demo: LabelledVideo) -> None:
    report = analyse(demo.path, LIMITS).report
    assert report.verdict.label is VerdictLabel.DECLARED_SYNTHETIC
    assert declared_by(report) == {"provenance": True, "watermark": True}
    assert sum(DEMO in reason for reason in report.verdict.reasons) == 3


def test_a_copy_without_metadata_is_declared_by_its_pictures(demo: LabelledVideo, tmp_path: Path) -> None:
    copy = write_video(tmp_path / "copy.mp4", pictures(demo.path), crf=28)
    report = analyse(copy, LIMITS).report
    assert report.verdict.label is VerdictLabel.DECLARED_SYNTHETIC
    assert declared_by(report) == {"provenance": False, "watermark": True}
    assert any(DEMO in reason and "hidden mark" in reason for reason in report.verdict.reasons)


def test_a_crop_is_declared(demo: LabelledVideo, tmp_path: Path) -> None:
    frames = ((time_s, np.ascontiguousarray(rgb[40:310, 60:420])) for time_s, rgb in pictures(demo.path))
    crop = write_video(tmp_path / "crop.mp4", frames, crf=23)
    report = analyse(crop, LIMITS).report
    assert report.verdict.label is VerdictLabel.DECLARED_SYNTHETIC
    assert any(DEMO in reason for reason in report.verdict.reasons)


def test_an_ordinary_clip_is_not_declared(short_clip: Path) -> None:
    report = analyse(short_clip, LIMITS).report
    assert report.verdict.label is not VerdictLabel.DECLARED_SYNTHETIC
    assert not any("demo" in reason for reason in report.verdict.reasons)
