"""Clues by name: each is there, those of what was not seen are not known, and agreement is among them."""

from __future__ import annotations

import numpy as np
import pytest

from core.evaluation.local_clues import (
    BACKGROUND_CLUES,
    CLUES,
    Filming,
    background_clues,
    expected_snr,
    filming,
    local_clues,
)
from core.faces.regions import REGION_NAMES
from core.faces.surroundings import SURROUND_NAMES
from core.signals import even_trace
from core.signals.local import local_flow
from core.types import RoiTrace
from tests.synth.clips import even_times
from tests.synth.traces import Skin, skin_trace
from tests.unit.signals.test_agreement import drawn_together

EVERY = (*REGION_NAMES, *SURROUND_NAMES)
NONE = np.zeros(4)


def clues(trace: RoiTrace) -> dict[str, float]:
    flow = local_flow(even_trace(trace))
    assert flow is not None
    return dict(local_clues(flow, trace, filming(trace, 0.1), NONE))


def test_every_clue_of_the_table_is_measured_where_all_is_seen() -> None:
    trace = skin_trace(Skin(), even_times(25, 8), region_names=EVERY)
    found = clues(trace)
    assert tuple(found) == tuple(CLUES)
    assert np.isfinite(list(found.values())).all()
    flow = local_flow(even_trace(trace))
    assert flow is not None
    assert tuple(background_clues(flow, trace)) == BACKGROUND_CLUES


def test_a_covered_neck_is_not_compared_with() -> None:
    trace = skin_trace(Skin(), even_times(25, 8), region_names=EVERY)
    rgb = np.array(trace.rgb)
    rgb[EVERY.index("neck")] *= np.array([0.2, 0.9, 2.0])
    found = clues(RoiTrace(0, EVERY, trace.times_s, rgb, trace.pixels, trace.clipped))
    assert {name for name, value in found.items() if np.isnan(value)} == {n for n in CLUES if "neck" in n}


def test_a_face_drawn_as_a_whole_shows_in_its_neighbours() -> None:
    trace = skin_trace(Skin(noise=0.002), even_times(25, 8), region_names=EVERY)
    filmed, drawn = clues(trace), clues(drawn_together(trace, 0.01))
    assert all(drawn[n] > filmed[n] + 0.1 for n in CLUES if n.startswith("neighbours"))


def test_the_expected_snr_is_fitted_on_how_it_was_filmed() -> None:
    rng = np.random.default_rng(0)
    shots = [Filming(*values) for values in rng.uniform(0.1, 1.0, (20, 3))]
    truth = np.array([1.0, 2.0, 3.0, -1.0])
    fitted = expected_snr(shots, np.array([shot.terms() @ truth for shot in shots]))
    assert fitted == pytest.approx(truth)
