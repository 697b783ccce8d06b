"""One frame of a swap: the face cut out, drawn anew, fitted to the light around it, and laid over the frame.

What comes out carries no label: only `core.swap.label` makes files of it, and live pictures get their caption first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from core.swap import blend
from core.swap.colour import Transfer, transfer
from core.swap.geometry import crop, face_matrix, moved
from core.swap.masks import FacePart, Mask, part_mask, softened
from core.swap.smooth import eased
from core.types import DrawnFaces, TrainedSwap

Picture = NDArray[np.uint8]
LEAST_WORK_PX, MOST_WORK_PX = 64, 512
STILL = (0.0, 0.0)
_Array = TypeVar("_Array", NDArray[np.uint8], NDArray[np.float32])
MASK_FLOOR, MASK_FULL = 0.08, 0.9
"""A network's mask below the first is nothing, above the second all: it is never quite sure."""


class MergeMode(StrEnum):
    """How tones are fitted: as drawn, by histogram, or so that the edge cannot be seen."""

    OVERLAY = "overlay"
    SEAMLESS = "seamless"
    HISTOGRAM = "histogram"


class MaskSource(StrEnum):
    """Which of the network's masks cut the part of the face: the drawn face's, the filmed one's, both or neither."""

    DRAWN = "drawn"
    FILMED = "filmed"
    BOTH = "both"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MergeOptions:
    """How a drawn face is merged. Shares are of the crop's side.

    `erode_share` takes from the mask's edge (below 0 it adds), `blur_share` is the width of its soft edge. `sharpen`
    below 0 softens. `motion_blur` is how much of the way between two frames the shutter is open. `smooth_s` is the
    window in which the alignment is straightened, `fade_s` how long a face takes to come and go. A pose whose coverage
    is `coverage_none` or less is not drawn, from `coverage_full` on it is drawn wholly. `bridge_s`: a face that is
    lost for no longer is drawn where it must have been.
    """

    mode: MergeMode = MergeMode.OVERLAY
    part: FacePart = FacePart.WHOLE
    mask_source: MaskSource = MaskSource.BOTH
    polygons: Sequence[NDArray[np.float64]] = field(default=())
    erode_share: float = 0.03
    blur_share: float = 0.1
    colour: Transfer = "rct"
    sharpen: float = 0.0
    motion_blur: float = 0.4
    smooth_s: float = 0.3
    fade_s: float = 0.25
    bridge_s: float = 0.2
    coverage_none: float = 0.1
    coverage_full: float = 0.4

    def __post_init__(self) -> None:
        if self.part is FacePart.POLYGON and not self.polygons:
            raise ValueError("a drawn polygon is needed")
        if not (-0.25 <= self.erode_share <= 0.25 and 0 <= self.blur_share <= 0.5 and -1 <= self.sharpen <= 3):
            raise ValueError("erode within ±0.25, blur within 0..0.5, sharpen within -1..3")
        if not 0 <= self.coverage_none < self.coverage_full <= 1:
            raise ValueError("coverage_none is below coverage_full, both in 0..1")


class Draws(Protocol):
    """What merging needs of a model; `core.swap.model.SwapModel` is one."""

    @property
    def about(self) -> TrainedSwap:
        """Size and kind of the crops."""
        ...

    def draw(self, faces: NDArray[np.uint8]) -> DrawnFaces:
        """Return what is drawn for aligned faces (B, S, S, 3)."""
        ...


Coverage = Callable[[float, float], float]
"""How well a pose (yaw and pitch in degrees) was seen in training, 0..1."""
Visible = Callable[[Picture], Mask]
"""Where an aligned face (S, S, 3) is not hidden by hands, hair or glasses: (S, S) in 0..1."""


@dataclass(frozen=True, slots=True)
class _Layer:
    """What is laid over: picture (W, W, 3), mask (W, W), and the map (2, 3) from the frame."""

    rgb: Picture
    mask: Mask
    frame_to_crop: NDArray[np.float32]


class Merger:
    """Draws the target's face into frames; keeps nothing from one frame to the next."""

    def __init__(
        self,
        model: Draws,
        options: MergeOptions | None = None,
        *,
        coverage: Coverage | None = None,
        visible: Visible | None = None,
    ) -> None:
        """Take a model and how to merge.

        Args:
            model: what draws.
            options: by default `MergeOptions()`.
            coverage: the poses it was trained on; None draws all of them.
            visible: finds what hides the face; None takes nothing to be before it.
        """
        self.model = model
        self.options = options or MergeOptions()
        self._coverage = coverage
        self._visible = visible

    def strength_at(self, yaw_deg: float, pitch_deg: float) -> float:
        """Return how much a face of this pose is replaced, 0..1."""
        if self._coverage is None:
            return 1.0
        options = self.options
        return eased(self._coverage(yaw_deg, pitch_deg), options.coverage_none, options.coverage_full)

    def merge(
        self,
        rgb: Picture,
        landmarks_px: NDArray[np.floating],
        yaw_deg: float,
        pitch_deg: float,
        *,
        aligned_by_px: NDArray[np.floating] | None = None,
        motion_px: tuple[float, float] = STILL,
        strength: float | None = None,
    ) -> Picture:
        """Return the frame with the target's face in the place of one.

        Args:
            rgb: (H, W, 3); it stays as it is, and so does every pixel outside of the mask.
            landmarks_px: (468, 2) in the frame.
            yaw_deg: of the head, for what the network was trained on.
            pitch_deg: likewise.
            aligned_by_px: (468, 2) steadier landmarks to cut the face out by; by default the same.
            motion_px: how far the face goes from this frame to the next.
            strength: how much of the face is replaced, 0..1; by default that of its pose.
        """
        strength = self.strength_at(yaw_deg, pitch_deg) if strength is None else strength
        if strength <= 0:
            return rgb
        aligned_by = landmarks_px if aligned_by_px is None else aligned_by_px
        layer = self._layer(rgb, landmarks_px, aligned_by, motion_px)
        return blend.laid_over(rgb, layer.rgb, layer.mask * np.float32(min(strength, 1)), layer.frame_to_crop)[0]

    def _layer(
        self,
        rgb: Picture,
        landmarks_px: NDArray[np.floating],
        aligned_by_px: NDArray[np.floating],
        motion_px: tuple[float, float],
    ) -> _Layer:
        about = self.model.about
        to_small = face_matrix(aligned_by_px, about.face_type, about.size_px)
        filmed = crop(rgb, to_small, about.size_px)
        drawn = self.model.draw(filmed[None])
        work_px = _work_px(to_small, about.size_px)
        to_work = _resized_map(to_small, work_px / about.size_px)
        mask = self._mask(drawn, filmed, moved(landmarks_px, to_work), work_px)
        inside = _inside_frame(rgb.shape[:2], to_work, work_px)
        face = self._toned(drawn.rgb[0], filmed, mask * inside)
        face = self._toned_finely(resized(face, work_px), rgb, to_work, mask * inside)
        path = to_work[:, :2] @ np.asarray(motion_px) * self.options.motion_blur
        face = blend.motion_blurred(blend.sharpened(face, self.options.sharpen), path)
        return _Layer(face, mask, to_work)

    def _mask(self, drawn: DrawnFaces, filmed: Picture, landmarks_px: NDArray[np.float32], work_px: int) -> Mask:
        """What of the crop is replaced: the part, within what the network and the occlusions leave of it."""
        options = self.options
        mask = part_mask(options.part, landmarks_px, work_px, options.polygons)
        source = options.mask_source
        if source in {MaskSource.DRAWN, MaskSource.BOTH}:
            mask = mask * _surer(resized(drawn.mask[0], work_px))
        if source in {MaskSource.FILMED, MaskSource.BOTH}:
            mask = mask * _surer(resized(drawn.source_mask[0], work_px))
        soft = softened(mask, options.erode_share, options.blur_share)
        if self._visible is None:
            return soft
        # not eroded with the rest: a finger's edge is sharp, and nothing of the face shows beside it
        return np.asarray(soft * resized(self._visible(filmed), work_px), np.float32)

    def _toned(self, face: Picture, filmed: Picture, mask: Mask) -> Picture:
        """The drawn face in the filmed one's colours; both have the network's size, the mask any."""
        if self.options.colour == "none":
            return face
        return transfer(face, filmed, resized(mask, len(face)), self.options.colour)

    def _toned_finely(self, face: Picture, rgb: Picture, to_work: NDArray[np.float32], mask: Mask) -> Picture:
        if self.options.mode is MergeMode.OVERLAY:
            return face
        like = crop(rgb, to_work, len(face))
        if self.options.mode is MergeMode.HISTOGRAM:
            return blend.histogram_matched(face, like, mask)
        return blend.seamless(face, like, mask)


def resized(picture: _Array, size_px: int) -> _Array:
    """Return a square picture or mask at another size."""
    if len(picture) == size_px:
        return picture
    larger = size_px > len(picture)
    method = (cv2.INTER_CUBIC if picture.ndim == 3 else cv2.INTER_LINEAR) if larger else cv2.INTER_AREA
    return np.asarray(cv2.resize(picture, (size_px, size_px), interpolation=method), picture.dtype)


def _work_px(to_crop: NDArray[np.float32], size_px: int) -> int:
    """The side of a crop that has about as many pixels as the frame has there."""
    scale = float(np.hypot(*to_crop[0, :2]))
    return int(np.clip(round(size_px / max(scale, 1e-6)), LEAST_WORK_PX, MOST_WORK_PX))


def _resized_map(to_crop: NDArray[np.float32], ratio: float) -> NDArray[np.float32]:
    """Return the map into a crop after it was resized: the corners of the crop stay, not the middles of its pixels."""
    larger = np.asarray(to_crop, np.float64) * ratio
    larger[:, 2] += (ratio - 1) / 2
    return np.asarray(larger, np.float32)


def _surer(mask: Mask) -> Mask:
    return np.asarray(np.clip((mask - MASK_FLOOR) / (MASK_FULL - MASK_FLOOR), 0, 1), np.float32)


def _inside_frame(shape_hw: tuple[int, ...], to_crop: NDArray[np.float32], size_px: int) -> Mask:
    """Where a crop shows the frame and not the black beyond its edge: (S, S) of 0 and 1."""
    height, width = shape_hw[:2]
    corners = np.array([[0, 0], [size_px, 0], [size_px, size_px], [0, size_px]]) - to_crop[:, 2]
    placed = corners @ np.linalg.inv(to_crop[:, :2]).T
    if bool((placed >= 0).all()) and bool((placed <= (width - 1, height - 1)).all()):
        return np.ones((size_px, size_px), np.float32)
    frame = moved(np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]), to_crop)
    mask = np.zeros((size_px, size_px), np.float32)
    return np.asarray(cv2.fillConvexPoly(mask, np.rint(frame).astype(np.int32), (1.0,)), np.float32)
