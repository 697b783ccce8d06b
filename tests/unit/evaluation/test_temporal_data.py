from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.evaluation.face_clips import FaceClip
from core.evaluation.temporal_data import Measured, forge, measure
from core.evaluation.watched_faces import CUT, square
from core.faces import FaceModels, load_face_models
from tests.synth.clips import Scene, even_times, write_scene


@pytest.fixture(scope="module")
def models() -> FaceModels:
    return load_face_models()


def clip(path: Path, person: str, seconds: float = 2.2, seed: int = 0) -> FaceClip:
    scene = Scene(width_px=360, height_px=360, face_px=130, motion_px=4)
    write_scene(path, scene, even_times(25, seconds), seed)
    return FaceClip(path, None, False, person, "real", person, "train")


def test_every_real_clip_gives_a_twin_and_an_animated_photograph_and_is_watched_once(
    tmp_path: Path, models: FaceModels
) -> None:
    (tmp_path / "b").mkdir()
    clips = [clip(tmp_path / "vid.mp4", "p1"), clip(tmp_path / "b" / "vid.mp4", "p2", seed=1)]
    cache = tmp_path / "cache"
    both = list(forge(clips, models, cache, seed=0))
    assert [(t.kind, t.fake, a.kind, a.fake, a.person, a.photo) for t, a in both] == [
        ("twin", False, "animation", True, "p1", "p2"),
        ("twin", False, "animation", True, "p2", "p1"),
    ]
    for twin, animation in both:
        assert twin.numbers.keys() == animation.numbers.keys()
        assert twin.numbers != animation.numbers
    for one in clips:
        one.path.unlink()
    assert list(forge(clips, models, cache, seed=0)) == both


def test_a_clip_that_is_too_short_is_left_out(tmp_path: Path, models: FaceModels) -> None:
    short = clip(tmp_path / "short.mp4", "p1", seconds=1.0)
    assert measure(short, models, tmp_path / "cache") is None
    assert list(forge([short], models, tmp_path / "cache", seed=0)) == []


def test_a_real_clip_as_it_is_has_no_generator(tmp_path: Path, models: FaceModels) -> None:
    found = measure(clip(tmp_path / "a.mp4", "p1"), models, tmp_path / "cache")
    assert isinstance(found, Measured)
    assert (found.kind, found.fake, found.generator) == ("clip", False, "")


@pytest.mark.parametrize("middle", [(50.0, 50.0), (320.0, 240.0), (600.0, 460.0)])
def test_the_square_lies_in_the_picture_whole(middle: tuple[float, float]) -> None:
    points = np.array([[-40.0, -40], [40, 40]])[None] + middle
    (x, y), side = square(points, 640, 480)
    assert side == CUT * 80
    assert 0 <= x <= 640 - side
    assert 0 <= y <= 480 - side
