from __future__ import annotations

import numpy as np
import pytest

from core.detectors.watermark import WatermarkDetector
from core.swap.caption import burn
from core.types import Evidence, Frame
from core.watermark import embed
from tests.synth.demos import merged

DEMO = "1a2b3c4d"


def examine(*pictures: np.ndarray) -> Evidence:
    watch = WatermarkDetector().watch()
    for i, rgb in enumerate(pictures):
        watch.add(Frame(i, i / 25, np.ascontiguousarray(rgb), 1.0))
    return watch.finish()


def measured(evidence: Evidence) -> dict[str, float | None]:
    return {measurement.name: measurement.value for measurement in evidence.measurements}


@pytest.fixture(scope="module")
def plain() -> np.ndarray:
    return next(merged()).rgb


def test_the_hidden_mark_declares_the_demo_by_its_id(plain: np.ndarray) -> None:
    evidence = examine(embed(plain, DEMO))
    assert evidence.declares_synthetic and evidence.fake_score is None and evidence.track is None
    assert DEMO in evidence.findings[0] and "hidden mark" in evidence.findings[0]
    assert measured(evidence) == {"frames_searched": 1, "block_mark_read": 1, "tile_mark_read": 1, "code_read": 0,
                                  "generator_mark_read": 0}  # fmt: skip


def test_the_code_alone_declares_too_and_says_how_little_that_proves(plain: np.ndarray) -> None:
    evidence = examine(burn(plain, 0.0, DEMO, np.zeros((0, 4), np.float32)))
    assert evidence.declares_synthetic
    assert [DEMO in finding and "anyone can draw" in finding for finding in evidence.findings] == [True]


def test_a_crop_is_told_by_the_mark_that_survives_it(plain: np.ndarray) -> None:
    evidence = examine(embed(plain, DEMO)[30:330, 50:430])
    assert evidence.declares_synthetic
    assert measured(evidence)["tile_mark_read"] == 1 and measured(evidence)["block_mark_read"] == 0


def test_an_ordinary_clip_declares_nothing_and_nothing_is_said(plain: np.ndarray) -> None:
    evidence = examine(plain, plain)
    assert not evidence.declares_synthetic
    assert evidence.findings == () and evidence.abstained_because is None
    assert measured(evidence)["frames_searched"] == 1


def test_marks_of_two_demos_are_both_told(plain: np.ndarray) -> None:
    evidence = examine(burn(embed(plain, DEMO), 0.0, "00ff00ff", np.zeros((0, 4), np.float32)))
    assert {DEMO, "00ff00ff"} <= {finding.split("demo ")[1][:8] for finding in evidence.findings}


def test_a_long_clip_is_searched_in_few_frames(plain: np.ndarray) -> None:
    small = plain[:64, :64]
    assert measured(examine(*[small] * 3000))["frames_searched"] < 120


def test_no_frames_say_nothing() -> None:
    assert not examine().declares_synthetic
