from __future__ import annotations

from pathlib import Path

import pytest

from core.evaluation.face_clips import FaceClip
from core.evaluation.mouth_animation import RENDERERS
from core.evaluation.mouth_data import CONTROLS, controls_seen, mouths_seen
from core.faces import FaceModels, load_face_models
from tests.synth.clips import Scene, even_times, write_scene


@pytest.fixture(scope="module")
def models() -> FaceModels:
    return load_face_models()


def clip(folder: Path, seconds: float = 2.2) -> FaceClip:
    path = folder / "one_a.mp4"
    write_scene(path, Scene(width_px=240, height_px=240, face_px=100, motion_px=4), even_times(25, seconds))
    return FaceClip(path, None, False, "p1", "real", "p1", "train")


@pytest.mark.slow
def test_a_real_clip_gives_a_twin_and_a_copy_by_each_way_of_drawing_and_is_watched_once(
    tmp_path: Path, models: FaceModels
) -> None:
    one, cache = clip(tmp_path), tmp_path / "cache"
    real, *copies = mouths_seen(one, models, cache, 0)
    assert (real.kind, real.fake, real.generator, real.collection) == ("clip", False, "", "one")
    assert [(c.kind, c.fake) for c in copies] == [("twin", False), *((renderer, True) for renderer in RENDERERS)]
    twin = copies[0]
    for copy in copies[1:]:
        assert copy.numbers.by_aspect.keys() == twin.numbers.by_aspect.keys()
        assert copy.numbers.by_aspect["change"] != twin.numbers.by_aspect["change"]
    controls = controls_seen(one, models, cache)
    assert [(c.kind, c.fake) for c in controls] == [(kind, False) for kind in CONTROLS]
    hard, drawn = (c.numbers.bits_per_pixel or 0 for c in controls)
    assert 0 < hard < drawn / 2
    one.path.unlink()
    assert mouths_seen(one, models, cache, 0) == (real, *copies)
    assert not list(cache.glob("*.mp4"))


def test_a_clip_that_is_too_short_is_left_out(tmp_path: Path, models: FaceModels) -> None:
    short = clip(tmp_path, seconds=1.0)
    assert mouths_seen(short, models, tmp_path / "cache", 0) == ()
