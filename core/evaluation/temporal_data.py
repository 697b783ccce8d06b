"""What the temporal detector is fitted and measured on: real faces, and photographs animated by them.

Every real face gives a *twin*, a square cut around it for at most four seconds, and moves the photograph of another
person as long. Twin and animation are drawn at one size and encoded alike, so that only the animation differs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.detectors.temporal import temporal_numbers
from core.evaluation.face_clips import FaceClip
from core.evaluation.photo_animation import Animation, animate
from core.faces import FaceModels, FaceTracker
from core.faces.align import CropKeeper
from core.faces.regions import REGION_NAMES, region_masks
from core.settings import VideoLimits
from core.signals import TraceRecorder
from core.types import FaceMaterial, Frame, PulseReading, VideoInfo
from core.video import open_clip
from core.video.encode import write_video

Floats = NDArray[np.float64]

LOOKED_AT_S = 8.0
SIDE_PX, MOST_FRAMES, FEWEST_FRAMES = 320, 100, 50
CUT, UPWARDS = 1.7, 0.55
"""Side of the square in sizes of the face, and the share of it above the face's middle."""
SMALLEST_FACE_PX, SHORTEST_S, SLOWEST_HZ = 64.0, 2.0, 12.0
CRFS, SMOOTHINGS, DRAWN_PX = (18, 23, 28), (0.0, 0.7, 1.5), (160, 224, SIDE_PX)


@dataclass(frozen=True, slots=True)
class Measured:
    """Numbers of one face: of a `clip` as it is, of its "twin", or of an "animation" with `photo`'s picture."""

    kind: str
    clip: str
    fake: bool
    person: str
    generator: str
    photo: str
    numbers: dict[str, float]


@dataclass(frozen=True, slots=True)
class _Driver:
    """A real face's square pictures, their times, and its landmarks in them."""

    person: str
    pictures: list[NDArray[np.uint8]]
    times_s: Floats
    landmarks_px: Floats


def measure(clip: FaceClip, models: FaceModels, cache: Path) -> Measured | None:
    """Return the numbers of a clip's main face as it is, from `cache` if they are there; None where gates close."""
    kept = cache / f"{_key(clip)}.json"
    if not kept.exists():
        face = _main_face(_frames(clip), models, rightmost=clip.face == "rightmost")
        _keep(kept, None if face is None or not _good_enough(face) else _numbers(face))
    numbers = json.loads(kept.read_text())
    return None if numbers is None else _measured("clip", clip, clip.fake, clip.person, numbers)


def forge(clips: Sequence[FaceClip], models: FaceModels, cache: Path, seed: int) -> Iterator[tuple[Measured, Measured]]:
    """Yield the twin and the animation of each real clip; the photo is that of another clip of another person.

    Args:
        clips: real ones; each is driver once and photograph at least once.
        cache: keeps the numbers.
        seed: of how each animation is drawn and encoded.
    """
    cache.mkdir(parents=True, exist_ok=True)
    seen: dict[str, _Driver | None] = {}
    for i, clip in enumerate(clips):
        other = next((c for c in (*clips[i + 1 :], *clips[:i]) if c.person != clip.person), None)
        kept = cache / f"{_key(clip)}-twins-{seed}.json"
        if not kept.exists():
            seen = {_key(c): seen.get(_key(c)) or _driver(c, models) for c in (clip, other) if c is not None}
            photo = None if other is None else seen[_key(other)]
            _keep(kept, _forged(seen[_key(clip)], photo, models, cache, np.random.default_rng([seed, i])))
        both = json.loads(kept.read_text())
        if both is not None and other is not None:
            yield (
                _measured("twin", clip, False, clip.person, both[0]),
                _measured("animation", clip, True, other.person, both[1]),
            )


def _forged(
    driver: _Driver | None, photo: _Driver | None, models: FaceModels, cache: Path, rng: np.random.Generator
) -> list[dict[str, float]] | None:
    if driver is None or photo is None:
        return None
    crf = int(rng.choice(CRFS))
    how = Animation(float(rng.choice(SMOOTHINGS)), int(rng.choice(DRAWN_PX)))
    moved = animate(photo.pictures[0], photo.landmarks_px[0], driver.landmarks_px, how)
    found = []
    for pictures in (driver.pictures, moved):
        path = write_video(cache / "part.mp4", zip(driver.times_s, pictures, strict=True), crf=crf, preset="veryfast")
        with open_clip(path, VideoLimits()) as reader:
            face = _main_face(((reader.clip.video, frame) for frame in reader), models, rightmost=False)
        path.unlink()
        if face is None or len(face.track.times_s) < FEWEST_FRAMES * 0.9:
            return None
        found.append(_numbers(face))
    return found


def _driver(clip: FaceClip, models: FaceModels) -> _Driver | None:
    """The longest steady part of the main face in the first seconds, at most `MOST_FRAMES`, as square pictures."""
    face = _main_face(_frames(clip, LOOKED_AT_S), models, rightmost=clip.face == "rightmost")
    if face is None or not _good_enough(face):
        return None
    times = face.track.times_s
    gaps = np.flatnonzero(np.diff(times) > 1.6 * np.median(np.diff(times)))
    starts, ends = np.append(0, gaps + 1), np.append(gaps + 1, len(times))
    longest = int(np.argmax(ends - starts))
    rows = slice(int(starts[longest]), int(min(ends[longest], starts[longest] + MOST_FRAMES)))
    if rows.stop - rows.start < FEWEST_FRAMES:
        return None
    points = face.track.landmarks_px[rows].astype(np.float64)
    wanted = {int(i) for i in face.track.frame_indices[rows]}
    pictures: list[NDArray[np.uint8]] = []
    corner, side = np.zeros(2), 1.0
    for _, frame in _frames(clip, LOOKED_AT_S):
        if frame.index in wanted:
            corner, side = _square(points, frame.rgb.shape[1], frame.rgb.shape[0])
            x, y = (int(v) for v in corner)
            cut = frame.rgb[y : y + int(side), x : x + int(side)]
            pictures.append(np.asarray(cv2.resize(cut, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA), np.uint8))
    return _Driver(clip.person, pictures, times[rows] - times[rows.start], (points - corner) * (SIDE_PX / side))


def _square(points: Floats, width: int, height: int) -> tuple[Floats, float]:
    """Upper left corner and side of a square around all landmarks, inside the picture."""
    low, high = points.min(axis=(0, 1)), points.max(axis=(0, 1))
    side = min(CUT * float((high - low).max()), width, height)
    middle = (low + high) / 2
    corner = np.clip(middle - side * np.array([0.5, UPWARDS]), 0, np.array([width, height]) - side)
    return np.floor(corner), float(np.floor(side))


def _frames(clip: FaceClip, most_s: float = float("inf")) -> Iterator[tuple[VideoInfo, Frame]]:
    with open_clip(clip.path, VideoLimits()) as reader:
        for frame in reader:
            if frame.time_s > most_s:
                break
            middle = frame.rgb.shape[1] // 2
            part = {"left": slice(None, middle), "right": slice(middle, None), None: slice(None)}[clip.half]
            rgb = np.ascontiguousarray(frame.rgb[:, part])
            yield reader.clip.video, Frame(frame.index, frame.time_s, rgb, frame.scale)


def _main_face(
    frames: Iterable[tuple[VideoInfo, Frame]], models: FaceModels, *, rightmost: bool
) -> FaceMaterial | None:
    tracker, recorder, crops = FaceTracker(models), TraceRecorder(REGION_NAMES, region_masks), CropKeeper()
    video = None
    for of_clip, frame in frames:
        video = of_clip
        for observation in tracker.step(frame):
            recorder.add(frame, observation)
            crops.add(frame, observation)
    tracks = tracker.finish()
    if not tracks or video is None:
        return None
    place = {t.id: float(np.median(t.boxes_xyxy_px[:, [0, 2]])) for t in tracks}
    track = max(tracks, key=lambda t: place[t.id]) if rightmost else tracks[0]
    reading = PulseReading(track.id, "", (), None, None, None, "not read")
    return FaceMaterial(
        video=video,
        track=track,
        trace=recorder.finish(tracker.final_ids)[track.id],
        pulse=None,
        reading=reading,
        ppg_map=None,
        crops=crops.finish(tracker.final_ids).get(track.id),
    )


def _good_enough(face: FaceMaterial) -> bool:
    times = face.track.times_s
    if len(times) < FEWEST_FRAMES // 2:
        return False
    rate = 1 / float(np.median(np.diff(times)))
    long_enough = float(times[-1] - times[0]) >= SHORTEST_S
    return face.track.face_size_px >= SMALLEST_FACE_PX and long_enough and rate >= SLOWEST_HZ


def _numbers(face: FaceMaterial) -> dict[str, float]:
    return {name: value for part in temporal_numbers(face).values() for name, value in part.items()}


def _key(clip: FaceClip) -> str:
    """A name that no other clip of the collection has: files of one name lie in several folders."""
    return f"{clip.path.parent.name}-{clip.name.replace(':', '-')}"


def _measured(kind: str, clip: FaceClip, fake: bool, photo: str, numbers: dict[str, float]) -> Measured:
    generator = ("photo animation" if kind == "animation" else clip.target) if fake else ""
    return Measured(kind, _key(clip), fake, clip.person, generator, photo, numbers)


def _keep(path: Path, values: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(values))
    part.replace(path)
