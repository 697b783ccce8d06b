"""The pulse CNN measures and abstains, and never goes on untrained."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.detectors import pulse_cnn
from core.detectors.pulse_cnn import TOO_LITTLE, TOO_WEAK, PulseCnnDetector
from core.errors import WeightsError
from core.types import FaceMaterial, RoiTrace
from models import registry
from tests.synth.traces import REGIONS
from tests.unit.detectors.test_pulse import face


def test_it_tells_what_the_network_says_and_gives_no_score() -> None:
    evidence = PulseCnnDetector().examine(face())
    values = {m.name: m.value for m in evidence.measurements}
    assert evidence.fake_score is None
    assert evidence.abstained_because == TOO_WEAK
    assert values["segments"] == 10
    assert values["network_log_odds"] is not None
    assert 0 <= (values["segments_called_fake"] or 0) <= 1


def test_equal_faces_get_equal_answers() -> None:
    assert PulseCnnDetector().examine(face()) == PulseCnnDetector().examine(face())


def test_a_closed_gate_asks_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse_cnn, "_ask", lambda _: pytest.fail("the network was asked"))
    assert PulseCnnDetector().examine(face(size_px=80)).abstained_because == "the face is only 80 px"


def test_a_face_without_cells_in_sight_says_so() -> None:
    one = face()
    rgb = one.trace.rgb.copy()
    rgb[REGIONS.index("cell_00") :] = float("nan")
    hidden = RoiTrace(0, REGIONS, one.trace.times_s, rgb, one.trace.pixels, one.trace.clipped)
    material = FaceMaterial(one.video, one.track, hidden, one.pulse, one.reading, None, None)
    assert PulseCnnDetector().examine(material).abstained_because == TOO_LITTLE


def test_altered_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    row = registry.weight_files()[pulse_cnn.WEIGHTS]
    altered = tmp_path / row.file
    altered.parent.mkdir(parents=True)
    altered.write_bytes(b"other weights")
    monkeypatch.setattr(registry, "MODELS_DIRECTORY", tmp_path)
    pulse_cnn._network.cache_clear()
    with pytest.raises(WeightsError, match="ppg-cnn"):
        PulseCnnDetector().examine(face())
    pulse_cnn._network.cache_clear()
