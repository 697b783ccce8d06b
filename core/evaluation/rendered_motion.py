"""How the person of a rendered clip moves, and how the light on it changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

Samples = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Motion:
    """One value a frame, (N,): 1 is an ordinary swing of a person who sits; light in percent, blink and talk from 0.

    `white` (3, N) is the camera's white balance, percent by channel.
    """

    right: Samples
    down: Samples
    roll: Samples
    nearer: Samples
    turn: Samples
    nod: Samples
    talk: Samples
    blink: Samples
    brows: Samples
    light: Samples
    white: Samples


def smooth_noise(times_s: Samples, hold_s: float, rng: np.random.Generator) -> Samples:
    """Noise (N,) of spread 1 that keeps its value for about `hold_s`."""
    step = float(times_s[1] - times_s[0])
    noise = gaussian_filter1d(rng.normal(size=len(times_s) + 400), hold_s / step)[200:-200]
    return np.asarray(noise / noise.std())


def draw_motion(times_s: Samples, rng: np.random.Generator) -> Motion:
    """Sway, at times in a rhythm that could pass for a pulse; breath, speech, blinks; drifting, flickering light."""
    swing = float(rng.choice((0.3, 1.0, 2.5), p=(0.45, 0.35, 0.2)))
    pose = np.stack(
        [
            sum(
                swing * size * smooth_noise(times_s, hold, rng)
                for hold, size in ((2.5, 1.0), (0.7, 0.35), (0.18, 0.06))
            )
            for _ in range(6)
        ]
    )
    if rng.random() < 0.3:
        beat = np.cumsum(rng.uniform(0.5, 2.8) * (1 + 0.05 * smooth_noise(times_s, 1, rng))) * (times_s[1] - times_s[0])
        pose += rng.normal(size=(6, 1)) * rng.uniform(0.05, 0.5) * np.sin(2 * np.pi * beat)
    pose[1] += rng.uniform(0, 0.6) * np.sin(2 * np.pi * rng.uniform(0.2, 0.4) * times_s + rng.uniform(0, 6))
    speaking = smooth_noise(times_s, 2, rng) > rng.uniform(-0.5, 2.5)
    talk = np.clip(smooth_noise(times_s, 0.12, rng), 0, None) * speaking * rng.uniform(1, 5)
    right, down, roll, nearer, turn, nod = pose
    return Motion(
        right=right,
        down=down,
        roll=roll,
        nearer=nearer,
        turn=turn,
        nod=nod,
        talk=gaussian_filter1d(talk, 2),
        blink=_blinks(times_s, rng),
        brows=rng.uniform(0, 1) * smooth_noise(times_s, 1, rng),
        light=_light(times_s, rng),
        white=float(rng.choice((0, 0.1, 0.3))) * np.stack([smooth_noise(times_s, 3, rng) for _ in range(3)]),
    )


def _blinks(times_s: Samples, rng: np.random.Generator) -> Samples:
    pauses = 0.3 + rng.exponential(4, int(times_s[-1]) + 2)
    return np.asarray(np.exp(-(((times_s[:, None] - np.cumsum(pauses)) / 0.07) ** 2)).sum(axis=1))


def _light(times_s: Samples, rng: np.random.Generator) -> Samples:
    slow, quick = float(rng.choice((0.1, 0.4, 1.5))), float(rng.choice((0.0, 0.05, 0.3)))
    light = slow * smooth_noise(times_s, 3, rng) + quick * smooth_noise(times_s, 0.3, rng)
    if rng.random() < 0.15:
        light += rng.uniform(0.1, 0.6) * np.sin(2 * np.pi * rng.uniform(0.5, 2.7) * times_s)
    return light
