"""The cell agreement scores what was drawn together, and is silent about everything else."""

from __future__ import annotations

import numpy as np
import pytest

from core.detectors.cell_agreement import NO_MORE_THAN_SKIN, NOT_MEASURED, CellAgreementDetector, swap_probability
from core.signals.agreement import Agreement
from core.types import Evidence, FaceMaterial, RoiTrace
from tests.synth.traces import Skin
from tests.unit.detectors.test_pulse import face
from tests.unit.signals.test_agreement import NOISY, drawn_together


def agreeing(one: FaceMaterial, size: float) -> FaceMaterial:
    return FaceMaterial(
        one.video, one.track, drawn_together(one.trace, size), one.pulse, one.reading, one.ppg_map, one.crops
    )


def values(evidence: Evidence) -> dict[str, float | None]:
    return {m.name: m.value for m in evidence.measurements}


def test_cells_drawn_together_are_scored_and_explained() -> None:
    evidence = CellAgreementDetector().examine(agreeing(face(NOISY), 0.02))
    assert evidence.fake_score is not None
    assert evidence.fake_score > 0.8
    assert evidence.track == 3
    assert len(evidence.findings) == 1
    assert values(evidence)["swap_probability"] == evidence.fake_score


def test_filmed_skin_is_no_evidence_for_either_side() -> None:
    evidence = CellAgreementDetector().examine(face(NOISY))
    assert evidence.fake_score is None
    assert evidence.abstained_because == NO_MORE_THAN_SKIN
    assert (values(evidence)["swap_probability"] or 1) < 0.2


@pytest.mark.parametrize("bpm", [55, 84, 130])
def test_a_clear_pulse_is_not_taken_for_a_swap(bpm: float) -> None:
    evidence = CellAgreementDetector().examine(face(Skin(bpm=bpm, pulse=0.003, noise=0.002)))
    assert evidence.fake_score is None


def test_small_faces_and_slow_clips_are_refused_with_the_reason() -> None:
    small = CellAgreementDetector().examine(agreeing(face(NOISY, size_px=90), 0.02))
    assert small.fake_score is None
    assert small.abstained_because == "the face is only 90 px"
    slow = CellAgreementDetector().examine(agreeing(face(NOISY, rate_hz=15), 0.02))
    assert slow.fake_score is None
    assert "frame rate" in (slow.abstained_because or "")


def test_cells_that_were_not_seen_are_told() -> None:
    one = face(NOISY)
    rgb = np.array(one.trace.rgb)
    rgb[5:] = np.nan
    hidden = RoiTrace(0, one.trace.region_names, one.trace.times_s, rgb, one.trace.pixels, one.trace.clipped)
    material = FaceMaterial(one.video, one.track, hidden, None, one.reading, None, None)
    assert CellAgreementDetector().examine(material).abstained_because == NOT_MEASURED


def test_more_agreement_is_never_less_suspicious() -> None:
    low, high = (swap_probability(Agreement(v, v, v, 0.1, 52, 10.0)) for v in (0.3, 0.6))
    assert 0 <= low < 0.5 < high <= 1
