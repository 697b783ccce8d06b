"""Mouth: does it change in the same pictures as the face that it is in, as filmed mouths do?"""

from __future__ import annotations

import math
from functools import cache

from core.detectors.gates import Gate, GateLimits, overall_quality, quality_gates, refusal
from core.errors import WeightsError
from core.faces.mouth_unrest import mouth_numbers, mouth_spread
from core.faces.unrest import FEWEST_FRAMES
from core.types import Evidence, FaceMaterial, Measurement
from models.linear import LinearModel, load_linear
from models.registry import WeightFileError, weight_path

WEIGHTS = "mouth"
LIMITS = GateLimits(
    face_px=(80, 140), seconds=(2, 5), rate_hz=(12, 20), bits_per_pixel=(0.02, 0.06), motion_per_s=(1.5, 0.5)
)
"""Filmed faces compressed harder than that come near the fakes: docs/research/0009 has the figures."""
SPREAD = (0.005, 0.02)
"""Face widths by which the opening of the mouth must vary, and from where on it moves as much as is needed."""
MOST_QUALITY = 0.5
"""Even a good clip is judged only half as surely as the score says: no lip sync but our own was ever seen."""
SPEAKS_FROM = 0.95
"""Of people that the weights had not seen, no real clip of 67 and no twin of 58 is above, and 42 of 242 copies are."""
TOO_FEW = "the mouth is seen in too few pictures"
STILL = "the mouth hardly moves"
AS_FILMED = (
    "the mouth changes with the face as filmed mouths do; fakes of the whole face do so too, and do not show here"
)
FOUND = "the way mouth, chin and cheeks change in different pictures is unlike filmed faces"
TOLD = {"lips_with_chin": "change_coarse_lips_chin_together", "lips_with_nose": "change_coarse_lips_nose_together"}


class MouthDetector:
    """Scores lip sync: a mouth that was put on or drawn anew in a filmed face.

    The score is a logistic of correlations measured within the clip (models/cards/mouth.md). One-sided: a low score is
    no evidence that a clip is real, and is only told as a measurement.
    """

    name = "mouth"
    version = "1"

    def __init__(self, limits: GateLimits = LIMITS) -> None:
        self._limits = limits

    def examine(self, face: FaceMaterial) -> Evidence:
        """Return a score of `SPEAKS_FROM` and more, or the reason why there is none.

        Raises:
            WeightsError: the weight file is missing or altered.
        """
        gates = (*quality_gates(face, self._limits), _speech(face))
        reason = refusal(gates)
        if reason is None and (face.mouth is None or len(face.mouth.times_s) < FEWEST_FRAMES):
            reason = TOO_FEW
        numbers = {} if reason or face.mouth is None else mouth_numbers(face.track, face.mouth)["change"]
        score = None if reason else 1 / (1 + math.exp(-_model().log_odds(numbers)))
        if score is not None and score < SPEAKS_FROM:
            reason = AS_FILMED
        return Evidence(
            detector=self.name,
            version=self.version,
            track=face.track.id,
            fake_score=None if reason else score,
            quality=MOST_QUALITY * overall_quality(gates),
            measurements=_measurements(score, numbers, gates),
            abstained_because=reason,
            findings=() if reason else (FOUND,),
        )


def _speech(face: FaceMaterial) -> Gate:
    """Nothing can be told of a mouth that does not move."""
    value = mouth_spread(face.track)
    goodness = (value - SPREAD[0]) / (SPREAD[1] - SPREAD[0])
    return Gate("mouth_spread", value, "face widths", min(max(goodness, 0.0), 1.0), STILL if goodness < 0 else None)


def _measurements(score: float | None, numbers: dict[str, float], gates: tuple[Gate, ...]) -> tuple[Measurement, ...]:
    told = {name: numbers.get(number) for name, number in TOLD.items()}
    return (
        Measurement("lip_sync_probability", score, ""),
        *(Measurement(name, v if v is not None and math.isfinite(v) else None, "") for name, v in told.items()),
        *(Measurement(gate.name, gate.value, gate.unit) for gate in gates),
    )


@cache
def _model() -> LinearModel:
    try:
        return load_linear(weight_path(WEIGHTS))
    except (WeightFileError, ValueError) as error:
        raise WeightsError(str(error)) from error
