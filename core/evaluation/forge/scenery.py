"""What comes over a picture that has nothing to do with the face: screens that are filmed, captions, borders."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
LETTERS = "abcdefghiklmnoprstuvw AEIOT 0123456789 !?"


def filmed_from_a_screen(picture: NDArray[Any], strength: float, rng: np.random.Generator) -> Picture:
    """Return the picture (S, S, 3) with a fine grid that beats with the pixels, for each colour a little apart."""
    side = picture.shape[0]
    y, x = np.mgrid[0:side, 0:side]
    angle, pitch, apart = rng.uniform(0, np.pi), rng.uniform(2.1, 5.0), rng.uniform(0, 2 * np.pi / 3)
    way = 2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / pitch
    wave = np.stack([np.sin(way + colour * apart) for colour in range(3)], axis=-1)
    return np.asarray(np.clip(picture * (1 + strength * wave), 0, 255), np.uint8)


def captioned(picture: NDArray[Any], caption: tuple[float, float, float], rng: np.random.Generator) -> Picture:
    """Return the picture (S, S, 3) with a bar (y, height in shares of the side, grey) and letters on it."""
    top, height, grey = caption
    side = picture.shape[0]
    marked = np.array(picture, np.uint8)
    marked[round(top * side) : round((top + height) * side)] = round(grey)
    words = "".join(rng.choice(list(LETTERS), 24))
    foot = round((top + 0.75 * height) * side)
    ink = 0 if grey > 128 else 255
    cv2.putText(marked, words, (2, foot), cv2.FONT_HERSHEY_SIMPLEX, height * side / 32, (ink,) * 3, 1, cv2.LINE_AA)
    return marked


def bordered(picture: NDArray[Any], share: float) -> Picture:
    """Return the picture (S, S, 3) with black bars of `share` of its side at the left and the right."""
    framed = np.array(picture, np.uint8)
    width = max(1, round(share * picture.shape[1]))
    framed[:, :width] = framed[:, -width:] = 0
    return framed
