"""Give one picture the colours of another: by means and spreads in Lab, or by means and covariances in RGB.

Pure functions on aligned faces; only what the masks show counts, and the whole picture is changed.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Transfer = Literal["none", "rct", "lct", "mkl"]
TRANSFERS: tuple[Transfer, ...] = ("none", "rct", "lct", "mkl")
FEWEST_PIXELS = 16
LEAST_VARIANCE = 1e-6
"""Of colours in 0..1: below it a picture has no colours to speak of."""

Floats = NDArray[np.float32]


def transfer(
    rgb: NDArray[np.uint8],
    like: NDArray[np.uint8],
    mask: NDArray[np.floating] | None,
    method: Transfer,
    like_mask: NDArray[np.floating] | None = None,
) -> NDArray[np.uint8]:
    """Return `rgb` (H, W, 3) with the colours of `like` (H2, W2, 3).

    Args:
        rgb: what is recoloured.
        like: whose colours are taken.
        mask: (H, W) in 0..1, what counts in `rgb`; None is everything.
        method: `rct` (Reinhard et al. 2001), `lct` (square roots of both covariances), `mkl` (Monge-Kantorovitch:
            the least change of colours that has the covariance asked for; Pitié and Kokaram 2007), or `none`.
        like_mask: (H2, W2), what counts in `like`; by default `mask`, when both pictures are of one face.

    A picture whose mask shows fewer than 16 pixels comes back as it was.
    """
    if method == "none":
        return rgb
    weights = _weights(rgb, mask)
    like_weights = _weights(like, mask if like_mask is None else like_mask)
    if min(weights.sum(), like_weights.sum()) < FEWEST_PIXELS:
        return rgb
    changed = recoloured(_shares(rgb), _shares(like), weights, like_weights, method)
    return np.asarray(np.clip(np.rint(255 * changed), 0, 255), np.uint8)


def recoloured(rgb: Floats, like: Floats, weights: Floats, like_weights: Floats, method: Transfer) -> Floats:
    """Return the same in numbers that may leave 0..1; pictures float32, weights (H, W) not all zero."""
    if method == "rct":
        given, wanted = (cv2.cvtColor(picture, cv2.COLOR_RGB2Lab) for picture in (rgb, like))
        changed = _by_spreads(given, weights, wanted, like_weights)
        return np.asarray(cv2.cvtColor(changed, cv2.COLOR_Lab2RGB), np.float32)
    return _by_covariances(rgb, weights, like, like_weights, method)


def _by_spreads(
    given: NDArray[np.generic], weights: Floats, wanted: NDArray[np.generic], like_weights: Floats
) -> Floats:
    mean, covariance = statistics(np.asarray(given, np.float32), weights)
    like_mean, like_covariance = statistics(np.asarray(wanted, np.float32), like_weights)
    spread, like_spread = (np.sqrt(np.maximum(np.diag(c), 1e-4)) for c in (covariance, like_covariance))
    return np.asarray((np.asarray(given, np.float32) - mean) * (like_spread / spread) + like_mean, np.float32)


def _by_covariances(rgb: Floats, weights: Floats, like: Floats, like_weights: Floats, method: Transfer) -> Floats:
    mean, covariance = statistics(rgb, weights)
    like_mean, like_covariance = statistics(like, like_weights)
    root, back = _roots(covariance)
    if method == "lct":
        linear = _roots(like_covariance)[0] @ back
    else:
        linear = back @ _roots(root @ like_covariance @ root, LEAST_VARIANCE**2)[0] @ back
    return np.asarray((rgb - mean) @ linear.T + like_mean, np.float32)


def statistics(picture: Floats, weights: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the weighted mean (3,) and covariance (3, 3) of the colours of a picture (H, W, 3)."""
    colours = picture.reshape(-1, 3).astype(np.float64)
    share = weights.reshape(-1, 1) / weights.sum()
    mean = (share * colours).sum(axis=0)
    apart = colours - mean
    return mean, (share * apart).T @ apart


def _roots(
    covariance: NDArray[np.float64], least: float = LEAST_VARIANCE
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the square root of a covariance and the inverse of that; no variance counts for less than `least`."""
    values, vectors = np.linalg.eigh(covariance)
    spreads = np.sqrt(np.maximum(values, least))
    return vectors * spreads @ vectors.T, vectors / spreads @ vectors.T


def _shares(picture: NDArray[np.uint8]) -> Floats:
    return np.asarray(picture, np.float32) / np.float32(255)


def _weights(picture: NDArray[np.uint8], mask: NDArray[np.floating] | None) -> Floats:
    return np.ones(picture.shape[:2], np.float32) if mask is None else np.asarray(mask, np.float32)
