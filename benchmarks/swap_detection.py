"""Whether the appearance network sees a swap made here, when its label is ignored.

    python -m benchmarks.swap_detection --model M --video CLIP [--video CLIP …]

The same frames, as filmed and with the face swapped, are cut as a check cuts them and shown to the network that
Facepulse comes with, as they are and after the same JPEG; frames stay in memory, and no caption is in them. Whole clips
with their labels are measured by `facepulse evaluate --ignore-labels`. Intervals are 95 %, drawn again by whole seconds
of each clip.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from core.detectors.appearance import WEIGHTS, coarsened, compared
from core.evaluation.bootstrap import cluster_bootstrap_many
from core.evaluation.separation import auc
from core.faces.align import crop, similarity_to_crop
from core.faces.mesh import square_around_box, square_around_mesh
from core.faces.models import FaceModels, load_face_models
from core.settings import VideoLimits
from core.swap.merge import MergedPair, MergeOptions, Merger, full_size, merged_pairs, watch
from core.swap.merger import Draws
from core.swap.model import load_model
from core.swap.person import largest
from core.swap.poses import trained_poses
from core.types import DrawnFaces
from models.appearance import appearance_scores, load_appearance
from models.registry import weight_path

EVERY = 5
"""Frames that are looked at: neighbours are alike."""
CLEARLY_DRAWN = 0.9
JPEG_QUALITIES = (None, 75)


class Seen(NamedTuple):
    """Log-odds (2, N) of the same frames filmed and swapped, and the second of its clip that each is in (N,)."""

    blending: NDArray[np.float64]
    synthesis: NDArray[np.float64]
    seconds: list[str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--video", type=Path, action="append", required=True)
    parser.add_argument(
        "--put-back", action="store_true", help="Control: the filmed face itself, at the network's size."
    )
    parser.add_argument("--json", type=Path)
    wanted = parser.parse_args(arguments)
    models, told = load_face_models(), {}
    pairs = [(f"{n}", pair) for n, video in enumerate(wanted.video) for pair in swapped(wanted, video, models)]
    for quality in JPEG_QUALITIES:
        name = "as they are" if quality is None else f"JPEG {quality}"
        told[name] = figures(seen(pairs, models, quality))
        print(f"{name}: {len(pairs)} frames")
        for what, (value, low, high) in told[name].items():
            print(f"  {what:48} {value:7.3f}   {low:.3f} to {high:.3f}")
    if wanted.json is not None:
        wanted.json.write_text(json.dumps(told, indent=2))
    return 0


class PutBack:
    """Draws the very face that it is shown: what is left of a swap is its few pixels and its border."""

    def __init__(self, model: Draws) -> None:
        self._model = model
        self.about = model.about

    def draw(self, faces: NDArray[np.uint8]) -> DrawnFaces:
        """Return the faces with the masks of the model."""
        return replace(self._model.draw(faces), rgb=faces)


def swapped(wanted: argparse.Namespace, video: Path, models: FaceModels) -> Iterator[MergedPair]:
    """Yield some frames of a clip with the face swapped."""
    poses = trained_poses(wanted.model)
    model = load_model(wanted.model)
    limits = full_size(VideoLimits(max_duration_s=120.0))
    merger = Merger(
        PutBack(model) if wanted.put_back else model, MergeOptions(), coverage=None if poses is None else poses.at
    )
    watched = watch(video, limits, models=models)
    pairs = merged_pairs(watched, merger, largest()(watched), limits)
    return (pair for pair in islice(pairs, None, None, EVERY) if pair.strength >= CLEARLY_DRAWN)


def seen(pairs: Sequence[tuple[str, MergedPair]], models: FaceModels, jpeg: int | None) -> Seen:
    """Return what the network says of both pictures of each pair."""
    network = load_appearance(weight_path(WEIGHTS))
    crops: list[list[NDArray[np.uint8]]] = [[], []]
    for _, pair in pairs:
        box = pair.merged.swapped_xyxy_px[0]
        first = models.mesh.fit(pair.filmed, square_around_box(box))
        points = models.mesh.fit(pair.filmed, square_around_mesh(first.points_px)).points_px[:, :2]
        for row, rgb in enumerate((pair.filmed, pair.merged.rgb)):
            crops[row].append(crop(as_jpeg(rgb, jpeg), similarity_to_crop(points)))
    answers = []
    for row in crops:
        pictures = np.stack(row)
        coarse = np.stack([coarsened(one) for one in pictures])
        answers.append(compared(appearance_scores(network, pictures), appearance_scores(network, coarse)))
    seconds = [f"{clip}:{int(pair.merged.time_s)}" for clip, pair in pairs]
    blending, synthesis = (np.stack([getattr(a, name) for a in answers]) for name in ("blending", "synthesis"))
    return Seen(blending.astype(np.float64), synthesis.astype(np.float64), seconds)


def figures(what: Seen) -> dict[str, tuple[float, float, float]]:
    """Return each figure with its interval."""

    def of(rows: NDArray[np.intp]) -> NDArray[np.float64]:
        fake = np.repeat([False, True], len(rows))
        found = []
        for scores in (what.blending, what.synthesis):
            chosen = scores[:, rows]
            found += [
                auc(chosen.ravel(), fake), (chosen[1] > chosen[0]).mean(), *chosen.mean(axis=1)
            ]  # fmt: skip
        return np.array(found)

    names = [
        f"{kind}: {figure}"
        for kind in ("blending", "synthesis")
        for figure in ("AUC", "swapped above its twin, share", "log-odds as filmed", "log-odds swapped")
    ]
    intervals = cluster_bootstrap_many(what.seconds, of, draws=500)
    return {name: (one.value, one.low, one.high) for name, one in zip(names, intervals, strict=True)}


def as_jpeg(rgb: NDArray[np.uint8], quality: int | None) -> NDArray[np.uint8]:
    """Return a picture (H, W, 3) after a JPEG of this quality; None leaves it."""
    if quality is None:
        return rgb
    _, data = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1], np.uint8)


if __name__ == "__main__":
    sys.exit(main())
