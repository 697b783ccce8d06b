from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.types import Evidence, Measurement, VerdictLabel
from core.verdict.fit import ScoredFace, fit_fusion, upper_bound
from core.verdict.fuse import DRAWN, fuse, judge


def say(detector: str, log_odds: float, quality: float = 1.0, version: str = "1") -> Evidence:
    return Evidence(detector, version, 0, float(1 / (1 + np.exp(-log_odds))), quality)


def collection(seed: int, people: int = 60, separation: float = 4.0, noise_of_second: float = 1.0) -> list[ScoredFace]:
    """Each person real and fake; the first detector tells them apart by `separation` standard deviations."""
    rng = np.random.default_rng(seed)
    faces = []
    for person in range(people):
        for fake in (False, True):
            first = say("appearance", rng.normal() + separation * (fake - 0.5))
            second = say("temporal", noise_of_second * rng.normal())
            faces.append(ScoredFace(f"{person}{fake}", fake, f"p{person}", "swap" if fake else "", (first, second)))
    return faces


def labels(faces: list[ScoredFace], seed: int = 0) -> dict[bool, list[VerdictLabel]]:
    calibration = fit_fusion(collection(seed))
    return {kind: [judge(f.evidence, calibration).label for f in faces if f.fake is kind] for kind in (False, True)}


def test_real_faces_never_seen_are_hardly_ever_called_fake_and_most_are_answered() -> None:
    found = labels(collection(seed=99, people=2000))
    assert np.mean([label is VerdictLabel.LIKELY_FAKE for label in found[False]]) <= 0.01
    assert np.mean([label is VerdictLabel.LIKELY_FAKE for label in found[True]]) > 0.5
    assert np.mean([label is VerdictLabel.LIKELY_REAL for label in found[True]]) <= 0.07
    assert np.mean([label is VerdictLabel.LIKELY_REAL for label in found[False]]) > 0.5


def test_probabilities_mean_what_they_say_for_even_odds() -> None:
    calibration = fit_fusion(collection(seed=1, people=300, separation=1.5))
    fresh = collection(seed=2, people=4000, separation=1.5)
    told = np.array([fuse(f.evidence, calibration) for f in fresh])
    fake = np.array([f.fake for f in fresh])
    for low, high in ((0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.9)):
        inside = (told >= low) & (told < high)
        assert fake[inside].mean() == pytest.approx(told[inside].mean(), abs=0.06)


def test_a_detector_of_noise_gets_little_weight_beside_one_that_sees() -> None:
    calibration = fit_fusion(collection(seed=3, people=200))
    assert abs(calibration.weights.get("temporal", 0.0)) < 0.2 * calibration.weights["appearance"]


def test_a_detector_that_is_wrong_way_round_is_left_out() -> None:
    faces = [
        ScoredFace(
            f.clip, f.fake, f.person, f.generator, (f.evidence[0], say("wrong", -2.0 if f.fake else 2.0 + i % 3))
        )
        for i, f in enumerate(collection(seed=4))
    ]
    assert set(fit_fusion(faces).versions) == {"appearance"}


def test_scores_that_know_nothing_call_no_face_fake() -> None:
    try:
        calibration = fit_fusion(collection(seed=5, separation=0.0))
    except ValueError as error:
        assert "no detector" in str(error)
        return
    fresh = collection(seed=6, people=1000, separation=0.0)
    assert np.mean([judge(f.evidence, calibration).label is VerdictLabel.LIKELY_FAKE for f in fresh]) <= 0.01


def test_a_detector_that_abstained_leaves_the_others_to_decide() -> None:
    calibration = fit_fusion(collection(seed=7))
    alone = judge((say("appearance", 5.0), Evidence("temporal", "1", 0, None, 0.0, (), "too short")), calibration)
    assert alone.label is VerdictLabel.LIKELY_FAKE


def test_the_same_table_and_seed_give_the_same_calibration() -> None:
    assert fit_fusion(collection(seed=8), seed=5) == fit_fusion(collection(seed=8), seed=5)


def test_another_table_has_another_name() -> None:
    assert fit_fusion(collection(seed=8)).id != fit_fusion(collection(seed=9)).id


def test_with_few_real_faces_the_threshold_stays_above_all_of_them_and_the_bound_says_how_little_that_is() -> None:
    faces = collection(seed=10, people=20)
    calibration = fit_fusion(faces)
    assert not any(judge(f.evidence, calibration).label is VerdictLabel.LIKELY_FAKE for f in faces if not f.fake)
    assert (
        calibration.measured["false_alarm_bound"]
        == pytest.approx(upper_bound(0, 20), abs=1e-5)
        == pytest.approx(0.139, abs=0.001)
    )


def test_the_bound_is_that_of_clopper_and_pearson() -> None:
    assert upper_bound(0, 299) == pytest.approx(0.00997, abs=1e-5)
    assert upper_bound(3, 3) == 1.0


def test_fakes_of_one_person_only_are_not_enough() -> None:
    faces = [f for f in collection(seed=11) if not f.fake or f.person == "p0"]
    with pytest.raises(ValueError, match="two persons"):
        fit_fusion(faces)


def test_two_versions_of_a_detector_are_not_mixed() -> None:
    faces = collection(seed=12)
    odd = ScoredFace("odd", False, "q", "", (say("appearance", 0.0, version="2"),))
    with pytest.raises(ValueError, match="one version"):
        fit_fusion([*faces, odd])


def test_between_fake_and_real_there_is_always_a_band_of_doubt() -> None:
    calibration = fit_fusion(collection(seed=13, separation=12.0))
    assert calibration.fake_from >= 0.8
    assert calibration.real_up_to <= 0.301


def test_false_alarms_are_counted_with_thresholds_that_did_not_know_the_person() -> None:
    odd = [say("appearance", 8.0), say("temporal", 0.0)]
    faces = [*collection(seed=14), ScoredFace("odd", False, "odd", "", tuple(odd))]
    calibration = fit_fusion(faces)
    assert calibration.measured["false_alarms"] == 1
    assert judge(tuple(odd), calibration).label is not VerdictLabel.LIKELY_FAKE


def drawn(face: ScoredFace, level: float) -> ScoredFace:
    """The same face with a clearing measurement."""
    first, *rest = face.evidence
    watched = replace(first, measurements=(Measurement("synthesis_log_odds", level, ""),))
    return replace(face, evidence=(watched, *rest))


def test_two_thirds_of_real_faces_stay_under_the_limit_for_being_called_free_of_signs() -> None:
    faces = [drawn(face, float(i)) for i, face in enumerate(collection(seed=20))]
    calibration = fit_fusion(faces)
    reals = [float(i) for i, face in enumerate(faces) if not face.fake]
    under = np.mean([level <= calibration.clear_up_to["synthesis_log_odds"] for level in reals])
    assert under == pytest.approx(2 / 3, abs=0.02)


def test_a_face_over_that_limit_or_of_unknown_level_is_not_called_free_of_signs_but_still_fake() -> None:
    calibration = fit_fusion([drawn(face, float(i % 10)) for i, face in enumerate(collection(seed=21))])
    clean = ScoredFace("clean", False, "p", "", (say("appearance", -4.0),))
    fake = ScoredFace("fake", True, "p", "swap", (say("appearance", 9.0),))
    labels_by_level = [judge(drawn(clean, level).evidence, calibration).label for level in (0.0, 9.0)]
    assert labels_by_level == [VerdictLabel.LIKELY_REAL, VerdictLabel.INCONCLUSIVE]
    assert judge(clean.evidence, calibration).label is VerdictLabel.INCONCLUSIVE
    assert judge(drawn(fake, 9.0).evidence, calibration).label is VerdictLabel.LIKELY_FAKE
    assert judge(drawn(clean, 9.0).evidence, calibration).doubt == DRAWN


def test_the_level_of_a_face_changes_the_identity_of_the_fit() -> None:
    faces = collection(seed=22)
    assert fit_fusion(faces).id != fit_fusion([drawn(face, 0.0) for face in faces]).id
