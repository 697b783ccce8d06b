"""Fit and measure the mouth detector: every table of docs/research/0009, and its weights.

    python -m benchmarks.mouth --data COLLECTION --cache FOLDER [--out models/weights/mouth.json]

COLLECTION holds MANIFEST.tsv (docs/research/0003 gives its columns). What is seen of a clip is kept in FOLDER, so that
a second run only fits and prints. Fakes of the collection are never trained on: only mouths put on here are.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track as progress_over
from rich.table import Table

from core.detectors.mouth import LIMITS, SPREAD
from core.evaluation.face_clips import FaceClip, read_face_clips
from core.evaluation.mouth_animation import RENDERERS
from core.evaluation.mouth_data import MouthSeen, controls_seen, mouths_seen
from core.evaluation.separation import auc_interval, paired_wins, share_interval
from core.evaluation.watched_faces import face_key
from core.faces import load_face_models
from core.verdict.fit import upper_bound
from models.linear import LinearModel, fit_linear, save_linear

RIDGE = 30.0
FOLDS = 12
SEED = 0
SHUFFLES = 5
ASPECTS = ("detail", "colour", "change", "motion")
WEIGHED = re.compile(r"change_coarse_.*together|go(es)?_with|^opening_(lips|ring|chin|cheeks)$")
"""Numbers on *when* parts change, not on how much: those depend least on the camera."""
LEVELS = (0.5, 0.8, 0.9, 0.95)
Scores = NDArray[np.float64]


def main() -> None:
    """Measure, fit, print, and write the weights where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--ridge", type=float, default=RIDGE)
    parser.add_argument("--controls", type=int, default=0, help="also watch controls of this many real clips")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    clips = read_face_clips(options.data)
    faces = gather(clips, options.cache)
    names = {
        aspect: sorted({n for face in faces for n in face.numbers.by_aspect.get(aspect, {})}) for aspect in ASPECTS
    }
    every = [name for aspect in ASPECTS for name in names[aspect]]
    weighed = [name for name in every if WEIGHED.search(name)]
    person, ridge = [face.person for face in faces], options.ridge
    scores = {"weighed": held_out(faces, weighed, person, ridge)}
    scores["by collection"] = held_out(faces, weighed, [face.collection for face in faces], ridge)
    scores |= {"all": held_out(faces, every, person, ridge)}
    scores |= {aspect: held_out(faces, names[aspect], person, ridge) for aspect in ASPECTS}
    console = Console(width=170)
    console.print(areas(faces, scores), f"{len(every)} numbers, {len(weighed)} of them weighed, ridge {ridge:g}")
    console.print(unseen_renderers(faces, weighed, ridge), thirds(faces, scores["weighed"]))
    open_gates = np.array([within_gates(face) for face in faces])
    for title, rows in (("all", np.ones(len(faces), bool)), ("within the gates", open_gates)):
        console.print(spoken([faces[i] for i in np.flatnonzero(rows)], scores["weighed"][rows], title))
    inside = [faces[i] for i in np.flatnonzero(open_gates)]
    console.print("within the gates:", areas(inside, {"weighed": scores["weighed"][open_gates]}))
    if options.controls:
        seen = control_faces(clips, faces, options.cache, options.controls)
        console.print(controls(faces, seen, weighed, ridge))
    shuffled = [held_out(faces, weighed, person, ridge, shuffle=seed) for seed in range(SHUFFLES)]
    console.print("labels shuffled:", ", ".join(f"{_area(faces, s, 'twin', 'lip sync'):.2f}" for s in shuffled))
    if options.out:
        save_linear(fitted(faces, weighed, trained_on(faces), ridge), options.out)


def gather(clips: Sequence[FaceClip], cache: Path) -> list[MouthSeen]:
    """Every clip as it is, and the twins and lip-synced copies of the real ones."""
    models = load_face_models()
    return [face for clip in progress_over(clips, "watching clips") for face in mouths_seen(clip, models, cache, SEED)]


def control_faces(clips: Sequence[FaceClip], faces: Sequence[MouthSeen], cache: Path, count: int) -> list[MouthSeen]:
    """Controls of `count` real clips within the gates, evenly spread over the collection."""
    models = load_face_models()
    usable = {face.clip for face in faces if face.kind == "clip" and not face.fake and within_gates(face)}
    real = [clip for clip in clips if face_key(clip) in usable]
    chosen = [real[i] for i in np.linspace(0, len(real) - 1, min(count, len(real))).round().astype(int)]
    return [face for clip in progress_over(chosen, "controls") for face in controls_seen(clip, models, cache)]


def controls(faces: Sequence[MouthSeen], seen: Sequence[MouthSeen], names: Sequence[str], ridge: float) -> Table:
    """Controls above some probabilities, from weights that saw no face of their person, beside twin and copy."""
    found = Table(title="controls: faces above a probability, out of fold")
    for head in ("faces", "n", *(f"{level:g}" for level in LEVELS), "median", "bits a pixel"):
        found.add_column(head)
    chosen = {face.clip for face in seen}
    shown = [*seen, *(face for face in faces if face.clip in chosen and face.kind in {"twin", "few pixels"})]
    person = np.array([face.person for face in faces])
    kinds: dict[str, list[float]] = {}
    for face in shown:
        model = fitted(faces, names, trained_on(faces) & (person != face.person), ridge)
        kinds.setdefault(face.kind, []).append(1 / (1 + np.exp(-model.log_odds(_flat(face)))))
    for kind, scores in kinds.items():
        above = [str(sum(score >= level for score in scores)) for level in LEVELS]
        bits = [b for face in shown if face.kind == kind and (b := face.numbers.bits_per_pixel) is not None]
        spent = f"{min(bits):.3f} to {max(bits):.3f}" if bits else ""
        found.add_row(kind, str(len(scores)), *above, f"{np.median(scores):.2f}", spent)
    return found


def trained_on(faces: Sequence[MouthSeen]) -> NDArray[np.bool_]:
    """Real clips, their twins and the copies; never a fake of the collection."""
    return np.array([not face.fake or face.kind in RENDERERS for face in faces])


def fitted(faces: Sequence[MouthSeen], names: Sequence[str], use: NDArray[np.bool_], ridge: float) -> LinearModel:
    """Return a model of the faces in `use`."""
    return fit_linear(_values(faces, names)[use], names, np.array([face.fake for face in faces])[use], ridge)


def held_out(
    faces: Sequence[MouthSeen], names: Sequence[str], group: Sequence[str], ridge: float, shuffle: int | None = None
) -> Scores:
    """Log-odds of every face from a model that saw no face of its group."""
    use, fake = trained_on(faces), np.array([face.fake for face in faces])
    if shuffle is not None:
        fake[use] = np.random.default_rng(shuffle).permutation(fake[use])
    values, of = _values(faces, names), np.array(group)
    scores = np.zeros(len(faces))
    for part in np.array_split(np.random.default_rng(SEED).permutation(np.unique(of)), FOLDS):
        test = np.isin(of, part)
        model = fit_linear(values[use & ~test], names, fake[use & ~test], ridge)
        scores[test] = [model.log_odds(_flat(faces[i])) for i in np.flatnonzero(test).tolist()]
    return scores


def areas(faces: Sequence[MouthSeen], scores: dict[str, Scores]) -> Table:
    """AUC by kind of fake, with 95 % intervals by person."""
    found = Table(title="AUC (95 %, by person)")
    for head in ("fakes", "against", "n", *scores):
        found.add_column(head)
    generators = sorted({_family(face) for face in faces if face.fake and face.kind == "clip"})
    rows = [("lip sync", "twin"), *((kind, "twin") for kind in (*RENDERERS, "jaw", "no jaw"))]
    for fakes, against in (*rows, ("lip sync", "clip"), *((g, "clip") for g in generators)):
        count = int(_chosen(faces, against, fakes)[1].sum())
        found.add_row(fakes, against, str(count), *(_interval(faces, s, against, fakes) for s in scores.values()))
    return found


def unseen_renderers(faces: Sequence[MouthSeen], names: Sequence[str], ridge: float) -> Table:
    """AUC of each way of drawing when it was left out of the training, beside people left out."""
    found = Table(title="a way of drawing never trained on, against twins")
    for head in ("fakes", "AUC (95 %, by person)"):
        found.add_column(head)
    for left in RENDERERS:
        some = [face for face in faces if face.kind in {"clip", "twin", *RENDERERS} and face.kind != left]
        scores = np.zeros(len(faces))
        for part in np.array_split(
            np.random.default_rng(SEED).permutation(np.unique([f.person for f in faces])), FOLDS
        ):
            use = trained_on(some) & ~np.isin([face.person for face in some], part)
            model = fitted(some, names, use, ridge)
            for i, face in enumerate(faces):
                if face.person in part:
                    scores[i] = model.log_odds(_flat(face))
        found.add_row(left, _interval(faces, scores, "twin", left))
    return found


def within_gates(face: MouthSeen) -> bool:
    """Whether the face is large enough and the mouth moves enough for the detector."""
    return face.numbers.face_px >= LIMITS.face_px[0] and face.numbers.spread >= SPREAD[0]


def thirds(faces: Sequence[MouthSeen], scores: Scores) -> Table:
    """AUC of copies against twins by how much the mouth of the twin moves, and how large it is."""
    found = Table(title="AUC by thirds of the twins")
    for head in ("of", "lowest", "middle", "highest"):
        found.add_column(head)
    twins = {face.clip: face.numbers for face in faces if face.kind == "twin"}
    for name in ("spread", "face_px"):
        of = np.array([getattr(twins[f.clip], name) if f.clip in twins else np.nan for f in faces])
        cuts = [-np.inf, *np.quantile([getattr(t, name) for t in twins.values()], (1 / 3, 2 / 3)), np.inf]
        cells = []
        for low, high in pairwise(cuts):
            rows = (of > low) & (of <= high) & np.array([face.kind != "clip" for face in faces])
            area = _interval([faces[i] for i in np.flatnonzero(rows)], scores[rows], "twin", "lip sync")
            cells.append(f"up to {high:.3g}: {area}")
        found.add_row(name, *cells)
    return found


def spoken(faces: Sequence[MouthSeen], scores: Scores, which: str) -> Table:
    """How many faces of each kind are above some probabilities, out of fold."""
    found = Table(title=f"faces above a probability, out of fold: {which}")
    for head in ("faces", "n", *(f"{level:g}" for level in LEVELS), "highest"):
        found.add_column(head)
    probability = 1 / (1 + np.exp(-scores))
    kinds = {"real clips": [not f.fake and f.kind == "clip" for f in faces], "twins": [f.kind == "twin" for f in faces]}
    kinds |= {renderer: [f.kind == renderer for f in faces] for renderer in RENDERERS}
    for generator in sorted({_family(f) for f in faces if f.fake and f.kind == "clip"}):
        kinds[generator] = [f.kind == "clip" and f.fake and _family(f) == generator for f in faces]
    for name, rows in kinds.items():
        these = probability[np.array(rows)]
        if len(these) == 0:
            continue
        above = [int((these >= level).sum()) for level in LEVELS]
        shown = [f"{n} (at most {upper_bound(n, len(these)):.1%})" if "real" in name else str(n) for n in above]
        found.add_row(name, str(len(these)), *shown, f"{these.max():.2f}")
    return found


def _interval(faces: Sequence[MouthSeen], scores: Scores, against: str, fakes: str) -> str:
    use, fake = _chosen(faces, against, fakes)
    rows = np.flatnonzero(use).tolist()
    found = auc_interval(scores[use], fake[use], [faces[i].person for i in rows])
    text = f"{found.value:.2f} ({found.low:.2f}-{found.high:.2f})"
    if fakes in RENDERERS:
        won, pairs = paired_wins(scores[use], fake[use], [faces[i].clip for i in rows])
        owner = {faces[i].clip: faces[i].person for i in rows}
        text += f", twins right {share_interval(won, [owner[p] for p in pairs]).value:.0%}"
    return text


def _area(faces: Sequence[MouthSeen], scores: Scores, against: str, fakes: str) -> float:
    use, fake = _chosen(faces, against, fakes)
    rows = np.flatnonzero(use).tolist()
    return auc_interval(scores[use], fake[use], [faces[i].person for i in rows], repeats=0).value


def _chosen(faces: Sequence[MouthSeen], against: str, fakes: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The faces of a row of a table, and which of them are its fakes."""
    fake = np.array([face.fake and fakes in _families(face) for face in faces])
    return fake | np.array([not face.fake and face.kind == against for face in faces]), fake


def _families(face: MouthSeen) -> set[str]:
    copy = {face.kind, "jaw" if face.jaw else "no jaw"} if face.kind in RENDERERS else set()
    return {_family(face), *copy}


def _family(face: MouthSeen) -> str:
    return face.generator.split(":")[0]


def _flat(face: MouthSeen) -> dict[str, float]:
    return {name: value for part in face.numbers.by_aspect.values() for name, value in part.items()}


def _values(faces: Sequence[MouthSeen], names: Sequence[str]) -> NDArray[np.float64]:
    flat = [_flat(face) for face in faces]
    return np.array([[one.get(name, np.nan) for name in names] for one in flat])


if __name__ == "__main__":
    main()
