"""What the pulse reader is shown: the colour of skin regions over time, as small relative changes.

Numpy only, so that a reading needs no torch.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 30.0
"""The network knows this rate only; traces are put on it before."""
TREND_S = 2.0
BALANCE_S = 1.6
"""Over this long the strengths of two colour differences are compared, as POS does (Wang et al. 2017)."""
CHANNELS = 11


def features(rgb: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return what the network sees of regions' colours: (..., T, 3) linear light at 30 Hz to (..., 11, T).

    Three changes of colour against the moving mean of 2 s, three differences between them, the two colour
    differences whose mixture follows the motion (the ideas of POS and CHROM), each in percent and pressed together
    by asinh so that a step of 10 % is not a thousand times a heartbeat; and three constants, the mean colour, which
    tell skin from what is not.
    """
    light = np.log(np.maximum(np.moveaxis(np.asarray(rgb, np.float32), -1, -2), 1e-4))
    level = light.mean(axis=-1, keepdims=True)
    change = 100 * (light - moving_mean(light, TREND_S))
    red, green, blue = change[..., 0, :], change[..., 1, :], change[..., 2, :]
    first, second = green - blue, green + blue - 2 * red
    pos = first + _balance(first, second) * second
    over, under = 3 * red - 2 * green, 1.5 * red + green - 1.5 * blue
    chrom = over - _balance(over, under) * under
    plain = np.arcsinh(3 * change) / 2
    differences = np.stack([green - red, first, green - (red + blue) / 2, pos / 2, -chrom / 3], axis=-2)
    constants = np.concatenate([level[..., :1, :] - level[..., 1:2, :], level[..., 2:, :] - level[..., 1:2, :]], -2)
    shade = np.concatenate([constants, (level[..., 1:2, :] + 2) / 2], axis=-2)
    steady = np.broadcast_to(shade, (*shade.shape[:-1], light.shape[-1]))
    return np.concatenate([plain, np.arcsinh(6 * differences) / 2, steady], axis=-2).astype(np.float32)


def moving_mean(values: NDArray[np.float32], seconds: float) -> NDArray[np.float32]:
    """The mean of the samples within `seconds` / 2 to each side, fewer at the ends: (..., T) to (..., T)."""
    length = values.shape[-1]
    reach = max(round(seconds * RATE_HZ / 2), 1)
    total = np.zeros((*values.shape[:-1], length + 1))
    np.cumsum(values, axis=-1, dtype=np.float64, out=total[..., 1:])
    low = np.maximum(np.arange(length) - reach, 0)
    high = np.minimum(np.arange(length) + reach + 1, length)
    return np.asarray((total[..., high] - total[..., low]) / (high - low), np.float32)


def _balance(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """How strong `first` is against `second` around each moment, at most 4."""
    strength = [moving_mean(value**2, BALANCE_S) for value in (first, second)]
    return np.minimum(np.sqrt(strength[0] / np.maximum(strength[1], 1e-8)), 4.0)
