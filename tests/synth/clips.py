"""Video clips of a face with a known pulse, from the public-domain portrait that scikit-image carries.

The portrait is NASA's photograph of astronaut Eileen Collins. The pulse is added to skin-coloured pixels in
linear light, with the relative strengths in red, green and blue that skin shows under white light (de Haan and
van Leest 2014, "Improved motion robustness of remote-PPG": blood-volume-pulse vector .33, .77, .53).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data as skimage_data

BLOOD_VOLUME_VECTOR = np.array([0.33, 0.77, 0.53])
TIME_BASE = Fraction(1, 90_000)


@dataclass(frozen=True, slots=True)
class Scene:
    """What to film. `bpm` None is a face without pulse; `faces` centres as shares of width and height."""

    width_px: int = 1280
    height_px: int = 720
    face_px: float = 220.0
    centres: tuple[tuple[float, float], ...] = ((0.5, 0.5),)
    bpm: float | None = 72.0
    pulse_strength: float = 0.006
    respiration_bpm: float = 15.0
    """Breaths a minute; 0 for a face that holds its breath."""
    noise: float = 1.0
    motion_px: float = 1.5
    breath_pulse: float = 0.0
    """How far breathing changes the strength of the beats, as a share of it."""
    breath_light: float = 0.0
    """How far the blood's baseline goes with the breath, in beats of strength 1."""


def breathing_scene(bpm: float | None, breaths_bpm: float | None) -> Scene:
    """A face in a small picture that breathes in all three ways that breath is read from; None holds its breath."""
    ways = {} if breaths_bpm is None else {"breath_pulse": 0.25, "breath_light": 0.5}
    return Scene(width_px=480, height_px=360, face_px=170, bpm=bpm, respiration_bpm=breaths_bpm or 0.0, **ways)


PORTRAIT_FACE_CENTRE = (224.0, 118.0)
PORTRAIT_FACE_PX = 110.0


@cache
def portrait() -> NDArray[np.uint8]:
    """The portrait (512, 512, 3) RGB, read-only."""
    image = np.asarray(skimage_data.astronaut()).copy()
    image.flags.writeable = False
    return image


def srgb_to_linear(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """IEC 61966-2-1, to 0..1."""
    value = rgb.astype(np.float32) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


def linear_to_srgb(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """The inverse of `srgb_to_linear`, in 0..255 and not rounded."""
    value = np.clip(linear, 0, 1)
    return np.where(value <= 0.0031308, value * 12.92, 1.055 * value ** (1 / 2.4) - 0.055) * 255


def pulse_wave(times_s: NDArray[np.float64], bpm: float) -> NDArray[np.float64]:
    """A pulse wave of amplitude about 1 with its second harmonic, as in a finger sensor's trace."""
    phase = 2 * np.pi * bpm / 60 * times_s
    return np.sin(phase) + 0.35 * np.sin(2 * phase - 0.9)


def frames(scene: Scene, times_s: NDArray[np.float64], seed: int = 0) -> list[NDArray[np.uint8]]:
    """Render `scene` at the given times: a list of (H, W, 3) uint8 RGB pictures."""
    return list(iter_frames(scene, times_s, seed))


def iter_frames(scene: Scene, times_s: NDArray[np.float64], seed: int = 0) -> Iterator[NDArray[np.uint8]]:
    """As `frames`, one picture at a time."""
    rng = np.random.default_rng(seed)
    size = (scene.width_px, scene.height_px)
    scale = scene.face_px / PORTRAIT_FACE_PX
    base = portrait().astype(np.float32)
    swing = _swing_per_unit_pulse(scene.pulse_strength)
    grain = [rng.normal(0, scene.noise, (scene.height_px, scene.width_px, 3)).astype(np.float32) for _ in range(4)]
    alone = len(scene.centres) == 1
    for t in times_s:
        wave = 0.0 if scene.bpm is None else float(pulse_wave(np.array([t]), scene.bpm)[0])
        breath = float(np.sin(2 * np.pi * scene.respiration_bpm / 60 * t))
        person = base + (wave * (1 + scene.breath_pulse * breath) + scene.breath_light * breath) * swing
        picture = np.full((scene.height_px, scene.width_px, 3), 118, np.float32)
        for cx, cy in scene.centres:
            x = cx * scene.width_px + scene.motion_px * 0.6 * np.sin(0.9 * t + cx)
            y = cy * scene.height_px + scene.motion_px * np.sin(2 * np.pi * scene.respiration_bpm / 60 * t)
            shift = (x - scale * PORTRAIT_FACE_CENTRE[0], y - scale * PORTRAIT_FACE_CENTRE[1])
            matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float32)
            warped = cv2.warpAffine(person, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            if alone:
                picture = warped
            else:  # each person keeps a column around the face
                left, right = max(round(x - scene.face_px), 0), round(x + scene.face_px)
                picture[:, left:right] = warped[:, left:right]
        dy, dx = rng.integers(0, scene.height_px), rng.integers(0, scene.width_px)
        picture += np.roll(grain[rng.integers(0, len(grain))], (dy, dx), axis=(0, 1))
        yield np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _swing_per_unit_pulse(strength: float) -> NDArray[np.float32]:
    """How far each pixel of the portrait moves, in 0..255 sRGB, when the pulse wave is 1."""
    source = portrait()
    ycrcb = cv2.cvtColor(source, cv2.COLOR_RGB2YCrCb)
    is_skin = cv2.inRange(ycrcb, (40, 135, 85), (255, 180, 135)).astype(np.float32) / 255
    skin = cv2.GaussianBlur(is_skin, (0, 0), 1.5)[..., None]
    linear = srgb_to_linear(source)
    gain = (1 + strength * skin * BLOOD_VOLUME_VECTOR / 0.77).astype(np.float32)
    return (linear_to_srgb(linear * gain) - linear_to_srgb(linear)).astype(np.float32)


def even_times(rate: Fraction | float, duration_s: float) -> NDArray[np.float64]:
    """Frame times at a constant rate."""
    return np.arange(int(duration_s * float(rate))) / float(rate)


def uneven_times(duration_s: float, seed: int = 0, low_hz: float = 18, high_hz: float = 32) -> NDArray[np.float64]:
    """Frame times whose spacing wanders, as a phone's do in poor light."""
    rng = np.random.default_rng(seed)
    steps = rng.uniform(1 / high_hz, 1 / low_hz, int(duration_s * high_hz) + 1)
    times = np.concatenate([[0.0], np.cumsum(steps)])
    return times[times < duration_s]


def write_video(
    path: Path,
    pictures: Iterable[NDArray[np.uint8]],
    times_s: NDArray[np.float64],
    *,
    crf: int = 18,
    codec: str = "libx264",
    rate: Fraction = Fraction(30),
    rotation_deg: int = 0,
) -> Path:
    """Encode pictures at the given times; the container follows the file's ending. Returns `path`."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.codec_context.time_base = TIME_BASE
        stream.time_base = TIME_BASE
        stream.pix_fmt = "yuv420p"
        if codec.startswith("libx26"):
            stream.options = {"crf": str(crf), "preset": "ultrafast"}
        for i, picture in enumerate(pictures):
            if i == 0:
                stream.height, stream.width = picture.shape[:2]
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = round(float(times_s[i]) / float(TIME_BASE))
            frame.time_base = TIME_BASE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_scene(path: Path, scene: Scene, times_s: NDArray[np.float64], seed: int = 0, **encoding: Any) -> Path:
    """Render and encode `scene`; returns `path`."""
    return write_video(path, iter_frames(scene, times_s, seed), times_s, **encoding)
