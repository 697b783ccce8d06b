"""The whole analysis hands every face's mouth to the detector that looks at it."""

from __future__ import annotations

from pathlib import Path

from core.detectors.mouth import SPREAD
from core.pipeline import analyse
from core.settings import VideoLimits
from tests.synth.clips import Scene, even_times, write_scene


def test_the_mouth_of_a_filmed_face_is_watched_and_not_called_fake(tmp_path: Path) -> None:
    path = tmp_path / "portrait.mp4"
    write_scene(path, Scene(width_px=320, height_px=320, face_px=130, motion_px=3), even_times(25, 2.4))
    analysis = analyse(path, VideoLimits())
    face = analysis.faces[0]
    assert face.mouth is not None
    assert list(face.mouth.times_s) == list(face.track.times_s)
    (said,) = [e for e in analysis.report.verdict.evidence if e.detector == "mouth"]
    assert said.track == face.track.id
    assert said.fake_score is None
    measured = {m.name: m.value for m in said.measurements}
    assert measured["mouth_spread"] is not None
    assert measured["mouth_spread"] < SPREAD[1]
