"""What the world does to a picture on its way: drawn once, done to the fake and to its real twin alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.evaluation.forge.codec import through_h264

Picture = NDArray[np.uint8]
SCALERS = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC)


@dataclass(frozen=True, slots=True)
class Damage:
    """One draw of what happens, in the order of the fields; 0 and None leave the picture as it is.

    `tone` and `gamma` change all colours, `blur_px` is the lens, `side_px` the size at which it is filmed or sent
    (the picture is brought back afterwards as a crop would be), `noise` the sensor in grey levels, `first_jpeg` and
    `crf` and `second_crf` the codecs (H.264 of a short clip; twice is what a platform does), `screen` the strength of
    the fine grid of a screen that is filmed, `caption` (y, height, grey) a bar over the picture, `flip` a mirror.
    """

    tone: tuple[float, float, float]
    gamma: float
    blur_px: float
    side_px: int
    scaler: int
    noise: float
    first_jpeg: int | None
    crf: int | None
    second_crf: int | None
    screen: float
    caption: tuple[float, float, float] | None
    flip: bool
    seed: int

    def apply(self, rgb: Picture) -> Picture:
        """Return the picture (S, S, 3) as it arrives, of the same size."""
        side = rgb.shape[0]
        rng = np.random.default_rng(self.seed)  # the twin gets the same noise
        picture: NDArray[Any] = rgb[:, ::-1] if self.flip else rgb
        light = (np.arange(256) / 255) ** self.gamma * 255
        table = np.stack([np.clip(light * gain, 0, 255) for gain in self.tone], axis=-1).astype(np.uint8)
        picture = cv2.LUT(np.ascontiguousarray(picture), table[None])
        if self.blur_px > 0:
            picture = cv2.GaussianBlur(picture, (0, 0), self.blur_px)
        if self.side_px != side:
            picture = cv2.resize(picture, (self.side_px, self.side_px), interpolation=self.scaler)
        if self.noise > 0:
            grain = rng.standard_normal((*picture.shape[:2], 1)) + 0.5 * rng.standard_normal(picture.shape)
            picture = np.clip(picture + self.noise * grain, 0, 255).astype(np.uint8)
        if self.screen > 0:
            picture = _filmed_from_a_screen(picture, self.screen, rng)
        if self.caption is not None:
            picture = _captioned(picture, self.caption)
        picture = self._coded(np.asarray(picture, np.uint8))
        if picture.shape[0] != side:
            picture = cv2.resize(picture, (side, side), interpolation=cv2.INTER_LINEAR)
        return np.asarray(picture, np.uint8)

    def _coded(self, picture: Picture) -> Picture:
        if self.first_jpeg is not None:
            bgr = np.ascontiguousarray(picture[..., ::-1])
            _, coded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, self.first_jpeg])
            picture = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)[..., ::-1]
        for crf in (self.crf, self.second_crf):
            if crf is not None:
                picture = through_h264(picture, crf)
        return picture


def draw_damage(rng: np.random.Generator, side_px: int, smallest_px: int = 96) -> Damage:
    """Draw a damage for pictures of `side_px`; they are never made smaller than `smallest_px`."""
    codec = rng.random()
    smaller = rng.random() < 0.65
    wanted = int(np.exp(rng.uniform(np.log(smallest_px), np.log(side_px)))) if smaller else side_px
    return Damage(
        tone=_three(rng.uniform(0.9, 1.1, 3) * rng.uniform(0.75, 1.15)),
        gamma=float(rng.uniform(0.8, 1.25)),
        blur_px=float(rng.uniform(0.4, 1.4)) if rng.random() < 0.2 else 0.0,
        side_px=wanted // 2 * 2,
        scaler=int(rng.choice(SCALERS)),
        noise=float(rng.uniform(1, 6)) if rng.random() < 0.25 else 0.0,
        first_jpeg=int(rng.integers(40, 100)) if codec < 0.35 else None,
        crf=int(rng.integers(18, 36)) if codec > 0.25 else None,
        second_crf=int(rng.integers(23, 34)) if codec > 0.85 else None,
        screen=float(rng.uniform(0.01, 0.05)) if rng.random() < 0.05 else 0.0,
        caption=_three(rng.uniform((0.05, 0.05, 0), (0.9, 0.15, 255))) if rng.random() < 0.05 else None,
        flip=bool(rng.random() < 0.5),
        seed=int(rng.integers(2**31)),
    )


def _filmed_from_a_screen(picture: NDArray[Any], strength: float, rng: np.random.Generator) -> Picture:
    """A fine grid that beats with the pixels, at a random pitch and angle."""
    side = picture.shape[0]
    y, x = np.mgrid[0:side, 0:side]
    angle, pitch = rng.uniform(0, np.pi), rng.uniform(2.1, 5.0)
    wave = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / pitch)
    return np.asarray(np.clip(picture * (1 + strength * wave[..., None]), 0, 255), np.uint8)


def _captioned(picture: NDArray[Any], caption: tuple[float, float, float]) -> NDArray[Any]:
    top, height, grey = caption
    side = picture.shape[0]
    marked = picture.copy()
    marked[round(top * side) : round((top + height) * side)] = round(grey)
    return marked


def _three(values: NDArray[np.floating]) -> tuple[float, float, float]:
    first, second, third = (float(value) for value in values)
    return first, second, third
