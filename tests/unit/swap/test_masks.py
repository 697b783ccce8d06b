"""Masks lie where the mesh says, and drawn outlines go with the face."""

from __future__ import annotations

import numpy as np
import pytest

from core.faces.pose import canonical_mesh
from core.swap.masks import FacePart, carried, filled, part_mask, polygon_weights, softened

SIZE = 200
FACE = (canonical_mesh()[:, :2] * 40 + 100).astype(np.float32)


def turned(points: np.ndarray, deg: float, scale: float, shift: tuple[float, float]) -> np.ndarray:
    angle = np.radians(deg)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return points @ turn.T + np.array(shift)


def test_parts_are_within_the_whole_and_of_different_sizes():
    whole = part_mask(FacePart.WHOLE, FACE, SIZE)
    areas = {part: part_mask(part, FACE, SIZE).sum() for part in FacePart if part is not FacePart.POLYGON}
    assert areas[FacePart.WHOLE] > areas[FacePart.INNER] > areas[FacePart.EYES]
    assert min(areas.values()) > 200
    for part, area in areas.items():
        assert (part_mask(part, FACE, SIZE) * (whole == 0)).sum() < 0.02 * area


@pytest.mark.parametrize("part", [part for part in FacePart if part is not FacePart.POLYGON])
def test_masks_turn_with_the_face(part):
    upright = part_mask(part, FACE, SIZE)
    moved = part_mask(part, turned(FACE - 100, 25, 0.8, (95, 108)), SIZE)
    rows, columns = np.nonzero(upright > 0.5)
    inside = turned(np.column_stack([columns, rows]) - 100.0, 25, 0.8, (95, 108)).round().astype(int)
    assert moved[inside[:, 1], inside[:, 0]].mean() > 0.95
    assert moved.sum() == pytest.approx(0.64 * upright.sum(), rel=0.05)


def test_edges_are_smooth():
    mask = part_mask(FacePart.WHOLE, FACE, SIZE)
    assert ((mask > 0.1) & (mask < 0.9)).sum() > 50
    assert mask.dtype == np.float32 and mask.min() == 0 and mask.max() == 1


def test_a_drawn_outline_is_where_it_was_drawn():
    outline = np.array([[70.0, 80], [120, 78], [110, 130], [10, 20]])  # the last lies outside of the face
    weights = polygon_weights(outline, FACE)
    np.testing.assert_allclose(carried(weights, FACE), outline, atol=1e-6)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-9)


def test_a_drawn_outline_goes_with_the_head():
    outline = np.array([[70.0, 80], [120, 78], [110, 130], [10, 20]])
    weights = polygon_weights(outline, FACE)
    moved = carried(weights, turned(FACE, 30, 1.3, (12, -7)))
    np.testing.assert_allclose(moved, turned(outline, 30, 1.3, (12, -7)), atol=1e-3)


def test_a_drawn_outline_goes_with_the_mouth_that_opens():
    corner = FACE[[17]]  # the lower lip
    weights = polygon_weights(corner + 0.2, FACE)
    opened = FACE.copy()
    opened[[17, 84, 314, 16, 15, 14, 85, 315, 18]] += (0, 9)
    assert carried(weights, opened)[0, 1] - corner[0, 1] > 5


def test_eroding_takes_and_dilating_adds():
    mask = filled([np.array([[60, 60], [140, 60], [140, 140], [60, 140]])], SIZE)
    smaller, larger = softened(mask, 0.05, 0.0), softened(mask, -0.05, 0.0)
    assert smaller.sum() == pytest.approx(60**2, rel=0.05)
    assert larger.sum() == pytest.approx(100**2, rel=0.06)


def test_a_soft_edge_is_as_wide_as_asked_and_lies_on_the_edge():
    mask = filled([np.array([[40, -10], [140, -10], [140, 210], [40, 210]])], SIZE)
    row = softened(mask, 0.0, 0.2)[100]
    assert row[40] == pytest.approx(0.5, abs=0.06)
    ramp = np.nonzero((row[:90] > 0.05) & (row[:90] < 0.95))[0]
    assert 24 <= len(ramp) <= 44


def test_every_mask_ends_before_the_crop_does():
    mask = softened(np.ones((SIZE, SIZE), np.float32), -0.1, 0.1)
    edge = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    assert edge.max() == 0
    assert mask[100, 100] == 1
