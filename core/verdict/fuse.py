"""From scores to one probability, by a calibration that was measured on held-out clips."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.types import Evidence, VerdictLabel


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic fusion of detector scores, and the thresholds measured with it.

    `weights` multiply the log-odds of each detector's score times its quality, `bias` is added.
    At or above `fake_from` the label is likely_fake (set for at most 1 in 100 real clips), at or below `real_up_to`
    likely_real, in between inconclusive. `versions` are the detector versions it was measured with: evidence of any
    other is not used.
    """

    id: str
    versions: Mapping[str, str]
    weights: Mapping[str, float]
    bias: float
    fake_from: float
    real_up_to: float

    def __post_init__(self) -> None:
        if not 0 <= self.real_up_to < self.fake_from <= 1:
            raise ValueError("thresholds are in order and in 0..1")
        if set(self.weights) != set(self.versions):
            raise ValueError("every weighted detector has its version")


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
    scored = usable(evidence, calibration)
    if not scored:
        raise ValueError("there is no calibrated evidence to fuse")
    total = calibration.bias + sum(calibration.weights[e.detector] * e.quality * _log_odds(e) for e in scored)
    return 1 / (1 + math.exp(-total))


def label_of(probability: float, calibration: Calibration) -> VerdictLabel:
    """Return the label that the calibration's thresholds give."""
    if probability >= calibration.fake_from:
        return VerdictLabel.LIKELY_FAKE
    return VerdictLabel.LIKELY_REAL if probability <= calibration.real_up_to else VerdictLabel.INCONCLUSIVE


def _log_odds(evidence: Evidence) -> float:
    score = min(max(evidence.fake_score or 0.0, 1e-4), 1 - 1e-4)
    return math.log(score / (1 - score))
