"""How often breath is read, and how rightly: `python -m benchmarks.respiration [--data FOLDER]`.

First on traces with a known breath, or none, and a head that wanders. Then, given a dataset, on people: 30 s, a new
window every 5 s. Truth is the chest belt where there is one; else the finger sensor, where two of the three ways in
which breath changes it (strength and rate of the beats, baseline) show one rate. How often they would do so by chance
is counted by taking the three from different windows.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.clip_traces import LIMITS
from core.errors import FacepulseError
from core.evaluation.datasets import DATASETS, PulseRecording
from core.faces.motion import head_motion_at
from core.pipeline import analyse
from core.signals import even_trace, read_pulse
from core.signals.filters import band_pass
from core.signals.respiration import LIGHT, MOTION, BreathSource, breath_peak, pulse_sources
from core.signals.spectrum import peak_hz, power_spectrum
from core.signals.vital_signs import mean_wave, with_respiration
from core.types import FaceMaterial
from tests.synth.clips import even_times
from tests.synth.traces import BIG_REGIONS, Skin, one_over_f, skin_trace

WINDOW_S, STEP_S = 30.0, 5.0
RATE_HZ = 30.0
SAME_BPM = 1.5
"""Two ways of reading the finger that are this near show one rate."""
CLOSE_BPM = 2.0
BREATHS_BPM = (9.0, 12.0, 15.0, 18.0, 24.0)
SIZES = (0.0, 0.001, 0.002, 0.004, 0.008)


@dataclass(frozen=True, slots=True)
class Read:
    """One window of one person: what the finger (or belt) shows, what was answered, and each source's strongest."""

    clip: str
    ways: tuple[float | None, ...]
    truth: float | None
    answer: float | None
    guesses: dict[str, float]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="root of a dataset, in its official layout")
    parser.add_argument("--dataset", choices=sorted(DATASETS), default="ubfc-rppg")
    parser.add_argument("--traces", type=int, default=100, help="made-up traces for each size of breath (100)")
    given = parser.parse_args()
    if given.traces:
        print(made_up_table(given.traces))
    if given.data is None:
        return
    try:
        found = [row for one in DATASETS[given.dataset](given.data) for row in of_person(one)]
    except FacepulseError as error:
        sys.exit(str(error))
    print(people_table(found))


def made_up_table(count: int) -> str:
    """Return what is read from `count` made-up faces for each size of breath and length."""
    rows = [
        "| breath, share of the light | seconds | traces | answered | within 1.0 a minute |",
        "|---|---|---|---|---|",
    ]
    for seconds in (20.0, 30.0, 60.0):
        for size in SIZES:
            errors = [one for seed in range(count) for one in _made_up_error(size, seconds, seed)]
            right = "–" if size == 0 or not errors else f"{np.mean(np.array(errors) <= 1.0):.0%}"
            rows.append(f"| {size:.1%} | {seconds:g} | {count} | {len(errors) / count:.0%} | {right} |")
    return "\n".join(rows) + "\n"


def _made_up_error(size: float, seconds: float, seed: int) -> list[float]:
    """The error of the one answer, or nothing: a head that wanders, light that changes with it, and some breath."""
    rng, times = np.random.default_rng((seed, 7)), even_times(20, seconds)
    breaths = BREATHS_BPM[seed % len(BREATHS_BPM)]
    skin = Skin(bpm=55.0 + seed % 50, respiration_bpm=breaths, breath=size, breath_pulse=40 * size, drift=0.001)
    wander = 0.01 * one_over_f(rng, len(times))
    lift = size * np.sin(2 * np.pi * breaths / 60 * times + 1)
    motion = np.stack([wander + 2 * lift, 1 + 0.002 * one_over_f(rng, len(times))])
    trace = skin_trace(skin, times, seed=seed, region_names=BIG_REGIONS)
    trace = replace(trace, rgb=trace.rgb * (1 + 0.5 * wander)[None, :, None])
    pulse, reading = read_pulse(trace, "POS")
    answer = with_respiration(reading, pulse, trace, motion).respiration_bpm
    return [] if answer is None else [abs(answer - breaths)]


def of_person(recording: PulseRecording) -> list[Read]:
    """Return every window of a recording; none where it is not a file or shows no face."""
    if not isinstance(recording.video, Path):
        return []
    faces = analyse(recording.video, LIMITS).faces
    if not faces:
        return []
    face, finger = faces[0], _finger(recording)
    waves = _face_sources(face)
    last_s = min(float(recording.times_s[-1]), float(face.trace.times_s[-1]))
    starts = np.arange(0, last_s - WINDOW_S + 1e-6, STEP_S)
    return [_window(recording, face, finger, waves, float(start)) for start in starts]


def _window(
    recording: PulseRecording,
    face: FaceMaterial,
    finger: Sequence[BreathSource],
    waves: dict[str, BreathSource],
    start_s: float,
) -> Read:
    inside = slice(round(start_s * RATE_HZ), round((start_s + WINDOW_S) * RATE_HZ))
    ways = tuple(_rate(source, inside) for source in finger)
    belt = _belt(recording, start_s)
    middle = start_s + WINDOW_S / 2
    nearest = min(face.reading.windows, key=lambda one: abs((one.start_s + one.end_s) / 2 - middle), default=None)
    guesses = {name: rate for name, source in waves.items() if (rate := _rate(source, inside)) is not None}
    answer = None if nearest is None else nearest.respiration_bpm
    return Read(recording.clip_id, ways, agreed(ways) if belt is None else belt, answer, guesses)


def agreed(ways: Iterable[float | None]) -> float | None:
    """Return the mean of the two rates that are nearest to each other; None where they are not near."""
    pairs = combinations([way for way in ways if way is not None], 2)
    best = min(pairs, key=lambda pair: abs(pair[0] - pair[1]), default=None)
    return None if best is None or abs(best[0] - best[1]) > SAME_BPM else (best[0] + best[1]) / 2


def _finger(recording: PulseRecording) -> list[BreathSource]:
    """Strength and rate of the beats and the baseline of the sensor, on an even grid from time 0."""
    grid = np.arange(0, recording.times_s[-1], 1 / RATE_HZ)
    ppg = np.interp(grid, recording.times_s, recording.ppg)
    wave = band_pass(ppg, RATE_HZ)
    return [*pulse_sources(wave, RATE_HZ, float(peak_hz(power_spectrum(wave, RATE_HZ)))), BreathSource(LIGHT, ppg)]


def _face_sources(face: FaceMaterial) -> dict[str, BreathSource]:
    """What breath is read from in the face, on an even grid from time 0."""
    even, times = even_trace(face.trace, RATE_HZ), face.trace.times_s
    grid = np.arange(0, times[-1], 1 / RATE_HZ)
    height, size = (np.interp(grid, times, wave) for wave in head_motion_at(face.track, times))
    light = np.interp(grid, even.times_s, even.rgb[:3].mean(axis=(0, 2)))
    found = {
        "height of the head": BreathSource(MOTION, height),
        "size of the head": BreathSource(MOTION, size),
        "light": BreathSource(LIGHT, light),
    }
    if face.pulse is not None and face.reading.bpm is not None:
        wave = np.interp(grid, face.pulse.times_s, mean_wave(face.pulse))
        beats = pulse_sources(wave, RATE_HZ, face.reading.bpm / 60)
        found |= dict(zip(("strength of the beats", "rate of the beats"), beats, strict=True))
    return found


def _rate(source: BreathSource, inside: slice) -> float | None:
    peak = breath_peak(BreathSource(source.kind, source.values[inside]), RATE_HZ)
    return None if peak is None else peak.bpm


def _belt(recording: PulseRecording, start_s: float) -> float | None:
    if recording.respiration is None:
        return None
    grid = start_s + np.arange(round(WINDOW_S * RATE_HZ)) / RATE_HZ
    peak = breath_peak(BreathSource(MOTION, np.interp(grid, recording.times_s, recording.respiration)), RATE_HZ)
    return None if peak is None else peak.bpm


def people_table(found: Sequence[Read]) -> str:
    """Return how often the truth is known, by chance too, how often there was an answer, and how good guesses are."""
    known = [row for row in found if row.truth is not None]
    answered = [row for row in found if row.answer is not None]
    truths = np.array([row.truth for row in known], float)
    lines = [
        f"{len({row.clip for row in found})} people, {len(found)} windows; truth in {len(known)}, by chance in "
        f"{_by_chance(found):.0f}; answered in {len(answered)}, of these with a truth "
        f"{sum(row.truth is not None for row in answered)}.\n",
        "| guess in the windows with a truth | windows | mean error, a minute | within 2 |",
        "|---|---|---|---|",
    ]
    if known:
        lines.append(_guess_row("always their median", np.abs(truths - np.median(truths))))
    for name in dict.fromkeys(name for row in known for name in row.guesses):
        errors = [abs(row.guesses[name] - (row.truth or 0.0)) for row in known if name in row.guesses]
        lines.append(_guess_row(name, np.array(errors)))
    return "\n".join(lines) + "\n"


def _guess_row(name: str, errors: NDArray[np.float64]) -> str:
    return f"| {name} | {len(errors)} | {errors.mean():.1f} | {np.mean(errors <= CLOSE_BPM):.0%} |"


def _by_chance(found: Sequence[Read], draws: int = 200) -> float:
    """In how many windows the ways would agree if each came from a window of its own."""
    rng, ways = np.random.default_rng(0), list(zip(*(row.ways for row in found), strict=True))
    mixed = [zip(*(rng.permutation(np.array(way, object)) for way in ways), strict=True) for _ in range(draws)]
    return float(np.mean([sum(agreed(row) is not None for row in rows) for rows in mixed]))


if __name__ == "__main__":
    main()
