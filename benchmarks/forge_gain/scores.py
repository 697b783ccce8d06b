"""What each network says of the half that it never saw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.forge_gain.arms import Collection, Job
from benchmarks.forge_gain.material import clip_name, pairs_of
from core.detectors.appearance import coarsened, compared, level_of
from core.evaluation.face_clips import FaceClip
from core.evaluation.forge.codec import Coding, coded_clip
from models.appearance import AppearanceNet, appearance_scores

LOOKED_AT = 16
CODING = Coding("libx264", 23)
"""Over own swaps and their twins alike: what was just drawn would else be the only part of the picture without it."""
MOST_PAIRS = 150


@dataclass(frozen=True, slots=True)
class Row:
    """One face: what it is, whose, and both levels of log-odds.

    `kind` is "their swap", "own swap", "pair", "other fake" or "real"; `pair` is equal for a fake and its twin.
    """

    kind: str
    fake: bool
    name: str
    pair: str
    person: str
    face_px: float
    blending: float
    synthesis: float


def rows_of(job: Job, network: AppearanceNet, collection: Collection) -> Iterator[Row]:
    """Score everything that the network of a job did not see."""
    for clip in collection.clips:
        held_back = clip.split != "train"
        if held_back or collection.half_of[clip.person] == job.half:
            yield from _of_clip(clip, network, collection)
    for one in collection.swapped:
        if collection.half_of[one.swap.source] == job.half:
            name = f"{one.swap.source} as {one.swap.target}"
            size = float(np.median([pair.face_px for pair in one.to_test]))
            for fake in (False, True):
                pictures = [pair.fake if fake else pair.real for pair in one.to_test]
                shown = np.stack(coded_clip(pictures, CODING))
                yield _row("own swap", fake, name, name, one.swap.source, size, network, shown)
    held = [pair for name in collection.pairs for pair in pairs_of(collection.store.get(name), held=True)]
    for face, twins in held[:MOST_PAIRS]:
        for fake, rgb in ((False, twins.real), (True, twins.fake)):
            yield _row("pair", fake, face.person, face.person, face.person, float("nan"), network, rgb[None])


def _of_clip(clip: FaceClip, network: AppearanceNet, collection: Collection) -> Iterator[Row]:
    kept = collection.store.get(clip_name(clip))
    if len(kept["rgb"]) == 0:
        return
    kind = "their swap" if clip.half else "other fake" if clip.fake else "real"
    size = float(np.median(kept["face_px"]))
    shown = np.asarray(kept["rgb"]).view(np.uint8)
    yield _row(kind, clip.fake, clip.name, clip.pair, clip.person, size, network, shown)


def _row(
    kind: str,
    fake: bool,
    name: str,
    pair: str,
    person: str,
    face_px: float,
    network: AppearanceNet,
    pictures: NDArray[np.uint8],
) -> Row:
    chosen = pictures[np.unique(np.linspace(0, len(pictures) - 1, LOOKED_AT).round().astype(int))]
    coarse = np.stack([coarsened(one) for one in chosen])
    told = compared(appearance_scores(network, chosen), appearance_scores(network, coarse))
    return Row(kind, fake, name, pair, person, face_px, level_of(told.blending), level_of(told.synthesis))
