"""Reading a pulse wave with the trained reader, in numpy: the network is too small to be worth torch's start-up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from models.pulse_features import RATE_HZ, features
from models.registry import weight_path

WEIGHTS = "pulse-reader"
WAVE_RATE_HZ = RATE_HZ / 2
RATES_BPM: NDArray[np.float64] = np.arange(40.0, 181.0)
NEAR_BPM = 5
"""The confidence of a rate is the probability that it is within this much."""

Weights = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class RateReading:
    """A rate and the network's own probability that it is right to within 5 per minute.

    `probability` (141,) is that of every rate in `RATES_BPM`.
    """

    bpm: float
    confidence: float
    probability: NDArray[np.float64]


@cache
def reader_weights() -> Weights:
    """Return the trained weights.

    Raises:
        WeightFileError: the file is missing or altered.
    """
    return load_file(weight_path(WEIGHTS))


def read_wave(rgb: NDArray[np.floating], weights: Weights | None = None) -> NDArray[np.float64]:
    """Return the pulse wave (ceil(T / 2),) of one face, at 15 Hz; its scale has no meaning.

    Args:
        rgb: (R, T, 3) mean colour of skin regions in linear light, on an even grid of 30 Hz, all finite. Leave out
            the regions that were not seen; which are there and in which order makes no difference. Sample k of the
            wave is at sample 2 k of this.
        weights: those shipped, by default.

    Raises:
        ValueError: fewer than one region or one second, or a value that is not finite.
    """
    if rgb.ndim != 3 or rgb.shape[0] < 1 or rgb.shape[1] < RATE_HZ or not np.isfinite(rgb).all():
        raise ValueError(f"regions' colours of shape {rgb.shape} cannot be read: (R, T, 3), finite, at least a second")
    w = reader_weights() if weights is None else weights
    x = _elu(_conv(features(rgb), w, "first", stride=2))
    x = x + _elu(_conv(_with_mean(x), w, "second"))
    x = x + _elu(_conv(_with_mean(x), w, "third", dilation=2))
    score = _conv(_with_mean(x), w, "score")
    weight = np.exp(score - score.max(axis=0))
    weight /= weight.sum(axis=0)
    y = np.einsum("rht,rct->hct", weight, x).reshape(1, -1, x.shape[-1])
    y = _elu(_conv(y, w, "enter"))
    for layer, dilation in enumerate((1, 2, 4, 8)):
        y = y + _elu(_conv(y, w, f"face.{layer}", dilation=dilation))
    return np.asarray(_conv(y, w, "leave")[0, 0], np.float64)


def read_rate(wave: NDArray[np.floating], weights: Weights | None = None) -> RateReading:
    """Return the pulse rate of a stretch of wave (T,) at 15 Hz; ten seconds or so are meant."""
    w = reader_weights() if weights is None else weights
    power = _rate_power(np.asarray(wave, np.float64))
    logits = np.logaddexp(0, float(w["sharpness"][0])) * np.log(power / (power.sum() + 1e-9) + 1e-6)
    probability = np.exp(logits - logits.max())
    probability /= probability.sum()
    best = int(np.argmax(probability))
    near = slice(max(best - NEAR_BPM, 0), best + NEAR_BPM + 1)
    return RateReading(_between(logits, best), float(probability[near].sum()), probability)


def _rate_power(wave: NDArray[np.float64]) -> NDArray[np.float64]:
    shaped = (wave - wave.mean()) * np.hanning(len(wave))
    angle = 2 * np.pi * RATES_BPM[:, None] / 60 * np.arange(len(wave)) / WAVE_RATE_HZ
    return np.asarray((np.cos(angle) @ shaped) ** 2 + (np.sin(angle) @ shaped) ** 2)


def _between(logits: NDArray[np.float64], best: int) -> float:
    """The top of the parabola through the best rate and its neighbours."""
    if not 0 < best < len(logits) - 1:
        return float(RATES_BPM[best])
    left, mid, right = logits[best - 1 : best + 2]
    curve = left - 2 * mid + right
    return float(RATES_BPM[best] + (0.5 * (left - right) / curve if curve < 0 else 0.0))


def _conv(x: NDArray[np.float32], w: Weights, name: str, stride: int = 1, dilation: int = 1) -> NDArray[np.float32]:
    """Convolution along time with zeros beyond the ends: (R, C, T) to (R, C', T / stride), as torch's Conv1d."""
    kernel, bias = w[f"{name}.weight"], w[f"{name}.bias"]
    taps = kernel.shape[2]
    reach = dilation * (taps - 1) // 2
    padded = np.pad(x, ((0, 0), (0, 0), (reach, reach)))
    length = (x.shape[-1] - 1) // stride + 1
    out = np.zeros((x.shape[0], kernel.shape[0], length), np.float32)
    for tap in range(taps):
        first = tap * dilation
        out += kernel[:, :, tap] @ padded[:, :, first : first + stride * (length - 1) + 1 : stride]
    return out + bias[:, None]


def _with_mean(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([x, np.broadcast_to(x.mean(axis=0), x.shape)], axis=1)


def _elu(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))
