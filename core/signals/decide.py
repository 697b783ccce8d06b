"""One answer for a window from the classical methods and the learned reader: docs/decisions/0008."""

from __future__ import annotations

from dataclasses import dataclass

AGREE_BPM = 5.0
"""The learned reader's confidence is the probability of being within this much."""
SURE = 0.66
"""From this confidence on the learned reader is believed alone."""
HALF_SURE = 0.45
HALF_SURE_DB = -1.5
"""Both readers agree by chance seldom enough that together they are believed from here on."""
CONTRADICTS = 0.5
"""From this confidence on a learned reading of another rate silences a classical one."""


@dataclass(frozen=True, slots=True)
class Classical:
    """What a method says of a window: its rate, the SNR over its gate in dB, and the confidence made of that."""

    bpm: float
    margin_db: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Learned:
    """What the trained reader says of a window; confidence 0 has no say."""

    bpm: float
    confidence: float

    @property
    def sure(self) -> bool:
        """Whether it is believed alone."""
        return self.confidence >= SURE


@dataclass(frozen=True, slots=True)
class Decision:
    """`bpm` None where neither is sure or both are and differ; `best_guess_bpm` None where nothing was seen.

    `confidence` is that of the best guess. `by_learned` and `by_classical` say whose rate it is, or that both agree.
    """

    bpm: float | None
    best_guess_bpm: float | None
    confidence: float
    by_learned: bool = False
    by_classical: bool = False


NOTHING = Decision(None, None, 0.0)


def agree(classical: Classical, learned: Learned) -> bool:
    """Return whether both read the same rate."""
    return abs(classical.bpm - learned.bpm) <= AGREE_BPM


def joint_confidence(classical: Classical, learned: Learned | None) -> float:
    """Return the confidence in the classical rate: raised where the learned reader agrees."""
    if learned is None or not agree(classical, learned):
        return classical.confidence
    return 1 - (1 - classical.confidence) * (1 - learned.confidence)


def decide(classical: Classical | None, learned: Learned | None) -> Decision:
    """Return the answer for one window.

    Where both agree the rate is the classical one, which is finer, unless its wave is too noisy for that.
    """
    if classical is None:
        return NOTHING if learned is None else _one(learned.bpm, learned.confidence, learned.sure, by_learned=True)
    if learned is None:
        return _one(classical.bpm, classical.confidence, classical.margin_db >= 0, by_learned=False)
    if agree(classical, learned):
        together = classical.margin_db >= HALF_SURE_DB and learned.confidence >= HALF_SURE
        read = together or learned.sure or classical.margin_db >= 0
        guess = classical.bpm if classical.margin_db >= HALF_SURE_DB else learned.bpm
        return Decision(guess if read else None, guess, joint_confidence(classical, learned), read, read)
    return _apart(classical, learned)


def _apart(classical: Classical, learned: Learned) -> Decision:
    passes = classical.margin_db >= 0
    if passes and learned.confidence < CONTRADICTS:
        return _one(classical.bpm, classical.confidence, read=True, by_learned=False)
    if passes:  # two voices, two rates
        guess = learned.bpm if learned.confidence >= classical.confidence else classical.bpm
        return Decision(None, guess, min(learned.confidence, classical.confidence, 1 - CONTRADICTS))
    if learned.confidence > 0:
        return _one(learned.bpm, learned.confidence, learned.sure, by_learned=True)
    return _one(classical.bpm, classical.confidence, read=False, by_learned=False)


def _one(bpm: float, confidence: float, read: bool, *, by_learned: bool) -> Decision:
    return Decision(bpm if read else None, bpm, confidence, read and by_learned, read and not by_learned)
