from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.faces.pose import canonical_mesh
from core.faces.unrest import PARTS, unrest
from core.types import FaceTrack

Floats = NDArray[np.float64]


def track(points: Floats, rate_hz: float = 25.0, drop: tuple[int, ...] = ()) -> FaceTrack:
    rows = np.array([i for i in range(len(points)) if i not in drop])
    n, flat = len(rows), np.zeros(len(rows), np.float32)
    boxes = np.concatenate([points[rows].min(axis=1), points[rows].max(axis=1)], axis=1)
    return FaceTrack(0, rows.astype(np.int32), rows / rate_hz, boxes, points[rows], np.ones(n), flat, flat, flat)


def moving(frames: int = 120, size_px: float = 150.0, noise_px: float = 0.0, seed: int = 0) -> Floats:
    """A head that sways and nods, its landmarks read with white noise."""
    t = np.arange(frames) / 25
    mesh = canonical_mesh()[:, :2] * size_px / 2
    sway = np.column_stack([300 + 20 * np.sin(t), 200 + 8 * np.sin(1.7 * t)])
    scale = 1 + 0.05 * np.sin(0.5 * t)
    noise = np.random.default_rng(seed).normal(0, noise_px, (frames, len(mesh), 2))
    return np.asarray(mesh[None] * scale[:, None, None] + sway[:, None] + noise)


def test_trembling_does_not_depend_on_the_size_of_the_face_or_on_how_the_head_moves() -> None:
    small, large = unrest(track(moving(noise_px=0.3))), unrest(track(moving(size_px=450, noise_px=0.9)))
    assert small["trembling"] == pytest.approx(large["trembling"], abs=0.02)
    still = unrest(track(moving(1)[[0] * 120] + np.random.default_rng(0).normal(0, 0.3, (120, 468, 2))))
    assert still["trembling"] == pytest.approx(small["trembling"], abs=0.05)


@pytest.mark.parametrize("part", sorted(PARTS))
def test_a_part_that_trembles_more_than_the_rest_is_named(part: str) -> None:
    points = moving(noise_px=0.2)
    points[:, list(PARTS[part])] += np.random.default_rng(1).normal(0, 1.0, (120, len(PARTS[part]), 2))
    found = unrest(track(points))
    assert max(PARTS, key=lambda name: found[f"trembling_{name}"]) == part


def test_noise_is_rough_and_motion_smooth() -> None:
    rough = unrest(track(moving(noise_px=0.5)))["smooth_nose"]
    wave = 0.08 * np.sin(np.arange(120) / 8)[:, None, None] * canonical_mesh()[None, :, :2] ** 2 * 75
    smooth = unrest(track(moving() + wave))["smooth_nose"]
    assert rough < -0.3 < 0.5 < smooth


def test_blinks_are_counted() -> None:
    points = moving()
    for lid, other in ((159, 145), (386, 374)):
        for start in (20, 60, 95):
            points[start : start + 4, lid] = points[start : start + 4, other] + [0, -0.3]
    found = unrest(track(points))
    assert found["blinks_per_s"] == pytest.approx(3 / 4.8, rel=0.05)
    assert found["eyes_depth"] < 0.4


def test_a_gap_is_not_a_jerk() -> None:
    points = moving(noise_px=0.2)
    points[60:] += 40
    whole, gapped = unrest(track(points)), unrest(track(points, drop=tuple(range(55, 65))))
    assert gapped["trembling"] == pytest.approx(unrest(track(moving(noise_px=0.2)))["trembling"], abs=0.02)
    assert np.isfinite(list(whole.values())).all()


def test_a_mouth_that_opens_without_its_chin_is_seen() -> None:
    opening = 6 * np.abs(np.sin(np.arange(120) / 4))
    with_chin, without = moving(noise_px=0.05), moving(noise_px=0.05)
    for points in (with_chin, without):
        points[:, 14, 1] += opening
    with_chin[:, 152, 1] += opening
    assert unrest(track(with_chin))["mouth_with_chin"] > 0.9
    assert abs(unrest(track(without))["mouth_with_chin"]) < 0.3


def test_too_few_frames_are_an_error() -> None:
    with pytest.raises(ValueError, match="too few"):
        unrest(track(moving(20)))


def test_landmarks_that_never_move_give_numbers_or_nothing() -> None:
    found = unrest(track(moving(1)[[0] * 60]))
    assert all(np.isfinite(value) or np.isnan(value) for value in found.values())
    assert found["blinks_per_s"] == 0
