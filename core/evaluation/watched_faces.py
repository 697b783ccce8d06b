"""The main face of a clip as the pipeline sees it, and the square pictures of it that forgeries are drawn on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from core.evaluation.face_clips import FaceClip
from core.faces import FaceModels, FaceTracker
from core.faces.align import CropKeeper
from core.faces.regions import REGION_NAMES, region_masks
from core.settings import VideoLimits
from core.signals import TraceRecorder
from core.types import FaceMaterial, FaceObservation, FaceTrack, Frame, PulseReading, VideoInfo
from core.video import open_clip

Floats = NDArray[np.float64]

LOOKED_AT_S = 8.0
MOST_FRAMES, FEWEST_FRAMES = 100, 50
CUT, UPWARDS = 1.7, 0.55
"""Side of the square in sizes of the face, and the share of it above the face's middle."""
SMALLEST_FACE_PX, SHORTEST_S, SLOWEST_HZ = 64.0, 2.0, 12.0


@dataclass(frozen=True, slots=True)
class Driver:
    """A real face's square pictures (N of one side), their times (N,), and its landmarks (N, 468, 2) in them."""

    person: str
    pictures: list[NDArray[np.uint8]]
    times_s: Floats
    landmarks_px: Floats


class Recorder(Protocol):
    """Keeps something of every face in every frame."""

    def add(self, frame: Frame, observation: FaceObservation) -> None:
        """Take one face of one frame."""


@dataclass(frozen=True, slots=True)
class Followed:
    """The face that a clip is about, and the tracker's ids that the recorders are finished with."""

    video: VideoInfo
    track: FaceTrack
    final_ids: dict[int, int]


def follow(
    frames: Iterable[tuple[VideoInfo, Frame]], models: FaceModels, *recorders: Recorder, rightmost: bool
) -> Followed | None:
    """Show every face to the recorders; return the most prominent one, or the rightmost; None where there is none."""
    tracker, video = FaceTracker(models), None
    for of_clip, frame in frames:
        video = of_clip
        for observation in tracker.step(frame):
            for recorder in recorders:
                recorder.add(frame, observation)
    tracks = tracker.finish()
    if not tracks or video is None:
        return None
    place = {t.id: float(np.median(t.boxes_xyxy_px[:, [0, 2]])) for t in tracks}
    track = max(tracks, key=lambda t: place[t.id]) if rightmost else tracks[0]
    return Followed(video, track, tracker.final_ids)


def main_face(frames: Iterable[tuple[VideoInfo, Frame]], models: FaceModels, *, rightmost: bool) -> FaceMaterial | None:
    """Return the face that a clip is about with its colours and crops, without its pulse; None where there is none."""
    traces, crops = TraceRecorder(REGION_NAMES, region_masks), CropKeeper()
    followed = follow(frames, models, traces, crops, rightmost=rightmost)
    if followed is None:
        return None
    track = followed.track
    return FaceMaterial(
        video=followed.video,
        track=track,
        trace=traces.finish(followed.final_ids)[track.id],
        pulse=None,
        reading=PulseReading(track.id, "", (), None, None, None, "not read"),
        ppg_map=None,
        crops=crops.finish(followed.final_ids).get(track.id),
    )


def good_enough(track: FaceTrack) -> bool:
    """Whether a face is large, long and fast enough to be trained on."""
    times = track.times_s
    if len(times) < FEWEST_FRAMES // 2:
        return False
    rate = 1 / float(np.median(np.diff(times)))
    long_enough = float(times[-1] - times[0]) >= SHORTEST_S
    return track.face_size_px >= SMALLEST_FACE_PX and long_enough and rate >= SLOWEST_HZ


def driver(clip: FaceClip, track: FaceTrack, side_px: int, *, enlarge: bool = True) -> Driver | None:
    """Return the longest steady part of a face that was followed in the first seconds, at most `MOST_FRAMES`.

    Args:
        clip: a real one.
        track: its main face in the first `LOOKED_AT_S`.
        side_px: of the square pictures.
        enlarge: draw small faces at that side too; else it is the most that a picture has.
    """
    if not good_enough(track):
        return None
    times = track.times_s
    gaps = np.flatnonzero(np.diff(times) > 1.6 * np.median(np.diff(times)))
    starts, ends = np.append(0, gaps + 1), np.append(gaps + 1, len(times))
    longest = int(np.argmax(ends - starts))
    rows = slice(int(starts[longest]), int(min(ends[longest], starts[longest] + MOST_FRAMES)))
    if rows.stop - rows.start < FEWEST_FRAMES:
        return None
    points = track.landmarks_px[rows].astype(np.float64)
    wanted = {int(i) for i in track.frame_indices[rows]}
    pictures: list[NDArray[np.uint8]] = []
    corner, side, drawn = np.zeros(2), 1.0, side_px
    for _, frame in frames_of(clip, LOOKED_AT_S):
        if frame.index in wanted:
            corner, side = square(points, frame.rgb.shape[1], frame.rgb.shape[0])
            drawn = side_px if enlarge else min(side_px, int(side) // 2 * 2)
            x, y = (int(v) for v in corner)
            cut = frame.rgb[y : y + int(side), x : x + int(side)]
            pictures.append(np.asarray(cv2.resize(cut, (drawn, drawn), interpolation=cv2.INTER_AREA), np.uint8))
    return Driver(clip.person, pictures, times[rows] - times[rows.start], (points - corner) * (drawn / side))


def square(points_px: Floats, width: int, height: int) -> tuple[Floats, float]:
    """Upper left corner and side of a square around all landmarks (N, L, 2), inside the picture."""
    low, high = points_px.min(axis=(0, 1)), points_px.max(axis=(0, 1))
    side = min(CUT * float((high - low).max()), width, height)
    middle = (low + high) / 2
    corner = np.clip(middle - side * np.array([0.5, UPWARDS]), 0, np.array([width, height]) - side)
    return np.floor(corner), float(np.floor(side))


def frames_of(clip: FaceClip, most_s: float = float("inf")) -> Iterator[tuple[VideoInfo, Frame]]:
    """Yield the frames of a clip, or of its half, up to a time."""
    with open_clip(clip.path, VideoLimits()) as reader:
        for frame in reader:
            if frame.time_s > most_s:
                break
            middle = frame.rgb.shape[1] // 2
            part = {"left": slice(None, middle), "right": slice(middle, None), None: slice(None)}[clip.half]
            rgb = np.ascontiguousarray(frame.rgb[:, part])
            yield reader.clip.video, Frame(frame.index, frame.time_s, rgb, frame.scale)


def face_key(clip: FaceClip) -> str:
    """A name that no other clip of the collection has: files of one name lie in several folders."""
    return f"{clip.path.parent.name}-{clip.name.replace(':', '-')}"
