"""Which networks are trained, on what, and how."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from benchmarks.forge_gain.material import Store, Swapped, clip_name, every, faces_of, pairs_of
from core.evaluation.face_clips import FaceClip
from core.evaluation.forge.faces import SourceFace
from core.evaluation.forge.material import SAME_MOMENT_S, stranger_twins
from core.evaluation.forge.supply import Pool, Twins, supply
from models.appearance import AppearanceNet, load_appearance, save_appearance
from models.face_autoencoder import Redrawer, load_autoencoder
from models.train.appearance import AppearanceConfig, PairBatch, Step, train_appearance

SHARES = {"photos": 0.20, "pairs' faces": 0.05, "real clips": 0.25, "pairs": 0.20, "generated": 0.05}
"""As in step 3 of the appearance network's card."""
SWAPS_SHARE, STUDIO_SHARE = 0.25, 0.20
"""Of the collection's swaps and of our own, where an arm has them, beside those: all are divided by their sum."""
GENERATED_TRAINED = 160


@dataclass(frozen=True, slots=True)
class Job:
    """One network: what it is trained on, the half that it never sees, and the seed of its batches.

    With `fine`, our own swaps are shown as from clips so small that they are as fine as all around them.
    """

    studio: bool
    swaps: bool
    half: int
    seed: int
    fine: bool = False

    @property
    def arm(self) -> str:
        """What is beside the usual material."""
        return " + ".join(["forge"] + ["their swaps"] * self.swaps + [f"{'fine ' * self.fine}own swaps"] * self.studio)

    @property
    def name(self) -> str:
        """What its files are called."""
        return f"{self.arm.replace(' ', '')}-{self.half}-{self.seed}"


def jobs(seeds: int, *, fine: bool = False) -> list[Job]:
    """Return all networks that are compared, in an order in which each seed's are whole before the next one's."""
    return [
        Job(studio, swaps, half, seed, fine and studio)
        for seed, swaps, half, studio in product(range(seeds), (True, False), (0, 1), (False, True))
    ]


@dataclass(frozen=True, slots=True)
class Collection:
    """All that was read: the store, its photo, pair and generated names, the clips, own swaps and the halves."""

    store: Store
    photos: Sequence[str]
    pairs: Sequence[str]
    generated: Sequence[str]
    clips: Sequence[FaceClip]
    swapped: Sequence[Swapped]
    half_of: dict[str, int]

    def seen_by(self, job: Job) -> list[FaceClip]:
        """Return the clips that a network may see."""
        return [one for one in self.clips if one.split == "train" and self.half_of[one.person] != job.half]


def pools_for(job: Job, collection: Collection) -> list[Pool]:
    """Return what the network of a job is trained on."""
    store = collection.store
    photos = [face for name in collection.photos for face in faces_of(store.get(name))]
    given = [pair for name in collection.pairs for pair in pairs_of(store.get(name), held=False)]
    made = [face for name in collection.generated for face in faces_of(store.get(name))][:GENERATED_TRAINED]
    filmed, twins = _of_clips(job, collection)
    pools = [
        Pool(SHARES["photos"], faces=photos),
        Pool(SHARES["pairs' faces"], faces=[face for face, _ in given]),
        Pool(SHARES["real clips"], faces=filmed),
        Pool(SHARES["pairs"], twins=[pair for _, pair in given]),
        Pool(SHARES["generated"], twins=stranger_twins(photos, made, job.seed)),
    ]
    if job.swaps:
        pools.append(Pool(SWAPS_SHARE, twins=twins))
    if job.studio:
        pools.append(Pool(STUDIO_SHARE, twins=own_twins(job, collection)))
    return [pool for pool in pools if pool.faces or pool.twins]


def own_twins(job: Job, collection: Collection) -> list[Twins]:
    """Return our own swaps of people whom the network may see."""
    return [
        Twins(pair.real, pair.fake, blended=1.0, synthetic=1.0, coded=False)
        for one in collection.swapped
        if collection.half_of[one.swap.source] != job.half
        for pair in (shown.as_fine_as_drawn() if job.fine else shown for shown in one.to_learn)
    ]


def trained(
    job: Job,
    collection: Collection,
    config: AppearanceConfig,
    start: Path,
    autoencoder: Path,
    out: Path,
    progress: Callable[[Step], None],
) -> AppearanceNet:
    """Return the network of a job; it is kept in `out`, with its checkpoint beside it."""
    path = out / f"{job.name}.safetensors"
    if path.is_file():
        return load_appearance(path)
    pools, redraw = pools_for(job, collection), Redrawer(load_autoencoder(autoencoder))

    def batches(first: int) -> Iterator[PairBatch]:
        for made in supply(pools, config.pairs, config.seed, first, redraw):
            yield PairBatch(made.real, made.fake, made.replaced, made.blended, made.synthetic)

    checkpoint = out / f"{job.name}.ck"
    network = train_appearance(
        batches, config, start=load_appearance(start), progress=progress, checkpoint=checkpoint, resume=True
    )
    save_appearance(network, path)
    checkpoint.unlink()
    return load_appearance(path)


def _of_clips(job: Job, collection: Collection) -> tuple[list[SourceFace], list[Twins]]:
    """Real faces of the clips that may be seen, and the pairs of those that were swapped."""
    store, faces, twins = collection.store, list[SourceFace](), list[Twins]()
    clips = collection.seen_by(job)
    left = {clip.path: clip for clip in clips if clip.half == "left"}
    for clip in clips:
        if clip.half == "right":
            real, fake = store.get(clip_name(left[clip.path])), store.get(clip_name(clip))
            twins += _same_moments(real, fake)
            faces += every(4, faces_of(real, clip.person))
        elif clip.half is None and not clip.fake:
            faces += every(3, faces_of(store.get(clip_name(clip)), clip.person))
    return faces, twins


def _same_moments(real: dict[str, np.ndarray], fake: dict[str, np.ndarray]) -> list[Twins]:
    pairs = []
    for row, time_s in enumerate(real["time_s"]):
        apart = np.abs(fake["time_s"] - time_s)
        if len(apart) and apart.min() < SAME_MOMENT_S:
            both = (np.asarray(real["rgb"][row]), np.asarray(fake["rgb"][apart.argmin()]))
            pairs.append(Twins(*both, same_pixels=False))
    return pairs
