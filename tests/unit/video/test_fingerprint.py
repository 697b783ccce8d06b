"""Copies are near their clip, however they were encoded; a change in a small part of the picture is far."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.settings import VideoLimits
from core.types import Frame
from core.video import open_clip
from core.video.encode import write_video
from core.video.fingerprint import (
    COPIES_BELOW,
    GRID,
    TILE,
    Fingerprint,
    agreement,
    apart,
    distance,
    fingerprint,
    is_comparable,
    signs_of,
)

RNG = np.random.default_rng(5)
SCENE = cv2.resize(RNG.integers(0, 255, (24, 32, 3), np.uint8), (640, 480), interpolation=cv2.INTER_CUBIC)
PATCH = cv2.resize(RNG.integers(0, 255, (5, 4, 3), np.uint8), (80, 100), interpolation=cv2.INTER_CUBIC)


def frames(pictures: list[NDArray[np.uint8]], rate: float = 1.0) -> Iterator[Frame]:
    for index, rgb in enumerate(pictures):
        yield Frame(index, index / rate, rgb, 1.0)


def made(pictures: list[NDArray[np.uint8]], rate: float = 1.0) -> Fingerprint:
    found = fingerprint(frames(pictures, rate))
    assert found is not None
    return found


def patched() -> NDArray[np.uint8]:
    """The scene with something else where a face of 80 × 100 px could be."""
    changed = SCENE.copy()
    changed[200:300, 300:380] = PATCH
    return changed


def test_a_rise_is_one_a_fall_minus_one_and_little_is_nothing() -> None:
    steps = np.repeat(np.linspace(0, 90, GRID).astype(np.uint8)[None, :, None], GRID, 0).repeat(3, 2)
    steep = np.where(np.arange(GRID)[None, :, None] < GRID // 2, 0, 200).astype(np.uint8)
    steep = np.ascontiguousarray(np.broadcast_to(steep, (GRID, GRID, 3)))

    assert not signs_of(steps).any()
    signs = signs_of(steep)
    assert set(np.unique(signs)) == {0, 1}
    assert (signs[0, :, GRID // 2 - 1] == 1).all()
    assert signs.sum() == GRID
    assert (signs_of(255 - steep) == -signs).all()
    assert (signs_of(np.ascontiguousarray(steep.swapaxes(0, 1)))[1] == signs[0].T).all()


def test_one_picture_a_second_is_looked_at_and_the_frames_are_left_as_they_are() -> None:
    pictures = [np.full((48, 64, 3), 5 * k, np.uint8) for k in range(25)]
    before = [one.copy() for one in pictures]

    assert made(pictures, 10.0).signs.shape == (3, 2, GRID, GRID)
    assert made(pictures, 10.0).duration_s == pytest.approx(2.4)
    assert all((one == other).all() for one, other in zip(pictures, before, strict=True))
    assert fingerprint(iter(())) is None


def test_packing_keeps_every_sign() -> None:
    one = made([SCENE, patched()])
    again = Fingerprint.unpacked(one.duration_s, one.packed())

    assert (again.signs == one.signs).all()
    assert distance(one, again) == 0
    for damaged in (b"", b"nonsense", one.packed()[:-40]):
        with pytest.raises(ValueError, match="not a fingerprint"):
            Fingerprint.unpacked(1.0, damaged)


@pytest.mark.parametrize(("crf", "scale"), [(23, 1.0), (28, 1.0), (35, 1.0), (28, 0.5)])
def test_re_encoded_and_smaller_copies_are_copies(tmp_path: Path, crf: int, scale: float) -> None:
    small = cv2.resize(SCENE, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    write_video(tmp_path / "copy.mp4", [(k / 10, small) for k in range(15)], crf=crf, rate=Fraction(10))
    with open_clip(tmp_path / "copy.mp4", VideoLimits()) as copy:
        found = fingerprint(copy)

    assert found is not None
    assert apart(made([SCENE] * 15, 10.0), found) <= COPIES_BELOW


def test_brightness_and_contrast_do_not_matter() -> None:
    brighter = np.clip(SCENE * 0.8 + 30, 0, 255).astype(np.uint8)

    assert apart(made([SCENE] * 3), made([brighter] * 3)) <= COPIES_BELOW


def test_a_change_in_a_small_part_of_the_picture_is_seen() -> None:
    assert distance(made([SCENE] * 8), made([patched()] * 8)) > 4 * COPIES_BELOW


def test_a_change_in_some_seconds_only_is_seen() -> None:
    partly = [SCENE] * 30 + [patched()] * 4 + [SCENE] * 30

    assert distance(made([SCENE] * 64), made(partly)) == distance(made([SCENE] * 64), made([patched()] * 64))


def test_the_distance_is_the_same_both_ways_and_has_its_limit() -> None:
    one, other = made([SCENE]), made([255 - SCENE])

    assert distance(one, other) == distance(other, one)
    assert 10 < distance(one, other) <= 2 * TILE**2


def test_clips_of_another_length_are_not_compared() -> None:
    assert not is_comparable(made([SCENE] * 10), made([SCENE] * 12))
    assert distance(made([SCENE] * 10), made([SCENE] * 12)) == float("inf")
    assert agreement(made([SCENE] * 10), made([SCENE] * 12)) == 0


def test_darkness_is_no_copy_of_darkness() -> None:
    dark = np.zeros_like(SCENE)

    assert distance(made([dark] * 5), made([dark] * 5)) == 0
    assert apart(made([dark] * 5), made([dark] * 5)) == float("inf")
    assert apart(made([dark] * 5), made([SCENE] * 5)) == float("inf")
