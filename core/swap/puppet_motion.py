"""How a puppet moves: smooth random curves for head, mouth, eyes, brows and light, the same for every frame rate."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

MOST_YAW_DEG, MOST_PITCH_DEG, MOST_ROLL_DEG = 32.0, 16.0, 9.0
WIDEST_MOUTH = 0.30
"""Opening between the inner lips, in distances of the eyes' outer corners."""
BLINK_S = 0.12
MOST_SECONDS = 120.0
"""Motion is drawn for so long, whatever is asked for: a longer film begins like a shorter one."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Moment:
    """What a puppet does at one time; all zeros but the light is the photograph as it is, only the mouth is shut.

    Angles are added to those of the photograph, with the signs of `FaceObservation`. `right`, `down` and `mouth` are
    in distances of the eyes' outer corners, `mouth` being how far the inner lips are apart; `nearer` is a share of the
    distance; `blink` is 0 open to 1 shut; `smile` and `brows` go from -1 to 1; `light` multiplies the face's
    brightness, `side_light` is how much more of it comes from the right of the picture.
    """

    time_s: float
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0
    right: float = 0.0
    down: float = 0.0
    nearer: float = 0.0
    mouth: float = 0.0
    smile: float = 0.0
    blink: float = 0.0
    brows: float = 0.0
    light: float = 1.0
    side_light: float = 0.0


def draw_moments(seed: int, duration_s: float, rate: Fraction = Fraction(25)) -> list[Moment]:
    """Return what a puppet does in each frame of `duration_s` seconds; the same seed moves alike at any rate.

    At most `MOST_SECONDS`. The head wanders over all of its yaw and pitch within about ten seconds, speaks most of the
    time and blinks every three seconds or so.
    """
    rng = np.random.default_rng(seed)
    times = np.arange(round(min(duration_s, MOST_SECONDS) * rate)) / float(rate)
    yaw = MOST_YAW_DEG * np.tanh(1.3 * _wander(times, 1.6, rng))
    pitch = MOST_PITCH_DEG * np.tanh(1.1 * _wander(times, 1.4, rng))
    roll = MOST_ROLL_DEG * np.tanh(0.7 * _wander(times, 1.7, rng))
    speaks = np.clip(0.6 + _wander(times, 1.2, rng), 0, 1)
    syllables = np.clip(0.5 + 0.7 * _wander(times, 0.13, rng), 0, 1.6)
    columns = {
        "yaw_deg": yaw,
        "pitch_deg": pitch,
        "roll_deg": roll,
        "right": 0.10 * _wander(times, 1.5, rng),
        "down": 0.05 * _wander(times, 1.5, rng),
        "nearer": 0.03 * _wander(times, 2.0, rng),
        "mouth": np.clip(WIDEST_MOUTH / 1.6 * speaks * syllables, 0, WIDEST_MOUTH),
        "smile": np.tanh(0.7 * _wander(times, 0.8, rng)),
        "blink": _blinks(times, rng),
        "brows": np.tanh(0.8 * _wander(times, 0.9, rng)),
        "light": 1 + 0.08 * np.tanh(_wander(times, 2.5, rng)),
        "side_light": 0.15 * np.tanh(_wander(times, 2.5, rng)),
    }
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    return [
        Moment(time_s, **dict(zip(columns, row, strict=True))) for time_s, row in zip(times.tolist(), rows, strict=True)
    ]


def _wander(times_s: Floats, hold_s: float, rng: np.random.Generator) -> Floats:
    """A smooth curve (N,) through normal random knots `hold_s` apart."""
    own = np.random.default_rng(rng.integers(2**63))
    knots = np.arange(int(MOST_SECONDS / hold_s) + 5)
    return np.asarray(CubicSpline(knots, own.normal(size=len(knots)))(times_s / hold_s + own.uniform(1, 2)))


def _blinks(times_s: Floats, rng: np.random.Generator) -> Floats:
    own = np.random.default_rng(rng.integers(2**63))
    shut_s = np.cumsum(0.8 + own.exponential(2.2, int(MOST_SECONDS)))
    return np.asarray(np.exp(-(((times_s[:, None] - shut_s) / BLINK_S) ** 4)).max(axis=1))
