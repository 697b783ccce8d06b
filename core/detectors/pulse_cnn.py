"""The pulse CNN: what a network says that looks at the PPG maps of a face."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from core.detectors.gates import Gate, GateLimits, overall_quality, quality_gates, refusal
from core.errors import WeightsError
from core.signals.ppg_map import ppg_segments
from core.types import Evidence, FaceMaterial, Measurement
from models.registry import WeightFileError, weight_path

if TYPE_CHECKING:
    from models.ppg_cnn import PpgCnn

WEIGHTS = "ppg-cnn"
OMEGA, STRIDE = 64, 32
SMALLEST = 1e-4
LIMITS = GateLimits(face_px=(100, 140), seconds=(3, 8), bits_per_pixel=(0.05, 0.1))
TOO_LITTLE = "too little of the mid face is seen without interruption"
TOO_WEAK = "the pulse network is told, not counted: on people and swaps that it never saw it is right too seldom"


class PulseCnnDetector:
    """Measures with the network of models/cards/ppg_cnn.md; gives no score, for the reason in the card."""

    name = "pulse_cnn"
    version = "1"

    def __init__(self, limits: GateLimits = LIMITS) -> None:
        self._limits = limits

    def examine(self, face: FaceMaterial) -> Evidence:
        """Return the network's mean log-odds and the share of segments that it calls fake.

        Raises:
            WeightsError: the weight file is missing or altered.
        """
        gates = quality_gates(face, self._limits)
        closed = refusal(gates)
        maps = None if closed else ppg_segments(face.trace, OMEGA, STRIDE).maps
        if maps is not None and len(maps) == 0:
            closed = TOO_LITTLE
        measured = (0, None, None) if closed or maps is None else _ask(maps)
        return Evidence(
            detector=self.name,
            version=self.version,
            track=face.track.id,
            fake_score=None,
            quality=overall_quality(gates),
            measurements=_measurements(measured, gates),
            abstained_because=closed or TOO_WEAK,
        )


def _ask(maps: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> tuple[int, float | None, float | None]:
    from models.ppg_cnn import fake_probabilities  # noqa: PLC0415  (imports torch: only once a face is good enough)

    probability = np.clip(fake_probabilities(_network(), maps), SMALLEST, 1 - SMALLEST)
    odds = float(np.log(probability / (1 - probability)).mean())
    return len(maps), odds, float((probability > 0.5).mean())


@cache
def _network() -> PpgCnn:
    from models.ppg_cnn import load_ppg_cnn  # noqa: PLC0415

    try:
        return load_ppg_cnn(weight_path(WEIGHTS))
    except WeightFileError as error:
        raise WeightsError(str(error)) from error


def _measurements(measured: tuple[int, float | None, float | None], gates: tuple[Gate, ...]) -> tuple[Measurement, ...]:
    segments, odds, share = measured
    return (
        Measurement("segments", float(segments), ""),
        Measurement("network_log_odds", odds, ""),
        Measurement("segments_called_fake", share, ""),
        *(Measurement(gate.name, gate.value, gate.unit) for gate in gates),
    )
