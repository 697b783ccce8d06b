"""Pulse methods: from the colour of skin over time to a pulse wave.

Each is a pure function: `rgb` (..., N, 3) linear light and `rate_hz` to (..., N) float64, zero-mean, without unit
(a change relative to the mean colour). One sign for all: the wave rises when the skin gets brighter in green, that is
when there is less blood. The input is not changed; a longer input costs proportionally more.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from core.signals.filters import band_pass

PulseMethod = Callable[[NDArray[np.float64], float], NDArray[np.float64]]

WINDOW_S = 1.6
"""Both CHROM and POS look at about one beat at a time: 32 pictures at 20 Hz in the papers."""


def green(rgb: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Green relative to its running mean (Verkruysse, Svaasand and Nelson 2008)."""
    return _centred(_relative(rgb, rate_hz)[..., 1])


def chrom(rgb: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """De Haan and Jeanne 2013, "Robust pulse rate from chrominance-based rPPG", eq. 13 to 15.

    The chrominance signals are band-passed once over the whole trace, and alpha is taken over every window of 1.6 s
    and averaged over the windows around a sample, in place of Hann-weighted halves.
    """
    relative = _relative(rgb, rate_hz)
    red, grn, blue = relative[..., 0], relative[..., 1], relative[..., 2]
    x = band_pass(3 * red - 2 * grn, rate_hz)
    y = band_pass(1.5 * red + grn - 1.5 * blue, rate_hz)
    width = _width(rgb, rate_hz)
    alpha = _ratio(_window_variance(x, width), _window_variance(y, width))
    return _centred(_covering_mean(alpha[..., None], width)[..., 0] * y - x)


def pos(rgb: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Wang, den Brinker, Stuijk and de Haan 2017, "Algorithmic principles of remote PPG", algorithm 1.

    Within the window n the wave is w(n)·rgb with w(n) fixed and w(n)·mean(n) = 0, so that adding the overlapping
    windows is, at each sample, rgb times the mean of the w of all windows that cover it. That gives the same wave as
    the paper's loop (up to the number of windows covering a sample, by which we divide) and reaches the last sample.
    """
    width = _width(rgb, rate_hz)
    mean = _window_mean(rgb, width)
    from_start = rgb - rgb.mean(axis=-2, keepdims=True)  # keeps the digits that the second moments would lose
    first = _window_mean(from_start, width)
    products = _window_mean((from_start[..., :, None] * from_start[..., None, :]).reshape(*rgb.shape[:-1], 9), width)
    covariance = products.reshape(*first.shape, 3) - first[..., :, None] * first[..., None, :]
    safe = np.where(mean <= DARKEST, np.inf, mean)  # a channel without light has no say
    one = np.array([0.0, 1.0, -1.0]) / safe
    two = np.array([-2.0, 1.0, 1.0]) / safe
    alpha = _ratio(_quadratic(one, covariance), _quadratic(two, covariance))
    weights = _covering_mean(one + alpha[..., None] * two, width)
    return _centred(np.einsum("...nc,...nc->...n", weights, rgb))


def lgi(rgb: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Pilz, Zaunseder, Krajewski and Blazek 2018, "Local group invariance for heart rate estimation from face videos".

    The strongest direction of colour (light and shadow) is projected out; green of the rest is the wave.
    """
    relative = 1 + _relative(rgb, rate_hz)
    _, vectors = np.linalg.eigh(np.einsum("...nc,...nd->...cd", relative, relative))
    return _centred(_without(relative, vectors[..., -1])[..., 1])


def omit(rgb: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Álvarez Casado and Bordallo López 2023, "Face2PPG", OMIT: the first direction of a QR decomposition is dropped.

    That direction is the colour of the first sample; here of the first second's mean, so that one bad picture at the
    start does not decide.
    """
    relative = 1 + _relative(rgb, rate_hz)
    start = relative[..., : max(round(rate_hz), 1), :].mean(axis=-2)
    return _centred(_without(relative, start / np.linalg.norm(start, axis=-1, keepdims=True))[..., 1])


DARKEST = 1e-6
"""Linear light under this is black: a tenth of the smallest step of 8 bits averaged over many pixels."""

METHODS: dict[str, PulseMethod] = {"G": green, "CHROM": chrom, "POS": pos, "LGI": lgi, "OMIT": omit}


def _width(rgb: NDArray[np.float64], rate_hz: float) -> int:
    return int(min(rgb.shape[-2], np.ceil(WINDOW_S * rate_hz)))


def _centred(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(values - values.mean(axis=-1, keepdims=True))


def _relative(rgb: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Colour over its mean of the windows around each sample, less one: (..., N, 3); 0 where all is black."""
    width = _width(rgb, rate_hz)
    mean = _covering_mean(_window_mean(rgb, width), width)
    black = mean <= DARKEST
    return np.where(black, 0.0, rgb / np.where(black, 1.0, mean) - 1)


def _window_mean(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Means of all windows along the last axis but one: (..., N, K) to (..., N - width + 1, K)."""
    zero = np.zeros((*values.shape[:-2], 1, values.shape[-1]))
    total = np.concatenate([zero, np.cumsum(values, axis=-2)], axis=-2)
    return np.asarray((total[..., width:, :] - total[..., :-width, :]) / width)


def _covering_mean(of_windows: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """At each sample the mean over the windows that cover it: (..., M, K) to (..., M + width - 1, K)."""
    windows = of_windows.shape[-2]
    zero = np.zeros((*of_windows.shape[:-2], 1, of_windows.shape[-1]))
    total = np.concatenate([zero, np.cumsum(of_windows, axis=-2)], axis=-2)
    sample = np.arange(windows + width - 1)
    first, stop = np.maximum(sample - width + 1, 0), np.minimum(sample, windows - 1) + 1
    return np.asarray((total[..., stop, :] - total[..., first, :]) / (stop - first)[:, None])


def _window_variance(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """(..., N) to (..., N - width + 1)."""
    both = _window_mean(np.stack([values, values**2], axis=-1), width)
    return np.asarray(both[..., 1] - both[..., 0] ** 2)


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ratio of standard deviations from variances; 0 where there is nothing below (a frozen picture)."""
    fit = below > 1e-18
    return np.sqrt(np.where(fit, np.maximum(above, 0) / np.where(fit, below, 1), 0))


def _quadratic(vector: NDArray[np.float64], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.einsum("...i,...ij,...j->...", vector, matrix, vector))


def _without(relative: NDArray[np.float64], direction: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., N, 3) less its part along `direction` (..., 3), a unit vector."""
    along = np.einsum("...nc,...c->...n", relative, direction)
    return np.asarray(relative - along[..., None] * direction[..., None, :])
