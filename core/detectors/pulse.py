"""Pulse: how strongly and how coherently blood flows through the face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.detectors.gates import Gate, GateLimits, overall_quality, quality_gates, refusal
from core.signals.coherence import Coherence, coherence, phase_spread_deg
from core.types import Evidence, FaceMaterial, Measurement

NO_CLASSIFIER = "this version measures the pulse but has no trained classifier to turn it into a score"
MAIN_REGIONS = ("forehead", "left_cheek", "right_cheek")
CELL_PREFIX = "cell_"
AGREES_SHARE = 0.5
"""A cell agrees when its own strongest rate is the face's in at least half of the windows."""


class PulseDetector:
    """Measures the pulse of a face by region; gives no score.

    A swapped face often carries the pulse of the person who was filmed: on 49 paired clips the plain SNR was
    -2.7 dB for the real and -2.1 dB for the swapped half. So the strength of the pulse is told and not judged.
    """

    name = "pulse"
    version = "2"

    def __init__(self, limits: GateLimits | None = None) -> None:
        self._limits = limits or GateLimits()

    def examine(self, face: FaceMaterial) -> Evidence:
        """Return measurements and findings; abstains with the first closed gate, else for want of a classifier."""
        gates = quality_gates(face, self._limits)
        between = None if face.pulse is None else coherence(face.pulse)
        closed = refusal(gates)
        return Evidence(
            detector=self.name,
            version=self.version,
            track=face.track.id,
            fake_score=None,
            quality=overall_quality(gates),
            measurements=_measurements(face, gates, between),
            abstained_because=closed or NO_CLASSIFIER,
            findings=() if closed else _findings(face, between),
        )


def _measurements(face: FaceMaterial, gates: tuple[Gate, ...], between: Coherence | None) -> tuple[Measurement, ...]:
    reading = face.reading
    read = sum(w.bpm is not None for w in reading.windows)
    regions = () if face.pulse is None or between is None else _of_regions(face.pulse.region_names, between)
    return (
        Measurement("pulse", reading.bpm, "1/min"),
        Measurement("pulse_snr", reading.snr_db, "dB"),
        Measurement("windows_read", read / len(reading.windows) if reading.windows else None, ""),
        Measurement("respiration", reading.respiration_bpm, "1/min"),
        *regions,
        *(Measurement(gate.name, gate.value, gate.unit) for gate in gates),
    )


def _of_regions(names: tuple[str, ...], between: Coherence) -> tuple[Measurement, ...]:
    main, cells = _indices(names)
    each = (Measurement(f"{names[i]}_snr", _finite(between.snr_db[i]), "dB") for i in main)
    return (
        *each,
        Measurement("cells_snr_median", _median(between.snr_db[cells]), "dB"),
        Measurement("cells_snr_spread", _spread(between.snr_db[cells]), "dB"),
        Measurement("cells_same_rate", _share_agreeing(between.same_rate[cells]), ""),
        Measurement("regions_phase_spread", phase_spread_deg(between.phase_deg[main]), "deg"),
        Measurement("cells_phase_spread", phase_spread_deg(between.phase_deg[cells]), "deg"),
        Measurement("cells_phase_lock", _median(between.phase_lock[cells]), ""),
    )


def _findings(face: FaceMaterial, between: Coherence | None) -> tuple[str, ...]:
    """What is known beyond the reading itself, which the verdict tells."""
    if face.pulse is None or between is None or face.reading.bpm is None:
        return ()
    _, cells = _indices(face.pulse.region_names)
    rates = between.same_rate[cells]
    agreeing, known = int((rates >= AGREES_SHARE).sum()), int(np.isfinite(rates).sum())
    return (f"{agreeing} of {known} parts of the mid face show that pulse on their own",) if known else ()


def _indices(names: tuple[str, ...]) -> tuple[list[int], list[int]]:
    """Indices of the forehead and cheeks, and of the cells."""
    main = [names.index(name) for name in MAIN_REGIONS if name in names]
    return main, [i for i, name in enumerate(names) if name.startswith(CELL_PREFIX)]


def _share_agreeing(same_rate: NDArray[np.float64]) -> float | None:
    known = same_rate[np.isfinite(same_rate)]
    return float((known >= AGREES_SHARE).mean()) if len(known) else None


def _median(values: NDArray[np.float64]) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else None


def _spread(values: NDArray[np.float64]) -> float | None:
    """Distance between the quartiles."""
    known = values[np.isfinite(values)]
    return float(np.subtract(*np.percentile(known, (75, 25)))) if len(known) else None


def _finite(value: np.float64) -> float | None:
    return float(value) if np.isfinite(value) else None
