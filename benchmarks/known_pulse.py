"""Clips with a known pulse through the whole analysis: `python -m benchmarks.known_pulse`.

Films a face at 1280×720 for each pulse rate and each kind of frame times, with the pulse and without one, and prints
what was read. Exit status 1 when a rate is off by more than 1.0 a minute or a pulse was read where there is none.
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
from tests.synth.clips import Scene, even_times, uneven_times, write_scene

TOLERANCE_BPM = 1.0
TIMES: dict[str, Callable[[float, int], NDArray[np.float64]]] = {
    "25": lambda seconds, _: even_times(25, seconds),
    "29.97": lambda seconds, _: even_times(Fraction(30_000, 1001), seconds),
    "variable": uneven_times,
}


def main() -> int:
    """Print the table and say whether every rate was right."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each clip (10)")
    parser.add_argument("--bpm", type=float, nargs="*", default=[48, 57, 66, 75, 90, 105, 120, 135, 150])
    arguments = parser.parse_args()
    print("| frames/s | pulse | read | SNR (dB) |\n|---|---|---|---|")
    wrong = sum(not right for right in _rows(arguments.bpm, arguments.seconds))
    print(f"\n{wrong} wrong" if wrong else "\nall right")
    return 1 if wrong else 0


def _rows(rates_bpm: list[float], seconds: float) -> Iterator[bool]:
    with tempfile.TemporaryDirectory() as folder:
        for name, times in TIMES.items():
            for seed, bpm in enumerate([*rates_bpm, None]):
                path = Path(folder) / "clip.mp4"
                write_scene(path, Scene(bpm=bpm), times(seconds, seed), seed=seed, rate=Fraction(30))
                reading = analyse(path, VideoLimits()).faces[0].reading
                read = "–" if reading.bpm is None else f"{reading.bpm:.2f}"
                print(f"| {name} | {bpm or 'none'} | {read} | {reading.snr_db:.1f} |")
                sys.stdout.flush()
                if bpm is None:
                    yield reading.bpm is None
                else:
                    yield reading.bpm is not None and abs(reading.bpm - bpm) <= TOLERANCE_BPM


if __name__ == "__main__":
    raise SystemExit(main())
