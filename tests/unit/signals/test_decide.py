from __future__ import annotations

import pytest

from core.signals.decide import Classical, Learned, decide


def classical(bpm: float, margin_db: float) -> Classical:
    return Classical(bpm, margin_db, 0.5 + 0.1 * max(min(margin_db, 4), -4))


def test_where_both_agree_the_finer_rate_is_taken_and_trusted_more_than_either() -> None:
    method, network = classical(72.0, 1.0), Learned(73.4, 0.5)
    decision = decide(method, network)
    assert decision.bpm == 72.0
    assert decision.confidence > max(method.confidence, network.confidence)
    assert decision.by_learned
    assert decision.by_classical


def test_agreement_counts_although_neither_is_sure_alone() -> None:
    assert decide(classical(72.0, -1.0), None).bpm is None
    assert decide(None, Learned(73.0, 0.55)).bpm is None
    assert decide(classical(72.0, -1.0), Learned(73.0, 0.55)).bpm == 72.0


def test_two_sure_voices_with_two_rates_are_no_answer() -> None:
    decision = decide(classical(60.0, 3.0), Learned(110.0, 0.9))
    assert decision.bpm is None
    assert decision.best_guess_bpm == 110.0
    assert decision.confidence <= 0.5
    assert not decision.by_learned
    assert not decision.by_classical


@pytest.mark.parametrize(
    ("method", "network", "bpm"),
    [
        (classical(60.0, -5.0), Learned(110.0, 0.8), 110.0),
        (classical(60.0, 2.0), Learned(110.0, 0.2), 60.0),
        (classical(60.0, -5.0), Learned(110.0, 0.3), None),
        (classical(60.0, 2.0), None, 60.0),
        (None, Learned(110.0, 0.8), 110.0),
    ],
)
def test_the_one_that_is_sure_answers_alone(
    method: Classical | None, network: Learned | None, bpm: float | None
) -> None:
    decision = decide(method, network)
    assert decision.bpm == bpm
    assert decision.best_guess_bpm is not None


def test_nothing_seen_gives_not_even_a_guess() -> None:
    decision = decide(None, None)
    assert (decision.bpm, decision.best_guess_bpm, decision.confidence) == (None, None, 0.0)


def test_a_silenced_network_leaves_the_guess_to_the_method() -> None:
    assert decide(classical(60.0, -5.0), Learned(81.0, 0.0)).best_guess_bpm == 60.0
