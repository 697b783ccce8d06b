"""What the pulse says about face swaps: every table of docs/research/0003 and of the card of the pulse CNN.

    python -m benchmarks.pulse_detection --data COLLECTION --cache FOLDER

COLLECTION holds MANIFEST.tsv (docs/research/0003 gives its columns). Faces are watched once, and the answers of every
trained fold are kept, both in FOLDER, so that a second run only prints. Needs the `train` extra (scikit-learn).
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track as progress_over
from rich.table import Table as RichTable

from core.evaluation.bootstrap import Interval
from core.evaluation.face_clips import FaceClip, read_face_clips
from core.evaluation.face_traces import SeenFace, beside_traces, main_face, seen_faces
from core.evaluation.folds import Fold, target_folds
from core.evaluation.local_clues import (
    BACKGROUND_CLUES,
    CLUES,
    background_clues,
    expected_snr,
    filming,
    inner_snr_db,
    local_clues,
)
from core.evaluation.pulse_detection import (
    FitPredict,
    LabelledFaces,
    Segments,
    Table,
    fake_share,
    figures,
    mean_log_odds,
    out_of_fold,
    shuffled,
)
from core.evaluation.separation import auc_interval, flip_test, holm, paired_wins, share_interval, sign_test_p
from core.evaluation.svm import logistic_probabilities, svm_probabilities
from core.faces import FaceModels, load_face_models
from core.signals import even_trace, ppg_segments
from core.signals.agreement import cell_agreement
from core.signals.local import LocalFlow, local_flow
from core.signals.ppg_features import ppg_features
from core.types import RoiTrace
from models.ppg_cnn import fake_probabilities
from models.train.ppg_cnn import PpgCnnConfig, train_ppg_cnn

OMEGAS = (64, 128, 256)
BEST = 64
"""The length that did best in the table of lengths: what the controls and the other clips are asked with."""
SEEDS = (0, 1, 2)
"""Of the best length; the others are trained once."""
SMALLEST_FACE_PX, SHORTEST_S, FEWEST_BITS = 100.0, 3.0, 0.05
"""Where core/detectors/cell_agreement.py answers; real clips with fewer bits a pixel still teach it."""
FACES_A_SOURCE = 4.0
"""What all real clips of one collection together weigh, in faces of the pairs."""
SHUFFLES = 2
Cut = Callable[[RoiTrace], NDArray[np.generic]]


class Answers:
    """Out-of-fold answers, kept by what they were computed from."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "answers"
        self._folder.mkdir(parents=True, exist_ok=True)

    def get(
        self, name: str, segments: Segments, faces: LabelledFaces, folds: tuple[Fold, ...], fit: object
    ) -> NDArray[np.float64]:
        """Return the answers called `name`, computing them with `fit` unless they are kept."""
        digest = hashlib.sha256(np.ascontiguousarray(segments.inputs).tobytes() + segments.face.tobytes())
        digest.update(faces.fake.tobytes() + repr((faces.persons, faces.targets)).encode() + name.encode())
        path = self._folder / f"{name}-{digest.hexdigest()[:16]}.npy"
        if not path.exists():
            found = out_of_fold(segments, faces, folds, fit)  # type: ignore[arg-type]
            np.save(path, found)
        kept: NDArray[np.float64] = np.load(path)
        return kept


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    console = Console(width=160)
    clips, models = read_face_clips(options.data), load_face_models()
    pairs = [f for f in _main_faces([c for c in clips if c.half], models, options.cache, "pairs") if f is not None]
    others = [c for c in clips if c.half is None]
    rest = [f for f in _main_faces(others, models, options.cache, "other clips") if f is not None]
    labels = labelled(pairs)
    folds = target_folds(labels.targets, labels.persons)
    answers = Answers(options.cache)
    console.print(
        f"{len(pairs)} faces of {len(set(labels.pairs))} pairs, {len(set(labels.persons))} persons, "
        f"{len(set(labels.targets))} targets (one fold each); {len(rest)} other clips"
    )
    _print_clues(console, pairs, rest, labels, folds, answers)
    _print_agreement(console, pairs, rest, labels, folds)
    _print_svm(console, pairs, labels, folds, answers)
    _print_cnn(console, pairs, labels, folds, answers, BEST)
    _print_controls(console, pairs, labels, folds, answers, models, options.cache)
    _print_others(console, pairs, rest, labels)
    for omega in OMEGAS:
        if omega != BEST:
            _print_cnn(console, pairs, labels, folds, answers, omega)


def labelled(faces: Iterable[SeenFace]) -> LabelledFaces:
    """Who and what these faces are."""
    clips = [face.clip for face in faces]
    return LabelledFaces(
        np.array([c.fake for c in clips], bool),
        tuple(c.person for c in clips),
        tuple(c.target for c in clips),
        tuple(c.pair for c in clips),
    )


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


def cnn_fit(config: PpgCnnConfig) -> object:
    """Train a network and ask it."""

    def fit(
        maps: NDArray[np.uint8], fake: NDArray[np.bool_], weights: NDArray[np.float64], unseen: NDArray[np.uint8]
    ) -> NDArray[np.float64]:
        return fake_probabilities(train_ppg_cnn(maps, fake, config, weights=weights), unseen)

    return fit


def _main_faces(clips: list[FaceClip], models: FaceModels, cache: Path, what: str) -> list[SeenFace | None]:
    return [
        main_face(clip, seen_faces(clip, models, cache / "traces"))
        for clip in progress_over(clips, f"watching {what}", transient=True)
    ]


# -- tables ------------------------------------------------------------------------------------------------------------


def _print_svm(
    console: Console, pairs: list[SeenFace], labels: LabelledFaces, folds: tuple[Fold, ...], answers: Answers
) -> None:
    table = _empty("126 classical features, RBF SVM, leave one target out")
    for omega in OMEGAS:
        segments = cut([f.trace for f in pairs], features_of(omega))
        p = answers.get(f"svm-{omega}", segments, labels, folds, svm_probabilities)
        _add(table, f"{omega}", figures(p, segments, labels))
    console.print(table)


def _print_cnn(
    console: Console,
    pairs: list[SeenFace],
    labels: LabelledFaces,
    folds: tuple[Fold, ...],
    answers: Answers,
    omega: int,
) -> None:
    table = _empty(f"PPG-map CNN at {omega}, leave one target out")
    segments = cut([f.trace for f in pairs], maps_of(omega))
    seeds = SEEDS if omega == BEST else SEEDS[:1]
    each = [_cnn_answers(answers, segments, labels, folds, omega, seed) for seed in seeds]
    for seed, p in zip(seeds, each, strict=True):
        _add(table, f"{omega}, seed {seed}", figures(p, segments, labels))
    if len(seeds) > 1:
        _add(table, f"{omega}, seeds together", figures(_together(each), segments, labels))
    console.print(table)


def _cnn_answers(
    answers: Answers, segments: Segments, labels: LabelledFaces, folds: tuple[Fold, ...], omega: int, seed: int
) -> NDArray[np.float64]:
    config = PpgCnnConfig(omega=omega, stride=omega // 2, seed=seed)
    name = "cnn-" + hashlib.sha256(repr(asdict(config)).encode()).hexdigest()[:8]
    return answers.get(name, segments, labels, folds, cnn_fit(config))


def _together(each: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    odds = np.mean([np.log(p / (1 - p)) for p in each], axis=0)
    return np.asarray(1 / (1 + np.exp(-odds)))


def _print_controls(
    console: Console,
    pairs: list[SeenFace],
    labels: LabelledFaces,
    folds: tuple[Fold, ...],
    answers: Answers,
    models: FaceModels,
    cache: Path,
) -> None:
    table = _empty(f"negative controls at {BEST}: every figure should hold .5")
    features = cut([f.trace for f in pairs], features_of(BEST))
    maps = cut([f.trace for f in pairs], maps_of(BEST))
    for number in range(SHUFFLES):
        mixed = shuffled(labels, number)
        p = answers.get(f"svm-{BEST}-shuffled{number}", features, mixed, folds, svm_probabilities)
        _add(table, f"SVM, labels shuffled {number}", figures(p, features, mixed))
        p = _cnn_answers(answers, maps, mixed, folds, BEST, 0)
        _add(table, f"CNN, labels shuffled {number}", figures(p, maps, mixed))
    beside = [
        beside_traces(f.clip, models, cache / "traces")[f.index]
        for f in progress_over(pairs, "watching beside the faces", transient=True)
    ]
    off_face = cut(beside, maps_of(BEST))
    p = _cnn_answers(answers, off_face, labels, folds, BEST, 0)
    _print_beside(console, beside, labels)
    _add(table, "CNN, cells beside the head", figures(p, off_face, labels))
    console.print(table)


def _print_beside(console: Console, beside: list[RoiTrace], labels: LabelledFaces) -> None:
    """The cell agreement off the head: if encoder or camera made it, it would be higher in the right halves too."""
    found = [cell_agreement(even_trace(trace)) for trace in beside]
    values = np.array([np.nan if a is None else (a.chrom + a.pos) / 2 for a in found])
    won, pairs = paired_wins(values, labels.fake, labels.pairs)
    owner = dict(zip(labels.pairs, labels.persons, strict=True))
    share = share_interval(won, [owner[pair] for pair in pairs])
    known = np.isfinite(values)
    area = auc_interval(values[known], labels.fake[known], [p for p, k in zip(labels.persons, known, strict=True) if k])
    console.print(
        f"cell agreement beside the head: AUC {_told(area)}, right half higher in {_told(share)} of {len(won)}"
    )


def _print_clues(
    console: Console,
    pairs: list[SeenFace],
    rest: list[SeenFace],
    labels: LabelledFaces,
    folds: tuple[Fold, ...],
    answers: Answers,
) -> None:
    values, background = clue_values(pairs, rest)
    owner = dict(zip(labels.pairs, labels.persons, strict=True))
    names = [*CLUES, *BACKGROUND_CLUES]
    both = np.concatenate([values, background], axis=1)
    wins = [paired_wins(column, labels.fake, labels.pairs) for column in both.T]
    signs = [sign_test_p(won) for won, _ in wins]
    flips, corrected = flip_test(values, labels.fake, labels.pairs)
    adjusted = [*holm(signs[: len(CLUES)]), *[1.0] * len(BACKGROUND_CLUES)]
    table = RichTable("clue", "faces", "AUC", "pairs", "fake higher", "sign p", "Holm", "flip p", "corrected")
    table.title = f"local clues, each alone; corrected for {len(CLUES)} tried"
    for i, name in enumerate(names):
        known = np.isfinite(both[:, i])
        who = [p for p, k in zip(labels.persons, known, strict=True) if k]
        area = auc_interval(both[known, i], labels.fake[known], who)
        won, of = wins[i]
        share = share_interval(won, [owner[pair] for pair in of])
        flip = [f"{flips[i]:.3f}", f"{corrected[i]:.3f}"] if i < len(CLUES) else ["", ""]
        table.add_row(
            name,
            f"{known.sum()}",
            _told(area),
            f"{len(won)}",
            _told(share),
            f"{signs[i]:.4f}",
            f"{adjusted[i]:.3f}",
            *flip,
        )
    console.print(table)
    usable = np.isfinite(values).sum(axis=1) >= len(CLUES) // 2
    segments = Segments(values[usable], np.flatnonzero(usable))
    fits = _empty("logistic regression on local clues, leave one target out (a face is one segment)")
    for name, columns in (("all clues", list(range(len(CLUES)))), ("the two best in training", None)):
        p = out_of_fold(segments, labels, folds, _logistic_on(columns))
        _add(fits, name, figures(p, segments, labels))
    console.print(fits)


def clue_values(pairs: list[SeenFace], rest: list[SeenFace]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The clues (F, K) of every face, and those of its background; the expected SNR is fitted on other real clips."""
    known = [(f, flow) for f in rest if not f.clip.fake and f.clip.split == "train" and (flow := _flow(f)) is not None]
    shot = [(filming(f.trace, f.bits_per_pixel), inner_snr_db(flow)) for f, flow in known]
    fine = [(c, snr) for c, snr in shot if np.isfinite(snr) and np.isfinite(c.terms()).all()]
    coefficients = expected_snr([c for c, _ in fine], np.array([snr for _, snr in fine]))
    values = np.full((len(pairs), len(CLUES)), np.nan)
    background = np.full((len(pairs), len(BACKGROUND_CLUES)), np.nan)
    for i, face in enumerate(pairs):
        flow = _flow(face)
        if flow is not None:
            conditions = filming(face.trace, face.bits_per_pixel)
            values[i] = list(local_clues(flow, face.trace, conditions, coefficients).values())
            background[i] = list(background_clues(flow, face.trace).values())
    return values, background


def _flow(face: SeenFace) -> LocalFlow | None:
    return local_flow(even_trace(face.trace))


def _logistic_on(columns: list[int] | None) -> object:
    def fit(
        x: NDArray[np.float64], fake: NDArray[np.bool_], weights: NDArray[np.float64], unseen: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        picked = columns
        if picked is None:
            middle = np.nanmedian(x, axis=0)
            filled = np.where(np.isfinite(x), x, middle)
            strangers = [str(i) for i in range(len(x))]
            areas = [auc_interval(column, fake, strangers, repeats=0).value for column in filled.T]
            picked = list(np.argsort(-np.abs(np.array(areas) - 0.5))[:2])
        return logistic_probabilities(x[:, picked], fake, weights, unseen[:, picked])

    return fit


def _print_agreement(
    console: Console, pairs: list[SeenFace], rest: list[SeenFace], labels: LabelledFaces, folds: tuple[Fold, ...]
) -> None:
    """The logistic of the cell agreement: by target folds on pairs, by collection on the other clips."""
    values, other = _agreement_values(pairs), _agreement_values(rest)
    big = np.array([f.face_px >= SMALLEST_FACE_PX and f.seconds >= SHORTEST_S for f in pairs])
    known = np.isfinite(values).all(axis=1)
    source = np.array([_group(f.clip) for f in rest])
    real = np.array([not f.clip.fake for f in rest])
    asked = np.isfinite(other).all(axis=1) & np.array(
        [f.face_px >= SMALLEST_FACE_PX and f.seconds >= SHORTEST_S for f in rest]
    )
    teach = asked & real & np.array([f.clip.split == "train" for f in rest])
    share = np.array([FACES_A_SOURCE / max((teach & (source == name)).sum(), 1) for name in source])

    def fit_without(left_out: str | None) -> FitPredict:
        use = teach & (source != left_out)

        def fit(
            x: NDArray[np.float64], fake: NDArray[np.bool_], weights: NDArray[np.float64], unseen: NDArray[np.float64]
        ) -> NDArray[np.float64]:
            inputs, marks = np.concatenate([x, other[use]]), np.concatenate([fake, np.zeros(use.sum(), bool)])
            return logistic_probabilities(inputs, marks, np.concatenate([weights, share[use]]), unseen, cost=1.0)

        return fit

    table = _empty("logistic on cell agreement (CHROM, POS, fast) with other real clips, leave one target out")
    for name, inside in (("all pairs", known), ("faces of 100 px, 3 s and more", known & big)):
        segments = Segments(values[inside], np.flatnonzero(inside))
        p = out_of_fold(segments, labels, folds, fit_without(None))
        _add(table, name, figures(p, segments, labels))
        if name != "all pairs":
            _print_thresholds(console, p, labels.fake[segments.face])
    console.print(table)
    asked &= np.array([f.bits_per_pixel >= FEWEST_BITS for f in rest])
    found = np.full(len(rest), np.nan)
    ones = np.ones(int((known & big).sum()))
    for name in sorted(set(source)):
        here = asked & (source == name)
        if here.any():
            found[here] = fit_without(name)(values[known & big], labels.fake[known & big], ones, other[here])
    over = RichTable(
        "other clips", "answered", "over .5", "over .8", "median", title="cell agreement, each collection left out"
    )
    for name in sorted(set(source)):
        p = found[(source == name) & np.isfinite(found)]
        row = [f"{(p > 0.5).sum()}", f"{(p > 0.8).sum()}", f"{np.median(p):.2f}"] if len(p) else ["", "", ""]
        over.add_row(name, f"{len(p)} of {(source == name).sum()}", *row)
    console.print(over)
    grid = np.concatenate([np.zeros((1, 3)), np.eye(3)])
    p = fit_without(None)(values[known & big], labels.fake[known & big], ones, grid)
    odds = np.log(p / (1 - p))
    steps = dict(zip(("chrom", "pos", "fast"), odds[1:] - odds[0], strict=True))
    told = ", ".join(f"{name} {step:.4f}" for name, step in steps.items())
    console.print(f"trained on all: bias {odds[0]:.4f}, {told}")


def _print_thresholds(console: Console, p: NDArray[np.float64], fake: NDArray[np.bool_]) -> None:
    for threshold in (0.5, 0.65, 0.8, 0.9):
        console.print(
            f"over {threshold}: {(p[fake] > threshold).sum()} of {fake.sum()} swapped, "
            f"{(p[~fake] > threshold).sum()} of {(~fake).sum()} real halves"
        )


def _agreement_values(faces: list[SeenFace]) -> NDArray[np.float64]:
    """Agreement by CHROM, POS and above the pulse (F, 3), NaN where it was not measured."""
    found = [cell_agreement(even_trace(f.trace)) for f in faces]
    return np.array([[np.nan] * 3 if a is None else [a.chrom, a.pos, a.fast] for a in found])


def _print_others(console: Console, pairs: list[SeenFace], rest: list[SeenFace], labels: LabelledFaces) -> None:
    """Trained on all pairs, asked about other clips; nobody there is in a pair, and no generator was trained on."""
    table = RichTable("clips", "faces", "SVM calls fake", "CNN calls fake", "SVM log-odds", "CNN log-odds")
    table.title = "other clips: real ones, and fakes of generators that were never trained on"
    maps, features = (cut([f.trace for f in pairs], c) for c in (maps_of(BEST), features_of(BEST)))
    asked_maps, asked_features = (cut([f.trace for f in rest], c) for c in (maps_of(BEST), features_of(BEST)))
    svm = svm_probabilities(features.inputs, labels.fake[features.face], _equal(features), asked_features.inputs)
    each = []
    for seed in SEEDS:
        config = replace(PpgCnnConfig(), omega=BEST, stride=BEST // 2, seed=seed)
        network = train_ppg_cnn(maps.inputs, labels.fake[maps.face], config, weights=_equal(maps))
        each.append(fake_probabilities(network, asked_maps.inputs))
    scored = [
        (fake_share(svm, asked_features.face, len(rest)), mean_log_odds(svm, asked_features.face, len(rest))),
        (
            fake_share(_together(each), asked_maps.face, len(rest)),
            mean_log_odds(_together(each), asked_maps.face, len(rest)),
        ),
    ]
    groups = sorted({_group(f.clip) for f in rest})
    for group in groups:
        inside = np.array([_group(f.clip) == group for f in rest])
        cells = []
        for _, odds in scored:
            known = inside & np.isfinite(odds)
            cells.append(
                (f"{(odds[known] > 0).sum()} of {known.sum()}", f"{np.median(odds[known]):.2f}" if known.any() else "")
            )
        table.add_row(group, f"{inside.sum()}", cells[0][0], cells[1][0], cells[0][1], cells[1][1])
    console.print(table)
    fake, who = np.array([f.clip.fake for f in rest]), [f.clip.person for f in rest]
    for name, (_, odds) in zip(("SVM", "CNN"), scored, strict=True):
        known = np.isfinite(odds)
        area = auc_interval(odds[known], fake[known], [w for w, k in zip(who, known, strict=True) if k])
        console.print(
            f"{name} at {BEST} on other clips, by video: AUC {_told(area)}, {fake[known].sum()} of {known.sum()} fake"
        )


def _equal(segments: Segments) -> NDArray[np.float64]:
    return np.asarray(1 / np.bincount(segments.face)[segments.face])


def _group(clip: FaceClip) -> str:
    return (
        f"fake, {clip.target}"
        if clip.fake
        else f"real, {clip.person if clip.path.stem == 'vid' else clip.path.stem}".split("_")[0]
    )


def _empty(title: str) -> RichTable:
    names = ("", "segments", "faces", "AUC segment", "AUC video", "AUC majority", "accuracy", "by majority", "paired")
    return RichTable(*names, title=title)


def _add(table: RichTable, name: str, t: Table) -> None:
    intervals = (t.segment_auc, t.video_auc, t.majority_auc, t.accuracy, t.majority_accuracy, t.paired)
    table.add_row(name, f"{t.segments}", f"{t.faces}", *(_told(interval) for interval in intervals))


def _told(interval: Interval) -> str:
    return f"{interval.value:.2f} [{interval.low:.2f}, {interval.high:.2f}]".replace("0.", ".")


if __name__ == "__main__":
    main()
