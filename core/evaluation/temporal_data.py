"""What the temporal detector is fitted and measured on: real faces, and photographs animated by them.

Every real face gives a *twin*, a square cut around it for at most four seconds, and moves the photograph of another
person as long. Twin and animation are drawn at one size and encoded alike, so that only the animation differs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.detectors.temporal import temporal_numbers
from core.evaluation.face_clips import FaceClip
from core.evaluation.nameless import coded
from core.evaluation.photo_animation import Animation, animate
from core.evaluation.watched_faces import (
    FEWEST_FRAMES,
    LOOKED_AT_S,
    Driver,
    driver,
    face_key,
    follow,
    frames_of,
    good_enough,
    main_face,
)
from core.faces import FaceModels
from core.types import FaceMaterial

SIDE_PX = 320
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


def measure(clip: FaceClip, models: FaceModels, cache: Path) -> Measured | None:
    """Return the numbers of a clip's main face as it is, from `cache` if they are there; None where gates close."""
    kept = cache / f"{face_key(clip)}.json"
    if not kept.exists():
        face = main_face(frames_of(clip), models, rightmost=clip.face == "rightmost")
        _keep(kept, None if face is None or not good_enough(face.track) else _numbers(face))
    numbers = json.loads(kept.read_text())
    return None if numbers is None else _measured("clip", clip, clip.fake, clip.person, numbers)


def forge(clips: Sequence[FaceClip], models: FaceModels, cache: Path, seed: int) -> Iterator[tuple[Measured, Measured]]:
    """Yield the twin and the animation of each real clip; the photo is that of another clip of another person.

    Args:
        clips: real ones; each is driver once and photograph at least once.
        cache: keeps the numbers, and no picture.
        seed: of how each animation is drawn and encoded.
    """
    cache.mkdir(parents=True, exist_ok=True)
    seen: dict[str, Driver | None] = {}
    for i, clip in enumerate(clips):
        other = next((c for c in (*clips[i + 1 :], *clips[:i]) if c.person != clip.person), None)
        kept = cache / f"{face_key(clip)}-twins-{seed}.json"
        if not kept.exists():
            wanted = [c for c in (clip, other) if c is not None]
            seen = {face_key(c): seen.get(face_key(c)) or _driver(c, models) for c in wanted}
            photo = None if other is None else seen[face_key(other)]
            _keep(kept, _forged(seen[face_key(clip)], photo, models, np.random.default_rng([seed, i])))
        both = json.loads(kept.read_text())
        if both is not None and other is not None:
            yield (
                _measured("twin", clip, False, clip.person, both[0]),
                _measured("animation", clip, True, other.person, both[1]),
            )


def _forged(
    mover: Driver | None, photo: Driver | None, models: FaceModels, rng: np.random.Generator
) -> list[dict[str, float]] | None:
    if mover is None or photo is None:
        return None
    crf = int(rng.choice(CRFS))
    how = Animation(float(rng.choice(SMOOTHINGS)), int(rng.choice(DRAWN_PX)))
    moved = animate(photo.pictures[0], photo.landmarks_px[0], mover.landmarks_px, how)
    found = []
    for pictures in (mover.pictures, moved):
        with coded(mover.times_s, pictures, crf) as reader:
            face = main_face(((reader.clip.video, frame) for frame in reader), models, rightmost=False)
        if face is None or len(face.track.times_s) < FEWEST_FRAMES * 0.9:
            return None
        found.append(_numbers(face))
    return found


def _driver(clip: FaceClip, models: FaceModels) -> Driver | None:
    followed = follow(frames_of(clip, LOOKED_AT_S), models, rightmost=clip.face == "rightmost")
    return None if followed is None else driver(clip, followed.track, SIDE_PX)


def _numbers(face: FaceMaterial) -> dict[str, float]:
    return {name: value for part in temporal_numbers(face).values() for name, value in part.items()}


def _measured(kind: str, clip: FaceClip, fake: bool, photo: str, numbers: dict[str, float]) -> Measured:
    generator = ("photo animation" if kind == "animation" else clip.target) if fake else ""
    return Measured(kind, face_key(clip), fake, clip.person, generator, photo, numbers)


def _keep(path: Path, values: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(values))
    part.replace(path)
