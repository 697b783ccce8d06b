"""A whole clip with one person's face drawn anew: looked through once, planned, then merged frame by frame.

The frames that come out have no label: `core.swap.label.write_labelled` is the only way to a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import SwapModelError
from core.faces.geometry import bounding_box
from core.settings import VideoLimits
from core.swap.framing import Framing, whole_frame
from core.swap.merger import (
    Coverage,
    Draws,
    MaskSource,
    MergeMode,
    MergeOptions,
    Merger,
    Visible,
)
from core.swap.person import Choose, largest
from core.swap.plan import PlannedFace, plan
from core.swap.watch import Watched, full_size, teller, watch
from core.types import Frame, MergedFrame, ProgressCallback, Stage
from core.video import open_clip

__all__ = [
    "Coverage",
    "Draws",
    "MaskSource",
    "MergeMode",
    "MergeOptions",
    "MergedPair",
    "Merger",
    "Visible",
    "full_size",
    "merged_frames",
    "merged_pairs",
    "merged_picture",
    "watch",
]


@dataclass(frozen=True, slots=True)
class MergedPair:
    """A frame as it was filmed (H, W, 3) and merged, both framed alike, and how much of the face was replaced."""

    filmed: NDArray[np.uint8]
    merged: MergedFrame
    strength: float


def merged_frames(
    video: Path,
    model: Draws,
    options: MergeOptions | None = None,
    limits: VideoLimits | None = None,
    progress: ProgressCallback = lambda _: None,
    *,
    choose: Choose | None = None,
    coverage: Coverage | None = None,
    visible: Visible | None = None,
) -> Iterator[MergedFrame]:
    """Yield a clip's frames with a person's face drawn anew; every frame comes out, at its own time.

    Args:
        video: the clip of the source, the driver.
        model: what draws the target's face.
        options: how it is merged; by default `MergeOptions()`.
        limits: of the clip; by default those of the settings with frames of up to 1920 px.
        progress: told of every frame, first of looking through (`Stage.OPENING`), then of merging (`Stage.FRAMES`).
        choose: whose face; by default that of the most prominent person.
        coverage: the poses that the model was trained on.
        visible: finds what hides the face.

    Raises:
        ClipError: the clip cannot be read.
        SwapModelError: nobody can be chosen in it.
    """
    limits = limits or full_size(VideoLimits())
    watched = watch(video, limits, progress)
    merger = Merger(model, options, coverage=coverage, visible=visible)
    chosen = (choose or largest())(watched)
    for pair in merged_pairs(watched, merger, chosen, limits, progress):
        yield pair.merged


def merged_pairs(
    watched: Watched,
    merger: Merger,
    chosen: frozenset[int],
    limits: VideoLimits,
    progress: ProgressCallback = lambda _: None,
    *,
    framing: Callable[[Watched, frozenset[int]], Framing] = whole_frame,
) -> Iterator[MergedPair]:
    """Yield every frame of a clip that was looked through, as it was and merged.

    Args:
        watched: by `watch` with the same limits.
        merger: what merges one face.
        chosen: ids of the tracks whose face is drawn.
        limits: of the clip.
        progress: told of every frame; what it raises ends the work.
        framing: what of each frame is shown; by default all of it.

    Raises:
        SwapModelError: its file is another one by now: what was planned, and what its label will say, is not of it.
        ClipError: it cannot be read.
    """
    planned = plan(watched, sorted(chosen), merger.options, merger.strength_at)
    frame_of = framing(watched, chosen)
    tell = teller(progress, Stage.FRAMES, len(watched.times_s))
    with open_clip(watched.clip.path, limits) as reader:
        if reader.clip.sha256 != watched.clip.sha256:
            raise SwapModelError("The video was changed while it was looked through; try again.")
        for frame in reader:
            yield _pair(frame, planned.get(frame.index, ()), merger, frame_of)
            tell(frame.index + 1)


def _pair(frame: Frame, faces: tuple[PlannedFace, ...], merger: Merger, framing: Framing) -> MergedPair:
    rgb = merged_picture(frame.rgb, faces, merger)
    boxes = np.array([bounding_box(face.landmarks_px) for face in faces], np.float32).reshape(-1, 4)
    strength = max((face.strength for face in faces), default=0.0)
    merged = MergedFrame(frame.time_s, framing.picture(frame.index, rgb), framing.boxes(frame.index, boxes))
    return MergedPair(framing.picture(frame.index, frame.rgb), merged, strength)


def merged_picture(rgb: NDArray[np.uint8], faces: tuple[PlannedFace, ...], merger: Merger) -> NDArray[np.uint8]:
    """Return a frame (H, W, 3) with the planned faces drawn anew; it stays as it is."""
    for face in faces:
        rgb = merger.merge(
            rgb,
            face.landmarks_px,
            face.yaw_deg,
            face.pitch_deg,
            aligned_by_px=face.aligned_by_px,
            motion_px=face.motion_px,
            strength=face.strength,
        )
    return rgb
