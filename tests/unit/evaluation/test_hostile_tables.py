"""Tables and files of numbers that say anything: read, or refused by name."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.errors import DatasetError, FacepulseError, SettingsError, WeightsError
from core.evaluation.detection.peers import parse_peer
from core.evaluation.score_table import CLEARING_COLUMN, COLUMNS, read_scores, write_scores
from core.verdict.calibration import FORMAT, load_calibration, save_calibration

CELLS = st.one_of(
    st.sampled_from(["", "real", "fake", "pulse", "cell_agreement", "0.5", "nan", "1e999", "-1", "a", "\0", '"', "٣"]),
    st.text(max_size=8),
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
QUICK = settings(max_examples=150, deadline=None)


def outcome(read: Callable[[Path], Any], content: bytes, expected: type[FacepulseError]) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        try:
            return read(path)
        except expected as error:
            assert str(error).endswith(".")
            return None


@QUICK
@given(st.lists(st.lists(CELLS, min_size=9, max_size=10), min_size=1, max_size=4))
def test_a_table_of_scores_is_read_and_written_back_equal_or_refused(rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter="\t").writerows([(*COLUMNS, CLEARING_COLUMN), *rows])
    faces = outcome(read_scores, text.getvalue().encode("utf-8", "surrogatepass"), DatasetError)
    if faces is not None:
        with tempfile.TemporaryDirectory() as folder:
            assert read_scores(write_scores(faces, Path(folder) / "again.tsv")) == faces


@QUICK
@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda rest: "\t".join(COLUMNS).encode() + b"\n" + rest))
@example("\t".join(COLUMNS).encode() + b"\na\treal\tp\t\tpulse\t1\t0.5")
def test_bytes_are_no_table_of_scores_or_one(content: bytes) -> None:
    outcome(read_scores, content, DatasetError)


GOOD = {
    "format": FORMAT,
    "id": "c",
    "detectors": {"pulse": {"version": "1", "weight": 1.0, "offset": 0.0}},
    "bias": 0.0,
    "fake_from": 0.9,
    "real_up_to": 0.1,
    "tail_log_odds": 2.0,
    "clear_up_to": {},
    "measured": {},
}


def test_the_calibration_that_is_changed_below_is_one() -> None:
    assert outcome(load_calibration, json.dumps(GOOD).encode(), WeightsError) is not None


@QUICK
@given(name=st.sampled_from(sorted(GOOD)), value=ANYTHING)
@example(name="bias", value=10**400)
@example(name="fake_from", value=float("nan"))
def test_a_calibration_with_anything_in_it_is_read_and_written_back_equal_or_refused(name: str, value: Any) -> None:
    read = outcome(load_calibration, json.dumps({**GOOD, name: value}).encode(), WeightsError)
    if read is not None:
        with tempfile.TemporaryDirectory() as folder:
            assert load_calibration(save_calibration(read, Path(folder) / "again.json")) == read


@QUICK
@given(st.binary(max_size=100))
@example(b"[" * 100_000)
def test_bytes_are_no_calibration(content: bytes) -> None:
    assert outcome(load_calibration, content, WeightsError) is None


@QUICK
@given(st.text(max_size=30))
def test_a_peer_has_a_name_and_a_file_or_is_refused(option: str) -> None:
    try:
        name, path = parse_peer(option)
    except SettingsError:
        return
    assert name == name.strip() != ""
    assert str(path)
