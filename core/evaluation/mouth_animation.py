"""Lip sync of our own: a face says what the same face said a moment earlier or later.

What lip-sync fakes have in common is made here in the simplest ways: the lower face of one moment is put on the head of
another, as it was filmed, drawn anew from few pixels, or from few components as a small decoder would; or the mouth of
this very moment is bent to the shape of another. The jaw follows it or does not. No generator is imitated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from core.evaluation.photo_animation import moved_points
from core.faces.landmarks import FACE_OVAL, LIPS
from core.faces.pose import canonical_mesh

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

STEADY_POINTS = (33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 1, 98, 327, 70, 300, 127, 356)
"""Eyes, nose, ends of the brows and temples: what speaking moves little."""
INNER_LIPS = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)
MOUTH = (*LIPS, *INNER_LIPS)
LOWER_FACE = (98, 97, 2, 326, 327, 205, 425, 187, 411, 50, 280, 200, 199, 175, *MOUTH, *FACE_OVAL[13:24])
"""The points that go with the mouth where the jaw follows."""
LIPS_REACH, JAW_REACH, STILL_REACH = 1.4, 0.9, 1.3
RENDERERS = ("filmed", "few pixels", "few components", "bent")
MOST_BENT = 0.08
"""Farthest that landmarks go from where they were filmed, in face widths: beyond, a flat warp folds over itself."""
FADES = 0.06
"""Distance from the lips, in face widths, at which skin goes along by about a third."""
LEAST_SHRINKING = 0.75
"""What is drawn anew has at most this share of the width that the face has."""


@dataclass(frozen=True, slots=True)
class LipSync:
    """How a mouth is put on.

    `shift_s` seconds lie between the moment of the mouth and that of the head; `renderer` is one of `RENDERERS`;
    `drawn_px` is the width that the face has where the mouth is drawn anew; `components` are kept of the pictures;
    `jaw` says whether chin and cheeks follow; `soft` is the width of the blended border and `steadied` the smoothing of
    the place, in face widths and frames; `matched` is the share of the colour step at the border that is taken away.
    """

    shift_s: float
    renderer: str
    jaw: bool
    drawn_px: int = 96
    components: int = 12
    soft: float = 0.04
    steadied: float = 0.7
    matched: float = 1.0


def drawn_lip_sync(rng: np.random.Generator, renderer: str) -> LipSync:
    """Draw how one clip is forged."""
    return LipSync(
        shift_s=float(rng.uniform(0.4, 1.2)),
        renderer=renderer,
        jaw=bool(rng.random() < 0.5),
        drawn_px=int(rng.choice((64, 96, 128))),
        components=int(rng.choice((8, 16, 24))),
        soft=float(rng.uniform(0.02, 0.08)),
        steadied=float(rng.choice((0.0, 0.7, 1.5))),
        matched=float(rng.uniform(0.5, 1.0)),
    )


def other_moments(frames: int, shift: int) -> NDArray[np.intp]:
    """Return for each of `frames` the one `shift` later, without a jump: at the end time goes back."""
    later = (np.arange(frames) + shift) % max(2 * (frames - 1), 1)
    return np.minimum(later, 2 * (frames - 1) - later)


def lip_synced(pictures: list[Picture], times_s: Floats, landmarks_px: Floats, how: LipSync) -> Iterator[Picture]:
    """Yield one picture (S, S, 3) for each of `pictures`, with the mouth of another moment of the same face.

    Args:
        pictures: N of one square size; they are not changed.
        times_s: (N,).
        landmarks_px: (N, 468, 2) in them.
        how: see there.
    """
    points = gaussian_filter1d(landmarks_px, how.steadied, axis=0) if how.steadied > 0 else landmarks_px
    width = float(np.median(np.ptp(points[..., 0], axis=1)))
    shift = round(how.shift_s / float(np.median(np.diff(times_s))))
    mouths, steady = redrawn(pictures, points, how), list(STEADY_POINTS)
    for now, other in enumerate(other_moments(len(pictures), shift).tolist()):
        to_now = _affine(points[other, steady], points[now, steady])
        wanted = points[other] @ to_now[:, :2].T + to_now[:, 2]
        base = _bent(pictures[now], points[now], wanted, jaw=True) if how.jaw else pictures[now]
        if how.renderer == "bent":
            bent = base if how.jaw else _bent(base, points[now], wanted, jaw=False)
            mouth = _few_pixels(bent, how.drawn_px / width)
        else:
            mouth = _warped(mouths[other], to_now)
        outline = wanted[list(LOWER_FACE)] if how.jaw else np.concatenate([wanted[list(LIPS)], points[now, list(LIPS)]])
        yield _pasted(base, mouth, _spread(outline, JAW_REACH if how.jaw else LIPS_REACH), width, how)


def redrawn(pictures: list[Picture], landmarks_px: Floats, how: LipSync) -> list[Picture]:
    """Return the pictures as `how.renderer` draws them: each face in its own place, only less of it."""
    width = float(np.median(np.ptp(landmarks_px[..., 0], axis=1)))
    if how.renderer == "few pixels":
        return [_few_pixels(picture, how.drawn_px / width) for picture in pictures]
    if how.renderer == "few components":
        return _of_components(pictures, landmarks_px, round(min(how.drawn_px, LEAST_SHRINKING * width)), how.components)
    return pictures


def _of_components(pictures: list[Picture], landmarks_px: Floats, face_px: int, count: int) -> list[Picture]:
    """Faces of `face_px` put together from `count` components of all of them, as a linear decoder would."""
    usual = landmarks_px[0, list(STEADY_POINTS)]
    low, side = landmarks_px[0].min(axis=0), float(np.ptp(landmarks_px[0], axis=0).max()) * 1.2
    target = (usual - low + side / 12) * (face_px * 1.2 / side)
    px = round(face_px * 1.2)
    maps = [_affine(points[list(STEADY_POINTS)], target) for points in landmarks_px]
    cuts = [cv2.warpAffine(p, m, (px, px), flags=cv2.INTER_AREA) for p, m in zip(pictures, maps, strict=True)]
    rows = np.stack(cuts).reshape(len(cuts), -1).astype(np.float32)
    middle = rows.mean(axis=0)
    left, strength, right = np.linalg.svd(rows - middle, full_matrices=False)
    kept = (left[:, :count] * strength[:count]) @ right[:count] + middle
    faces = np.clip(kept, 0, 255).astype(np.uint8).reshape(len(cuts), px, px, 3)
    size = pictures[0].shape[0]
    back = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return [
        np.asarray(cv2.warpAffine(f, m, (size, size), flags=back, borderMode=cv2.BORDER_REPLICATE), np.uint8)
        for f, m in zip(faces, maps, strict=True)
    ]


def _few_pixels(picture: Picture, share: float) -> Picture:
    """The picture as it looks when it was drawn at a share of its size."""
    size = picture.shape[0]
    side = max(16, round(size * min(share, LEAST_SHRINKING)))
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC), np.uint8)


def _warped(picture: Picture, matrix: Floats) -> Picture:
    size, flags = picture.shape[:2], cv2.INTER_CUBIC
    return np.asarray(cv2.warpAffine(picture, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _bent(picture: Picture, landmarks_px: Floats, wanted_px: Floats, *, jaw: bool) -> Picture:
    """The picture with the mouth, and the jaw if asked, moved to where it is wanted; what is not near stays."""
    away = (wanted_px - landmarks_px) * _share_bent(jaw)[:, None]
    most = MOST_BENT * float(np.ptp(landmarks_px[:, 0]))
    target = landmarks_px + away * min(1.0, most / max(float(np.abs(away).max()), 1e-9))
    end = picture.shape[0] - 1
    edge = np.array([[x, y] for x in (0, end / 2, end) for y in (0, end / 2, end) if (x, y) != (end / 2, end / 2)])
    edge = np.vstack([edge, np.clip(_spread(landmarks_px[list(FACE_OVAL)], STILL_REACH), 0, end)])
    return moved_points(picture, np.vstack([landmarks_px, edge]), np.vstack([target, edge]))


@cache
def _share_bent(jaw: bool) -> Floats:
    """How far each landmark goes along (468,): all below the upper lip with the jaw, less and less above and beside."""
    flat = canonical_mesh()[:, :2] / np.ptp(canonical_mesh()[:, 0])
    lips = flat[list(MOUTH)]
    beside = np.linalg.norm(flat[:, None] - lips, axis=2).min(axis=1)
    near = np.exp(-((beside / FADES) ** 2))
    below = np.clip((flat[:, 1] - flat[2, 1]) / (flat[0, 1] - flat[2, 1]), 0, 1)
    return np.asarray(np.maximum(near, below) if jaw else near)


def _pasted(base: Picture, mouth: Picture, outline_px: Floats, width: float, how: LipSync) -> Picture:
    """The mouth over the base within the hull of the outline, its colour shifted to that of the base at the border."""
    hull = cv2.convexHull(np.rint(outline_px).astype(np.int32))
    sigma = max(how.soft * width, 0.5)
    (x, y, w, h), far = cv2.boundingRect(hull), round(4 * sigma)
    part = np.s_[max(y - far, 0) : y + h + far, max(x - far, 0) : x + w + far]
    mask = np.zeros(base.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, hull, 255)
    mask, below, above = mask[part], base[part].astype(np.float32), mouth[part].astype(np.float32)
    reach = max(3, round(0.06 * width))
    border = (cv2.erode(mask, np.ones((reach, reach), np.uint8)) == 0) & (mask > 0)
    step = np.median(below[border] - above[border], axis=0) if border.any() else np.zeros(3)
    alpha = cv2.GaussianBlur(mask, (0, 0), sigma).astype(np.float32)[..., None] / 255
    mixed = below * (1 - alpha) + (above + how.matched * step) * alpha
    pasted = base.copy()
    pasted[part] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    return pasted


def _affine(source: Floats, target: Floats) -> Floats:
    """The affine map (2, 3) that brings points (P, 2) nearest to others."""
    design = np.column_stack([source, np.ones(len(source))])
    return np.asarray(np.linalg.lstsq(design, target, rcond=None)[0].T)


def _spread(points: Floats, reach: float) -> Floats:
    middle = points.mean(axis=0)
    return np.asarray(middle + reach * (points - middle))
