"""From scores to one probability, by a calibration that was measured on held-out clips."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.types import Evidence, VerdictLabel

DISAGREE_LOG_ODDS = 1.0
"""Two detectors disagree when one alone makes a fake this much likelier and another this much unlikelier (×2.7)."""
LEAST_QUALITY = 0.2
"""Below this sum of qualities the evidence is too thin for a label."""
DISAGREEMENT = "the detectors disagree"
THIN = "what could be measured is too little to say more"
DRAWN = "it cannot be ruled out that its picture was drawn as a whole"
"""A third of filmed faces hear this: it names what was not excluded, and nothing that was found."""
CLEARING: Mapping[str, str] = {"appearance": "synthesis_log_odds"}
"""By detector, the measurement that must be low as well before a face is called free of signs.

The fusion is fitted on swaps, of which the score speaks; a face that was drawn as a whole has no seam and would pass.
"""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic fusion of detector scores, and the thresholds measured with it.

    The log-odds of a fake are `bias` plus, for each detector with a score, its quality times (`weights` times the
    log-odds of its score plus `offsets`). At or above `fake_from` the label is likely_fake (set for at most 1 in 100
    real clips), at or below `real_up_to` likely_real, in between inconclusive. Of K faces the likeliest fake is
    looked at, so `fake_from` moves up by `tail_log_odds` · ln K: the log-odds of real faces fall off exponentially
    at that scale beyond their upper tenth. `versions` are the detector versions it was measured with: evidence of
    any other is not used. No face is called free of signs that has more of a `CLEARING` measurement than
    `clear_up_to` (by measurement) allows. `measured` are the figures of the fit, for people who want to know what it
    rests on.
    """

    id: str
    versions: Mapping[str, str]
    weights: Mapping[str, float]
    bias: float
    fake_from: float
    real_up_to: float
    offsets: Mapping[str, float] = field(default_factory=dict)
    tail_log_odds: float = 0.0
    clear_up_to: Mapping[str, float] = field(default_factory=dict)
    measured: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.real_up_to < self.fake_from <= 1:
            raise ValueError("thresholds are in order and in 0..1")
        if set(self.weights) != set(self.versions) or not set(self.offsets) <= set(self.versions):
            raise ValueError("every weighted detector has its version")
        numbers = (
            *self.weights.values(),
            *self.offsets.values(),
            *self.clear_up_to.values(),
            self.bias,
            self.tail_log_odds,
        )
        if not all(math.isfinite(number) for number in numbers) or self.tail_log_odds < 0:
            raise ValueError("weights are finite numbers")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a calibration makes of the evidence on one face.

    `contributions` are log-odds by detector, the strongest first; `doubt` says why a label was withheld.
    """

    probability: float
    label: VerdictLabel
    contributions: Mapping[str, float]
    doubt: str | None = None


def usable(evidence: Sequence[Evidence], calibration: Calibration | None) -> tuple[Evidence, ...]:
    """The evidence with a score that `calibration` was measured for; none without a calibration."""
    if calibration is None:
        return ()
    return tuple(e for e in evidence if e.fake_score is not None and calibration.versions.get(e.detector) == e.version)


def fuse(evidence: Sequence[Evidence], calibration: Calibration) -> float:
    """Return the probability that what the evidence is about is fake: of one face, or of the clip as a whole.

    Raises:
        ValueError: no evidence that the calibration was measured for.
    """
    return _probability(calibration.bias + sum(contributions(evidence, calibration).values()))


def contributions(evidence: Sequence[Evidence], calibration: Calibration) -> dict[str, float]:
    """Return what each detector adds to the log-odds of a fake, the strongest first.

    Raises:
        ValueError: no evidence that the calibration was measured for.
    """
    scored = usable(evidence, calibration)
    if not scored:
        raise ValueError("there is no calibrated evidence to fuse")
    found: dict[str, float] = {}
    for e in scored:
        weight, offset = calibration.weights[e.detector], calibration.offsets.get(e.detector, 0.0)
        found[e.detector] = found.get(e.detector, 0.0) + e.quality * (weight * score_log_odds(e) + offset)
    return dict(sorted(found.items(), key=lambda item: -abs(item[1])))


def judge(evidence: Sequence[Evidence], calibration: Calibration, faces: int = 1) -> Judgement:
    """Return the probability and label of one face out of `faces`; `doubt` says why a label is withheld.

    Raises:
        ValueError: no evidence that the calibration was measured for.
    """
    parts = contributions(evidence, calibration)
    probability = _probability(calibration.bias + sum(parts.values()))
    label = label_of(probability, calibration, faces)
    doubt = None
    if max(parts.values()) >= DISAGREE_LOG_ODDS and min(parts.values()) <= -DISAGREE_LOG_ODDS:
        doubt = DISAGREEMENT
    elif sum(e.quality for e in usable(evidence, calibration)) < LEAST_QUALITY:
        doubt = THIN
    elif label is VerdictLabel.LIKELY_REAL and not clears(evidence, calibration):
        doubt = DRAWN
    return Judgement(probability, label if doubt is None else VerdictLabel.INCONCLUSIVE, parts, doubt)


def clears(evidence: Sequence[Evidence], calibration: Calibration) -> bool:
    """Return whether every `CLEARING` measurement that the calibration has a limit for is known and within it."""
    for e in usable(evidence, calibration):
        name = CLEARING.get(e.detector)
        if name is None or name not in calibration.clear_up_to:
            continue
        values = [m.value for m in e.measurements if m.name == name and m.value is not None]
        if not values or max(values) > calibration.clear_up_to[name]:
            return False
    return True


def label_of(probability: float, calibration: Calibration, faces: int = 1) -> VerdictLabel:
    """Return the label that the calibration's thresholds give to the likeliest fake of `faces` faces."""
    fake_from = calibration.fake_from
    if faces > 1:
        fake_from = _probability(_log_odds(fake_from) + calibration.tail_log_odds * math.log(faces))
    if probability >= fake_from:
        return VerdictLabel.LIKELY_FAKE
    return VerdictLabel.LIKELY_REAL if probability <= calibration.real_up_to else VerdictLabel.INCONCLUSIVE


def score_log_odds(evidence: Evidence) -> float:
    """The log-odds of a score, at most 9.2 either way; 0 where there is none."""
    return 0.0 if evidence.fake_score is None else _log_odds(min(max(evidence.fake_score, 1e-4), 1 - 1e-4))


def _log_odds(probability: float) -> float:
    if probability in {0.0, 1.0}:
        return math.inf if probability else -math.inf
    return math.log(probability / (1 - probability))


def _probability(log_odds: float) -> float:
    if log_odds < 0:
        return math.exp(max(log_odds, -700.0)) / (1 + math.exp(max(log_odds, -700.0)))
    return 1 / (1 + math.exp(-log_odds))
