"""Colour traces of a face with a known pulse: what a recorder would have measured, without the pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.types import RoiTrace
from tests.synth.clips import BLOOD_VOLUME_VECTOR, pulse_wave

BIG_REGIONS = ("forehead", "left_cheek", "right_cheek")
CELLS = tuple(f"cell_{i:02d}" for i in range(32))
REGIONS = BIG_REGIONS + CELLS
SKIN_LINEAR = np.array([0.42, 0.24, 0.17])


@dataclass(frozen=True, slots=True)
class Skin:
    """Relative sizes: a `pulse` of 0.005 moves green by half a percent; `bpm` None is a face without pulse.

    `noise` is white, of a big region's mean (cells have four times as much); `drift` is 1/f, the same for all regions
    and nearly the same for the three colours; `motion` is slow shading with some gloss, different between regions;
    `breath` is brightness that goes with the breath, and `breath_pulse` how far breathing changes the beats' strength.
    """

    bpm: float | None = 72.0
    pulse: float = 0.005
    noise: float = 0.0005
    drift: float = 0.004
    motion: float = 0.004
    respiration_bpm: float = 15.0
    breath: float = 0.004
    breath_pulse: float = 0.0


def skin_trace(
    skin: Skin, times_s: NDArray[np.float64], seed: int = 0, region_names: tuple[str, ...] = REGIONS
) -> RoiTrace:
    """Return the trace of `skin` at the given times (N,)."""
    rng = np.random.default_rng(seed)
    r, n = len(region_names), len(times_s)
    is_cell = np.array([name.startswith("cell_") for name in region_names])
    breath_phase = 2 * np.pi * skin.respiration_bpm / 60 * times_s
    change = np.zeros((r, n, 3))
    if skin.bpm is not None:
        beats = pulse_wave(times_s, skin.bpm) * (1 + skin.breath_pulse * np.sin(breath_phase))
        change += skin.pulse * beats[None, :, None] * BLOOD_VOLUME_VECTOR / 0.77
    change += skin.breath * np.sin(breath_phase)[None, :, None]
    change += skin.drift * one_over_f(rng, n)[None, :, None] * np.array([1.0, 1.02, 1.04])
    gloss = rng.uniform(0.9, 1.1, (r, 1, 3))
    change += skin.motion * np.stack([_wander(rng, times_s) for _ in range(r)])[..., None] * gloss
    change += skin.noise * np.where(is_cell, 4, 1)[:, None, None] * rng.normal(size=(r, n, 3))
    return RoiTrace(
        track_id=0,
        region_names=region_names,
        times_s=times_s,
        rgb=SKIN_LINEAR * (1 + change),
        pixels=np.where(is_cell, 150, 1500)[:, None] * np.ones((r, n)),
        clipped=np.zeros((r, n)),
    )


def one_over_f(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Noise of power 1/f, unit variance (N,)."""
    spectrum = np.fft.rfft(rng.normal(size=n))
    spectrum[0] = 0
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    noise = np.fft.irfft(spectrum, n)
    return np.asarray(noise / max(noise.std(), 1e-12))


def _wander(rng: np.random.Generator, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """A head that is not held still: three slow swings of random phase (N,), about 1 in size."""
    rates = rng.uniform(0.05, 0.45, 3)
    phases = rng.uniform(0, 2 * np.pi, 3)
    return np.asarray(np.sin(2 * np.pi * rates * times_s[:, None] + phases).mean(axis=1))
