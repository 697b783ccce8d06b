"""What a face looks like: traces of something laid over it, or of a decoder that drew it, picture by picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from core.detectors.gates import bits_per_pixel
from core.errors import WeightsError
from core.types import AlignedFaces, Evidence, FaceMaterial, Measurement
from models.registry import WeightFileError, weight_path

if TYPE_CHECKING:
    from models.appearance import AppearanceNet, AppearanceScores

WEIGHTS = "appearance"
LOOKED_AT = 16
SMALLEST_FACE_PX, GOOD_FACE_PX = 80.0, 140.0
"""Real faces of 72 px score as swaps do, and no swap that small was there to learn from or to measure."""
LEAST_BITS, GOOD_BITS = 0.004, 0.05
"""Coded bits a pixel: below the first, compression has eaten what a forger leaves."""
BLURRED, SHARP = 0.8, 4.0
"""Log of the variance of the Laplacian over the face, of a crop of 256 px."""
HIGH_QUANTILE = 0.8
TURNED_DEG = (25.0, 45.0)
VIEWS = ("frontal", "half_profile", "profile")
FEWEST_OF_A_VIEW = 3
CONCENTRATED = 1.0
"""By how much more log-odds turned pictures show signs than frontal ones before it is told."""
COARSE_PX, COARSE_SHARE = 96, 0.5
"""Half of what the same picture scores once it was this small is no trace but its scene: chosen across two folds."""
FACE_ROWS, FACE_COLUMNS = slice(64, 218), slice(51, 205)
NO_CROPS = "no picture of the face was large enough to look at"
TOO_BLURRED = "the face is too blurred to show traces of a forgery"
TOO_COMPRESSED = "compression has taken the traces that a forgery leaves"

Map = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Looks:
    """What can be said of the input: values, and how good each is in 0..1."""

    face_px: float
    sharpness: float | None
    bits: float | None

    @property
    def refusal(self) -> str | None:
        if self.face_px < SMALLEST_FACE_PX:
            return f"the face is only {self.face_px:.0f} px"
        if self.sharpness is None:
            return NO_CROPS
        if self.sharpness < BLURRED:
            return TOO_BLURRED
        return TOO_COMPRESSED if self.bits is not None and self.bits < LEAST_BITS else None

    @property
    def quality(self) -> float:
        bits = 1.0 if self.bits is None else _share(self.bits, LEAST_BITS, GOOD_BITS)
        sharp = 0.0 if self.sharpness is None else _share(self.sharpness, BLURRED, SHARP)
        return min(_share(self.face_px, SMALLEST_FACE_PX, GOOD_FACE_PX), bits, sharp)


class AppearanceDetector:
    """Scores the face by its look in up to 16 pictures spread over the clip.

    Each picture has two log-odds from the network of models/cards/appearance.md: of blending and of synthesis. From
    those of blending, half of what the same picture has without its fine detail is taken off: traces of blending are
    fine, and what is left without them comes of the person, the light and the lens (docs/research/0008). Over
    the pictures each becomes a level, the mean of its mean and its upper fifth's border, so that a few bad frames
    count. `fake_score` is the logistic of the larger level: a raw score for the fusion to calibrate, no probability.
    """

    name = "appearance"
    version = "2"

    def examine(self, face: FaceMaterial) -> Evidence:
        """Return both levels, and by how the head is turned; abstains on small, blurred and crushed faces.

        Raises:
            WeightsError: the weight file is missing or altered.
        """
        looks = _looks(face)
        if looks.refusal is not None or face.crops is None:
            return self._evidence(face, looks, None, _quality_measured(looks))
        scores = _ask(_spread(face.crops))
        views = _by_view(scores.blending, _yaw_of_looked_at(face))
        return self._evidence(
            face, looks, scores, (*_levels(scores), *_view_measured(views), *_quality_measured(looks)), _turned(views)
        )

    def _evidence(
        self,
        face: FaceMaterial,
        looks: _Looks,
        scores: AppearanceScores | None,
        measured: tuple[Measurement, ...],
        findings: tuple[str, ...] = (),
    ) -> Evidence:
        level = None if scores is None else max(level_of(scores.blending), level_of(scores.synthesis))
        return Evidence(
            detector=self.name,
            version=self.version,
            track=face.track.id,
            fake_score=None if level is None else 1 / (1 + float(np.exp(-np.clip(level, -30, 30)))),
            quality=looks.quality,
            measurements=measured,
            abstained_because=None if level is not None else looks.refusal or NO_CROPS,
            findings=findings,
        )


def appearance_map(face: FaceMaterial) -> tuple[Map, NDArray[np.uint8]] | None:
    """Return where signs of blending are: the mean map (12, 12) in 0..1 and the picture (192, 192, 3) under it.

    The picture is the one whose map is strongest. None where the detector abstains.

    Raises:
        WeightsError: the weight file is missing or altered.
    """
    if _looks(face).refusal is not None or face.crops is None:
        return None
    from models.appearance import middle_of  # noqa: PLC0415

    crops = _spread(face.crops)
    maps = _ask(crops).maps
    strongest = int(maps.mean(axis=(1, 2)).argmax())
    return maps.mean(axis=0), middle_of(crops)[strongest]


def level_of(logits: NDArray[np.floating]) -> float:
    """Return the level of log-odds (N,): halfway between their mean and the border of their upper fifth."""
    return float((logits.mean() + np.quantile(logits, HIGH_QUANTILE)) / 2)


def sharpness_of(crop: NDArray[np.uint8]) -> float:
    """Return the log of the variance of the Laplacian over the face of a canonical crop (256, 256, 3)."""
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)[FACE_ROWS, FACE_COLUMNS].astype(np.float32)
    return float(np.log(cv2.Laplacian(grey, cv2.CV_32F).var() + 1e-3))


def coarsened(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a canonical crop (256, 256, 3) without what a crop of `COARSE_PX` cannot show, of its own size."""
    small = cv2.resize(crop, (COARSE_PX, COARSE_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, crop.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def compared(scores: AppearanceScores, coarse: AppearanceScores) -> AppearanceScores:
    """Return the scores with `COARSE_SHARE` of the blending of the same pictures, coarsened, taken off."""
    return replace(scores, blending=scores.blending - COARSE_SHARE * coarse.blending)


def _looks(face: FaceMaterial) -> _Looks:
    sharpness = None if face.crops is None else float(np.median([sharpness_of(c) for c in _spread(face.crops)]))
    return _Looks(face.track.face_size_px, sharpness, bits_per_pixel(face))


def _looked_at(crops: AlignedFaces) -> NDArray[np.intp]:
    count = len(crops.times_s)
    return np.unique(np.linspace(0, count - 1, min(LOOKED_AT, count)).round().astype(np.intp))


def _spread(crops: AlignedFaces) -> NDArray[np.uint8]:
    return crops.rgb[_looked_at(crops)]


def _yaw_of_looked_at(face: FaceMaterial) -> NDArray[np.float64]:
    """Yaw, without its sign, of every picture that is looked at: that of the observation nearest in time."""
    if face.crops is None:
        return np.zeros(0)
    times = face.crops.times_s[_looked_at(face.crops)]
    nearest = np.abs(face.track.times_s[None] - times[:, None]).argmin(axis=1)
    return np.asarray(np.abs(face.track.yaw_deg[nearest]), np.float64)


def _by_view(logits: NDArray[np.float64], yaw_deg: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    view = np.digitize(yaw_deg, TURNED_DEG)
    return {name: logits[view == number] for number, name in enumerate(VIEWS)}


def _levels(scores: AppearanceScores) -> tuple[Measurement, ...]:
    return (
        Measurement("pictures", float(len(scores.blending)), ""),
        Measurement("blending_log_odds", level_of(scores.blending), ""),
        Measurement("synthesis_log_odds", level_of(scores.synthesis), ""),
        Measurement("pictures_with_blending", float((scores.blending > 0).mean()), ""),
        Measurement("pictures_with_synthesis", float((scores.synthesis > 0).mean()), ""),
        Measurement("strongest_on_map", float(scores.maps.mean(axis=0).max()), ""),
    )


def _view_measured(views: dict[str, NDArray[np.float64]]) -> tuple[Measurement, ...]:
    return tuple(
        Measurement(f"blending_{name}", float(logits.mean()) if len(logits) else None, "")
        for name, logits in views.items()
    )


def _quality_measured(looks: _Looks) -> tuple[Measurement, ...]:
    return (
        Measurement("face_size", looks.face_px, "px"),
        Measurement("sharpness", looks.sharpness, ""),
        Measurement("bits_per_pixel", looks.bits, "bit"),
    )


def _turned(views: dict[str, NDArray[np.float64]]) -> tuple[str, ...]:
    """A sentence where the signs of blending are mostly in turned pictures: swaps break there first."""
    frontal = views["frontal"]
    for name, border in (("profile", TURNED_DEG[1]), ("half_profile", TURNED_DEG[0])):
        turned = views[name]
        if min(len(turned), len(frontal)) < FEWEST_OF_A_VIEW:
            continue
        if turned.mean() > 0 and turned.mean() - frontal.mean() > CONCENTRATED:
            return (f"signs of blending concentrate in pictures where the head is turned by more than {border:.0f}°",)
    return ()


def _ask(crops: NDArray[np.uint8]) -> AppearanceScores:
    from models.appearance import appearance_scores  # noqa: PLC0415  (imports torch: only once a face is good enough)

    network = _network()
    coarse = np.stack([coarsened(crop) for crop in crops])
    return compared(appearance_scores(network, crops), appearance_scores(network, coarse))


@cache
def _network() -> AppearanceNet:
    from models.appearance import load_appearance  # noqa: PLC0415

    try:
        return load_appearance(weight_path(WEIGHTS))
    except WeightFileError as error:
        raise WeightsError(str(error)) from error


def _share(value: float, worst: float, good: float) -> float:
    return float(np.clip((value - worst) / (good - worst), 0, 1))
