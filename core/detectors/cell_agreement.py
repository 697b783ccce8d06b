"""Cell agreement: do neighbouring parts of the face change colour together more than filmed skin does?"""

from __future__ import annotations

import math

from core.detectors.gates import Gate, GateLimits, overall_quality, quality_gates, refusal
from core.signals.agreement import Agreement, cell_agreement
from core.signals.resample import even_trace
from core.types import Evidence, FaceMaterial, Measurement

LIMITS = GateLimits(face_px=(100, 140), seconds=(3, 8), rate_hz=(16, 24), bits_per_pixel=(0.05, 0.1))
"""Cells of a few pixels, and cells that the encoder joined, agree in real clips too: docs/research/0003."""
SPEAKS_FROM = 0.8
"""Of faces whose person and target the logistic had not seen, 15 of 34 swapped and 1 of 54 real ones are above."""
NOT_MEASURED = "too little of the mid face is seen without interruption"
NO_MORE_THAN_SKIN = (
    "neighbouring parts of the face change colour no more alike than filmed skin does; "
    "fakes other than face swaps do not show here"
)
FOUND = "neighbouring parts of the face change colour together more than filmed skin does, as in many face swaps"
BIAS, CHROM, POS, FAST = -12.0161, 13.9813, 5.3446, 8.2012
"""Of the logistic; printed by benchmarks.pulse_detection, which fits them on all pairs and other real clips."""


class CellAgreementDetector:
    """Scores a face swap by the agreement of neighbouring cells; says nothing where there is none.

    One-sided: a face that was made as a whole (talking heads) agrees no more than a real one, so a low agreement is
    no evidence that a clip is real.
    """

    name = "cell_agreement"
    version = "1"

    def __init__(self, limits: GateLimits = LIMITS) -> None:
        self._limits = limits

    def examine(self, face: FaceMaterial) -> Evidence:
        """Return a score of `SPEAKS_FROM` and more, or the reason why there is none."""
        gates = quality_gates(face, self._limits)
        found = cell_agreement(even_trace(face.trace)) if len(face.trace.times_s) > 1 else None
        probability = None if found is None or not math.isfinite(found.fast) else swap_probability(found)
        reason = refusal(gates) or (NOT_MEASURED if probability is None else None)
        if reason is None and probability is not None and probability < SPEAKS_FROM:
            reason = NO_MORE_THAN_SKIN
        return Evidence(
            detector=self.name,
            version=self.version,
            track=face.track.id,
            fake_score=None if reason else probability,
            quality=overall_quality(gates),
            measurements=_measurements(found, probability, gates),
            abstained_because=reason,
            findings=() if reason else (FOUND,),
        )


def swap_probability(found: Agreement) -> float:
    """The logistic of docs/research/0003: 0..1, higher the more neighbours agree."""
    odds = BIAS + CHROM * found.chrom + POS * found.pos + FAST * found.fast
    return 1 / (1 + math.exp(-odds))


def _measurements(
    found: Agreement | None, probability: float | None, gates: tuple[Gate, ...]
) -> tuple[Measurement, ...]:
    values = (None, None, None) if found is None else (found.chrom, found.pos, found.fast)
    finite = [None if value is None or not math.isfinite(value) else value for value in values]
    return (
        Measurement("neighbours_chrom", finite[0], ""),
        Measurement("neighbours_pos", finite[1], ""),
        Measurement("neighbours_fast", finite[2], ""),
        Measurement("swap_probability", probability, ""),
        *(Measurement(gate.name, gate.value, gate.unit) for gate in gates),
    )
