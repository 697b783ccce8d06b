"""The whole analysis on one page: a path in, a report and the material behind it out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import cv2

from core.detectors.registry import CLIP_DETECTORS, FACE_DETECTORS, FRAME_DETECTORS
from core.faces import FaceModels, FaceTracker, load_face_models
from core.faces.align import CropKeeper
from core.faces.eyes import EyeWatcher
from core.faces.motion import head_motion_at
from core.faces.mouth import MouthRecorder
from core.faces.regions import REGION_NAMES, region_masks
from core.settings import VideoLimits
from core.signals import TraceRecorder, ppg_map, read_pulse
from core.signals.blinks import MAX_YAW_DEG, MIN_FACE_PX, count_blinks
from core.signals.vital_signs import pulse_variability, with_respiration
from core.types import (
    AlignedFaces,
    Analysis,
    Clip,
    Evidence,
    EyeTrace,
    FaceMaterial,
    FaceObservation,
    FaceSummary,
    FaceTrack,
    Frame,
    KeyFrame,
    MouthTrace,
    Progress,
    ProgressCallback,
    Report,
    RoiTrace,
    Stage,
    Verdict,
)
from core.verdict import Calibration, conclude
from core.verdict.calibration import installed_calibration
from core.versions import component_versions, weight_hashes
from core.video import ClipReader, open_clip

KEY_FRAMES = 6
KEY_FRAME_SIDE_PX = 640


@dataclass(frozen=True, slots=True)
class Tools:
    """What is loaded once and used for every clip."""

    faces: FaceModels
    calibration: Calibration | None = None


@cache
def load_tools() -> Tools:
    """Load the networks that every analysis needs, once a process.

    Raises:
        WeightsError: a weight file is missing or altered.
    """
    on_faces = {name: detector.version for name, detector in FACE_DETECTORS.items()}
    on_clip = {name: detector.version for name, detector in CLIP_DETECTORS.items()}
    on_frames = {name: detector.version for name, detector in FRAME_DETECTORS.items()}
    return Tools(faces=load_face_models(), calibration=installed_calibration(on_faces | on_clip | on_frames))


def analyse(
    path: Path, limits: VideoLimits, progress: ProgressCallback | None = None, tools: Tools | None = None
) -> Analysis:
    """Analyse the clip at `path`.

    Args:
        path: a video file; it is read, never written.
        limits: what the clip may be and what the decoding child may use.
        progress: called after every few frames and at each stage; it may raise `CancelledError` to stop.
        tools: networks loaded before; by default those of this process.

    Raises:
        ClipError: the file cannot be read as a video; the message is for the user.
        WeightsError: a weight file is missing or altered.
    """
    watch = _Stopwatch(progress)
    with watch.stage(Stage.OPENING):
        tools = tools or load_tools()
        reader = open_clip(path, limits)
    with reader:
        with watch.stage(Stage.FRAMES):
            seen = _watch_frames(reader, tools, watch)
        clip = reader.clip
    with watch.stage(Stage.SIGNALS):
        faces = tuple(_face_material(clip, track, seen) for track in seen.tracks)
    with watch.stage(Stage.DETECTORS):
        evidence = _examine(clip, faces, seen)
        summaries = tuple(_summary(face) for face in faces)
        verdict = _with_note(conclude(evidence, summaries, tools.calibration), seen)
    report = Report(
        clip_sha256=clip.sha256,
        size_bytes=clip.size_bytes,
        video=clip.video,
        frames_analysed=seen.frames,
        seconds_analysed=seen.seconds,
        verdict=verdict,
        faces=summaries,
        weights=weight_hashes(),
        versions=component_versions(),
        timings_s=watch.timings_s,
        created_at=datetime.now(UTC),
    )
    return Analysis(clip=clip, report=report, faces=faces, key_frames=seen.key_frames)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one pass over the frames leaves behind."""

    tracks: tuple[FaceTrack, ...]
    traces: dict[int, RoiTrace]
    crops: dict[int, AlignedFaces]
    eyes: dict[int, EyeTrace]
    mouths: dict[int, MouthTrace]
    key_frames: tuple[KeyFrame, ...]
    told: tuple[Evidence, ...]
    frames: int
    seconds: float
    truncated: bool


def _watch_frames(reader: ClipReader, tools: Tools, watch: _Stopwatch) -> _Seen:
    """See every frame once; keep tracks, traces, crops, eyes, mouths and a few pictures."""
    tracker, recorder = FaceTracker(tools.faces), TraceRecorder(REGION_NAMES, region_masks)
    crops, album = CropKeeper(), _Album()
    eyes, mouths = EyeWatcher(tools.faces.eyes, MIN_FACE_PX, MAX_YAW_DEG), MouthRecorder()
    watches = [detector.watch() for detector in FRAME_DETECTORS.values()]
    frames, last_s, first_s = 0, 0.0, 0.0
    for frame in reader:
        observations = tracker.step(frame)
        for observation in observations:
            recorder.add(frame, observation)
            crops.add(frame, observation)
            eyes.add(frame, observation)
            mouths.add(frame, observation)
        album.add(frame, observations)
        for seer in watches:
            seer.add(frame)
        first_s = frame.time_s if frames == 0 else first_s
        frames, last_s = frames + 1, frame.time_s
        watch.frames(frames, reader.expected_frames)
    tracks = tracker.finish()
    ids = tracker.final_ids
    return _Seen(
        tracks=tracks,
        traces=recorder.finish(ids),
        crops=crops.finish(ids),
        eyes=eyes.finish(ids),
        mouths=mouths.finish(ids),
        key_frames=album.finish(ids),
        told=tuple(seer.finish() for seer in watches),
        frames=frames,
        seconds=last_s - first_s,
        truncated=reader.truncated,
    )


def _face_material(clip: Clip, track: FaceTrack, seen: _Seen) -> FaceMaterial:
    trace = seen.traces[track.id]
    pulse, reading = read_pulse(trace, face_size_px=track.face_size_px)
    reading = with_respiration(reading, pulse, trace, head_motion_at(track, trace.times_s))
    return FaceMaterial(
        video=clip.video,
        track=track,
        trace=trace,
        pulse=pulse,
        reading=reading,
        ppg_map=ppg_map(trace),
        crops=seen.crops.get(track.id),
        eyes=seen.eyes.get(track.id),
        mouth=seen.mouths.get(track.id),
    )


def _examine(clip: Clip, faces: tuple[FaceMaterial, ...], seen: _Seen) -> tuple[Evidence, ...]:
    on_clip = [detector.examine(clip) for detector in CLIP_DETECTORS.values()]
    on_faces = [detector.examine(face) for face in faces for detector in FACE_DETECTORS.values()]
    return (*on_clip, *seen.told, *on_faces)


def _with_note(verdict: Verdict, seen: _Seen) -> Verdict:
    """Say it when the answer rests on a part of the clip only."""
    if not seen.truncated:
        return verdict
    rest = f"{seen.seconds:.1f} s that" if seen.frames > 1 else "part of one picture that"
    note = f"The file is damaged or cut off: the answer rests on the {rest} could be decoded."
    return replace(verdict, reasons=(*verdict.reasons, note))


def _summary(face: FaceMaterial) -> FaceSummary:
    track, reading = face.track, face.reading
    varies = pulse_variability(reading, face.pulse)
    blinks = count_blinks(face.eyes, track.face_size_px)
    middle = len(track.times_s) // 2
    x0, y0, x1, y1 = (float(value) for value in track.boxes_xyxy_px[middle])
    return FaceSummary(
        track=track.id,
        times_s=(float(track.times_s[0]), float(track.times_s[-1])),
        frames=len(track.times_s),
        size_px=track.face_size_px,
        yaw_deg=(float(track.yaw_deg.min()), float(track.yaw_deg.max())),
        box_xyxy_px=(x0, y0, x1, y1),
        pulse_bpm=reading.bpm,
        pulse_snr_db=reading.snr_db,
        respiration_bpm=reading.respiration_bpm,
        pulse_abstained_because=reading.abstained_because,
        pulse_sdnn_ms=varies.sdnn_ms if varies else None,
        pulse_rmssd_ms=varies.rmssd_ms if varies else None,
        blinks_per_min=blinks.per_min,
        blinks_abstained_because=blinks.abstained_because,
    )


class _Album:
    """Keeps a few pictures spread over a clip whose length is not known: when full, every second one goes."""

    def __init__(self) -> None:
        self._every, self._kept = 1, list[tuple[KeyFrame, int]]()

    def add(self, frame: Frame, observations: tuple[FaceObservation, ...]) -> None:
        if frame.index % self._every:
            return
        height, width = frame.rgb.shape[:2]
        scale = min(1.0, KEY_FRAME_SIDE_PX / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        rgb = cv2.resize(frame.rgb, size, interpolation=cv2.INTER_AREA) if scale < 1 else frame.rgb.copy()
        boxes = {}
        for observation in observations:
            x0, y0, x1, y1 = (float(value) * scale for value in observation.box_xyxy_px)
            boxes[observation.track_id] = (x0, y0, x1, y1)
        self._kept.append((KeyFrame(frame.time_s, rgb.astype("uint8", copy=False), boxes), frame.index))
        if len(self._kept) >= 2 * KEY_FRAMES:
            self._every *= 2
            self._kept = [kept for kept in self._kept if kept[1] % self._every == 0]

    def finish(self, final_ids: dict[int, int]) -> tuple[KeyFrame, ...]:
        step = max(1, -(-len(self._kept) // KEY_FRAMES))
        return tuple(
            KeyFrame(
                kept.time_s,
                kept.rgb,
                {final_ids[i]: box for i, box in kept.boxes_xyxy_px.items() if i in final_ids},
            )
            for kept, _ in self._kept[::step]
        )


class _Stopwatch:
    """Times the stages and tells the person who waits how long it still takes."""

    FRAMES_SHARE = 0.9
    """Share of the whole time that the frames take, for the estimate."""

    def __init__(self, progress: ProgressCallback | None) -> None:
        self._progress, self._frames_began = progress, 0.0
        self.timings_s: dict[str, float] = {}

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        began = time.perf_counter()
        if stage is Stage.FRAMES:
            self._frames_began = began
        self._tell(Progress(stage, 0, None, None))
        yield
        self.timings_s[stage.value] = round(time.perf_counter() - began, 4)

    def frames(self, done: int, expected: int | None) -> None:
        if done % 5:
            return
        total = max(expected, done) if expected else None
        elapsed = time.perf_counter() - self._frames_began
        left = None if total is None else elapsed / done * (total - done) / self.FRAMES_SHARE
        self._tell(Progress(Stage.FRAMES, done, total, left))

    def _tell(self, progress: Progress) -> None:
        if self._progress is not None:
            self._progress(progress)
