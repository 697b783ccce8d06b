"""Segments of traces for the classifiers that are trained here, and their answers, which are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.evaluation.folds import Fold
from core.evaluation.pulse_detection import FitPredict, LabelledFaces, Segments, out_of_fold
from core.signals import ppg_segments
from core.signals.ppg_features import ppg_features
from core.types import RoiTrace
from models.ppg_cnn import fake_probabilities
from models.train.ppg_cnn import PpgCnnConfig, train_ppg_cnn

OMEGAS = (64, 128, 256)
BEST = 64
"""The length that did best in the table of lengths: what the controls and the other clips are asked with."""
SEEDS = (0, 1, 2)
"""Of the best length; the others are trained once."""
Cut = Callable[[RoiTrace], NDArray[np.generic]]


class Answers:
    """Out-of-fold answers, kept by what they were computed from."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "answers"
        self._folder.mkdir(parents=True, exist_ok=True)

    def get(
        self, name: str, segments: Segments, faces: LabelledFaces, folds: tuple[Fold, ...], fit: FitPredict
    ) -> NDArray[np.float64]:
        """Return the answers called `name`, computing them with `fit` unless they are kept."""
        digest = hashlib.sha256(np.ascontiguousarray(segments.inputs).tobytes() + segments.face.tobytes())
        digest.update(faces.fake.tobytes() + repr((faces.persons, faces.targets)).encode() + name.encode())
        path = self._folder / f"{name}-{digest.hexdigest()[:16]}.npy"
        if not path.exists():
            found = out_of_fold(segments, faces, folds, fit)
            np.save(path, found)
        kept: NDArray[np.float64] = np.load(path)
        return kept

    def of_network(
        self, segments: Segments, faces: LabelledFaces, folds: tuple[Fold, ...], config: PpgCnnConfig
    ) -> NDArray[np.float64]:
        """Return the answers of a network, training it anew for every fold unless they are kept."""
        name = "cnn-" + hashlib.sha256(repr(asdict(config)).encode()).hexdigest()[:8]
        return self.get(name, segments, faces, folds, cnn_fit(config))


def cut(traces: Iterable[RoiTrace], segments_of: Cut) -> Segments:
    """Cut every trace into segments."""
    parts = [np.asarray(segments_of(trace)) for trace in traces]
    owner = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return Segments(np.concatenate(parts), owner)


def maps_of(omega: int) -> Cut:
    """PPG maps, half overlapping."""
    return lambda trace: ppg_segments(trace, omega, omega // 2).maps


def features_of(omega: int) -> Cut:
    """Classical features, half overlapping."""
    return lambda trace: ppg_features(trace, omega, omega // 2).values


def network(omega: int, seed: int) -> PpgCnnConfig:
    """How the network for segments of this length is trained."""
    return PpgCnnConfig(omega=omega, stride=omega // 2, seed=seed)


def cnn_fit(config: PpgCnnConfig) -> FitPredict:
    """Train a network and ask it."""

    def fit(
        maps: NDArray[np.uint8], fake: NDArray[np.bool_], weights: NDArray[np.float64], unseen: NDArray[np.uint8]
    ) -> NDArray[np.float64]:
        return fake_probabilities(train_ppg_cnn(maps, fake, config, weights=weights), unseen)

    return fit


def together(each: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The probability whose log-odds are the mean of those of each network."""
    odds = np.mean([np.log(p / (1 - p)) for p in each], axis=0)
    return np.asarray(1 / (1 + np.exp(-odds)))


def equal_weights(segments: Segments) -> NDArray[np.float64]:
    """Weights by which every face counts the same, however many segments it has."""
    return np.asarray(1 / np.bincount(segments.face)[segments.face])
