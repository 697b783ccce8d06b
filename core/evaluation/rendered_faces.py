"""Clips of faces with a known pulse, rendered from photographs and encoded as hard as posted clips are.

The pulse reader learns from these. A photograph moves, talks, turns in its light and blinks in front of a background
that stands still; blood moves its skin a little, not everywhere as much and not everywhere at once; a noisy camera
sees it; H.264 keeps of it what it keeps. All is drawn from one seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.evaluation.rendered_motion import Motion, draw_motion, smooth_noise
from core.video.encode import write_video

WIDTH_PX, HEIGHT_PX = 352, 288
"""As small as leaves room around a face of 95 to 175 px: the encoder treats a block as it does in a larger picture."""
WORK_PX = 384
RATES = tuple(Fraction(text) for text in ("29.7", "30000/1001", "30", "25"))
LEFT_EYE, RIGHT_EYE = (263, 387, 385, 362, 380, 373), (33, 160, 158, 133, 153, 144)
MOUTH, BROW = (13, 14, 61, 291), 105

Picture = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class KnownPulse:
    """What is true of a rendered clip: `wave` (N,) at `times_s` (N,), of spread 1, or zeros where `bpm` is None.

    `strength_percent` is the pulse's spread in green, in linear light.
    """

    times_s: NDArray[np.float64]
    wave: NDArray[np.float64]
    bpm: float | None
    strength_percent: float


@dataclass(frozen=True, slots=True)
class _Face:
    """A photograph and how each of its pixels answers, in 0..255: pictures (h, w, 3) float32."""

    base: Picture
    pulse: Picture  # to a pulse of 1
    delayed: Picture  # to a slope of the pulse of 1 a second
    light: Picture  # to 1 % more light
    turn: Picture  # to a turn to the side
    nod: Picture


def render(
    path: Path,
    photo: NDArray[np.uint8],
    landmarks_px: NDArray[np.floating],
    background: NDArray[np.uint8],
    *,
    seed: int,
    duration_s: float = 14.0,
    no_pulse_share: float = 0.12,
) -> KnownPulse:
    """Write one clip and return what is true of it.

    Args:
        path: the MP4.
        photo: (h, w, 3) RGB of one face from the front, the longer side about 384 px.
        landmarks_px: (468, 2), its FaceMesh landmarks.
        background: another picture; its upper part, blurred, stands behind.
        seed: of everything that is drawn.
        duration_s: of the clip.
        no_pulse_share: of the seeds have no pulse.
    """
    rng = np.random.default_rng(seed)
    rate = RATES[rng.choice(4, p=(0.5, 0.15, 0.2, 0.15))]
    times = np.arange(int(duration_s * rate)) / float(rate)
    bpm = None if rng.random() < no_pulse_share else float(rng.uniform(45, 160))
    strength = 0.0 if bpm is None else float(np.exp(rng.uniform(np.log(0.1), np.log(0.9))))
    wave = np.zeros(len(times)) if bpm is None else pulse_wave(times, bpm, rng)
    face = _answering_face(photo, landmarks_px, strength, rng)
    motion = draw_motion(times, rng)
    stage = _Stage.draw(landmarks_px, background, rng)
    frames = _frames(face, stage, KnownPulse(times, wave, bpm, strength), motion, rng)
    crf = int(rng.choice((18, 20, 23, 26, 29), p=(0.15, 0.2, 0.45, 0.15, 0.05)))
    preset = str(rng.choice(("medium", "veryfast", "fast"), p=(0.5, 0.3, 0.2)))
    write_video(path, zip(times.tolist(), frames, strict=True), crf=crf, preset=preset, rate=rate)
    return KnownPulse(times, wave, bpm, strength)


def pulse_wave(times_s: NDArray[np.float64], bpm: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """A pulse of mean 0 and spread 1 whose rate breathes and wanders and whose second wave is more or less strong."""
    breathing = rng.uniform(0, 0.05) * np.sin(2 * np.pi * rng.uniform(0.18, 0.35) * times_s + rng.uniform(0, 6))
    wander = rng.uniform(0, 0.04) * smooth_noise(times_s, rng.uniform(2, 6), rng)
    hz = bpm / 60 * np.clip(1 + breathing + wander, 0.7, 1.3)
    phase = 2 * np.pi * np.cumsum(hz) * (times_s[1] - times_s[0]) + rng.uniform(0, 2 * np.pi)
    wave = np.sin(phase) + rng.uniform(0.05, 0.5) * np.sin(2 * phase + rng.uniform(-1.6, -0.2))
    wave += rng.uniform(0, 0.15) * np.sin(3 * phase + rng.uniform(-3, 0))
    wave *= np.clip(1 + 0.2 * smooth_noise(times_s, 1.5, rng), 0.4, 1.6)
    return np.asarray((wave - wave.mean()) / wave.std())


def _answering_face(
    photo: NDArray[np.uint8], landmarks_px: NDArray[np.floating], strength: float, rng: np.random.Generator
) -> _Face:
    shape = photo.shape[:2]
    linear = np.clip(_linear(photo) * rng.uniform(0.35, 1.0) * rng.uniform(0.85, 1.15, 3), 0, 1).astype(np.float32)
    base = _gamma(linear)
    light = _gamma(linear * np.float32(1.01)) - base
    colour = np.array([rng.uniform(0.15, 0.6), 1.0, rng.uniform(0.45, 0.9)], np.float32)
    flow = _skin(photo, landmarks_px) * np.clip(1 + 0.35 * _field(shape, 90, rng), 0.1, 2)
    pulse = light * flow[..., None] * colour * np.float32(strength)
    middle, size = landmarks_px.mean(axis=0), float(np.ptp(landmarks_px[:, 1]))
    x = (np.arange(shape[1], dtype=np.float32)[None] - middle[0]) / size
    y = (np.arange(shape[0], dtype=np.float32)[:, None] - middle[1]) / size
    tint = np.array([1, 1 + rng.normal(0, 0.08), 1 + rng.normal(0, 0.12)], np.float32)
    turn, nod = (
        light * (axis * rng.uniform(0.5, 2) + 0.5 * _field(shape, 60, rng))[..., None].astype(np.float32) * tint
        for axis in (x, y)
    )
    return _Face(base, pulse, pulse * (0.03 * _field(shape, 120, rng))[..., None], light, turn, nod)


def _skin(photo: NDArray[np.uint8], landmarks_px: NDArray[np.floating]) -> Picture:
    """How much of each pixel is skin, from the face's outline and its colour: (h, w) in 0..1."""
    face = np.zeros(photo.shape[:2], np.uint8)
    cv2.fillConvexPoly(face, cv2.convexHull(landmarks_px.astype(np.float32)).astype(np.int32), 255)
    colour = cv2.cvtColor(photo, cv2.COLOR_RGB2YCrCb)[..., 1:].astype(np.float32)
    apart = ((colour - np.median(colour[face > 0], axis=0)) ** 2).sum(axis=-1)
    alike = np.exp(-apart / (2 * 12**2))
    grown: Any = cv2.dilate(face, np.ones((3, 3), np.uint8), iterations=int(0.25 * np.ptp(landmarks_px[:, 1])))
    inner = cv2.GaussianBlur(face / np.float32(255), (0, 0), 2) * np.clip(1.5 * alike, 0, 1)
    outer = cv2.GaussianBlur(grown / np.float32(255), (0, 0), 3) * alike * 0.9
    skin: Picture = np.maximum(inner, outer).astype(np.float32)
    for eye in (LEFT_EYE, RIGHT_EYE):
        cv2.fillConvexPoly(skin, cv2.convexHull(landmarks_px[list(eye)].astype(np.int32)), 0.0)
    return skin


def _frames(
    face: _Face, stage: _Stage, truth: KnownPulse, motion: Motion, rng: np.random.Generator
) -> Iterator[NDArray[np.uint8]]:
    """Yield the pictures (288, 352, 3)."""
    wave, times_s = truth.wave, truth.times_s
    slope = np.gradient(wave, times_s)
    grain = _grain(rng)
    for i in range(len(times_s)):
        skin = face.base + wave[i] * face.pulse - slope[i] * face.delayed + motion.light[i] * face.light
        skin += 0.6 * motion.turn[i] * face.turn + 0.6 * motion.nod[i] * face.nod
        skin += face.light * motion.white[:, i]
        picture = stage.film(skin.astype(np.float32), motion, i)
        shift = (int(rng.integers(HEIGHT_PX)), int(rng.integers(WIDTH_PX)))
        picture = picture + np.roll(grain[rng.integers(len(grain))], shift, axis=(0, 1))
        yield np.clip(np.rint(picture), 0, 255).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class _Stage:
    """Where the face stands, and which pixels of the film (288, 352) move with what."""

    x: Picture  # in heights of the face from its middle
    y: Picture
    jaw: Picture
    eyes: Picture
    brows: Picture
    near: Picture
    person: Picture  # (288, 352, 1), 1 where it is not background
    behind: Picture | None
    face_px: float
    photo_px: float
    middle: tuple[float, float]

    @classmethod
    def draw(
        cls, landmarks_px: NDArray[np.floating], background: NDArray[np.uint8], rng: np.random.Generator
    ) -> _Stage:
        middle, size = landmarks_px.mean(axis=0), float(np.ptp(landmarks_px[:, 1]))
        face_px = rng.uniform(95, 175)
        at = (WIDTH_PX / 2 + rng.uniform(-20, 20), HEIGHT_PX / 2 + rng.uniform(-10, 10))
        x, y = np.meshgrid(np.arange(WIDTH_PX, dtype=np.float32), np.arange(HEIGHT_PX, dtype=np.float32))
        x, y = (x - at[0]) / face_px, (y - at[1]) / face_px

        def place(points: tuple[int, ...]) -> NDArray[np.float64]:
            return np.asarray((landmarks_px[list(points)].mean(axis=0) - middle) / size, np.float64)

        mouth, brow = place(MOUTH), place((BROW,))
        below = 1 / (1 + np.exp(-(y - mouth[1]) / 0.03))
        jaw = below * np.exp(-((x - mouth[0]) ** 2 / 0.05 + np.clip(y - mouth[1], -0.1, None) ** 2 / 0.08))
        eyes = sum(
            np.exp(-((x - e[0]) ** 2 / 0.006 + (y - e[1]) ** 2 / 0.0025)) for e in map(place, (LEFT_EYE, RIGHT_EYE))
        )
        head = 4 * np.clip(1.35 - np.sqrt((x / 0.62) ** 2 + ((y + 0.1) / 0.8) ** 2), 0, 0.25)
        body = np.clip(1.6 - np.abs(x), 0, 0.3) / 0.3 / (1 + np.exp(-(y - 0.55) / 0.05))
        behind = None
        if rng.random() < 0.7:
            wall = cv2.resize(background[:80], (WIDTH_PX, HEIGHT_PX)).astype(np.float32)
            behind = np.asarray(cv2.GaussianBlur(wall, (0, 0), 6) * np.float32(rng.uniform(0.4, 1)))
        return cls(
            x=x,
            y=y,
            jaw=jaw,
            eyes=np.asarray(eyes, np.float32),
            brows=np.exp(-((y - brow[1]) ** 2 / 0.02 + x**2 / 0.15)),
            near=np.exp(-(x**2 + y**2) / 0.35),
            person=np.maximum(head, np.minimum(body, 1))[..., None].astype(np.float32),
            behind=behind,
            face_px=float(face_px),
            photo_px=size,
            middle=(float(middle[0]), float(middle[1])),
        )

    def film(self, skin: Picture, motion: Motion, i: int) -> Picture:
        """The picture at sample `i`: (288, 352, 3), before noise."""
        angle, scale = np.deg2rad(0.6 * motion.roll[i]), 1 + 0.006 * motion.nearer[i]
        cos, sin = np.cos(angle) / scale, np.sin(angle) / scale
        x = self.x - 1.2 * motion.right[i] / self.face_px
        y = self.y - 1.2 * motion.down[i] / self.face_px
        from_x = cos * x + sin * y - 0.012 * motion.turn[i] * self.near
        from_y = cos * y - sin * x - 0.010 * motion.nod[i] * self.near
        from_y = from_y - 0.012 * motion.talk[i] * self.jaw + 0.008 * motion.brows[i] * self.brows
        map_x = (from_x * self.photo_px + self.middle[0]).astype(np.float32)
        map_y = (from_y * self.photo_px + self.middle[1]).astype(np.float32)
        picture: Any = cv2.remap(skin, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        picture = picture + min(float(motion.blink[i]), 1.0) * self.eyes[..., None] * np.array([25, 15, 10], np.float32)
        return np.asarray(picture if self.behind is None else self.behind + self.person * (picture - self.behind))


def _grain(rng: np.random.Generator) -> list[Picture]:
    """Camera noise, some of it coarse as after a camera's own interpolation: four pictures to be rolled about."""
    strength = float(rng.choice((1.0, 2.0, 3.0, 4.0)))
    grain: list[Picture] = []
    for _ in range(4):
        fine: Any = rng.normal(0, strength, (HEIGHT_PX, WIDTH_PX, 3)).astype(np.float32)
        grain.append(cv2.GaussianBlur(fine, (0, 0), 0.6) * np.float32(1.6) if rng.random() < 0.6 else fine)
    return grain


def _field(shape_hw: tuple[int, int], grain_px: int, rng: np.random.Generator) -> Picture:
    """A smooth random field of spread about 1 whose hills are some `grain_px` wide."""
    small = (max(3, shape_hw[0] // grain_px), max(3, shape_hw[1] // grain_px))
    values = rng.normal(size=small).astype(np.float32)
    return np.asarray(cv2.resize(values, shape_hw[::-1], interpolation=cv2.INTER_CUBIC))


def _linear(rgb: NDArray[np.uint8]) -> Picture:
    value = rgb.astype(np.float32) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _gamma(linear: Picture) -> Picture:
    value = np.clip(linear, 0, 1)
    return np.where(value <= 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055).astype(np.float32) * 255
