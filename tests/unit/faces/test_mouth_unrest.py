from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.faces.mouth import REGION_NAMES
from core.faces.mouth_unrest import mouth_numbers
from core.faces.pose import canonical_mesh
from core.types import FaceTrack, MouthTrace

FRAMES = 60
TIMES = np.arange(FRAMES) / 25
MESH = canonical_mesh()[:, :2]
FACE = (MESH - MESH.mean(axis=0)) / np.ptp(MESH[:, 0]) * 150 + 300


def speech(seed: int = 0) -> np.ndarray:
    """How far a mouth opens (N,), in pixels."""
    steps = np.random.default_rng(seed).normal(0, 1, FRAMES + 4)
    return 5 + 3 * np.convolve(steps, np.ones(5) / 2, "valid")


def track(opening: np.ndarray, chin: np.ndarray, head: np.ndarray | None = None) -> FaceTrack:
    points = np.repeat(FACE[None], FRAMES, axis=0) + np.random.default_rng(9).normal(0, 0.05, (FRAMES, 468, 2))
    lower = np.isin(np.arange(468), (14, 17, 87, 317, 84, 314))
    points[:, lower, 1] += opening[:, None]
    points[:, FACE[:, 1] > FACE[200, 1], 1] += chin[:, None]
    if head is not None:
        points += head[:, None]
    boxes = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
    flat = np.zeros(FRAMES, np.float32)
    return FaceTrack(0, np.arange(FRAMES), TIMES, boxes, points, flat + 1, flat, flat, flat)


def trace(seed: int = 0) -> MouthTrace:
    rng, regions = np.random.default_rng(seed), len(REGION_NAMES)
    common = rng.normal(0, 1, (1, FRAMES, 1))
    detail = 5 + 0.5 * common + rng.normal(0, 0.1, (regions, FRAMES, 3))
    colour = 120 + common + rng.normal(0, 0.2, (regions, FRAMES, 3))
    change = 2 + 0.5 * common + rng.normal(0, 0.1, (regions, FRAMES, 2))
    return MouthTrace(0, REGION_NAMES, TIMES, detail, colour, change)


def altered(name: str, region: str, values: np.ndarray) -> MouthTrace:
    whole = trace()
    array = np.array(getattr(whole, name))
    array[REGION_NAMES.index(region)] = values
    return replace(whole, **{name: array})


def numbers(of_track: FaceTrack | None = None, of_trace: MouthTrace | None = None) -> dict[str, dict[str, float]]:
    return mouth_numbers(of_track or track(speech(), speech()), of_trace or trace())


def test_a_jaw_that_does_not_follow_the_mouth_is_told_from_one_that_does() -> None:
    follows, apart = numbers(track(speech(), speech())), numbers(track(speech(), speech(seed=5)))
    for name in ("opening_chin_together", "opening_chin_slowly", "opening_jaw_together"):
        assert follows["motion"][name] > 0.8
        assert abs(apart["motion"][name]) < 0.5


def test_a_head_that_moves_is_no_motion_of_the_mouth() -> None:
    head = np.column_stack([20 * np.sin(3 * TIMES), 10 * np.cos(2 * TIMES)])
    still, moving = numbers(track(speech(), speech())), numbers(track(speech(), speech(), head))
    for name, value in still["motion"].items():
        assert moving["motion"][name] == pytest.approx(value, abs=0.05), name


def test_a_mouth_drawn_from_few_pixels_lacks_fine_detail_against_the_rest() -> None:
    soft = np.array(trace().detail[0]) * [0.3, 0.8, 1.0]
    filmed, drawn = numbers()["detail"], numbers(of_trace=altered("detail", "lips", soft))["detail"]
    assert drawn["fine_lips_nose"] < filmed["fine_lips_nose"] - 0.3
    assert drawn["detail_lips_eyes"] < filmed["detail_lips_eyes"] - 0.3
    assert drawn["fine_ring_nose"] == filmed["fine_ring_nose"]


def test_skin_around_the_mouth_that_flickers_by_itself_is_seen() -> None:
    own = 120 + np.random.default_rng(7).normal(0, 3, (FRAMES, 3))
    filmed, pasted = numbers()["colour"], numbers(of_trace=altered("colour", "ring", own))["colour"]
    assert pasted["light_ring_cheeks_jumps"] > filmed["light_ring_cheeks_jumps"] + 0.5
    assert pasted["light_ring_cheeks_together"] < 0.5 < filmed["light_ring_cheeks_together"]
    assert pasted["light_usual_together"] == filmed["light_usual_together"]


def test_a_mouth_that_changes_in_other_frames_than_the_face_is_seen() -> None:
    own = 2 + 0.5 * np.random.default_rng(7).normal(0, 1, (FRAMES, 2))
    filmed, pasted = numbers()["change"], numbers(of_trace=altered("change", "lips", own))["change"]
    assert filmed["change_coarse_lips_nose_together"] > 0.8
    assert abs(pasted["change_coarse_lips_nose_together"]) < 0.5


def test_a_region_that_was_never_seen_makes_its_numbers_unknown_and_no_others() -> None:
    hidden = numbers(of_trace=altered("detail", "chin", np.full((FRAMES, 3), np.nan)))["detail"]
    assert np.isnan(hidden["detail_ring_chin"])
    assert hidden["detail_ring_nose"] == numbers()["detail"]["detail_ring_nose"]


def test_too_few_frames_give_no_numbers() -> None:
    whole = trace()
    short = MouthTrace(0, REGION_NAMES, TIMES[:10], whole.detail[:, :10], whole.colour[:, :10], whole.change[:, :10])
    assert numbers(of_trace=short) == {"detail": {}, "colour": {}, "change": {}, "motion": {}}
