from __future__ import annotations

from dataclasses import replace

import pytest

from core.types import Evidence, FaceSummary, VerdictLabel
from core.verdict import Calibration, conclude
from core.verdict.conclude import NO_CALIBRATED_SCORE, NO_FACE, NOT_EVERY_FACE
from core.verdict.fuse import fuse

CALIBRATION = Calibration(
    id="for-tests",
    versions={"pulse": "2", "appearance": "1"},
    weights={"pulse": 0.5, "appearance": 1.0},
    bias=0.0,
    fake_from=0.9,
    real_up_to=0.2,
)


def face(track: int = 0, bpm: float | None = 71.6) -> FaceSummary:
    why = None if bpm else "no pulse found above the noise"
    return FaceSummary(track, (0.0, 9.9), 250, 180.0, (-5.0, 8.0), (0, 0, 180, 180), bpm, 4.2, None, why)


def scored(score: float | None, track: int | None = 0, detector: str = "appearance", version: str = "1") -> Evidence:
    why = None if score is not None else "the face is only 50 px"
    return Evidence(detector, version, track, score, 1.0, (), why)


def declaration(synthetic: bool = True) -> Evidence:
    said = "The file's Content Credentials declare that AI made it" if synthetic else "The credentials hold"
    return Evidence("provenance", "1", None, None, 1.0, findings=(said,), declares_synthetic=synthetic)


def test_no_face_is_inconclusive_and_says_so() -> None:
    verdict = conclude([], [])
    assert verdict.label is VerdictLabel.INCONCLUSIVE
    assert verdict.probability_fake is None
    assert verdict.reasons == (NO_FACE,)


def test_without_a_calibrated_score_the_verdict_says_what_it_rests_on_and_what_is_missing() -> None:
    pulse = Evidence(
        "pulse", "1", 0, None, 0.8, (), "it has no classifier", ("30 of 32 parts of the mid face show that pulse",)
    )
    verdict = conclude([pulse], [face(0), face(1, bpm=None)])
    words = " ".join(verdict.reasons)
    assert verdict.label is VerdictLabel.INCONCLUSIVE
    assert verdict.probability_fake is None
    assert verdict.reasons[0] == NO_CALIBRATED_SCORE
    assert "Face A (about 180 px, 0.0 to 9.9 s): a pulse of 72 beats a minute was read, SNR 4.2 dB" in words
    assert "Face A: 30 of 32 parts of the mid face show that pulse." in words
    assert "Face A, pulse detector: it has no classifier." in words
    assert "Face B (about 180 px, 0.0 to 9.9 s): no pulse was read (no pulse found above the noise)." in words


def test_a_declaration_decides_and_is_quoted() -> None:
    verdict = conclude([declaration(), scored(0.01)], [face()], CALIBRATION)
    assert verdict.label is VerdictLabel.DECLARED_SYNTHETIC
    assert verdict.probability_fake is None
    assert verdict.reasons[0] == "The file's Content Credentials declare that AI made it."


def test_a_declaration_counts_without_any_face() -> None:
    assert conclude([declaration()], []).label is VerdictLabel.DECLARED_SYNTHETIC


def test_credentials_that_declare_nothing_synthetic_decide_nothing() -> None:
    verdict = conclude([declaration(synthetic=False)], [face()])
    assert verdict.label is VerdictLabel.INCONCLUSIVE
    assert "The credentials hold." in verdict.reasons


def test_a_score_without_calibration_decides_nothing() -> None:
    verdict = conclude([scored(0.99)], [face()])
    assert verdict.label is VerdictLabel.INCONCLUSIVE
    assert verdict.probability_fake is None


def test_a_score_of_another_version_than_was_calibrated_decides_nothing() -> None:
    assert conclude([scored(0.99, version="7")], [face()], CALIBRATION).probability_fake is None


@pytest.mark.parametrize(
    ("score", "label"),
    [
        (0.99, VerdictLabel.LIKELY_FAKE),
        (0.5, VerdictLabel.INCONCLUSIVE),
        (0.05, VerdictLabel.LIKELY_REAL),
    ],
)
def test_calibrated_scores_are_labelled_by_the_calibrations_thresholds(score: float, label: VerdictLabel) -> None:
    verdict = conclude([scored(score)], [face()], CALIBRATION)
    assert verdict.label is label
    assert verdict.probability_fake == pytest.approx(score)
    assert verdict.calibration_id == "for-tests"


def test_one_fake_face_among_several_makes_the_clip_fake() -> None:
    evidence = [scored(0.03, track=0), scored(0.97, track=1)]
    verdict = conclude(evidence, [face(0), face(1)], CALIBRATION)
    assert verdict.label is VerdictLabel.LIKELY_FAKE
    assert "Face B: signs of manipulation." in verdict.reasons
    assert "Face A: no signs of manipulation found." in verdict.reasons


def test_a_clip_is_not_called_free_of_signs_while_a_face_was_not_judged() -> None:
    evidence = [scored(0.03, track=0), scored(None, track=1)]
    verdict = conclude(evidence, [face(0), face(1)], CALIBRATION)
    assert verdict.label is VerdictLabel.INCONCLUSIVE
    assert NOT_EVERY_FACE in verdict.reasons


def test_agreeing_detectors_are_surer_than_one_and_poor_quality_counts_less() -> None:
    alone = fuse([scored(0.8)], CALIBRATION)
    both = fuse([scored(0.8), scored(0.8, detector="pulse", version="2")], CALIBRATION)
    poor = fuse([Evidence("appearance", "1", 0, 0.8, 0.3)], CALIBRATION)
    assert both > alone > poor > 0.5


def test_nothing_to_fuse_is_an_error_not_a_half() -> None:
    with pytest.raises(ValueError, match="no calibrated evidence"):
        fuse([scored(None)], CALIBRATION)


def test_thresholds_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="in order"):
        Calibration("x", {}, {}, 0.0, fake_from=0.2, real_up_to=0.8)


def test_the_words_never_claim_proof() -> None:
    cases = [conclude([scored(s)], [face()], CALIBRATION) for s in (0.99, 0.5, 0.05)]
    cases += [conclude([], []), conclude([scored(None)], [face()])]
    for verdict in cases:
        for sentence in verdict.reasons:
            assert "proof" not in sentence.casefold()
            assert "prove" not in sentence.casefold()
            assert sentence.endswith(".")


def strong(score: float, detector: str, track: int = 0) -> Evidence:
    return scored(score, track, detector, CALIBRATION.versions[detector])


def test_detectors_that_disagree_give_no_label_and_say_so() -> None:
    verdict = conclude([strong(0.9999, "appearance"), strong(0.01, "pulse")], [face()], CALIBRATION)
    assert verdict.label is VerdictLabel.INCONCLUSIVE
    assert verdict.probability_fake is not None
    assert "Face A: can't tell: the detectors disagree." in verdict.reasons


def test_evidence_of_next_to_no_quality_gives_no_label() -> None:
    thin = Evidence("appearance", "1", 0, 0.0001, 0.19)
    verdict = conclude([thin], [face()], CALIBRATION)
    assert verdict.label is VerdictLabel.INCONCLUSIVE
    assert any("too little" in reason for reason in verdict.reasons)


def test_reasons_begin_with_the_face_that_decides_and_its_strongest_detector() -> None:
    evidence = [strong(0.02, "appearance", 0), strong(0.8, "pulse", 1), strong(0.99, "appearance", 1)]
    verdict = conclude(evidence, [face(0), face(1)], CALIBRATION)
    assert verdict.label is VerdictLabel.LIKELY_FAKE
    assert verdict.reasons[:3] == (
        "Face B: signs of manipulation.",
        "Face B: the appearance detector speaks for a fake, strongly.",
        "Face B: the pulse detector speaks for a fake, weakly.",
    )


def test_one_doubtful_face_keeps_a_clip_from_being_called_free_of_signs() -> None:
    verdict = conclude([scored(0.01, 0), scored(0.19, 1), scored(0.5, 2)], [face(i) for i in range(3)], CALIBRATION)
    assert verdict.label is VerdictLabel.INCONCLUSIVE


def test_more_faces_take_more_to_call_one_fake() -> None:
    calibration = replace(CALIBRATION, tail_log_odds=1.0)
    assert conclude([scored(0.93)], [face()], calibration).label is VerdictLabel.LIKELY_FAKE
    evidence = [scored(0.93, 0), *(scored(0.01, i) for i in range(1, 6))]
    assert conclude(evidence, [face(i) for i in range(6)], calibration).label is VerdictLabel.INCONCLUSIVE


def test_a_calibration_moves_a_detectors_own_scale() -> None:
    shifted = replace(CALIBRATION, offsets={"appearance": -2.0})
    assert fuse([scored(0.8)], shifted) < 0.5 < fuse([scored(0.8)], CALIBRATION)


def test_weights_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        replace(CALIBRATION, bias=float("nan"))
