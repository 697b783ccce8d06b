"""Temporal: how a face moves, flickers and changes through a clip, part against part."""

from __future__ import annotations

import math
from functools import cache

from core.detectors.gates import Gate, GateLimits, overall_quality, quality_gates, refusal
from core.errors import WeightsError
from core.faces.texture import texture
from core.faces.unrest import FEWEST_FRAMES, unrest
from core.signals.flicker import flicker
from core.signals.resample import even_trace
from core.types import Evidence, FaceMaterial, Measurement
from models.linear import LinearModel, load_linear
from models.registry import WeightFileError, weight_path

WEIGHTS = "temporal"
LIMITS = GateLimits(face_px=(64, 140), seconds=(2, 5), rate_hz=(12, 20), motion_per_s=(1.5, 0.5))
MOST_QUALITY = 0.5
"""Even a good clip is judged only half as surely as the score says: docs/research/0005 has the figures."""
SPEAKS_FROM = 0.8
"""Of clips of people that the weights had not seen, no real one of 95 is above, and 39 of 95 animations are."""
TOO_FEW = "the face is seen in too few pictures"
AS_FILMED = "the face moves and changes as filmed faces do; swapped faces do so too, and do not show here"
ASPECTS = {
    "motion": "the way the parts of the face move",
    "colour": "the way the colour of the face flickers",
    "texture": "the way the face and its surroundings change from picture to picture",
}


class TemporalDetector:
    """Scores faces that were animated as a whole, such as talking heads; a swapped face moves as the filmed one did.

    The score is a logistic of numbers measured within the clip (models/cards/temporal.md). One-sided: a low score is no
    evidence that a clip is real, and is only told as a measurement.
    """

    name = "temporal"
    version = "1"

    def __init__(self, limits: GateLimits = LIMITS) -> None:
        self._limits = limits

    def examine(self, face: FaceMaterial) -> Evidence:
        """Return a score of `SPEAKS_FROM` and more, or the reason why there is none.

        Raises:
            WeightsError: the weight file is missing or altered.
        """
        gates = quality_gates(face, self._limits)
        reason = refusal(gates)
        if reason is None and len(face.track.times_s) < FEWEST_FRAMES:
            reason = TOO_FEW
        aspects = {} if reason else _by_aspect(temporal_numbers(face))
        score = None if reason else 1 / (1 + math.exp(-(_model().bias + sum(aspects.values()))))
        if score is not None and score < SPEAKS_FROM:
            reason = AS_FILMED
        return Evidence(
            detector=self.name,
            version=self.version,
            track=face.track.id,
            fake_score=None if reason else score,
            quality=MOST_QUALITY * overall_quality(gates),
            measurements=_measurements(score, aspects, gates),
            abstained_because=reason,
            findings=()
            if reason
            else (f"{ASPECTS[max(aspects, key=lambda name: aspects[name])]} is unlike filmed faces",),
        )


def temporal_numbers(face: FaceMaterial) -> dict[str, dict[str, float]]:
    """Return the numbers of each aspect, by their names; NaN or absent where one cannot be measured."""
    return {
        "motion": unrest(face.track),
        "colour": flicker(even_trace(face.trace)),
        "texture": {} if face.crops is None else texture(face.crops),
    }


def _measurements(score: float | None, aspects: dict[str, float], gates: tuple[Gate, ...]) -> tuple[Measurement, ...]:
    return (
        Measurement("animation_probability", score, ""),
        *(Measurement(f"{name}_log_odds", aspects.get(name), "") for name in ASPECTS),
        *(Measurement(gate.name, gate.value, gate.unit) for gate in gates),
    )


def _by_aspect(measured: dict[str, dict[str, float]]) -> dict[str, float]:
    parts = _model().parts({name: value for part in measured.values() for name, value in part.items()})
    return {aspect: float(sum(parts.get(name, 0.0) for name in part)) for aspect, part in measured.items()}


@cache
def _model() -> LinearModel:
    try:
        return load_linear(weight_path(WEIGHTS))
    except (WeightFileError, ValueError) as error:
        raise WeightsError(str(error)) from error
