"""Local clues: what each tells alone, with what trying so many may do by chance, and what they tell together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table as RichTable

from benchmarks.pulse_detection.layout import add, empty, told
from benchmarks.pulse_detection.material import Material
from core.evaluation.face_traces import SeenFace
from core.evaluation.local_clues import (
    BACKGROUND_CLUES,
    CLUES,
    background_clues,
    expected_snr,
    filming,
    inner_snr_db,
    local_clues,
)
from core.evaluation.pulse_detection import FitPredict, LabelledFaces, Segments, figures, out_of_fold
from core.evaluation.separation import auc_interval, flip_test, holm, paired_wins, share_interval, sign_test_p
from core.evaluation.svm import logistic_probabilities
from core.signals import even_trace
from core.signals.local import LocalFlow, local_flow

Values = NDArray[np.float64]


def print_clues(console: Console, material: Material) -> None:
    """Print every clue alone, then logistic regressions on them."""
    values, background = clue_values(material)
    console.print(_each_alone(values, background, material.labels))
    usable = np.isfinite(values).sum(axis=1) >= len(CLUES) // 2
    segments = Segments(values[usable], np.flatnonzero(usable))
    fits = empty("logistic regression on local clues, leave one target out (a face is one segment)")
    for name, columns in (("all clues", list(range(len(CLUES)))), ("the two best in training", None)):
        p = out_of_fold(segments, material.labels, material.folds, logistic_on(columns))
        add(fits, name, figures(p, segments, material.labels))
    console.print(fits)


def clue_values(material: Material) -> tuple[Values, Values]:
    """The clues (F, K) of every face, and those of its background; the expected SNR is fitted on other real clips."""
    coefficients = _fitted_snr([f for f in material.rest if not f.clip.fake and f.clip.split == "train"])
    values = np.full((len(material.pairs), len(CLUES)), np.nan)
    background = np.full((len(material.pairs), len(BACKGROUND_CLUES)), np.nan)
    for i, face in enumerate(material.pairs):
        flow = _flow(face)
        if flow is not None:
            conditions = filming(face.trace, face.bits_per_pixel)
            values[i] = list(local_clues(flow, face.trace, conditions, coefficients).values())
            background[i] = list(background_clues(flow, face.trace).values())
    return values, background


def logistic_on(columns: list[int] | None) -> FitPredict:
    """Fit on these columns; None: on the two that separate best in the training part alone."""

    def fit(x: Values, fake: NDArray[np.bool_], weights: Values, unseen: Values) -> Values:
        picked = _two_best(x, fake) if columns is None else columns
        return logistic_probabilities(x[:, picked], fake, weights, unseen[:, picked])

    return fit


def _two_best(x: Values, fake: NDArray[np.bool_]) -> list[int]:
    filled = np.where(np.isfinite(x), x, np.nanmedian(x, axis=0))
    strangers = [str(i) for i in range(len(x))]
    areas = [auc_interval(column, fake, strangers, repeats=0).value for column in filled.T]
    return list(np.argsort(-np.abs(np.array(areas) - 0.5))[:2])


def _fitted_snr(real: list[SeenFace]) -> Values:
    """How the SNR depends on filming, by the faces in which it was measured."""
    known = [(f, flow) for f in real if (flow := _flow(f)) is not None]
    shot = [(filming(f.trace, f.bits_per_pixel), inner_snr_db(flow)) for f, flow in known]
    fine = [(c, snr) for c, snr in shot if np.isfinite(snr) and np.isfinite(c.terms()).all()]
    return expected_snr([c for c, _ in fine], np.array([snr for _, snr in fine]))


def _flow(face: SeenFace) -> LocalFlow | None:
    return local_flow(even_trace(face.trace))


def _each_alone(values: Values, background: Values, labels: LabelledFaces) -> RichTable:
    owner = dict(zip(labels.pairs, labels.persons, strict=True))
    both = np.concatenate([values, background], axis=1)
    wins = [paired_wins(column, labels.fake, labels.pairs) for column in both.T]
    signs = [sign_test_p(won) for won, _ in wins]
    flips, corrected = flip_test(values, labels.fake, labels.pairs)
    adjusted = [*holm(signs[: len(CLUES)]), *[1.0] * len(BACKGROUND_CLUES)]
    table = RichTable("clue", "faces", "AUC", "pairs", "fake higher", "sign p", "Holm", "flip p", "corrected")
    table.title = f"local clues, each alone; corrected for {len(CLUES)} tried"
    for i, name in enumerate([*CLUES, *BACKGROUND_CLUES]):
        known = np.isfinite(both[:, i])
        who = [p for p, k in zip(labels.persons, known, strict=True) if k]
        area = auc_interval(both[known, i], labels.fake[known], who)
        won, of = wins[i]
        share = told(share_interval(won, [owner[pair] for pair in of]))
        chance = (f"{signs[i]:.4f}", f"{adjusted[i]:.3f}")
        flip = (f"{flips[i]:.3f}", f"{corrected[i]:.3f}") if i < len(CLUES) else ("", "")
        table.add_row(name, f"{known.sum()}", told(area), f"{len(won)}", share, *chance, *flip)
    return table
