"""Negative controls of the trained methods: labels exchanged within pairs, and cells beside the head."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track as progress_over

from benchmarks.pulse_detection.layout import add, empty, told
from benchmarks.pulse_detection.material import Material
from benchmarks.pulse_detection.segments import BEST, Answers, cut, features_of, maps_of, network
from core.evaluation.face_traces import beside_traces
from core.evaluation.pulse_detection import LabelledFaces, figures, shuffled
from core.evaluation.separation import auc_interval, paired_wins, share_interval
from core.evaluation.svm import svm_probabilities
from core.faces import FaceModels
from core.signals import even_trace
from core.signals.agreement import cell_agreement
from core.types import RoiTrace

SHUFFLES = 2


def print_controls(console: Console, material: Material, answers: Answers, models: FaceModels, cache: Path) -> None:
    """Print what must hold one half, watching beside the heads where `cache` does not have it."""
    table = empty(f"negative controls at {BEST}: every figure should hold .5")
    first, folds = network(BEST, 0), material.folds
    features, maps = cut(material.traces, features_of(BEST)), cut(material.traces, maps_of(BEST))
    for number in range(SHUFFLES):
        mixed = shuffled(material.labels, number)
        p = answers.get(f"svm-{BEST}-shuffled{number}", features, mixed, folds, svm_probabilities)
        add(table, f"SVM, labels shuffled {number}", figures(p, features, mixed))
        p = answers.of_network(maps, mixed, folds, first)
        add(table, f"CNN, labels shuffled {number}", figures(p, maps, mixed))
    beside = [
        beside_traces(f.clip, models, cache / "traces")[f.index]
        for f in progress_over(material.pairs, "watching beside the faces", transient=True)
    ]
    off_face = cut(beside, maps_of(BEST))
    p = answers.of_network(off_face, material.labels, folds, first)
    console.print(agreement_beside(beside, material.labels))
    add(table, "CNN, cells beside the head", figures(p, off_face, material.labels))
    console.print(table)


def agreement_beside(beside: list[RoiTrace], labels: LabelledFaces) -> str:
    """Tell the cell agreement off the head: if encoder or camera made it, it would be higher in right halves too."""
    found = [cell_agreement(even_trace(trace)) for trace in beside]
    values = np.array([np.nan if a is None else (a.chrom + a.pos) / 2 for a in found])
    won, pairs = paired_wins(values, labels.fake, labels.pairs)
    owner = dict(zip(labels.pairs, labels.persons, strict=True))
    share = share_interval(won, [owner[pair] for pair in pairs])
    known = np.isfinite(values)
    area = auc_interval(values[known], labels.fake[known], [p for p, k in zip(labels.persons, known, strict=True) if k])
    return f"cell agreement beside the head: AUC {told(area)}, right half higher in {told(share)} of {len(won)}"
