"""How the head moves in the picture: what breath shows in, as the shoulders lift the head."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.types import FaceTrack

RIGID = (33, 133, 362, 263, 168, 6, 197, 195, 5)
"""Corners of the eyes and bridge of the nose: neither jaw nor brows move them."""


def head_motion(landmarks_px: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return height and size of the head over time, both in units of its median size: (N, 468, 2) to (2, N).

    Size is the root mean square distance of the eyes' corners and the bridge of the nose from their middle: a head
    that comes nearer grows.
    """
    points = np.asarray(landmarks_px, np.float64)[:, list(RIGID), :2]
    middle = points.mean(axis=1)
    size = np.sqrt(((points - middle[:, None]) ** 2).sum(axis=2).mean(axis=1))
    unit = max(float(np.median(size)), 1e-9)
    return np.stack([middle[:, 1], size]) / unit


def head_motion_at(track: FaceTrack, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `head_motion` of a track at other times (M,), between its own in straight lines: (2, M)."""
    return np.stack([np.interp(times_s, track.times_s, wave) for wave in head_motion(track.landmarks_px)])
