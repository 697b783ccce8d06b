"""Colour traces of faces with a known pulse, rendered or recorded, kept in a folder: watching is the slow part."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError
from core.evaluation.datasets import FrameSource, PulseRecording
from core.evaluation.rendered_faces import render
from core.faces import FaceModels, FaceTracker
from core.faces.regions import REGION_NAMES, region_masks
from core.settings import MEBIBYTE, VideoLimits
from core.signals import TraceRecorder
from core.types import Frame, RoiTrace
from core.video import open_clip

CACHE_VERSION = 1
"""Raise it when the rendered faces, the tracker or the traces change, so that nothing old is read."""
LIMITS = VideoLimits(max_bytes=16_384 * MEBIBYTE, max_duration_s=1800, child_cpu_s=3600, child_wall_s=7200)
"""The originals of the datasets are hardly compressed: a minute can have 2 GB."""
PHOTO_PX = 384
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
TRIES = 8
"""Photographs looked at for one clip until one shows exactly one face."""


@dataclass(frozen=True, slots=True)
class RenderedTrace:
    """One rendered face: its trace, and the truth `wave` (N,) at the trace's times; `bpm` None without pulse."""

    seed: int
    photo: str
    trace: RoiTrace
    wave: NDArray[np.float64]
    bpm: float | None
    strength_percent: float


def photographs(folder: Path) -> list[Path]:
    """Return the pictures in `folder` and below, by name.

    Raises:
        DatasetError: fewer than two are there.
    """
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if len(found) < 2:
        raise DatasetError("The folder of photographs holds fewer than two pictures.")
    return found


def rendered_traces(
    photos: Sequence[Path],
    seeds: Sequence[int],
    models: FaceModels,
    cache: Path,
    *,
    duration_s: float = 14.0,
    no_pulse_share: float = 0.12,
) -> Iterator[RenderedTrace | None]:
    """Yield one trace for each seed, from `cache` where it was rendered before; None where no face could be followed.

    Args:
        photos: at least two.
        seeds: of everything that is drawn, which photograph included.
        cache: a folder, made where it is not there.
        duration_s, no_pulse_share: as `render` takes them.
    """
    cache.mkdir(parents=True, exist_ok=True)
    drawn = f"{CACHE_VERSION} {duration_s} {no_pulse_share} {' '.join(photo.name for photo in photos)}"
    key = hashlib.sha256(drawn.encode()).hexdigest()[:8]
    for seed in seeds:
        kept = cache / f"rendered-{seed:06d}-{key}.npz"
        if not kept.exists():
            _render(photos, seed, models, kept, duration_s=duration_s, no_pulse_share=no_pulse_share)
        with np.load(kept) as data:
            yield _loaded(seed, data) if "rgb" in data else None


def _render(
    photos: Sequence[Path], seed: int, models: FaceModels, kept: Path, *, duration_s: float, no_pulse_share: float
) -> None:
    rng = np.random.default_rng((seed, 1))
    chosen = _one_face(photos, models, rng)
    arrays: dict[str, NDArray[np.generic]] = {}
    if chosen is not None:
        path, photo, landmarks_px = chosen
        behind = _picture(photos[int(rng.integers(len(photos)))])
        clip = kept.with_suffix(".mp4")
        try:
            wall = photo if behind is None else behind
            truth = render(
                clip, photo, landmarks_px, wall, seed=seed, duration_s=duration_s, no_pulse_share=no_pulse_share
            )
            trace = _watch(clip, models)
        finally:
            clip.unlink(missing_ok=True)
        if trace is not None and len(trace.times_s) >= len(truth.times_s) - 3:
            arrays = {
                "photo": np.array(path.name),
                "times_s": trace.times_s,
                "rgb": trace.rgb.astype(np.float32),
                "wave": np.interp(trace.times_s, truth.times_s, truth.wave),
                "bpm": np.array(np.nan if truth.bpm is None else truth.bpm),
                "strength_percent": np.array(truth.strength_percent),
            }
    part = kept.with_suffix(".part.npz")
    np.savez_compressed(part, allow_pickle=False, **arrays)
    part.replace(kept)


def _one_face(
    photos: Sequence[Path], models: FaceModels, rng: np.random.Generator
) -> tuple[Path, NDArray[np.uint8], NDArray[np.float32]] | None:
    """Draw a photograph with one face, its longer side 384 px, and its landmarks."""
    for _ in range(TRIES):
        path = photos[int(rng.integers(len(photos)))]
        photo = _picture(path)
        if photo is None:
            continue
        seen = FaceTracker(models).step(Frame(0, 0.0, photo))
        if len(seen) == 1:
            return path, photo, seen[0].landmarks_px
    return None


def _picture(path: Path) -> NDArray[np.uint8] | None:
    read = cv2.imread(str(path))
    if read is None:
        return None
    scale = PHOTO_PX / max(read.shape[:2])
    small = cv2.resize(read, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small[..., ::-1], np.uint8)


def recorded_trace(recording: PulseRecording, models: FaceModels, cache: Path) -> RoiTrace | None:
    """Return the trace of the main face of a recording, from `cache` where it was watched before; None without one."""
    cache.mkdir(parents=True, exist_ok=True)
    source = recording.video
    content = source.read_bytes() if isinstance(source, Path) else f"{len(source)} {recording.ppg.sum()}".encode()
    digest = hashlib.sha256(content).hexdigest()[:12]
    kept = cache / f"{recording.clip_id.replace('/', '_')}-{digest}-v{CACHE_VERSION}.npz"
    if not kept.exists():
        found = _follow(_frames(source), models)
        arrays: dict[str, NDArray[np.generic]] = {}
        if found:
            arrays = {"times_s": found[0].times_s, "rgb": found[0].rgb.astype(np.float32)}
        part = kept.with_suffix(".part.npz")
        np.savez_compressed(part, allow_pickle=False, **arrays)
        part.replace(kept)
    with np.load(kept) as data:
        return _trace(data) if "rgb" in data else None


def _watch(clip: Path, models: FaceModels) -> RoiTrace | None:
    found = _follow(_frames(clip), models)
    return found[0] if len(found) == 1 else None


def _follow(frames: Iterable[Frame], models: FaceModels) -> list[RoiTrace]:
    """Return the trace of every face, the main one first."""
    tracker, recorder = FaceTracker(models), TraceRecorder(REGION_NAMES, region_masks)
    for frame in frames:
        for observation in tracker.step(frame):
            recorder.add(frame, observation)
    tracks = tracker.finish()
    traces = recorder.finish(tracker.final_ids)
    return [traces[track.id] for track in tracks]


def _frames(source: Path | FrameSource) -> Iterator[Frame]:
    if isinstance(source, Path):
        with open_clip(source, LIMITS) as reader:
            yield from reader
    else:
        yield from source


def _loaded(seed: int, data: np.lib.npyio.NpzFile) -> RenderedTrace:
    bpm = float(data["bpm"])
    return RenderedTrace(
        seed,
        str(data["photo"]),
        _trace(data),
        data["wave"],
        None if np.isnan(bpm) else bpm,
        float(data["strength_percent"]),
    )


def _trace(data: np.lib.npyio.NpzFile) -> RoiTrace:
    rgb = data["rgb"].astype(np.float64)
    many = np.ones(rgb.shape[:2], np.float32)
    return RoiTrace(0, REGION_NAMES, data["times_s"], rgb, many, np.zeros_like(many))
