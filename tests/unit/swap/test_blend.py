"""Tones, blur and laying over do what they say to pictures that are known."""

from __future__ import annotations

import numpy as np
import pytest

from core.swap.blend import histogram_matched, laid_over, motion_blurred, seamless, sharpened
from core.swap.masks import filled

SIZE = 96
MIDDLE = filled([np.array([[20, 20], [76, 20], [76, 76], [20, 76]])], SIZE)


def noise(seed: int, low: int = 0, high: int = 255) -> np.ndarray:
    return np.random.default_rng(seed).integers(low, high, (SIZE, SIZE, 3)).astype(np.uint8)


def test_a_matched_histogram_has_the_others_shares():
    out = histogram_matched(noise(1, 0, 100), noise(2, 100, 255), MIDDLE)
    inside = MIDDLE > 0.5
    assert abs(out[inside].mean() - noise(2, 100, 255)[inside].mean()) < 2
    assert abs(out[inside].std() - noise(2, 100, 255)[inside].std()) < 2


def test_an_offset_is_taken_away_by_a_seamless_edge():
    base = noise(3, 90, 160)
    out = seamless(np.clip(base.astype(int) - 40, 0, 255).astype(np.uint8), base, MIDDLE)
    assert np.abs(out.astype(int) - base)[30:66, 30:66].max() <= 2


def test_a_slant_of_light_is_taken_away_by_a_seamless_edge():
    base = noise(3, 110, 130)
    slant = np.linspace(-40, 40, SIZE)[None, :, None]
    out = seamless(np.clip(base + slant, 0, 255).astype(np.uint8), base, MIDDLE)
    assert np.abs(out.astype(int) - base)[26:70, 26:70].mean() < 3


def test_what_was_drawn_inside_stays_with_a_seamless_edge():
    base = np.full((SIZE, SIZE, 3), 120, np.uint8)
    drawn = base.copy()
    drawn[44:52, 44:52] = 220
    out = seamless(drawn, base, MIDDLE)
    assert out[48, 48, 0] == pytest.approx(220, abs=2)
    assert out[30, 30, 0] == pytest.approx(120, abs=2)


@pytest.mark.parametrize("path", [(12.0, 0.0), (0.0, 12.0), (9.0, -9.0)])
def test_motion_spreads_a_point_along_its_way(path):
    picture = np.zeros((SIZE, SIZE, 3), np.uint8)
    picture[48, 48] = 255
    out = motion_blurred(np.maximum(picture, 0), np.array(path))[..., 0].astype(float)
    rows, columns = np.nonzero(out > 2)
    ends = np.hypot(np.ptp(rows), np.ptp(columns))
    assert ends == pytest.approx(min(np.hypot(*path), 0.12 * SIZE), abs=2.1)
    along = np.column_stack([columns - 48, rows - 48]) @ np.array([-path[1], path[0]]) / np.hypot(*path)
    assert np.abs(along).max() <= 1.1


def test_no_motion_and_no_sharpening_change_nothing():
    picture = noise(4)
    assert motion_blurred(picture, np.zeros(2)) is picture
    assert sharpened(picture, 0) is picture


def test_what_is_laid_over_lands_where_the_map_says():
    frame = np.full((300, 400, 3), 50, np.uint8)
    matrix = np.array([[0.5, 0, -30.0], [0, 0.5, -40.0]])  # frame (156, 176) is crop (48, 48)
    out, box = laid_over(frame, np.full((SIZE, SIZE, 3), 200, np.uint8), MIDDLE, matrix)
    assert tuple(out[176, 156]) == (200, 200, 200)
    rows, columns = np.nonzero((out != 50).any(axis=2))
    assert rows.min() == pytest.approx(120, abs=3) and columns.max() == pytest.approx(212, abs=3)
    assert box[0] <= columns.min() and box[2] > columns.max() and box[1] <= rows.min() and box[3] > rows.max()


def test_a_crop_outside_of_the_frame_changes_nothing():
    frame = np.full((100, 100, 3), 50, np.uint8)
    out, box = laid_over(frame, np.zeros((SIZE, SIZE, 3), np.uint8), MIDDLE, np.array([[1.0, 0, 500], [0, 1, 0]]))
    assert out is frame
    assert not box.any()
