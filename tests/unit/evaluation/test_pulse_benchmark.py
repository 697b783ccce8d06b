from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from benchmarks.clip_traces import CROP_PX, CropCutter, framing
from benchmarks.pulse_readers import (
    IN_SAMPLE,
    PRODUCT,
    load_folds,
    load_peers,
    mean_of_regions,
    plain,
    read_all,
    weighed,
    weights_for,
)
from core.errors import DatasetError
from core.evaluation.metrics import windows_of_clip
from core.signals import METHODS
from core.types import MESH_POINTS, FaceObservation, Frame, RoiTrace
from tests.synth.clips import even_times
from tests.synth.traces import Skin, skin_trace
from tests.unit.evaluation.trees import pulse

WINDOWS = windows_of_clip(25.0, 15, 5)


def observation(frame: Frame, x0: float) -> FaceObservation:
    """A face of 40 × 50 px."""
    landmarks = np.zeros((MESH_POINTS, 2))
    box = np.array([x0, 30, x0 + 40, 80])
    return FaceObservation(0, frame.index, frame.time_s, box, landmarks, 1.0, 0.0, 0.0, 0.0)


def ramp(index: int, time_s: float) -> Frame:
    """A picture whose green is its number and whose red grows to the right."""
    rgb = np.zeros((120, 160, 3), np.uint8)
    rgb[..., 0] = np.arange(160)
    rgb[..., 1] = index
    return Frame(index, time_s, rgb)


def test_every_method_reads_a_clear_pulse_in_every_window() -> None:
    trace = skin_trace(Skin(bpm=84, drift=0.001, motion=0.001), even_times(30, 26))
    answers = read_all(trace, WINDOWS, 150.0)
    assert len(answers) == 2 * len(METHODS) + 3
    for reader, rates in answers.items():
        assert len(rates) == len(WINDOWS)
        assert [rate.bpm for rate in rates] == pytest.approx([84] * len(WINDOWS), abs=1.0), reader


def test_the_methods_are_forced_to_answer_where_the_product_abstains() -> None:
    trace = skin_trace(Skin(bpm=None, noise=0.01), even_times(30, 26))
    answers = read_all(trace, WINDOWS, 150.0)
    assert all(rate.bpm is None for rate in answers[PRODUCT])
    for reader in ("POS, plain mean", "POS, all regions"):
        assert all(rate.bpm is not None for rate in answers[reader])


def test_without_a_face_the_same_readers_are_silent() -> None:
    trace = skin_trace(Skin(), even_times(30, 26))
    silent = read_all(None, WINDOWS, 0.0)
    assert list(silent) == list(read_all(trace, WINDOWS, 150.0))
    assert all(rate.bpm is None for rates in silent.values() for rate in rates)


def test_the_plain_mean_weighs_regions_by_their_pixels_and_skips_unseen_ones() -> None:
    rgb = np.stack([np.full((3, 3), value) for value in (0.2, 0.4, 0.9)])
    rgb[1, 1] = np.nan
    pixels = np.array([[300.0] * 3, [100.0] * 3, [100.0] * 3])
    names = ("forehead", "left_cheek", "cell_00")
    trace = RoiTrace(0, names, np.arange(3.0), rgb, pixels.astype(np.float32), np.zeros((3, 3), np.float32))
    mean = mean_of_regions(trace)
    assert mean.rgb[0, :, 1] == pytest.approx([0.25, 0.2, 0.25])
    assert mean.pixels[0].tolist() == [400, 300, 400]


def test_a_window_in_which_the_face_was_away_is_not_read() -> None:
    trace = skin_trace(Skin(), even_times(30, 26))
    rgb = np.array(trace.rgb)
    rgb[:, (trace.times_s > 20) & (trace.times_s < 23)] = np.nan
    away = RoiTrace(0, trace.region_names, trace.times_s, rgb, trace.pixels, trace.clipped)
    for reader in (plain, weighed):
        assert [rate.bpm is not None for rate in reader(away, "POS", WINDOWS)] == [True, True, False]


def test_peers_are_read_from_their_waves_and_by_their_own_rate(tmp_path: Path) -> None:
    wave = pulse(np.arange(30 * 22) / 30, 96).tolist()
    answer = {"rate_hz": 30.0, "start_s": 0.0, "wave": wave, "own": [{"start_s": 5.0, "bpm": 95.0}]}
    path = tmp_path / "peers.json"
    path.write_text(json.dumps({"package": "open-x 1.0", "models": {"Net": {"clip": answer}}}))
    peers = load_peers([path])
    rates = peers.read("clip", WINDOWS)
    for reader in ("Net (open-x 1.0)", "Net (open-x 1.0), read as ours"):
        assert [rate.bpm for rate in rates[reader]] == [
            pytest.approx(96, abs=0.5),
            pytest.approx(96, abs=0.5),
            None,  # the wave ends before the window does
        ]
    assert [rate.bpm for rate in rates["Net (open-x 1.0), own rate"]] == [None, 95.0, None]
    assert all(rate.bpm is None for rates in peers.read("another", WINDOWS).values() for rate in rates)


def test_a_file_that_is_no_peers_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("[]")
    with pytest.raises(DatasetError, match=r"other\.json"):
        load_peers([tmp_path / "other.json"])


def test_crops_are_put_on_an_even_grid_by_the_nearest_picture() -> None:
    cutter = CropCutter()
    times = [0.0, 0.05, 0.1, 0.2]
    for index, time_s in enumerate(times):
        frame = ramp(index, time_s)
        cutter.add(frame, (observation(frame, 50),))
    crops = cutter.finish()
    assert crops is not None
    assert crops.shape == (7, CROP_PX, CROP_PX, 3)
    assert crops[:, 60, 60, 1].tolist() == [0, 1, 1, 2, 2, 3, 3]


def test_a_crop_does_not_follow_jitter_but_follows_the_face() -> None:
    frames = [ramp(i, i / 30) for i in range(90)]
    still, moving = CropCutter(), CropCutter()
    for frame in frames:
        still.add(frame, (observation(frame, 50 + frame.index % 2),))
        moving.add(frame, (observation(frame, 50 + frame.index / 3),))
    for cutter, moved_px in ((still, 0), (moving, 25)):
        crops = cutter.finish()
        assert crops is not None
        middle = crops[:, 64, 64, 0].astype(float)
        assert middle[-1] - middle[0] == pytest.approx(moved_px, abs=6 if moved_px else 0)


def test_the_framing_has_more_forehead_than_the_mesh() -> None:
    x0, y0, x1, y1 = framing(observation(ramp(0, 0.0), 50))
    assert (x0, x1) == (50, 90)
    assert (y0, y1) == pytest.approx((25, 82.5))


def test_a_clip_without_a_face_has_no_crops() -> None:
    cutter = CropCutter()
    cutter.add(ramp(0, 0.0), ())
    assert cutter.finish() is None


def test_weights_that_saw_the_people_are_named_in_the_row_unless_folds_are_given(tmp_path: Path) -> None:
    assert weights_for("subject3", "ubfc-rppg", {}) == (None, IN_SAMPLE)
    assert weights_for("subject1", "ubfc-rppg", {}) == (None, "")
    assert weights_for("subject3", "pure", {}) == (None, "")
    save_file({"x": np.zeros(2, np.float32)}, tmp_path / "subject3.safetensors")
    weights, label = weights_for("subject3", "ubfc-rppg", load_folds(tmp_path))
    assert weights is not None
    assert (list(weights), label) == (["x"], "")
    with pytest.raises(DatasetError):
        load_folds(tmp_path / "none")
