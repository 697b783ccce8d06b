"""The logistic of the cell agreement: by target folds on pairs, by collection on the other clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table as RichTable

from benchmarks.pulse_detection.layout import add, empty
from benchmarks.pulse_detection.material import Material, group
from core.evaluation.face_traces import SeenFace
from core.evaluation.pulse_detection import FitPredict, Segments, figures, out_of_fold
from core.evaluation.svm import logistic_probabilities
from core.signals import even_trace
from core.signals.agreement import cell_agreement

SMALLEST_FACE_PX, SHORTEST_S, FEWEST_BITS = 100.0, 3.0, 0.05
"""Where core/detectors/cell_agreement.py answers; real clips with fewer bits a pixel still teach it."""
FACES_A_SOURCE = 4.0
"""What all real clips of one collection together weigh, in faces of the pairs."""
LEVELS = (0.5, 0.65, 0.8, 0.9)
Values = NDArray[np.float64]
Rows = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Others:
    """Of F faces in no pair: `values` (F, 3), `source` (F,), and which may be `asked` and which may `teach`."""

    values: Values
    source: NDArray[np.str_]
    asked: Rows
    teach: Rows

    @classmethod
    def of(cls, faces: Sequence[SeenFace]) -> Self:
        """Measure the faces."""
        values = agreement_values(faces)
        measured = np.isfinite(values).all(axis=1) & _big(faces)
        real = np.array([not f.clip.fake and f.clip.split == "train" for f in faces], bool)
        fine = np.array([f.bits_per_pixel >= FEWEST_BITS for f in faces], bool)
        return cls(values, np.array([group(f.clip) for f in faces]), measured & fine, measured & real)

    def fit_without(self, left_out: str | None) -> FitPredict:
        """Fit on what is given and on the real ones here, but for those of one collection."""
        use = self.teach & (self.source != left_out)
        share = [FACES_A_SOURCE / max((self.teach & (self.source == name)).sum(), 1) for name in self.source[use]]

        def fit(x: Values, fake: Rows, weights: Values, unseen: Values) -> Values:
            inputs, marks = np.concatenate([x, self.values[use]]), np.concatenate([fake, np.zeros(use.sum(), bool)])
            return logistic_probabilities(inputs, marks, np.concatenate([weights, share]), unseen, cost=1.0)

        return fit


def print_agreement(console: Console, material: Material) -> None:
    """Print the figures on pairs, what other clips are told, and the weights."""
    values, others, labels = agreement_values(material.pairs), Others.of(material.rest), material.labels
    known = np.isfinite(values).all(axis=1)
    big = known & _big(material.pairs)
    table = empty("logistic on cell agreement (CHROM, POS, fast) with other real clips, leave one target out")
    for name, inside in (("all pairs", known), ("faces of 100 px, 3 s and more", big)):
        segments = Segments(values[inside], np.flatnonzero(inside))
        p = out_of_fold(segments, labels, material.folds, others.fit_without(None))
        add(table, name, figures(p, segments, labels))
        if name != "all pairs":
            for line in _thresholds(p, labels.fake[segments.face]):
                console.print(line)
    console.print(table)
    console.print(_each_left_out(values[big], labels.fake[big], others))
    console.print(_weights(values[big], labels.fake[big], others))


def agreement_values(faces: Sequence[SeenFace]) -> Values:
    """Agreement by CHROM, POS and above the pulse (F, 3), NaN where it was not measured."""
    found = [cell_agreement(even_trace(f.trace)) for f in faces]
    return np.array([[np.nan] * 3 if a is None else [a.chrom, a.pos, a.fast] for a in found])


def _big(faces: Sequence[SeenFace]) -> Rows:
    return np.array([f.face_px >= SMALLEST_FACE_PX and f.seconds >= SHORTEST_S for f in faces], bool)


def _thresholds(p: Values, fake: Rows) -> list[str]:
    return [
        f"over {level}: {(p[fake] > level).sum()} of {fake.sum()} swapped, "
        f"{(p[~fake] > level).sum()} of {(~fake).sum()} real halves"
        for level in LEVELS
    ]


def _each_left_out(values: Values, fake: Rows, others: Others) -> RichTable:
    over = RichTable(
        "other clips", "answered", "over .5", "over .8", "median", title="cell agreement, each collection left out"
    )
    for name in sorted(set(others.source)):
        inside = others.source == name
        asked = others.values[inside & others.asked]
        row = ["", "", ""]
        if len(asked):
            p = others.fit_without(name)(values, fake, np.ones(len(values)), asked)
            row = [f"{(p > 0.5).sum()}", f"{(p > 0.8).sum()}", f"{np.median(p):.2f}"]
        over.add_row(name, f"{len(asked)} of {inside.sum()}", *row)
    return over


def _weights(values: Values, fake: Rows, others: Others) -> str:
    """Tell the weights of the fit on everything, out of its answers."""
    grid = np.concatenate([np.zeros((1, 3)), np.eye(3)])
    p = others.fit_without(None)(values, fake, np.ones(len(values)), grid)
    odds = np.log(p / (1 - p))
    steps = dict(zip(("chrom", "pos", "fast"), odds[1:] - odds[0], strict=True))
    told = ", ".join(f"{name} {step:.4f}" for name, step in steps.items())
    return f"trained on all: bias {odds[0]:.4f}, {told}"
