"""Faces in a clip: one observation a frame, a track through time, aligned crops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.types.checks import frozen_array, require

MESH_POINTS = 468
"""Number of landmarks of MediaPipe's FaceMesh, the scheme of `landmarks_px` everywhere."""


@dataclass(frozen=True, slots=True)
class FaceObservation:
    """One face in one frame. Pixels are those of the analysed frame (`Frame.rgb`), x to the right, y down.

    `landmarks_px` (468, 2) FaceMesh scheme. Yaw is positive when the face turns to its own left (towards the right
    of the picture), pitch positive when it looks up, roll positive when the head tilts clockwise as seen.
    """

    track_id: int
    frame_index: int
    time_s: float
    box_xyxy_px: NDArray[np.float32]
    landmarks_px: NDArray[np.float32]
    score: float
    yaw_deg: float
    pitch_deg: float
    roll_deg: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "box_xyxy_px", frozen_array("box_xyxy_px", self.box_xyxy_px, (4,), np.float32))
        object.__setattr__(
            self,
            "landmarks_px",
            frozen_array("landmarks_px", self.landmarks_px, (MESH_POINTS, 2), np.float32),
        )


@dataclass(frozen=True, slots=True)
class FaceTrack:
    """One person's face through a clip, one row for each frame in which it was seen (rows are in time order)."""

    id: int
    frame_indices: NDArray[np.int32]  # (N,)
    times_s: NDArray[np.float64]  # (N,)
    boxes_xyxy_px: NDArray[np.float32]  # (N, 4)
    landmarks_px: NDArray[np.float32]  # (N, 468, 2)
    scores: NDArray[np.float32]  # (N,)
    yaw_deg: NDArray[np.float32]  # (N,)
    pitch_deg: NDArray[np.float32]  # (N,)
    roll_deg: NDArray[np.float32]  # (N,)

    def __post_init__(self) -> None:
        n = len(self.times_s)
        require(n > 0, "a track has at least one observation")
        for name, shape, dtype in (
            ("frame_indices", (n,), np.int32),
            ("times_s", (n,), np.float64),
            ("boxes_xyxy_px", (n, 4), np.float32),
            ("landmarks_px", (n, MESH_POINTS, 2), np.float32),
            ("scores", (n,), np.float32),
            ("yaw_deg", (n,), np.float32),
            ("pitch_deg", (n,), np.float32),
            ("roll_deg", (n,), np.float32),
        ):
            object.__setattr__(self, name, frozen_array(name, getattr(self, name), shape, dtype))
        require(bool(np.all(np.diff(self.times_s) > 0)), "times_s of a track increase")

    @property
    def face_size_px(self) -> float:
        """Median over time of the larger side of the face box, in pixels of the analysed frame."""
        sides = self.boxes_xyxy_px[:, 2:] - self.boxes_xyxy_px[:, :2]
        return float(np.median(sides.max(axis=1)))


@dataclass(frozen=True, slots=True)
class AlignedFaces:
    """Crops in one canonical frame: `rgb` (N, S, S, 3) uint8, `frame_to_crop` (N, 2, 3) affine, pixels to pixels."""

    track_id: int
    times_s: NDArray[np.float64]
    rgb: NDArray[np.uint8]
    frame_to_crop: NDArray[np.float32]

    def __post_init__(self) -> None:
        n = len(self.times_s)
        object.__setattr__(self, "times_s", frozen_array("times_s", self.times_s, (n,), np.float64))
        object.__setattr__(self, "rgb", frozen_array("rgb", self.rgb, (n, None, None, 3), np.uint8))
        object.__setattr__(
            self, "frame_to_crop", frozen_array("frame_to_crop", self.frame_to_crop, (n, 2, 3), np.float32)
        )


@dataclass(frozen=True, slots=True)
class EyeTrace:
    """How far a face's eyes are open over time: `openness` (2, N) in widths of the eye, NaN where not seen.

    The first row is the eye at the left of the picture.
    """

    track_id: int
    times_s: NDArray[np.float64]
    openness: NDArray[np.float32]

    def __post_init__(self) -> None:
        n = len(self.times_s)
        object.__setattr__(self, "times_s", frozen_array("times_s", self.times_s, (n,), np.float64))
        object.__setattr__(self, "openness", frozen_array("openness", self.openness, (2, n), np.float32))
        require(bool(np.all(np.diff(self.times_s) > 0)), "times_s of an eye trace increase")


@dataclass(frozen=True, slots=True)
class MouthTrace:
    """What the lips and the parts of the face around them look like in N frames, by R regions; NaN where not seen.

    `detail` (R, N, 3) mean absolute difference of brightness (0..255) between neighbouring scales, finest first;
    `colour` (R, N, 3) mean brightness, red and blue difference (YCrCb, 0..255); `change` (R, N, 2) mean absolute
    change since the frame before of fine detail and of coarse brightness, NaN in the first. All float32.
    """

    track_id: int
    region_names: tuple[str, ...]
    times_s: NDArray[np.float64]
    detail: NDArray[np.float32]
    colour: NDArray[np.float32]
    change: NDArray[np.float32]

    def __post_init__(self) -> None:
        r, n = len(self.region_names), len(self.times_s)
        object.__setattr__(self, "times_s", frozen_array("times_s", self.times_s, (n,), np.float64))
        for name, numbers in (("detail", 3), ("colour", 3), ("change", 2)):
            object.__setattr__(self, name, frozen_array(name, getattr(self, name), (r, n, numbers), np.float32))
        require(bool(np.all(np.diff(self.times_s) > 0)), "times_s of a trace increase")
