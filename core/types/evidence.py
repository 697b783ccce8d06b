"""What detectors say, and what is concluded."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from core.types.checks import require


@dataclass(frozen=True, slots=True)
class Measurement:
    """A named number with its unit ("" for a ratio or count)."""

    name: str
    value: float | None
    unit: str

    def __post_init__(self) -> None:
        require(self.value is None or math.isfinite(self.value), f"{self.name} is not a finite number")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one detector found on one face (`track`) or, when `track` is None, on the clip as a whole.

    `fake_score` in 0..1 or None; None comes with `abstained_because`, or with neither a score nor an abstention for
    detectors that only declare (provenance). `quality` in 0..1: how far the input was what the detector needs.
    `findings` are plain sentences that the verdict may quote.
    """

    detector: str
    version: str
    track: int | None
    fake_score: float | None
    quality: float
    measurements: tuple[Measurement, ...] = ()
    abstained_because: str | None = None
    findings: tuple[str, ...] = ()
    declares_synthetic: bool = False

    def __post_init__(self) -> None:
        require(self.fake_score is None or 0 <= self.fake_score <= 1, "fake_score is in 0..1")
        require(0 <= self.quality <= 1, "quality is in 0..1")
        require(
            self.fake_score is None or self.abstained_because is None,
            "a detector scores or abstains, not both",
        )


class VerdictLabel(StrEnum):
    """The four answers."""

    LIKELY_FAKE = "likely_fake"
    LIKELY_REAL = "likely_real"
    INCONCLUSIVE = "inconclusive"
    DECLARED_SYNTHETIC = "declared_synthetic"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer: a label, a calibrated probability when there is one, and the reasons in words."""

    label: VerdictLabel
    probability_fake: float | None
    evidence: tuple[Evidence, ...]
    reasons: tuple[str, ...]
    calibration_id: str | None

    def __post_init__(self) -> None:
        require(len(self.reasons) > 0, "a verdict says what it rests on")
        require(
            self.probability_fake is None or self.calibration_id is not None,
            "a probability names its calibration",
        )
