"""Colour over time and what is read from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.types.checks import frozen_array, require


@dataclass(frozen=True, slots=True)
class RoiTrace:
    """Mean colour of R skin regions in N frames.

    `rgb` (R, N, 3) float64, linear light in 0..1, NaN where a region was not visible in a frame;
    `pixels` (R, N) float32 number of pixels behind each mean; `clipped` (R, N) float32 share of pixels at 0 or 255.
    """

    track_id: int
    region_names: tuple[str, ...]
    times_s: NDArray[np.float64]
    rgb: NDArray[np.float64]
    pixels: NDArray[np.float32]
    clipped: NDArray[np.float32]

    def __post_init__(self) -> None:
        r, n = len(self.region_names), len(self.times_s)
        object.__setattr__(self, "times_s", frozen_array("times_s", self.times_s, (n,), np.float64))
        object.__setattr__(self, "rgb", frozen_array("rgb", self.rgb, (r, n, 3), np.float64))
        object.__setattr__(self, "pixels", frozen_array("pixels", self.pixels, (r, n), np.float32))
        object.__setattr__(self, "clipped", frozen_array("clipped", self.clipped, (r, n), np.float32))
        require(bool(np.all(np.diff(self.times_s) > 0)), "times_s of a trace increase")


@dataclass(frozen=True, slots=True)
class PulseSignal:
    """A pulse wave by region on an even time grid: `values` (R, N), dimensionless."""

    region_names: tuple[str, ...]
    times_s: NDArray[np.float64]
    values: NDArray[np.float64]
    rate_hz: float
    method: str

    def __post_init__(self) -> None:
        r, n = len(self.region_names), len(self.times_s)
        object.__setattr__(self, "times_s", frozen_array("times_s", self.times_s, (n,), np.float64))
        object.__setattr__(self, "values", frozen_array("values", self.values, (r, n), np.float64))
        require(self.rate_hz > 0, "a rate is positive")


@dataclass(frozen=True, slots=True)
class PulseWindow:
    """What was read in one stretch of time; None where it could not be read with confidence.

    `best_guess_bpm` is the likeliest rate even then, for measuring readers where all must answer: not to be shown.
    `confidence` 0..1 is that of the best guess.
    """

    start_s: float
    end_s: float
    bpm: float | None
    snr_db: float
    respiration_bpm: float | None
    confidence: float
    best_guess_bpm: float | None = None


@dataclass(frozen=True, slots=True)
class PulseReading:
    """The pulse of one face: windows, the whole, and the reason when nothing could be read."""

    track_id: int
    method: str
    windows: tuple[PulseWindow, ...]
    bpm: float | None
    snr_db: float | None
    respiration_bpm: float | None
    abstained_because: str | None

    def __post_init__(self) -> None:
        require(
            self.bpm is not None or self.abstained_because is not None,
            "a reading without bpm says why",
        )
