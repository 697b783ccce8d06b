from __future__ import annotations

from dataclasses import replace

import pytest

from core.report.words import blink_words, likelihood_words
from tests.synth.analyses import make_analysis


@pytest.mark.parametrize(
    ("probability", "words"),
    [(1.0, "over 95%"), (0.951, "over 95%"), (0.95, "95%"), (0.5, "50%"), (0.05, "5%"), (0.01, "under 5%")],
)
def test_a_likelihood_claims_no_more_than_its_calibration_can_know(probability: float, words: str) -> None:
    assert likelihood_words(probability) == words


@pytest.mark.parametrize(
    ("per_min", "why", "words"),
    [
        (13.7, None, "14 a minute"),
        (0.0, None, "0 a minute"),
        (None, "only 3.9 s of face", "not counted: only 3.9 s of face"),
        (None, None, "not counted: the reason was not recorded"),
    ],
)
def test_blinks_are_told_or_the_reason_why_not(per_min: float | None, why: str | None, words: str) -> None:
    face = replace(make_analysis().report.faces[0], blinks_per_min=per_min, blinks_abstained_because=why)
    assert blink_words(face) == words
