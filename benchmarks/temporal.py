"""Fit and measure the temporal detector: every table of docs/research/0005, and its weights.

    python -m benchmarks.temporal --data COLLECTION --cache FOLDER [--out models/weights/temporal.json]

COLLECTION holds MANIFEST.tsv (docs/research/0003 gives its columns). What is seen of a clip is kept in FOLDER, so that
a second run only fits and prints. Fakes of the collection are never trained on: only photographs animated here are.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track as progress_over
from rich.table import Table

from core.evaluation.face_clips import FaceClip, read_face_clips
from core.evaluation.score_table import write_scores
from core.evaluation.separation import auc_interval, paired_wins, share_interval
from core.evaluation.temporal_data import Measured, forge, measure
from core.faces import load_face_models
from core.types import Evidence
from core.verdict.fit import ScoredFace
from models.linear import LinearModel, fit_linear, save_linear

RIDGE = 30.0
FOLDS = 12
SEED = 0
SHUFFLES = 5
ASPECTS = {
    "motion": r"trembling|smooth|head|eyes|blinks|mouth|chin",
    "colour": r"light|hue|repeats|change$|jumps",
    "texture": r"sharp|fine|noise|step|change_",
}


def main() -> None:
    """Measure, fit, print, and write the weights where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--scores", type=Path, help="write the scores of all clips, out of fold, as a table")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    faces = gather(read_face_clips(options.data), options.cache)
    names = sorted({name for face in faces for name in face.numbers})
    scores = {"all": held_out(faces, names)}
    scores |= {a: held_out(faces, [n for n in names if re.match(p, n)]) for a, p in ASPECTS.items()}
    Console(width=120).print(table(faces, scores), f"{len(names)} numbers, ridge {RIDGE:g}")
    shuffled = [area(faces, held_out(faces, names, shuffle=s), "twin", "photo animation") for s in range(SHUFFLES)]
    Console().print("labels shuffled:", ", ".join(f"{value:.2f}" for value in shuffled))
    if options.scores:
        write_scores(as_scored(faces, scores["all"]), options.scores)
    if options.out:
        save_linear(fitted(faces, names, trained_on(faces)), options.out)


def gather(clips: Sequence[FaceClip], cache: Path) -> list[Measured]:
    """Numbers of every clip as it is, and of twins and animations of the real ones."""
    models = load_face_models()
    found = [measure(clip, models, cache) for clip in progress_over(clips, "watching clips")]
    real = [clip for clip, face in zip(clips, found, strict=True) if face is not None and not clip.fake]
    twins = progress_over(forge(real, models, cache, SEED), "animating photographs", total=len(real))
    return [face for face in found if face is not None] + [face for both in twins for face in both]


def trained_on(faces: Sequence[Measured]) -> NDArray[np.bool_]:
    """Real clips, their twins and the animations; never a fake of the collection."""
    return np.array([not face.fake or face.kind == "animation" for face in faces])


def fitted(faces: Sequence[Measured], names: Sequence[str], use: NDArray[np.bool_]) -> LinearModel:
    """Return a model of the faces in `use`."""
    values = np.array([[face.numbers.get(name, np.nan) for name in names] for face in faces])
    return fit_linear(values[use], names, np.array([face.fake for face in faces])[use], RIDGE)


def held_out(faces: Sequence[Measured], names: Sequence[str], shuffle: int | None = None) -> NDArray[np.float64]:
    """Log-odds of every face from a model that saw no face with its person or photograph."""
    use, fake = trained_on(faces), np.array([face.fake for face in faces])
    if shuffle is not None:
        fake[use] = np.random.default_rng(shuffle).permutation(fake[use])
    values = np.array([[face.numbers.get(name, np.nan) for name in names] for face in faces])
    person, photo = (np.array([getattr(face, which) for face in faces]) for which in ("person", "photo"))
    scores = np.zeros(len(faces))
    for part in np.array_split(np.random.default_rng(SEED).permutation(np.unique(person)), FOLDS):
        test = np.isin(person, part)
        train = use & ~test & ~np.isin(photo, part)
        model = fit_linear(values[train], names, fake[train], RIDGE)
        scores[test] = [model.log_odds(faces[i].numbers) for i in np.flatnonzero(test).tolist()]
    return scores


def table(faces: Sequence[Measured], scores: dict[str, NDArray[np.float64]]) -> Table:
    """AUC by kind of fake, with 95 % intervals by person."""
    found = Table(title="AUC (95 %, by person)")
    for head in ("against", "fakes", "n", *scores):
        found.add_column(head)
    rows = [("twin", "photo animation"), ("clip", "photo animation")]
    rows += [("clip", g) for g in sorted({_family(face) for face in faces if face.fake and face.kind == "clip"})]
    for kind, generator in rows:
        _, fake = _chosen(faces, kind, generator)
        found.add_row(
            kind, generator, str(int(fake.sum())), *(_interval(faces, s, kind, generator) for s in scores.values())
        )
    return found


def area(faces: Sequence[Measured], scores: NDArray[np.float64], kind: str, generator: str) -> float:
    """AUC of one kind of fake against twins or clips."""
    use, fake = _chosen(faces, kind, generator)
    return auc_interval(
        scores[use], fake[use], [faces[i].person for i in np.flatnonzero(use).tolist()], repeats=0
    ).value


def as_scored(faces: Sequence[Measured], scores: NDArray[np.float64]) -> list[ScoredFace]:
    """Clips as they are, for a fusion."""
    probability = 1 / (1 + np.exp(-scores))
    return [
        ScoredFace(f.clip, f.fake, f.person, f.generator, (Evidence("temporal", "1", None, float(p), 0.5),))
        for f, p in zip(faces, probability, strict=True)
        if f.kind == "clip"
    ]


def _interval(faces: Sequence[Measured], scores: NDArray[np.float64], kind: str, generator: str) -> str:
    use, fake = _chosen(faces, kind, generator)
    rows = np.flatnonzero(use).tolist()
    found = auc_interval(scores[use], fake[use], [faces[i].person for i in rows])
    text = f"{found.value:.2f} ({found.low:.2f}-{found.high:.2f})"
    if kind == "twin":
        won, pairs = paired_wins(scores[use], fake[use], [faces[i].clip for i in rows])
        owner = {faces[i].clip: faces[i].person for i in rows}
        text += f", twins right {share_interval(won, [owner[p] for p in pairs]).value:.0%}"
    return text


def _chosen(faces: Sequence[Measured], kind: str, generator: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    fake = np.array([face.fake and _family(face) == generator for face in faces])
    return fake | np.array([not face.fake and face.kind == kind for face in faces]), fake


def _family(face: Measured) -> str:
    return face.generator.split(":")[0]


if __name__ == "__main__":
    main()
