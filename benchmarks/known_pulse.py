"""Clips with a known pulse and breath through the whole analysis: `python -m benchmarks.known_pulse`.

Films a face at 1280×720 for each pulse rate and each kind of frame times, with the pulse and without one, and prints
what was read; then, in smaller pictures and for longer, a face that breathes at each rate and one that does not. Exit
status 1 when a rate is off by more than 1.0 a minute or something was read where there is nothing.

Breath lifts the head by a pixel and a half, changes the beats by a quarter and moves the blood's baseline by half
of one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.pipeline import analyse
from core.settings import VideoLimits
from core.types import PulseReading
from tests.synth.clips import Scene, breathing_scene, even_times, uneven_times, write_scene

TOLERANCE_BPM = 1.0
TIMES: dict[str, Callable[[float, int], NDArray[np.float64]]] = {
    "25": lambda seconds, _: even_times(25, seconds),
    "29.97": lambda seconds, _: even_times(Fraction(30_000, 1001), seconds),
    "variable": uneven_times,
}
PULSE_WHILE_BREATHING = (66.0, 72.0, 78.0, 84.0, 90.0, 96.0)


def main() -> int:
    """Print both tables and say whether every rate was right."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each clip with a pulse (10)")
    parser.add_argument("--bpm", type=float, nargs="*", default=[48, 57, 66, 75, 90, 105, 120, 135, 150])
    parser.add_argument("--breaths", type=float, nargs="*", default=[9, 12, 15, 18, 24], help="breaths a minute")
    parser.add_argument("--breath-seconds", type=float, default=30.0, help="length of each clip with breath (30)")
    arguments = parser.parse_args()
    wrong = 0
    if arguments.bpm:
        print("| frames/s | pulse | read | SNR (dB) |\n|---|---|---|---|")
        wrong += sum(not right for right in _pulse_rows(arguments.bpm, arguments.seconds))
    if arguments.breaths:
        print("\n| frames/s | pulse | read | breaths a minute | read |\n|---|---|---|---|---|")
        wrong += sum(not right for right in _breath_rows(arguments.breaths, arguments.breath_seconds))
    print(f"\n{wrong} wrong" if wrong else "\nall right")
    return 1 if wrong else 0


def _pulse_rows(rates_bpm: list[float], seconds: float) -> Iterator[bool]:
    for name, times in TIMES.items():
        for seed, bpm in enumerate([*rates_bpm, None]):
            reading = _read(Scene(bpm=bpm), times(seconds, seed), seed)
            print(f"| {name} | {bpm or 'none'} | {_shown(reading.bpm)} | {reading.snr_db:.1f} |")
            sys.stdout.flush()
            yield _right(reading.bpm, bpm)


def _breath_rows(breaths_bpm: list[float], seconds: float) -> Iterator[bool]:
    for name, times in TIMES.items():
        for seed, breaths in enumerate([*breaths_bpm, None]):
            bpm = PULSE_WHILE_BREATHING[seed % len(PULSE_WHILE_BREATHING)]
            reading = _read(breathing_scene(bpm, breaths), times(seconds, seed), seed)
            read, breath = _shown(reading.bpm), _shown(reading.respiration_bpm)
            print(f"| {name} | {bpm:g} | {read} | {breaths or 'none'} | {breath} |")
            sys.stdout.flush()
            yield _right(reading.bpm, bpm) and _right(reading.respiration_bpm, breaths)


def _read(scene: Scene, times_s: NDArray[np.float64], seed: int) -> PulseReading:
    with tempfile.TemporaryDirectory() as folder:
        path = write_scene(Path(folder) / "clip.mp4", scene, times_s, seed=seed, rate=Fraction(30))
        return analyse(path, VideoLimits()).faces[0].reading


def _right(read: float | None, true: float | None) -> bool:
    if read is None or true is None:
        return read is true
    return abs(read - true) <= TOLERANCE_BPM


def _shown(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.2f}"


if __name__ == "__main__":
    raise SystemExit(main())
