"""The methods as published: 126 features with an SVM, and a network on PPG maps."""

from __future__ import annotations

from rich.console import Console

from benchmarks.pulse_detection.layout import add, empty
from benchmarks.pulse_detection.material import Material
from benchmarks.pulse_detection.segments import (
    BEST,
    OMEGAS,
    SEEDS,
    Answers,
    cut,
    features_of,
    maps_of,
    network,
    together,
)
from core.evaluation.pulse_detection import figures
from core.evaluation.svm import svm_probabilities


def print_svm(console: Console, material: Material, answers: Answers) -> None:
    """Print the features' figures at every length."""
    table = empty("126 classical features, RBF SVM, leave one target out")
    for omega in OMEGAS:
        segments = cut(material.traces, features_of(omega))
        p = answers.get(f"svm-{omega}", segments, material.labels, material.folds, svm_probabilities)
        add(table, f"{omega}", figures(p, segments, material.labels))
    console.print(table)


def print_cnn(console: Console, material: Material, answers: Answers, omega: int) -> None:
    """Print the network's figures at one length: by every seed where it is the best, else by the first."""
    table = empty(f"PPG-map CNN at {omega}, leave one target out")
    segments, labels = cut(material.traces, maps_of(omega)), material.labels
    seeds = SEEDS if omega == BEST else SEEDS[:1]
    each = [answers.of_network(segments, labels, material.folds, network(omega, seed)) for seed in seeds]
    for seed, p in zip(seeds, each, strict=True):
        add(table, f"{omega}, seed {seed}", figures(p, segments, labels))
    if len(seeds) > 1:
        add(table, f"{omega}, seeds together", figures(together(each), segments, labels))
    console.print(table)
