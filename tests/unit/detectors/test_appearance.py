"""The appearance detector: what it makes of the network's answers, and when it asks no network at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.detectors import appearance
from core.detectors.appearance import (
    NO_CROPS,
    TOO_BLURRED,
    TOO_COMPRESSED,
    AppearanceDetector,
    appearance_map,
    coarsened,
    compared,
    level_of,
    sharpness_of,
)
from core.errors import WeightsError
from core.types import AlignedFaces, FaceMaterial
from models import registry
from models.appearance import AppearanceScores
from tests.unit.detectors.test_pulse import VIDEO, face


def with_crops(count: int = 32, yaw_deg: Sequence[float] = (0,), contrast: float = 60, **about: float) -> FaceMaterial:
    """A face with `count` noisy crops over its 12 s, its yaw going through `yaw_deg` in equal stretches."""
    material = face(**about)  # type: ignore[arg-type]
    times = np.linspace(0, material.track.times_s[-1], count)
    noise = np.random.default_rng(0).uniform(-contrast, contrast, (count, 256, 256, 1))
    rgb = np.repeat(np.clip(128 + noise, 0, 255), 3, axis=3).astype(np.uint8)
    crops = AlignedFaces(3, times, rgb, np.tile(np.eye(2, 3), (count, 1, 1)))
    frames = len(material.track.times_s)
    yaw = np.array(yaw_deg)[np.arange(frames) * len(yaw_deg) // frames]
    return replace(material, crops=crops, track=replace(material.track, yaw_deg=yaw))


def answer(monkeypatch: pytest.MonkeyPatch, blending: object, synthesis: object = -3.0) -> list[int]:
    """Let the network answer with these log-odds; return how many pictures it was asked about, call by call."""
    asked: list[int] = []

    def scores(crops: np.ndarray) -> AppearanceScores:
        asked.append(len(crops))
        n = len(crops)
        maps = np.linspace(0, 0.5, n)[:, None, None] * np.ones((12, 12))
        return AppearanceScores(np.broadcast_to(blending, n).astype(float), np.full(n, synthesis), maps)  # type: ignore[call-overload]

    monkeypatch.setattr(appearance, "_ask", scores)
    return asked


def measured(one: FaceMaterial) -> dict[str, float | None]:
    return {m.name: m.value for m in AppearanceDetector().examine(one).measurements}


def test_the_score_is_that_of_the_stronger_of_both_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, -2.0, 1.0)
    evidence = AppearanceDetector().examine(with_crops())
    assert evidence.fake_score == pytest.approx(1 / (1 + np.exp(-1.0)))
    answer(monkeypatch, 3.0, 1.0)
    assert AppearanceDetector().examine(with_crops()).fake_score == pytest.approx(1 / (1 + np.exp(-3.0)))


def test_sixteen_pictures_spread_over_the_clip_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answer(monkeypatch, 0.0)
    for count in (1, 5, 16, 32):
        AppearanceDetector().examine(with_crops(count))
    assert asked == [1, 5, 16, 16]


def test_half_of_what_a_picture_scores_without_its_detail_is_taken_off_blending_alone() -> None:
    fine, coarse = (
        AppearanceScores(np.array(blending), np.array([-1.0, 2.0]), np.full((2, 12, 12), 0.3))
        for blending in ([3.0, 1.0], [2.0, -2.0])
    )
    made = compared(fine, coarse)
    assert made.blending.tolist() == [2.0, 2.0]
    assert made.synthesis is fine.synthesis and made.maps is fine.maps


def test_a_coarsened_picture_keeps_its_place_and_tone_and_loses_its_detail() -> None:
    material = with_crops(1)
    assert material.crops is not None
    crop = material.crops.rgb[0].copy()
    crop[:, :128] //= 3
    made = coarsened(crop)
    assert made.shape == crop.shape and sharpness_of(made) < sharpness_of(crop) - 2
    for half in (np.s_[:, :120], np.s_[:, 136:]):
        assert made[half].mean() == pytest.approx(crop[half].mean(), abs=1)


def test_a_few_bad_pictures_raise_the_level_but_do_not_make_it() -> None:
    calm = np.full(16, -2.0)
    some = calm.copy()
    some[:4] = 4.0
    assert level_of(calm) == pytest.approx(-2)
    assert level_of(calm) < level_of(some) < 4


def test_scores_are_told_by_how_the_head_is_turned(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, np.repeat([-2.0, 0.5, 3.0, -1.0], 4))
    values = measured(with_crops(16, yaw_deg=(0, -30, 60, 10)))
    assert values["blending_frontal"] == pytest.approx(-1.5)
    assert values["blending_half_profile"] == pytest.approx(0.5)
    assert values["blending_profile"] == pytest.approx(3.0)
    assert measured(with_crops(16))["blending_profile"] is None


@pytest.mark.parametrize(("turned", "said"), [(3.0, True), (-1.0, False), (0.3, True), (-2.5, False)])
def test_signs_in_turned_pictures_are_put_in_words(monkeypatch: pytest.MonkeyPatch, turned: float, said: bool) -> None:
    answer(monkeypatch, np.repeat([-2.0, turned], 8))
    findings = AppearanceDetector().examine(with_crops(16, yaw_deg=(5, 55))).findings
    assert bool(findings) == said
    assert not said or "more than 45°" in findings[0]


def test_two_turned_pictures_are_too_few_to_say_where_signs_concentrate(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, np.repeat([-2.0, 5.0], [14, 2]))
    assert AppearanceDetector().examine(with_crops(16, yaw_deg=(5,) * 7 + (55,))).findings == ()


@pytest.mark.parametrize(
    ("about", "why"),
    [({"size_px": 70}, "the face is only 70 px"), ({"contrast": 0}, TOO_BLURRED), ({"count": 0}, NO_CROPS)],
)
def test_a_closed_gate_asks_no_network(monkeypatch: pytest.MonkeyPatch, about: dict[str, float], why: str) -> None:
    asked = answer(monkeypatch, 5.0)
    one = with_crops(**about) if about.get("count", 1) else face()  # type: ignore[arg-type]
    evidence = AppearanceDetector().examine(one)
    assert evidence.fake_score is None and evidence.abstained_because == why
    assert evidence.quality == 0 and not asked
    assert appearance_map(one) is None


def test_where_compression_took_the_traces_it_abstains(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, 5.0)
    crushed = with_crops()
    crushed = replace(crushed, video=replace(VIDEO, bit_rate_kbps=50.0))
    assert AppearanceDetector().examine(crushed).abstained_because == TOO_COMPRESSED
    unknown = replace(crushed, video=replace(VIDEO, bit_rate_kbps=None))
    assert AppearanceDetector().examine(unknown).fake_score is not None


def test_quality_grows_with_the_face(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, 0.0)
    small, large = (AppearanceDetector().examine(with_crops(size_px=size)).quality for size in (100, 200))
    assert 0 < small < large <= 1


def test_the_map_is_the_mean_and_lies_over_the_picture_with_the_strongest_signs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer(monkeypatch, 0.0)
    one = with_crops(16)
    found = appearance_map(one)
    assert found is not None and one.crops is not None
    where, under = found
    assert where.shape == (12, 12) and where.mean() == pytest.approx(0.25)
    assert np.array_equal(under, one.crops.rgb[-1, 44:236, 32:224])


def test_equal_faces_get_equal_answers_from_the_real_network() -> None:
    one = with_crops(3)
    first, second = AppearanceDetector().examine(one), AppearanceDetector().examine(one)
    assert first == second and first.fake_score is not None


def test_altered_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    row = registry.weight_files()[appearance.WEIGHTS]
    altered = tmp_path / row.file
    altered.parent.mkdir(parents=True)
    altered.write_bytes(b"other weights")
    monkeypatch.setattr(registry, "MODELS_DIRECTORY", tmp_path)
    appearance._network.cache_clear()
    with pytest.raises(WeightsError, match="appearance"):
        AppearanceDetector().examine(with_crops(2))
    appearance._network.cache_clear()
