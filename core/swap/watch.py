"""Looking through a clip once before anything is drawn: who is in it, where in every frame, and how it is cut."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import SwapModelError
from core.faces.align import CropKeeper
from core.faces.cuts import CutWatch
from core.faces.models import FaceModels, load_face_models
from core.faces.track import FaceTracker
from core.settings import VideoLimits
from core.swap.geometry import moved
from core.types import AlignedFaces, Clip, FaceTrack, Progress, ProgressCallback, Stage
from core.video import open_clip

FULL_SIDE_PX = 1920
"""Clips are merged at this size at most."""
PORTRAITS = 6
"""Crops kept of each face, by which people are told apart."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """One crop (S, S, 3) of a face, and its landmarks (468, 2) in the crop."""

    rgb: NDArray[np.uint8]
    landmarks_px: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Watched:
    """A clip that was looked through.

    `times_s` (N,) of all frames; `cuts` are the frames that begin another scene; `tracks` are the faces, the most
    prominent first; `portraits` has a few crops of each, by the track's id; `size` (width, height) of the frames.
    """

    clip: Clip
    size: tuple[int, int]
    times_s: NDArray[np.float64]
    cuts: tuple[int, ...]
    tracks: tuple[FaceTrack, ...]
    portraits: dict[int, tuple[Portrait, ...]]

    def track(self, track_id: int) -> FaceTrack:
        """Return the track with this id."""
        return next(track for track in self.tracks if track.id == track_id)


def full_size(limits: VideoLimits, side_px: int = FULL_SIDE_PX) -> VideoLimits:
    """Return the limits with frames of up to `side_px`, and room for the child to hold them."""
    return limits.model_copy(update={"analysis_max_side_px": side_px})


def watch(
    video: Path,
    limits: VideoLimits,
    progress: ProgressCallback = lambda _: None,
    models: FaceModels | None = None,
) -> Watched:
    """Follow all faces of a clip.

    Args:
        video: the clip; it is decoded in a disposable child.
        limits: of the clip; frames are at most `analysis_max_side_px` on a side.
        progress: told of every frame; what it raises ends the work.
        models: the networks that find faces; loaded where they are not given.

    Raises:
        ClipError: the clip cannot be read.
        SwapModelError: there is no face in it.
    """
    tracker, keeper, cut_watch = FaceTracker(models or load_face_models()), CropKeeper(PORTRAITS), CutWatch()
    times: list[float] = []
    cuts: list[int] = []
    size = (0, 0)
    with open_clip(video, limits) as reader:
        tell = teller(progress, Stage.OPENING, reader.expected_frames)
        for frame in reader:
            size = (frame.rgb.shape[1], frame.rgb.shape[0])
            times.append(frame.time_s)
            if cut_watch.is_cut(frame.rgb):
                cuts.append(frame.index)
            for face in tracker.step(frame):
                keeper.add(frame, face)
            tell(len(times))
        clip = reader.clip
    tracks = tracker.finish()
    if not tracks:
        raise SwapModelError("There is no face in the video.")
    crops = keeper.finish(tracker.final_ids)
    portraits = {track.id: _portraits(track, crops[track.id]) for track in tracks if track.id in crops}
    return Watched(clip, size, np.array(times), tuple(cuts), tracks, portraits)


def teller(progress: ProgressCallback, stage: Stage, total: int | None) -> Callable[[int], None]:
    """Return what tells how many frames are done, with an estimate of the seconds left in this stage."""
    began = time.monotonic()

    def tell(done: int) -> None:
        left_s = None
        if total and done:
            left_s = (time.monotonic() - began) / done * max(total - done, 0)
        progress(Progress(stage, done, total, left_s))

    return tell


def _portraits(track: FaceTrack, crops: AlignedFaces) -> tuple[Portrait, ...]:
    rows = np.searchsorted(track.times_s, crops.times_s)
    return tuple(
        Portrait(rgb, moved(track.landmarks_px[row], matrix))
        for row, rgb, matrix in zip(rows, crops.rgb, crops.frame_to_crop, strict=True)
        if row < len(track.times_s)
    )
