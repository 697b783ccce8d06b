"""From the frames of one clip to aligned crops of every face in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.faces import FaceModels, FaceTracker
from core.faces.fan import Aligner
from core.faces.geometry import side_px
from core.faces.landmarks import ibug68
from core.settings import VideoLimits
from core.swap.chosen import Embedding, Follower
from core.swap.geometry import crop, face_matrix, moved
from core.swap.identity import Identity
from core.types import FaceObservation, FaceType, Frame, Progress, ProgressCallback, Stage, SwapFace
from core.video import open_clip

FULL_SIDE_PX = 1920
"""Crops are cut from frames of this size, not from the smaller ones that a check looks at."""
LOOKED_AT, LOOK_EVERY = 8, 10
"""Crops of a followed face from which it is told who that is, and how many lie between two of them."""
JAW_POINTS = 17
"""The first of the 68 points, which aligners place most differently: nothing is aligned by them."""
TOO_SMALL, BLURRED, CUT_OFF = "too small", "blurred", "cut off by the edge of the picture"
SOMEBODY_ELSE, NO_FACE, UNREADABLE = "somebody else", "no face after all", "in a file that cannot be read"
"""Why faces are left out."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What faces a set is to have.

    Every `every`-th frame of a clip is taken. Faces with a larger side below `min_face_px` in their frame, or whose
    crops have a `sharpness` below `min_sharpness`, or with a share of their landmarks below `min_inside` in the
    picture are left out. `person` (from 1, by prominence) and `like` (128,) say whose: see `core.swap.chosen`.
    """

    every: int = 1
    min_face_px: float = 64.0
    min_sharpness: float = 0.0
    min_inside: float = 0.9
    person: int | None = None
    like: Embedding | None = None


@dataclass(frozen=True, slots=True)
class Tools:
    """What finds faces; `aligner` corrects where they are (None: the mesh alone), `identity` tells people apart."""

    models: FaceModels
    aligner: Aligner | None = None
    identity: Identity | None = None


class Cutter:
    """Shows clips to a tracker and hands on the crop of every face that is good enough.

    `followers` are the faces that were followed, `left_out` how many were not handed on and why, `frames` how many
    frames were looked at.
    """

    def __init__(
        self,
        keep: Callable[[NDArray[np.uint8], SwapFace], int],
        face_type: FaceType,
        size_px: int,
        wanted: Wanted,
        tools: Tools,
    ) -> None:
        """`keep` takes a crop (S, S, 3) and its face, and returns a number for it."""
        self._keep, self._face_type, self._size_px = keep, face_type, size_px
        self._wanted, self._tools = wanted, tools
        self.followers: list[Follower] = []
        self.left_out: Counter[str] = Counter()
        self.frames = 0

    def take(self, path: Path, file: int, limits: VideoLimits, progress: ProgressCallback | None) -> None:
        """Look at a clip or picture, the `file`-th.

        Raises:
            ClipError: it cannot be read; what was seen of it until then is forgotten.
        """
        tracker, followed = FaceTracker(self._tools.models), dict[int, Follower]()
        full = limits.model_copy(update={"analysis_max_side_px": max(limits.analysis_max_side_px, FULL_SIDE_PX)})
        with open_clip(path, full) as clip:
            for frame in clip:
                seen = tracker.step(frame)
                if frame.index % self._wanted.every == 0:
                    self._cut(frame, path.name, seen, followed, file)
                if progress is not None:
                    progress(Progress(Stage.FRAMES, frame.index + 1, clip.expected_frames, None))
            self.frames += clip.frames_decoded
        tracker.finish()
        for number, follower in followed.items():
            if number in tracker.final_ids and follower.crops:
                self.followers.append(follower)
            else:
                self.left_out[NO_FACE] += len(follower.crops)

    def _cut(
        self,
        frame: Frame,
        source: str,
        seen: tuple[FaceObservation, ...],
        followed: dict[int, Follower],
        file: int,
    ) -> None:
        for observation in seen:
            follower = followed.setdefault(observation.track_id, Follower(file))
            rgb, face = self._aligned(frame, source, observation)
            follower.prominence += face.face_px
            reason = self._against(frame, observation, face)
            if reason is not None:
                self.left_out[reason] += 1
                continue
            if self._is_looked_at(follower) and self._tools.identity is not None:
                follower.embeddings.append(self._tools.identity.embed(frame.rgb, observation.landmarks_px))
            follower.crops.append(self._keep(rgb, face))

    def _is_looked_at(self, follower: Follower) -> bool:
        return len(follower.embeddings) < LOOKED_AT and len(follower.crops) % LOOK_EVERY == 0

    def _aligned(self, frame: Frame, source: str, seen: FaceObservation) -> tuple[NDArray[np.uint8], SwapFace]:
        landmarks = seen.landmarks_px
        if self._tools.aligner is not None:
            landmarks = corrected(landmarks, self._tools.aligner.landmarks(frame.rgb, seen.box_xyxy_px[None])[0])
        matrix = face_matrix(landmarks, self._face_type, self._size_px)
        rgb = crop(frame.rgb, matrix, self._size_px)
        placed = moved(landmarks, matrix)
        face = SwapFace(
            name="",
            source=source,
            frame_index=frame.index,
            time_s=frame.time_s,
            landmarks_px=placed,
            frame_to_crop=matrix,
            yaw_deg=seen.yaw_deg,
            pitch_deg=seen.pitch_deg,
            roll_deg=seen.roll_deg,
            sharpness=sharpness(rgb, placed),
            face_px=side_px(seen.box_xyxy_px),
        )
        return rgb, face

    def _against(self, frame: Frame, seen: FaceObservation, face: SwapFace) -> str | None:
        """Return what speaks against a face; None when nothing does."""
        size = np.array([frame.rgb.shape[1], frame.rgb.shape[0]])
        inside = ((seen.landmarks_px >= 0) & (seen.landmarks_px < size)).all(axis=1).mean()
        if face.face_px < self._wanted.min_face_px:
            return TOO_SMALL
        if inside < self._wanted.min_inside:
            return CUT_OFF
        return BLURRED if face.sharpness < self._wanted.min_sharpness else None


def corrected(landmarks_px: NDArray[np.floating], points_px: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return a mesh (468, 2) moved, turned and scaled to where another aligner sees its 68 points (68, 2)."""
    own = ibug68(landmarks_px)[JAW_POINTS:] @ np.array([1, 1j])
    theirs = np.asarray(points_px, np.float64)[JAW_POINTS:] @ [1, 1j]
    spread = own - own.mean()
    turn = np.vdot(spread, theirs - theirs.mean()) / max(np.vdot(spread, spread).real, 1e-9)
    mesh = (np.asarray(landmarks_px, np.float64) @ [1, 1j] - own.mean()) * turn + theirs.mean()
    return np.column_stack([mesh.real, mesh.imag]).astype(np.float32)


def sharpness(rgb: NDArray[np.uint8], landmarks_px: NDArray[np.floating]) -> float:
    """Return the standard deviation of the Laplacian of brightness over the face of a crop (S, S, 3).

    A measure for comparing crops of one size: noise raises it, and so does a beard.
    """
    low = np.clip(np.floor(landmarks_px.min(axis=0)).astype(int), 0, rgb.shape[0] - 8)
    high = np.clip(np.ceil(landmarks_px.max(axis=0)).astype(int), low + 8, rgb.shape[0])
    grey = cv2.cvtColor(rgb[low[1] : high[1], low[0] : high[0]], cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_32F).std())
