"""What the world does to a picture on its way: drawn from one distribution for fakes and for real faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.evaluation.forge.codec import Coding, coded_clip, through_codec
from core.evaluation.forge.scenery import bordered, captioned, filmed_from_a_screen

Picture = NDArray[np.uint8]
SCALERS = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC)
FACE_SHARE = 0.6
"""Width of the face in a canonical crop: a crop of 80 px has a face of 48 px."""
SMALLEST_PX = 80
MPEG_CODECS = ("mpeg2video", "mpeg1video", "mpeg4")


@dataclass(frozen=True, slots=True)
class Damage:
    """One draw of what happens, in the order of the fields; 0, 1 (`saturation`, `gamma`) and None change nothing.

    `tone`, `saturation` and `gamma` change all colours, `blur_px` is the lens and `motion_px` the movement while the
    shutter is open, `side_px` the size at which it is filmed, `noise` the sensor in grey levels, `sharpened` what
    cameras and filters add at edges, `screen` the strength of the grid of a screen that is filmed, `caption` (y,
    height, grey) a bar with letters, `border` the share that black bars take at the sides, `first_jpeg` and `codings`
    the codecs; `sent_px` is the size that a platform makes of it before the last coding. The picture is brought back
    to its size afterwards, as a crop would be. `flip` is a mirror.
    """

    tone: tuple[float, float, float] = (1.0, 1.0, 1.0)
    saturation: float = 1.0
    gamma: float = 1.0
    blur_px: float = 0.0
    motion_px: int = 0
    side_px: int | None = None
    scaler: int = cv2.INTER_AREA
    noise: float = 0.0
    sharpened: float = 0.0
    screen: float = 0.0
    caption: tuple[float, float, float] | None = None
    border: float = 0.0
    first_jpeg: int | None = None
    codings: tuple[Coding, ...] = ()
    sent_px: int | None = None
    flip: bool = False
    seed: int = 0

    @property
    def words(self) -> tuple[str, ...]:
        """What was done, as a person reads it; nothing of colours and mirrors, which no trace depends on."""
        said = (
            (self.blur_px, f"blurred {self.blur_px:.1f} px"),
            (self.motion_px, f"moved {self.motion_px} px"),
            (self.side_px, f"filmed at {self.side_px} px"),
            (self.noise, f"noise of {self.noise:.1f} levels"),
            (self.sharpened, f"sharpened {self.sharpened:.1f}"),
            (self.screen, f"filmed from a screen {self.screen:.2f}"),
            (self.caption, "captioned"),
            (self.border, f"bordered {self.border:.2f}"),
            (self.first_jpeg, f"jpeg {self.first_jpeg}"),
            (self.sent_px, f"sent at {self.sent_px} px"),
        )
        return (*(words for there, words in said if there), *(coding.words for coding in self.codings))

    def apply(self, rgb: Picture) -> Picture:
        """Return the picture (S, S, 3) as it arrives, of the same size."""
        side = rgb.shape[0]
        picture = self._filmed(rgb)
        for number, coding in enumerate(self.codings):
            if self.sent_px is not None and number == len(self.codings) - 1:
                picture = _sized(picture, self.sent_px, self.scaler)
            picture = through_codec(picture, coding)
        return _sized(picture, side, cv2.INTER_LINEAR)

    def apply_to_clip(self, frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the frames (N, S, S, 3) as they arrive: coded as one clip, each with noise of its own."""
        side = frames.shape[1]
        made = [self._filmed(frame, number) for number, frame in enumerate(frames)]
        for number, coding in enumerate(self.codings):
            if self.sent_px is not None and number == len(self.codings) - 1:
                made = [_sized(frame, self.sent_px, self.scaler) for frame in made]
            made = coded_clip(made, coding)
        return np.stack([_sized(frame, side, cv2.INTER_LINEAR) for frame in made])

    def _filmed(self, rgb: Picture, frame: int = 0) -> Picture:
        """All that happens before the codecs of video; the twin gets the same noise, the next frame another."""
        rng, grains = np.random.default_rng(self.seed), np.random.default_rng((self.seed, frame))
        picture: NDArray[Any] = self._coloured(rgb[:, ::-1] if self.flip else rgb)
        if self.blur_px > 0:
            picture = cv2.GaussianBlur(picture, (0, 0), self.blur_px)
        if self.motion_px > 1:
            picture = cv2.blur(picture, (self.motion_px, 1))
        picture = _sized(picture, self.side_px or rgb.shape[0], self.scaler)
        if self.noise > 0:
            grain = grains.standard_normal((*picture.shape[:2], 1)) + 0.5 * grains.standard_normal(picture.shape)
            picture = np.clip(picture + self.noise * grain, 0, 255).astype(np.uint8)
        if self.sharpened > 0:
            edges = picture.astype(np.float32) - cv2.GaussianBlur(picture, (0, 0), 1.0)
            picture = np.clip(picture + self.sharpened * edges, 0, 255).astype(np.uint8)
        if self.screen > 0:
            picture = filmed_from_a_screen(picture, self.screen, rng)
        if self.caption is not None:
            picture = captioned(picture, self.caption, rng)
        if self.border > 0:
            picture = bordered(picture, self.border)
        if self.first_jpeg is not None:
            bgr = np.ascontiguousarray(picture[..., ::-1])
            _, coded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, self.first_jpeg])
            picture = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)[..., ::-1]
        return np.ascontiguousarray(picture, np.uint8)

    def _coloured(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        light = (np.arange(256) / 255) ** self.gamma * 255
        table = np.stack([np.clip(light * gain, 0, 255) for gain in self.tone], axis=-1).astype(np.uint8)
        picture = np.asarray(cv2.LUT(np.ascontiguousarray(rgb), table[None]), np.uint8)
        if self.saturation == 1:
            return picture
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None].astype(np.float32)
        return np.clip(grey + self.saturation * (picture - grey), 0, 255).astype(np.uint8)


def draw_damage(rng: np.random.Generator, side_px: int, smallest_px: int = SMALLEST_PX) -> Damage:
    """Draw a damage for pictures of `side_px`; they are never made smaller than `smallest_px`."""
    smaller, resent = rng.random() < 0.65, rng.random() < 0.25
    screen = rng.random() < 0.05
    return Damage(
        tone=_three(rng.uniform(0.9, 1.1, 3) * rng.uniform(0.75, 1.15)),
        saturation=float(rng.uniform(0.3, 1.7)) if rng.random() < 0.3 else 1.0,
        gamma=float(rng.uniform(0.6, 1.7)) if screen else float(rng.uniform(0.8, 1.25)),
        blur_px=float(rng.uniform(0.4, 1.6)) if rng.random() < 0.2 else 0.0,
        motion_px=int(rng.integers(2, 6)) if rng.random() < 0.07 else 0,
        side_px=_some_size(rng, smallest_px, side_px) if smaller else None,
        scaler=int(rng.choice(SCALERS)),
        noise=float(rng.uniform(1, 6)) if rng.random() < 0.25 else 0.0,
        sharpened=float(rng.uniform(0.2, 1.5)) if rng.random() < 0.2 else 0.0,
        screen=float(rng.uniform(0.01, 0.06)) if screen else 0.0,
        caption=_three(rng.uniform((0.05, 0.05, 0), (0.85, 0.15, 255))) if rng.random() < 0.05 else None,
        border=float(rng.uniform(0.02, 0.15)) if rng.random() < 0.04 else 0.0,
        first_jpeg=int(rng.integers(35, 100)) if rng.random() < 0.3 else None,
        codings=_draw_codings(rng),
        sent_px=_some_size(rng, smallest_px, side_px) if resent else None,
        flip=bool(rng.random() < 0.5),
        seed=int(rng.integers(2**31)),
    )


def _draw_codings(rng: np.random.Generator) -> tuple[Coding, ...]:
    """Nothing, H.264, an older MPEG, or two after each other as platforms do; the last is then H.264."""
    kind = rng.random()
    h264 = Coding("libx264", int(rng.integers(18, 38)))
    mpeg = Coding(str(rng.choice(MPEG_CODECS)), int(rng.integers(2, 16)))
    if kind < 0.2:
        return ()
    if kind < 0.55:
        return (h264,)
    if kind < 0.75:
        return (mpeg,)
    return (mpeg if rng.random() < 0.4 else Coding("libx264", int(rng.integers(18, 32))), h264)


def _some_size(rng: np.random.Generator, smallest_px: int, side_px: int) -> int:
    return int(np.exp(rng.uniform(np.log(smallest_px), np.log(side_px)))) // 2 * 2


def _sized(picture: NDArray[Any], side_px: int, scaler: int) -> Picture:
    if picture.shape[0] == side_px:
        return np.asarray(picture, np.uint8)
    return np.asarray(cv2.resize(picture, (side_px, side_px), interpolation=scaler), np.uint8)


def _three(values: NDArray[np.floating]) -> tuple[float, float, float]:
    first, second, third = (float(value) for value in values)
    return first, second, third
