from __future__ import annotations

import pytest

from core.report.words import likelihood_words


@pytest.mark.parametrize(
    ("probability", "words"),
    [(1.0, "over 95%"), (0.951, "over 95%"), (0.95, "95%"), (0.5, "50%"), (0.05, "5%"), (0.01, "under 5%")],
)
def test_a_likelihood_claims_no_more_than_its_calibration_can_know(probability: float, words: str) -> None:
    assert likelihood_words(probability) == words
