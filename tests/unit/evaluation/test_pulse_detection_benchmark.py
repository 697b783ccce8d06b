"""What the tables of the pulse are made of: who is left out, what is kept, and how faces are weighed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.pulse_detection.__main__ import main
from benchmarks.pulse_detection.agreement import Others
from benchmarks.pulse_detection.clues import logistic_on
from benchmarks.pulse_detection.layout import told
from benchmarks.pulse_detection.material import group, material_of
from benchmarks.pulse_detection.segments import Answers, cut, equal_weights, maps_of, together
from core.evaluation.bootstrap import Interval
from core.evaluation.face_clips import FaceClip
from core.evaluation.face_traces import SeenFace
from core.evaluation.pulse_detection import FitPredict, Segments
from tests.synth.clips import even_times
from tests.synth.traces import Skin, skin_trace


def half(person: str, target: str, *, fake: bool) -> SeenFace:
    side = "right" if fake else "left"
    clip = FaceClip(Path(f"{person}.mp4"), side, fake, person, target, f"{person}-{target}", "train")
    return SeenFace(clip, 0, skin_trace(Skin(), even_times(30, 5)), 120.0, 50.0, 0.0, 0.0, 0.1)


def whole(name: str, *, fake: bool = False, target: str = "") -> FaceClip:
    return FaceClip(Path(name), None, fake, "p_1", target, "", "train")


def asked_share(counted: list[int]) -> FitPredict:
    """A classifier that notes how often it is asked."""

    def fit(
        x: NDArray[np.float64], fake: NDArray[np.bool_], weights: NDArray[np.float64], unseen: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        counted.append(len(unseen))
        return np.full(len(unseen), fake.mean())

    return fit


PAIRS = [half(person, target, fake=fake) for person, target in ("AX", "BX", "CY") for fake in (False, True)]


def test_faces_of_both_halves_are_labelled_and_split_by_target() -> None:
    material = material_of(PAIRS, PAIRS[:1])
    assert material.labels.fake.tolist() == [False, True] * 3
    assert [fold.name for fold in material.folds] == ["X", "Y"]
    assert material.told() == "6 faces of 3 pairs, 3 persons, 2 targets (one fold each); 1 other clips"


def test_answers_are_computed_once_for_the_same_segments_and_labels(tmp_path: Path) -> None:
    material = material_of(PAIRS, [])
    asked: list[int] = []
    segments = Segments(np.arange(12.0).reshape(6, 2), np.arange(6))
    for _ in range(2):
        answers = Answers(tmp_path).get("a", segments, material.labels, material.folds, asked_share(asked))
        assert answers.tolist() == [0.5] * 6
    assert asked == [4, 2]
    other = Segments(segments.inputs + 1, segments.face)
    Answers(tmp_path).get("a", other, material.labels, material.folds, asked_share(asked))
    assert asked == [4, 2, 4, 2]


def test_a_face_weighs_the_same_however_many_segments_it_has() -> None:
    long, short = skin_trace(Skin(), even_times(30, 10)), skin_trace(Skin(), even_times(30, 3))
    segments = cut([long, short], maps_of(64))
    weights = equal_weights(segments)
    counts = np.bincount(segments.face)
    assert counts[0] > counts[1] > 0
    np.testing.assert_allclose([weights[segments.face == i].sum() for i in (0, 1)], 1)


def test_networks_that_disagree_alike_leave_it_open() -> None:
    np.testing.assert_allclose(together([np.array([0.9, 0.8]), np.array([0.1, 0.8])]), [0.5, 0.8])


def test_the_two_best_clues_are_found_in_training_alone() -> None:
    rng, fake = np.random.default_rng(0), np.arange(40) % 2 == 1
    x = rng.normal(size=(40, 5))
    x[:, [1, 3]] += 6 * fake[:, None]
    unseen = np.zeros((3, 5))
    unseen[1:, [1, 3]] = 6
    unseen[2, [0, 2, 4]] = 50
    real, swapped, odd = logistic_on(None)(x, fake, np.ones(40), unseen)
    assert real < 0.5 < swapped == odd


def test_clips_of_a_collection_that_is_left_out_do_not_teach() -> None:
    values = np.array([[0.0, 0, 0]] * 20 + [[9.0, 9, 9]] * 20)
    source = np.array(["a"] * 20 + ["b"] * 20)
    others = Others(values, source, np.ones(40, bool), np.ones(40, bool))
    pairs, fake = np.array([[1.0, 1, 1], [9, 9, 9]] * 5), np.array([False, True] * 5)
    asked = np.array([[9.0, 9, 9]])
    with_b, without_b = (others.fit_without(name)(pairs, fake, np.ones(10), asked)[0] for name in (None, "b"))
    assert with_b < without_b


@pytest.mark.parametrize(
    ("clip", "line"),
    [
        (whole("a/talk_3.mp4"), "real, talk"),
        (whole("a/vid.mp4"), "real, p"),
        (whole("a/x.mp4", fake=True, target="Gen_2"), "fake, Gen_2"),
    ],
)
def test_other_clips_are_counted_by_generator_or_collection(clip: FaceClip, line: str) -> None:
    assert group(clip) == line


def test_a_figure_has_its_interval() -> None:
    assert told(Interval(0.712, 0.6, 1.0)) == ".71 [.60, 1.00]"


def test_the_command_says_what_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "python -m benchmarks.pulse_detection --data COLLECTION --cache FOLDER" in capsys.readouterr().out
