from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.detectors.registry import FACE_DETECTORS
from core.errors import OutputError, WeightsError
from core.verdict.calibration import fitting, installed_calibration, load_calibration, save_calibration
from core.verdict.fuse import Calibration

CALIBRATION = Calibration(
    id="fusion-0123",
    versions={"appearance": "1", "temporal": "2"},
    weights={"appearance": 1.25, "temporal": 0.1},
    offsets={"appearance": -0.5, "temporal": 0.0},
    bias=0.3,
    fake_from=0.97,
    real_up_to=0.2,
    tail_log_odds=0.7,
    measured={"real_faces": 95.0},
)


def test_what_was_written_is_read_back_equal(tmp_path: Path) -> None:
    assert load_calibration(save_calibration(CALIBRATION, tmp_path / "new" / "fusion.json")) == CALIBRATION


def test_it_is_used_only_with_the_detectors_it_was_measured_with() -> None:
    here = {"appearance": "1", "temporal": "2", "pulse": "1"}
    assert fitting(CALIBRATION, here) is CALIBRATION
    assert fitting(CALIBRATION, {**here, "temporal": "3"}) is None
    assert fitting(CALIBRATION, {"appearance": "1"}) is None


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"bias": "0.3"},
        {"bias": float("nan")},
        {"fake_from": 0.1},
        {"id": ""},
        {"detectors": {"appearance": {"version": "1", "weight": 1.0}}},
        {"detectors": []},
        {"measured": None},
    ],
)
def test_a_file_with_a_value_of_the_wrong_kind_is_refused_by_name(tmp_path: Path, change: dict[str, Any]) -> None:
    path = save_calibration(CALIBRATION, tmp_path / "fusion.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(WeightsError, match=r"fusion\.json"):
        load_calibration(path)


@pytest.mark.parametrize("content", ["", "{}", "[]", "not json", '"text"'])
def test_a_file_that_is_no_calibration_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(content)
    with pytest.raises(WeightsError):
        load_calibration(path)


def test_a_place_that_cannot_be_written_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"fusion\.json"):
        save_calibration(CALIBRATION, tmp_path / "file" / "fusion.json")


def test_the_calibration_that_is_shipped_fits_the_detectors_that_are_shipped() -> None:
    here = {name: detector.version for name, detector in FACE_DETECTORS.items()}
    calibration = installed_calibration(here)
    assert calibration is not None, "a detector's version was raised: fit the fusion again"
    assert calibration.fake_from >= 0.8
    assert calibration.measured["false_alarms"] <= max(1, 0.01 * calibration.measured["real_faces"])
    assert installed_calibration(dict.fromkeys(here, "another")) is None
