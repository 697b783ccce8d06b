"""Swaps by a trained swap network as material: the frames of its driver's clip, filmed and merged, in memory alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError
from core.evaluation.forge.faces import cut_face
from core.evaluation.forge.supply import Twins
from core.faces import FaceModels
from core.faces.align import similarity_to_crop
from core.settings import VideoLimits
from core.swap.colour import Transfer
from core.swap.consent import require_allowed
from core.swap.geometry import face_matrix
from core.swap.masks import FacePart
from core.swap.merge import MergeMode, MergeOptions, Merger, full_size, merged_picture, watch
from core.swap.merger import Coverage, Draws
from core.swap.model import load_model
from core.swap.person import largest
from core.swap.plan import PlannedFace, plan
from core.swap.poses import trained_poses
from core.types import ConsentScope, TrainedSwap
from core.video import open_clip

CLEARLY_DRAWN = 0.9
"""Frames in which less of the face is replaced are no fakes to learn from."""
FACES_A_CLIP = 24
PARTS = (FacePart.WHOLE, FacePart.WHOLE, FacePart.WHOLE, FacePart.INNER)


@dataclass(frozen=True, slots=True)
class StudioPair:
    """One moment of a clip in the canonical frame (256, 256, 3), filmed and swapped, pixel on pixel.

    `face_px` is the width of the face in the clip; `drawn_px` the side at which a pixel of the crop is one of those
    that the network drew.
    """

    time_s: float
    real: NDArray[np.uint8]
    fake: NDArray[np.uint8]
    face_px: float
    drawn_px: float

    def as_fine_as_drawn(self) -> StudioPair:
        """Return the same moment as from a clip so small that the drawn face is as fine as all around it."""
        side, small = self.real.shape[0], round(self.drawn_px)
        if small >= side:
            return self
        real, fake = (
            np.asarray(
                cv2.resize(cv2.resize(rgb, (small, small), interpolation=cv2.INTER_AREA), (side, side)), np.uint8
            )
            for rgb in (self.real, self.fake)
        )
        return replace(self, real=real, fake=fake)


def studio_twins(
    model: Path, driver: Path, models: FaceModels, seed: int, told: Callable[[int, int], None] = lambda *_: None
) -> list[Twins]:
    """Return pairs of moments of the driver's clip, as filmed and swapped, each merged in another way.

    Args:
        model: a folder of `facepulse swap train`, or a .dfm file with its consent record.
        driver: a clip of the person whose face is replaced, the most prominent one in it.
        models: find the faces.
        seed: of the ways to merge.
        told: how many moments of how many are done.

    Raises:
        SwapModelError: there is no such model, or no face in the clip.
        ConsentError: the target did not allow that networks are trained on their face.
        ClipError: the clip cannot be read.
        DatasetError: no moment of the clip has a pose that the model was trained on.
    """
    drawing, poses = load_model(model), trained_poses(model)
    coverage = None if poses is None else poses.at
    pairs = studio_pairs(drawing, driver, models, np.random.default_rng(seed), coverage=coverage, told=told)
    return [Twins(pair.real, pair.fake, blended=1.0, synthetic=1.0, coded=False) for pair in pairs]


def studio_pairs(
    drawing: Draws,
    driver: Path,
    models: FaceModels,
    rng: np.random.Generator | None = None,
    *,
    coverage: Coverage | None = None,
    told: Callable[[int, int], None] = lambda *_: None,
) -> list[StudioPair]:
    """Return up to `FACES_A_CLIP` moments of the driver's clip, spread over it; they stay in memory.

    Args:
        drawing: what draws the target.
        driver: as for `studio_twins`.
        models: find the faces.
        rng: draws how each moment is merged; without it all are merged as `swap make` does by default.
        coverage: the poses that it was trained on; None takes all.
        told: how many moments of how many are done.

    Raises:
        SwapModelError, ConsentError, ClipError, DatasetError: as `studio_twins`.
    """
    require_allowed(drawing.about.target_consent, ConsentScope.TRAINING)
    limits = full_size(VideoLimits())
    watched = watch(driver, limits, models=models)
    planned = plan(watched, largest()(watched), MergeOptions(), Merger(drawing, coverage=coverage).strength_at)
    wanted = _spread([index for index, faces in planned.items() if faces[0].strength >= CLEARLY_DRAWN])
    if not wanted:
        raise DatasetError(f"No moment of {driver.name} shows a face in a pose that the trained swap has seen.")
    pairs = []
    for index, face, rgb in _moments(driver, limits, {index: planned[index][0] for index in wanted}):
        merger = Merger(drawing, MergeOptions() if rng is None else drawn_options(rng))
        pairs.append(_pair(watched.times_s[index], face, rgb, merged_picture(rgb, (face,), merger), drawing.about))
        told(len(pairs), len(wanted))
    return pairs


def drawn_options(rng: np.random.Generator) -> MergeOptions:
    """Draw how a face is merged: people choose otherwise, and what is found must not be one choice."""
    return MergeOptions(
        mode=MergeMode(str(rng.choice(list(MergeMode)))),
        part=PARTS[int(rng.integers(len(PARTS)))],
        erode_share=float(rng.uniform(-0.02, 0.1)),
        blur_share=float(rng.uniform(0.03, 0.2)),
        colour=cast(Transfer, str(rng.choice(get_args(Transfer)))),
        sharpen=float(rng.uniform(-0.3, 2.0)),
    )


def _spread(indices: Sequence[int]) -> list[int]:
    ordered = sorted(indices)
    if not ordered:
        return []
    return [ordered[i] for i in np.unique(np.linspace(0, len(ordered) - 1, FACES_A_CLIP).astype(int))]


def _moments(
    video: Path, limits: VideoLimits, wanted: dict[int, PlannedFace]
) -> Iterator[tuple[int, PlannedFace, NDArray[np.uint8]]]:
    with open_clip(video, limits) as reader:
        for frame in reader:
            if frame.index in wanted:
                yield frame.index, wanted[frame.index], frame.rgb


def _pair(
    time_s: float, face: PlannedFace, filmed: NDArray[np.uint8], merged: NDArray[np.uint8], about: TrainedSwap
) -> StudioPair:
    real, fake = (cut_face(rgb, face.landmarks_px, "").rgb for rgb in (filmed, merged))
    to_network = face_matrix(face.landmarks_px, about.face_type, about.size_px)
    finer = _scale(similarity_to_crop(face.landmarks_px)) / _scale(to_network)
    return StudioPair(float(time_s), real, fake, float(np.ptp(face.landmarks_px[:, 0])), real.shape[0] / finer)


def _scale(matrix: NDArray[np.floating]) -> float:
    return float(np.hypot(*matrix[0, :2]))
