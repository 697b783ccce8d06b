"""Clips that are in no pair: real ones, and fakes of generators that were never trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table as RichTable

from benchmarks.pulse_detection.layout import told
from benchmarks.pulse_detection.material import Material, group
from benchmarks.pulse_detection.segments import (
    BEST,
    SEEDS,
    cut,
    equal_weights,
    features_of,
    maps_of,
    network,
    together,
)
from core.evaluation.pulse_detection import mean_log_odds
from core.evaluation.separation import auc_interval
from core.evaluation.svm import svm_probabilities
from models.ppg_cnn import fake_probabilities
from models.train.ppg_cnn import train_ppg_cnn

Scores = NDArray[np.float64]


def print_others(console: Console, material: Material) -> None:
    """Train on all pairs and ask about other clips; nobody there is in a pair."""
    scored = (_svm_odds(material), _cnn_odds(material))
    console.print(_by_group(material, scored))
    fake = np.array([f.clip.fake for f in material.rest])
    who = [f.clip.person for f in material.rest]
    for name, odds in zip(("SVM", "CNN"), scored, strict=True):
        known = np.isfinite(odds)
        area = auc_interval(odds[known], fake[known], [w for w, k in zip(who, known, strict=True) if k])
        console.print(
            f"{name} at {BEST} on other clips, by video: AUC {told(area)}, {fake[known].sum()} of {known.sum()} fake"
        )


def _svm_odds(material: Material) -> Scores:
    seen, asked = (cut(traces, features_of(BEST)) for traces in (material.traces, material.other_traces))
    p = svm_probabilities(seen.inputs, material.labels.fake[seen.face], equal_weights(seen), asked.inputs)
    return mean_log_odds(p, asked.face, len(material.rest))


def _cnn_odds(material: Material) -> Scores:
    seen, asked = (cut(traces, maps_of(BEST)) for traces in (material.traces, material.other_traces))
    fake, weights = material.labels.fake[seen.face], equal_weights(seen)
    trained = (train_ppg_cnn(seen.inputs, fake, network(BEST, seed), weights=weights) for seed in SEEDS)
    each = [fake_probabilities(one, asked.inputs) for one in trained]
    return mean_log_odds(together(each), asked.face, len(material.rest))


def _by_group(material: Material, scored: tuple[Scores, Scores]) -> RichTable:
    table = RichTable("clips", "faces", "SVM calls fake", "CNN calls fake", "SVM log-odds", "CNN log-odds")
    table.title = "other clips: real ones, and fakes of generators that were never trained on"
    groups = np.array([group(f.clip) for f in material.rest])
    for name in sorted(set(groups)):
        inside = groups == name
        answered = [odds[inside & np.isfinite(odds)] for odds in scored]
        called = [f"{(odds > 0).sum()} of {len(odds)}" for odds in answered]
        middle = [f"{np.median(odds):.2f}" if len(odds) else "" for odds in answered]
        table.add_row(name, f"{inside.sum()}", *called, *middle)
    return table
