"""What the mouth detector is fitted and measured on: real faces, and the same with the mouth of another moment.

Every real face gives a *twin*, a square cut around it for at most four seconds, and lip-synced copies of that square,
one by each way of drawing. All are encoded alike, so that only the mouth differs.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.evaluation.face_clips import FaceClip
from core.evaluation.mouth_animation import RENDERERS, LipSync, drawn_lip_sync, lip_synced
from core.evaluation.nameless import coded
from core.evaluation.watched_faces import (
    FEWEST_FRAMES,
    LOOKED_AT_S,
    Driver,
    driver,
    face_key,
    follow,
    frames_of,
    good_enough,
)
from core.faces import FaceModels
from core.faces.mouth import REGION_NAMES, MouthRecorder
from core.faces.mouth_unrest import mouth_numbers, mouth_spread
from core.types import FaceTrack, Frame, MouthTrace, VideoInfo

SIDE_PX = 400
CRFS = (18, 23, 28)
CONTROLS = ("compressed hard", "same moment")
HARD_CRF = 36
TRACK = ("frame_indices", "times_s", "boxes_xyxy_px", "landmarks_px", "scores", "yaw_deg", "pitch_deg", "roll_deg")
TRACE = ("detail", "colour", "change")


@dataclass(frozen=True, slots=True)
class MouthNumbers:
    """Of one face: its size, how much its mouth moves in face widths, and the numbers by aspect.

    `bits_per_pixel` is that of the clip where it was encoded here, else None.
    """

    face_px: float
    spread: float
    by_aspect: dict[str, dict[str, float]]
    bits_per_pixel: float | None


@dataclass(frozen=True, slots=True)
class MouthSeen:
    """Numbers of one face: of a "clip" as it is, of its "twin", or of a copy by one of `RENDERERS`.

    `clip` names the clip that it was made from, `collection` the folder and prefix that clips of one source share;
    `jaw` says whether the jaw of a copy follows.
    """

    kind: str
    clip: str
    fake: bool
    person: str
    collection: str
    generator: str
    jaw: bool
    numbers: MouthNumbers


def mouths_seen(clip: FaceClip, models: FaceModels, cache: Path, seed: int) -> tuple[MouthSeen, ...]:
    """Return what the first seconds of a clip show, and of a real one its twin and lip-synced copies.

    Args:
        clip: real or fake.
        models: finder and mesh.
        cache: keeps what was seen, and no picture; what is there is not watched again.
        seed: of how each copy is drawn and encoded.

    Returns:
        The clip as it is; if it is real also the twin and one copy by each of `RENDERERS`, unless one of these cannot
        be made or its face is not found again. () where the clip's face is too small, short or slow.
    """
    key, of = face_key(clip), (clip.person, _collection(clip))
    kept = {kind: cache / f"{key}-{kind.replace(' ', '-')}-{seed}.npz" for kind in ("twin", *RENDERERS)}
    rng = np.random.default_rng([seed, zlib.crc32(key.encode())])
    how = {renderer: drawn_lip_sync(rng, renderer) for renderer in RENDERERS}
    crf = int(rng.choice(CRFS))
    as_it_is = cache / f"{key}.npz"
    if not as_it_is.exists():
        frames = frames_of(clip, LOOKED_AT_S)
        seen = _watched(frames, models, rightmost=clip.face == "rightmost")
        if not clip.fake:
            _forge(seen and driver(clip, seen[0], SIDE_PX, enlarge=False), models, kept, how, crf)
        _keep(as_it_is, seen if seen and good_enough(seen[0]) else None)
    numbers = _numbers(as_it_is)
    if numbers is None:
        return ()
    found = (MouthSeen("clip", key, clip.fake, *of, clip.target if clip.fake else "", False, numbers),)
    copies = {} if clip.fake else {kind: n for kind, path in kept.items() if (n := _numbers(path)) is not None}
    if len(copies) < len(kept):
        return found
    twin = MouthSeen("twin", key, False, *of, "", False, copies["twin"])
    return *found, twin, *(MouthSeen(r, key, True, *of, "lip sync", how[r].jaw, copies[r]) for r in RENDERERS)


def controls_seen(clip: FaceClip, models: FaceModels, cache: Path) -> tuple[MouthSeen, ...]:
    """Return what two controls of a real clip show: () where its face is too small, short or slow.

    The square cut around the face encoded with `HARD_CRF`, and the same with the mouth of the very moment drawn anew
    from few pixels: one tells whether compression is taken for a fake, the other whether drawing alone is.
    """
    key, of = face_key(clip), (clip.person, _collection(clip))
    kept = {kind: cache / f"{key}-{kind.replace(' ', '-')}.npz" for kind in CONTROLS}
    if not all(path.exists() for path in kept.values()):
        seen = _watched(frames_of(clip, LOOKED_AT_S), models, rightmost=clip.face == "rightmost")
        real = seen and driver(clip, seen[0], SIDE_PX, enlarge=False)
        how = {"same moment": LipSync(shift_s=0.0, renderer="few pixels", jaw=False)}
        for kind, crf in zip(CONTROLS, (HARD_CRF, CRFS[1]), strict=True):
            _forge(real, models, {kind: kept[kind]}, how, crf)
    found = {kind: numbers for kind, path in kept.items() if (numbers := _numbers(path)) is not None}
    return tuple(MouthSeen(kind, key, False, *of, "", False, numbers) for kind, numbers in found.items())


def _forge(real: Driver | None, models: FaceModels, names: dict[str, Path], how: dict[str, LipSync], crf: int) -> None:
    """Draw, encode, watch and keep the twin and every copy."""
    for kind, kept in names.items():
        if real is None:
            _keep(kept, None)
            continue
        pictures = (
            lip_synced(real.pictures, real.times_s, real.landmarks_px, how[kind]) if kind in how else real.pictures
        )
        with coded(real.times_s, pictures, crf) as reader:
            seen = _watched(((reader.clip.video, frame) for frame in reader), models, rightmost=False)
        bits = 8 * reader.clip.size_bytes / (len(real.pictures) * real.pictures[0].shape[0] ** 2)
        _keep(kept, seen if seen and len(seen[0].times_s) >= FEWEST_FRAMES * 0.9 else None, bits)


def _watched(
    frames: Iterable[tuple[VideoInfo, Frame]], models: FaceModels, *, rightmost: bool
) -> tuple[FaceTrack, MouthTrace] | None:
    recorder = MouthRecorder()
    followed = follow(frames, models, recorder, rightmost=rightmost)
    if followed is None:
        return None
    return followed.track, recorder.finish(followed.final_ids)[followed.track.id]


def _keep(path: Path, seen: tuple[FaceTrack, MouthTrace] | None, bits_per_pixel: float | None = None) -> None:
    """Write the landmarks and the mouth's trace of a face; nothing in the file where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, NDArray[np.generic]] = {}
    if seen is not None:
        arrays = {name: getattr(seen[0], name) for name in TRACK} | {name: getattr(seen[1], name) for name in TRACE}
    if bits_per_pixel is not None:
        arrays["bits_per_pixel"] = np.array(bits_per_pixel)
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    part.replace(path)


def _numbers(path: Path) -> MouthNumbers | None:
    with np.load(path) as kept:
        if "times_s" not in kept:
            return None
        bits = float(kept["bits_per_pixel"]) if "bits_per_pixel" in kept else None
        track = FaceTrack(0, *(kept[name] for name in TRACK))
        trace = MouthTrace(0, REGION_NAMES, track.times_s, *(kept[name] for name in TRACE))
    return MouthNumbers(track.face_size_px, mouth_spread(track), mouth_numbers(track, trace), bits)


def _collection(clip: FaceClip) -> str:
    """Clips of one source lie in a folder of their own, or in one folder under a common first word."""
    return clip.path.name.split("_")[0] if clip.half is None and "_" in clip.path.name else clip.path.parent.name
