"""Things before a face, drawn at random: hands, sticks, glasses, strands of hair, patches of anything.

From a few labelled faces they make as many hidden ones as a training wants, with known truth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from core.faces.landmarks import LEFT_EYE, RIGHT_EYE
from core.swap.masks import Mask

Picture = NDArray[np.uint8]
Draw = Callable[[int, NDArray[np.float32], np.random.Generator], Mask]
"""Side of the picture, landmarks (468, 2) and chance to where a thing is, (S, S) in 0..1."""
SUBPIXEL_BITS = 4
HAZE = 0.15
"""The share of things that let the face shine through."""


def hidden(
    rgb: Picture, visible: Mask, landmarks_px: NDArray[np.floating], rng: np.random.Generator, other: Picture
) -> tuple[Picture, Mask]:
    """Return the face (S, S, 3) with one to three things before it, and what of it can still be seen (S, S).

    Args:
        rgb: an aligned face; it stays as it is.
        visible: what of it can be seen, (S, S) in 0..1.
        landmarks_px: (468, 2) in the crop.
        rng: chance.
        other: another picture (S, S, 3) whose colours and texture things may have.
    """
    out, seen = rgb.astype(np.float32), visible.copy()
    landmarks = np.asarray(landmarks_px, np.float32)[:, :2]
    for _ in range(int(rng.choice([1, 1, 1, 2, 2, 3]))):
        kind = KINDS[str(rng.choice(list(KINDS)))]
        shape = kind(rgb.shape[0], landmarks, rng)
        out = _shadowed(out, shape, rng)
        look = _look(rgb, other, rng)
        opacity = shape[..., None]
        out = out * (1 - opacity) + look * opacity
        seen = seen * (1 - shape)
    noisy = out + rng.normal(0, rng.uniform(0, 4), out.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8), np.asarray(seen, np.float32)


def hand(size_px: int, landmarks_px: NDArray[np.float32], rng: np.random.Generator) -> Mask:
    """A palm with fingers that reaches over the face from outside."""
    middle = _place(landmarks_px, rng)
    angle = rng.uniform(0, 2 * np.pi)
    out = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-out[1], out[0]])
    width = size_px * rng.uniform(0.035, 0.06)
    canvas = _canvas(size_px)
    palm = middle + out * size_px * rng.uniform(0.12, 0.3)
    fingers = int(rng.integers(1, 6))
    for finger in range(fingers):
        root = palm + across * (finger - (fingers - 1) / 2) * 2.1 * width
        spread = across * (finger - (fingers - 1) / 2) * rng.uniform(0, 0.35) * width
        tip = root - out * size_px * rng.uniform(0.12, 0.34) + spread
        bend = (root + tip) / 2 + across * rng.normal(0, 0.4) * width
        _stroke(canvas, [root, bend, tip], 2 * width)
    wrist = palm + out * size_px * 0.9
    _stroke(canvas, [palm, wrist], width * (2.1 * fingers + rng.uniform(0, 2)))
    return _finished(canvas, rng)


def stick(size_px: int, landmarks_px: NDArray[np.float32], rng: np.random.Generator) -> Mask:
    """A bar: a microphone, a pen, a cup's edge."""
    middle, angle = _place(landmarks_px, rng), rng.uniform(0, np.pi)
    along = np.array([np.cos(angle), np.sin(angle)]) * size_px
    canvas = _canvas(size_px)
    ends = [middle - along * rng.uniform(0.1, 1.0), middle + along * rng.uniform(0.1, 1.0)]
    _stroke(canvas, ends, size_px * rng.uniform(0.03, 0.16))
    if rng.random() < 0.4:
        _ellipse(canvas, ends[0], size_px * rng.uniform(0.06, 0.14, 2), rng.uniform(0, 180))
    return _finished(canvas, rng)


def glasses(size_px: int, landmarks_px: NDArray[np.float32], rng: np.random.Generator) -> Mask:
    """Rims around both eyes, with a bridge and temples, their glass dark or clear."""
    right, left = landmarks_px[list(RIGHT_EYE)].mean(axis=0), landmarks_px[list(LEFT_EYE)].mean(axis=0)
    apart = float(np.hypot(*(left - right)))
    tilt = float(np.degrees(np.arctan2(*(left - right)[::-1])))
    axes = apart * np.array([rng.uniform(0.34, 0.46), rng.uniform(0.24, 0.42)])
    thick = max(apart * rng.uniform(0.03, 0.1), 1.5)
    rims, lenses = _canvas(size_px), _canvas(size_px)
    for eye in (right, left):
        _ellipse(lenses, eye, axes, tilt)
        _ellipse(rims, eye, axes, tilt, thick)
    towards = (left - right) / max(apart, 1e-6)
    _stroke(rims, [right + towards * axes[0], left - towards * axes[0]], thick)
    for eye, way in ((right, -1), (left, 1)):
        _stroke(rims, [eye + way * towards * axes[0], eye + way * towards * apart * 1.1], thick)
    dark = rng.choice([0.0, 0.0, rng.uniform(0.6, 1.0)])
    both = np.maximum(_finished(rims, rng), np.float32(dark) * _finished(lenses, rng))
    return np.asarray(both, np.float32)


def hair(size_px: int, landmarks_px: NDArray[np.float32], rng: np.random.Generator) -> Mask:
    """Strands that fall over the face from above or from a side."""
    top, chin = landmarks_px[10], landmarks_px[152]
    down = (chin - top) / max(float(np.hypot(*(chin - top))), 1e-6)
    across = np.array([down[1], -down[0]])
    begin = top + across * rng.normal(0, 0.25) * size_px - down * 0.1 * size_px
    canvas = _canvas(size_px)
    fall, lean = rng.uniform(0.25, 0.8) * size_px, rng.normal(0, 0.25)
    for _ in range(int(rng.integers(3, 26))):
        root = begin + across * rng.normal(0, 0.06) * size_px
        middle = root + down * fall * rng.uniform(0.3, 0.6) + across * rng.normal(lean, 0.06) * fall
        tip = root + down * fall * rng.uniform(0.7, 1.1) + across * rng.normal(1.3 * lean, 0.12) * fall
        _stroke(canvas, _curve(root, middle, tip), max(size_px * rng.uniform(0.006, 0.03), 1.2))
    return _finished(canvas, rng)


def patch(size_px: int, landmarks_px: NDArray[np.float32], rng: np.random.Generator) -> Mask:
    """A shape without a name: cloth, a sign, a shoulder."""
    middle = _place(landmarks_px, rng)
    corners = int(rng.integers(4, 10))
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    far = size_px * rng.uniform(0.06, 0.3) * rng.uniform(0.5, 1.2, corners)
    outline = middle + far[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
    canvas = _canvas(size_px)
    smooth = outline if rng.random() < 0.4 else _rounded(outline)
    cv2.fillPoly(canvas, [_fixed(smooth)], 255, lineType=cv2.LINE_AA, shift=SUBPIXEL_BITS)
    return _finished(canvas, rng)


KINDS: dict[str, Draw] = {"hand": hand, "stick": stick, "glasses": glasses, "hair": hair, "patch": patch}


def _look(rgb: Picture, other: Picture, rng: np.random.Generator) -> NDArray[np.float32]:
    """What a thing looks like (S, S, 3): skin like the face's or another's, plain, striped, or cut from a picture."""
    size = rgb.shape[0]
    chance = rng.random()
    if chance < 0.4:
        source = rgb if rng.random() < 0.6 else other
        low, high = size // 3, 2 * size // 3
        y, x = rng.integers(low, high, 2)
        colour = source[y - 4 : y + 4, x - 4 : x + 4].reshape(-1, 3).mean(axis=0) * rng.uniform(0.7, 1.25)
    elif chance < 0.75:
        colour = rng.uniform(0, 255, 3) if rng.random() < 0.5 else np.full(3, rng.uniform(0, 90))
    else:
        turned = np.rot90(other, int(rng.integers(4)))[:: int(rng.choice([1, -1]))]
        return np.asarray(turned * rng.uniform(0.6, 1.3) + rng.uniform(-30, 30, 3), np.float32)
    coarse = rng.normal(0, rng.uniform(3, 22), (6, 6, 1))
    light = cv2.resize(coarse.astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC)[..., None]
    grain = rng.normal(0, rng.uniform(0, 8), (size, size, 1))
    return np.asarray(colour + light + grain, np.float32)


def _shadowed(rgb: NDArray[np.float32], shape: Mask, rng: np.random.Generator) -> NDArray[np.float32]:
    """The face with the thing's shadow on it: that is face still."""
    if rng.random() < 0.5:
        return rgb
    size = rgb.shape[0]
    way = rng.normal(0, 0.03, 2) * size
    moved = cv2.warpAffine(shape, np.array([[1, 0, way[0]], [0, 1, way[1]]]), (size, size))
    soft = cv2.GaussianBlur(moved, (0, 0), max(size * rng.uniform(0.01, 0.05), 0.5))
    return np.asarray(rgb * (1 - rng.uniform(0.1, 0.5) * soft[..., None]), np.float32)


def _place(landmarks_px: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float64]:
    """A point on the face or near its edge."""
    low, high = landmarks_px.min(axis=0), landmarks_px.max(axis=0)
    return np.asarray(rng.uniform(low, high), np.float64)


def _canvas(size_px: int) -> NDArray[np.uint8]:
    return np.zeros((size_px, size_px), np.uint8)


def _fixed(points: NDArray[np.floating]) -> NDArray[np.int32]:
    return np.asarray(np.rint(np.asarray(points) * (1 << SUBPIXEL_BITS)), np.int32)


def _stroke(canvas: NDArray[np.uint8], points: Sequence[NDArray[np.floating]], width_px: float) -> None:
    cv2.polylines(
        canvas, [_fixed(np.array(points))], False, 255, max(round(width_px), 1), cv2.LINE_AA, shift=SUBPIXEL_BITS
    )


def _ellipse(
    canvas: NDArray[np.uint8],
    middle: NDArray[np.floating],
    axes_px: NDArray[np.floating],
    tilt_deg: float,
    thick_px: float = -1,
) -> None:
    turn = np.linspace(0, 2 * np.pi, 40)
    cos, sin = np.cos(np.radians(tilt_deg)), np.sin(np.radians(tilt_deg))
    around = np.column_stack([axes_px[0] * np.cos(turn), axes_px[1] * np.sin(turn)]) @ np.array(
        [[cos, sin], [-sin, cos]]
    )
    if thick_px < 0:
        cv2.fillPoly(canvas, [_fixed(middle + around)], 255, lineType=cv2.LINE_AA, shift=SUBPIXEL_BITS)
    else:
        _stroke(canvas, list(middle + around), thick_px)


def _curve(
    begin: NDArray[np.floating], middle: NDArray[np.floating], end: NDArray[np.floating]
) -> list[NDArray[np.floating]]:
    """Points of a quadratic Bézier curve."""
    return [(1 - t) ** 2 * begin + 2 * t * (1 - t) * middle + t**2 * end for t in np.linspace(0, 1, 9)]


def _rounded(outline: NDArray[np.floating]) -> NDArray[np.floating]:
    """Cut the corners of an outline three times (Chaikin 1974)."""
    for _ in range(3):
        following = np.roll(outline, -1, axis=0)
        outline = np.stack([0.75 * outline + 0.25 * following, 0.25 * outline + 0.75 * following], axis=1).reshape(
            -1, 2
        )
    return outline


def _finished(canvas: NDArray[np.uint8], rng: np.random.Generator) -> Mask:
    """The shape with an edge as sharp or soft as a camera may leave it; some shine through."""
    mask = canvas.astype(np.float32) / 255
    if rng.random() < 0.5:
        mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.4, 1.6))), np.float32)
    haze = rng.uniform(0.75, 1) if rng.random() < HAZE else 1.0
    return np.asarray(np.clip(mask * haze, 0, 1), np.float32)
