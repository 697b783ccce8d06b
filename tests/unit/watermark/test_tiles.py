from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.watermark.embed import embed
from core.watermark.tiles import FoundTiles, TileCollector
from tests.synth.clips import portrait

DEMO = "1a2b3c4d"


def picture(height_px: int = 480, width_px: int = 640) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(portrait()[:384], (width_px, height_px)), np.uint8)


def read(*frames: NDArray[np.uint8]) -> FoundTiles | None:
    collector = TileCollector()
    for rgb in frames:
        collector.add(np.ascontiguousarray(rgb))
    return collector.read()


def as_jpeg(rgb: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    packed = cv2.imencode(".jpg", rgb, (cv2.IMWRITE_JPEG_QUALITY, quality))[1]
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)


@pytest.mark.parametrize("size", [(480, 640), (720, 1280), (640, 360)], ids=str)
def test_one_picture_is_enough(size: tuple[int, int]) -> None:
    found = read(embed(picture(*size), DEMO))
    assert found is not None and found.demo_id == DEMO
    assert found.zoom == 1 and not found.mirrored


@pytest.mark.parametrize("share", [0.1, 0.25])
@pytest.mark.parametrize("at", [(0.0, 1.0), (0.43, 0.27)], ids=["corner", "anywhere"])
def test_a_crop_is_read_and_its_size_known(share: float, at: tuple[float, float]) -> None:
    marked = embed(picture(), DEMO)
    height, width = marked.shape[:2]
    y, x = round(at[0] * share * height), round(at[1] * share * width)
    cut = marked[y : y + round((1 - share) * height), x : x + round((1 - share) * width)]
    found = read(as_jpeg(cut, 70))
    assert found is not None and found.demo_id == DEMO
    assert found.zoom == pytest.approx(1 / (1 - share), rel=0.02)


def test_a_crop_blown_up_again_is_read() -> None:
    marked = embed(picture(), DEMO)
    blown_up = cv2.resize(marked[50:410, 70:550], (1280, 960), interpolation=cv2.INTER_CUBIC)
    found = read(np.asarray(blown_up, np.uint8))
    assert found is not None and found.demo_id == DEMO


def test_a_mirrored_picture_is_read_as_such() -> None:
    found = read(embed(picture(), DEMO)[:, ::-1])
    assert found is not None and found.demo_id == DEMO and found.mirrored


def test_noisy_frames_add_up() -> None:
    rng = np.random.default_rng(3)
    marked = embed(picture(), DEMO).astype(np.float32)
    noisy = [np.clip(marked + rng.normal(0, 30, marked.shape), 0, 255).astype(np.uint8) for _ in range(12)]
    assert read(noisy[0]) is None
    found = read(*noisy)
    assert found is not None and found.demo_id == DEMO


def test_nothing_is_read_where_nothing_was_written() -> None:
    rng = np.random.default_rng(4)
    checks = np.kron(np.indices((45, 60)).sum(0) % 2, np.ones((8, 8)))[..., None] * np.array([200, 40, 60])
    noise = rng.integers(0, 256, (240, 320, 3))
    for rgb in (picture(), checks, noise, np.zeros((240, 320, 3))):
        assert read(rgb.astype(np.uint8)) is None
    assert read() is None


def test_a_frame_of_another_size_is_passed_over() -> None:
    collector = TileCollector()
    collector.add(picture())
    collector.add(picture(640, 360))
    assert collector.frames == 1
