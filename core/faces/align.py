"""Faces brought into one canonical frame, and a few of them kept from a clip of any length."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.faces.pose import canonical_mesh
from core.faces.warp import cut
from core.types import AlignedFaces, FaceObservation, Frame

STABLE_POINTS = (33, 133, 362, 263, 168, 2, 61, 291)
"""Corners of the eyes, root and base of the nose, corners of the mouth."""
CROP_PX = 256
CROP_MARGIN = 1 / 3
"""Surroundings on each side, in heights of the face: the face is 60 % of the crop."""
HAIR = 0.05
"""The face is this share of the crop below its middle, for hair is part of the head."""
KEPT_CROPS = 32


def similarity_to_crop(
    landmarks_px: NDArray[np.floating], size_px: int = CROP_PX, margin: float = CROP_MARGIN
) -> NDArray[np.float32]:
    """Return the affine map (2, 3), picture to crop pixels, that brings a face to its canonical place.

    Rotation, one scale and a shift: the least-squares fit of `STABLE_POINTS` of landmarks (468, 2) to the mean
    frontal face, which is 1 / (1 + 2·margin) of the crop's height.
    """
    source = np.asarray(landmarks_px, np.float64)[list(STABLE_POINTS), :2] @ [1, 1j]
    target = _canonical_in_crop(size_px, margin)[list(STABLE_POINTS)] @ [1, 1j]
    middle, target_middle = source.mean(), target.mean()
    spread = source - middle
    turn = np.vdot(spread, target - target_middle) / max(np.vdot(spread, spread).real, 1e-9)
    shift = target_middle - turn * middle
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]], np.float32)


def crop(rgb: NDArray[np.uint8], matrix: NDArray[np.floating], size_px: int = CROP_PX) -> NDArray[np.uint8]:
    """Return the crop (S, S, 3) that `matrix` (2, 3) cuts from a picture (H, W, 3); outside it is black."""
    return cut(rgb, matrix, size_px)


@dataclass(slots=True)
class _Kept:
    """Crops of one face, no two nearer in time than `pause_s`."""

    times_s: list[float] = field(default_factory=list)
    rgb: list[NDArray[np.uint8]] = field(default_factory=list)
    matrices: list[NDArray[np.float32]] = field(default_factory=list)
    pause_s: float = 0.0

    def thin(self, wanted: NDArray[np.intp]) -> None:
        """Keep only the rows `wanted`."""
        self.times_s = [self.times_s[i] for i in wanted]
        self.rgb = [self.rgb[i] for i in wanted]
        self.matrices = [self.matrices[i] for i in wanted]


class CropKeeper:
    """Keeps at most `count` aligned crops of every face, evenly spread over a clip whose length is not known.

    Twice as many are held; whenever they are full every other one goes and the least pause doubles.
    """

    def __init__(self, count: int = KEPT_CROPS, size_px: int = CROP_PX, margin: float = CROP_MARGIN) -> None:
        self._count = count
        self._size_px = size_px
        self._margin = margin
        self._kept: dict[int, _Kept] = {}

    def add(self, frame: Frame, observation: FaceObservation) -> None:
        """Take the face's crop from its frame, unless one was taken a moment ago."""
        kept = self._kept.setdefault(observation.track_id, _Kept())
        if kept.times_s and frame.time_s - kept.times_s[-1] < kept.pause_s - 1e-6:
            return
        matrix = similarity_to_crop(observation.landmarks_px, self._size_px, self._margin)
        kept.times_s.append(frame.time_s)
        kept.rgb.append(crop(frame.rgb, matrix, self._size_px))
        kept.matrices.append(matrix)
        if len(kept.times_s) == 2 * self._count:
            kept.thin(np.arange(0, 2 * self._count, 2))
            kept.pause_s = (kept.times_s[-1] - kept.times_s[0]) / (self._count - 1) if self._count > 1 else np.inf

    def finish(self, final_ids: dict[int, int]) -> dict[int, AlignedFaces]:
        """Return the crops by final track id; `final_ids` is the tracker's, and what it leaves out is dropped."""
        return {
            final: self._aligned(self._kept[provisional], final)
            for provisional, final in final_ids.items()
            if provisional in self._kept
        }

    def _aligned(self, kept: _Kept, track_id: int) -> AlignedFaces:
        if len(kept.times_s) > self._count:
            kept.thin(np.linspace(0, len(kept.times_s) - 1, self._count).round().astype(np.intp))
        return AlignedFaces(
            track_id=track_id,
            times_s=np.array(kept.times_s, np.float64),
            rgb=np.stack(kept.rgb),
            frame_to_crop=np.stack(kept.matrices),
        )


def _canonical_in_crop(size_px: int, margin: float) -> NDArray[np.float64]:
    """Return the mean frontal face (468, 2) where it lies in a crop."""
    flat = canonical_mesh()[:, :2]
    low, high = flat.min(axis=0), flat.max(axis=0)
    scale = size_px / ((1 + 2 * margin) * (high[1] - low[1]))
    placed: NDArray[np.float64] = (flat - (low + high) / 2) * scale + size_px * np.array([0.5, 0.5 + HAIR])
    return placed
