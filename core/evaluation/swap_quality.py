"""How good a trained swap is on a clip that it never saw: likeness, expression, pose, and whom one recognises.

Frames of one second are alike, so all intervals draw whole seconds again (`core.evaluation.bootstrap`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.evaluation.bootstrap import Interval, cluster_bootstrap_many
from core.faces.landmarks import LEFT_BROW, LEFT_EYE, LIPS, RIGHT_BROW, RIGHT_EYE
from core.faces.mesh import Mesh, square_around_box, square_around_mesh
from core.faces.models import FaceModels
from core.faces.pose import head_pose
from core.swap.geometry import face_matrix, moved
from core.swap.merge import MergedPair
from core.swap.merger import Draws
from core.types import FaceType

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]
Embed = Callable[[Picture, NDArray[np.floating]], NDArray[np.float32]]

EYE_CORNERS = (33, 263)
EXPRESSION = (*RIGHT_EYE, *LEFT_EYE, *RIGHT_BROW, *LEFT_BROW, *LIPS, 13, 14, 17, 152)
"""Points that say what a face does: eyes, brows, lips and chin."""
CLEARLY_DRAWN = 0.9
"""Frames in which less of the face was replaced are left out and counted."""


@dataclass(frozen=True, slots=True)
class SwapFrames:
    """What is seen in N swapped frames: rows for the driver's frame, and for the same frame after the swap.

    `landmarks_px` (2, N, 468, 2) by the same network in the same square; `pose_deg` (2, N, 3) yaw, pitch, roll;
    `eyes_open` and `mouth_open` (2, N) in widths of the eye and distances of the eyes; `embeddings` (2, N, 128) or
    None; `left_out` frames were hardly swapped.
    """

    times_s: Floats
    landmarks_px: Floats
    pose_deg: Floats
    eyes_open: Floats
    mouth_open: Floats
    embeddings: Floats | None
    left_out: int


def look_at(pairs: Iterable[MergedPair], models: FaceModels, embed: Embed | None = None) -> SwapFrames:
    """Measure the faces of merged frames.

    Args:
        pairs: of one person's clip, by `core.swap.merge.merged_pairs`.
        models: find landmarks and lids.
        embed: numbers of a face by which people are recognised.

    Raises:
        ValueError: there is no frame that was swapped.
    """
    rows: list[tuple[float, Floats, Floats, Floats, Floats, Floats]] = []
    left_out = 0
    for pair in pairs:
        if pair.strength < CLEARLY_DRAWN or len(pair.merged.swapped_xyxy_px) == 0:
            left_out += 1
            continue
        pictures = (pair.filmed, pair.merged.rgb)
        meshes = _same_square(models, pictures, pair.merged.swapped_xyxy_px[0])
        points = np.stack([mesh.points_px[:, :2] for mesh in meshes]).astype(np.float64)
        pose = np.array([head_pose(mesh.points_px) for mesh in meshes], np.float64)
        eyes = np.array([models.eyes.openness(p, m.points_px).mean() for p, m in zip(pictures, meshes, strict=True)])
        mouth = np.linalg.norm(points[:, 13] - points[:, 14], axis=1) / eye_distance(points)
        faces = [] if embed is None else [embed(p, m.points_px) for p, m in zip(pictures, meshes, strict=True)]
        rows.append((pair.merged.time_s, points, pose, eyes, mouth, np.array(faces, np.float64)))
    if not rows:
        raise ValueError("no frame of the clip was swapped")
    times, points, pose, eyes, mouth, who = (np.array(column) for column in zip(*rows, strict=True))
    points, pose, eyes, mouth, who = (column.swapaxes(0, 1) for column in (points, pose, eyes, mouth, who))
    return SwapFrames(times, points, pose, eyes, mouth, None if embed is None else who, left_out)


def _same_square(models: FaceModels, pictures: tuple[Picture, Picture], box: NDArray[np.floating]) -> tuple[Mesh, ...]:
    """The meshes in the filmed and the swapped picture, both looked for in the square of the filmed face."""
    first = models.mesh.fit(pictures[0], square_around_box(box))
    square = square_around_mesh(first.points_px)
    return tuple(models.mesh.fit(picture, square) for picture in pictures)


def eye_distance(landmarks_px: NDArray[np.floating]) -> Floats:
    """Return the distance of the eyes' outer corners (...,) of landmarks (..., 468, 2)."""
    return np.asarray(
        np.linalg.norm(landmarks_px[..., EYE_CORNERS[0], :] - landmarks_px[..., EYE_CORNERS[1], :], axis=-1)
    )


def landmark_error(driver_px: Floats, swapped_px: Floats) -> Floats:
    """Return the mean distance (N,) of all landmarks (N, 468, 2) of two faces, in distances of the driver's eyes.

    A swap that shows another person has another shape of face: that is part of this error.
    """
    apart = np.linalg.norm(driver_px - swapped_px, axis=-1).mean(axis=-1)
    usual = np.median(eye_distance(driver_px))  # a turned head's eyes seem nearer to each other
    return np.asarray(apart / usual)


def expression_error(driver_px: Floats, swapped_px: Floats) -> tuple[Floats, float]:
    """Return how far expressions differ (N,), in distances of the eyes, and what faces that do not follow would have.

    Both faces (N, 468, 2) are laid into their crops, and each point is taken from its own mean over the clip: the shape
    of the face falls out, what it does is left. The second number is the error of the same faces in another order.
    """
    one, two = (_movements(points) for points in (driver_px, swapped_px))
    wrong = np.random.default_rng(0).permutation(len(two))
    error = np.linalg.norm(one - two, axis=-1).mean(axis=-1)
    chance = float(np.linalg.norm(one - two[wrong], axis=-1).mean())
    return np.asarray(error), chance


def _movements(landmarks_px: Floats) -> Floats:
    cut = np.stack([moved(points, face_matrix(points, FaceType.FULL, 256)) for points in landmarks_px])
    placed = cut.astype(np.float64) / np.median(eye_distance(cut))
    chosen = placed[:, list(EXPRESSION)]
    return np.asarray(chosen - chosen.mean(axis=0))


def ssim(one: Picture, two: Picture, mask: NDArray[np.floating] | None = None) -> float:
    """Return the structural similarity of two pictures (H, W, 3) under a mask (H, W) in 0..1.

    Of brightness, with a Gaussian window of 1.5 px (Wang et al. 2004, "Image Quality Assessment").
    """
    a, b = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float64) for picture in (one, two))
    mean_a, mean_b, squares_a, squares_b, product = (_blurred(x) for x in (a, b, a * a, b * b, a * b))
    spread_a, spread_b, together = squares_a - mean_a**2, squares_b - mean_b**2, product - mean_a * mean_b
    small, smaller = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    alike = (2 * mean_a * mean_b + small) * (2 * together + smaller)
    alike /= (mean_a**2 + mean_b**2 + small) * (spread_a + spread_b + smaller)
    weights = np.ones(alike.shape) if mask is None else np.asarray(mask, np.float64)
    return float((alike * weights).sum() / weights.sum())


def _blurred(picture: Floats) -> Any:
    return cv2.GaussianBlur(picture, (11, 11), 1.5, borderType=cv2.BORDER_REFLECT)


def self_likeness(
    model: Draws, faces: Iterable[tuple[Picture, Picture, NDArray[np.floating]]]
) -> Iterator[tuple[float, float]]:
    """Yield for each frame how like the drawn face is to the truth, and how like what went in: both SSIM.

    Args:
        model: draws the target.
        faces: what goes in (S, S, 3), what should come out (S, S, 3), and the landmarks (468, 2) of the latter in its
            crop. To draw a target's own face, both pictures are the same; the second number is then 1.
    """
    for shown, true, landmarks in faces:
        mask = face_mask(landmarks, len(true))
        drawn = model.draw(shown[None]).rgb[0]
        yield ssim(drawn, true, mask), ssim(shown, true, mask)


def face_mask(landmarks_px: NDArray[np.floating], size_px: int) -> NDArray[np.float64]:
    """Return 1 inside the hull of landmarks (468, 2), else 0: (S, S)."""
    mask = np.zeros((size_px, size_px), np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(landmarks_px[:, :2]).astype(np.int32)), 1)
    return mask.astype(np.float64)


def distances(embeddings: Floats, person: Floats) -> Floats:
    """Return the Euclidean distance (N,) of faces (N, 128) from the middle of a person's (M, 128)."""
    return np.asarray(np.linalg.norm(embeddings - person.mean(axis=0), axis=1))


def mean_with_interval(values: Floats, times_s: Floats) -> Interval:
    """Return the mean of one value a frame (N,), drawn again by seconds."""
    (interval,) = cluster_bootstrap_many(
        np.floor(times_s).astype(int).tolist(), lambda rows: np.array([values[rows].mean()])
    )
    return interval


def correlation_with_interval(one: Floats, two: Floats, times_s: Floats) -> Interval:
    """Return the correlation of two values a frame (N,), drawn again by seconds."""
    (interval,) = cluster_bootstrap_many(
        np.floor(times_s).astype(int).tolist(),
        lambda rows: np.array([np.corrcoef(one[rows], two[rows])[0, 1]]),
    )
    return interval
