"""Measure every pulse method against a finger clip: `python -m benchmarks.pulse --data FOLDER`.

Every reader gets the same windows (15 s, a new one every 5 s, from the clip's first frame on); the truth is the
spectral peak of the PPG within the window, or with `--truth beats` the mean rate of its beats. Figures have 95 %
intervals by resampling people. The shipped weights of the trained reader have seen the people of some datasets: their
rows then say so, and `--folds` takes weights that have not.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from benchmarks.clip_traces import TraceCache
from benchmarks.pulse_readers import LEARNED_ROWS, Peers, Rate, load_folds, load_peers, read_all, weights_for
from core.errors import FacepulseError
from core.evaluation.datasets import DATASETS, PulseRecording
from core.evaluation.datasets.ubfc_rppg import LEFT_OUT
from core.evaluation.metrics import CLOSE_BPM, TruthRate, Window, truth_rate, windows_of_clip
from core.evaluation.pulse_table import (
    RateReading,
    confidence_table,
    coverage_table,
    difference_table,
    overall_table,
    subject_table,
    summarise,
)
from core.signals.learned import Weights

WINDOW_S, STEP_S = 15.0, 5.0
WeightsOf = Callable[[str], tuple[Weights | None, str]]
TRUTHS = {"peak": "spectral peak", "beats": "counted beats"}


@dataclass(frozen=True, slots=True)
class Measured:
    """All readings by reader, and what a reader of the tables must know."""

    by_reader: dict[str, list[RateReading]]
    notes: tuple[str, ...]


def main() -> None:
    """Parse the command line, measure, print the tables."""
    given = _parser().parse_args()
    try:
        recordings = list(DATASETS[given.dataset](given.data))
        known = LEFT_OUT if given.dataset == "ubfc-rppg" else {}
        left_out = {clip: why for clip, why in known.items() if any(given.data.glob(f"**/{clip}"))}
        peers = load_peers(given.peers)
        folds = load_folds(given.folds)
        measured = measure(
            recordings,
            TraceCache(given.cache),
            peers,
            given.window,
            given.step,
            given.truth,
            left_out,
            weights=lambda subject: weights_for(subject, given.dataset, folds),
        )
    except FacepulseError as error:
        sys.exit(str(error))
    if not measured.by_reader:
        sys.exit(f"No clip is as long as a window of {given.window:g} s.")
    page = report(measured, f"{given.dataset}, truth by {TRUTHS[given.truth]}", given.window, given.step)
    print(page)
    if given.out is not None:
        given.out.write_text(page, encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="root of the dataset, in its official layout")
    parser.add_argument("--dataset", choices=sorted(DATASETS), default="ubfc-rppg")
    parser.add_argument("--cache", type=Path, default=Path(platformdirs.user_cache_dir("facepulse", False)) / "pulse")
    parser.add_argument("--peers", type=Path, nargs="*", default=[], help="files written by benchmarks/peers/*.py")
    parser.add_argument(
        "--folds",
        type=Path,
        help="folder of <subject>.safetensors, trained without that subject: facepulse train reader --leave-out",
    )
    parser.add_argument("--out", type=Path, help="write the tables here too")
    parser.add_argument("--truth", choices=sorted(TRUTHS), default="peak", help="rate of the PPG in a window")
    parser.add_argument("--window", type=float, default=WINDOW_S, help="seconds")
    parser.add_argument("--step", type=float, default=STEP_S, help="seconds")
    return parser


def measure(
    recordings: Sequence[PulseRecording],
    cache: TraceCache,
    peers: Peers,
    window_s: float,
    step_s: float,
    truth: str,
    left_out: Mapping[str, str],
    *,
    weights: WeightsOf = lambda _: (None, ""),
) -> Measured:
    """Return the readings of every reader in every window that has a truth.

    `weights` gives for a subject the trained reader's weights and what the names of its rows add.
    """
    by_reader: dict[str, list[RateReading]] = {}
    notes = [f"{one.clip_id}: {one.note}" for one in recordings if one.note]
    notes += [f"{clip} left out: {why}" for clip, why in left_out.items()]
    doubtful = total = 0
    with _progress() as progress:
        clips = progress.add_task("clips", total=len(recordings))
        for recording in recordings:
            frames = progress.add_task(recording.clip_id, total=None)
            watched = cache.watched(
                recording, lambda done, of, task=frames: progress.update(task, completed=done, total=of)
            )
            progress.remove_task(frames)
            progress.advance(clips)
            video_s = watched.video_s if watched else float(recording.times_s[-1])
            truths = _truths(recording, windows_of_clip(video_s, window_s, step_s))
            windows = [window for window, _ in truths]
            doubtful += sum(abs(true.spectral_bpm - true.beats_bpm) > CLOSE_BPM for _, true in truths)
            total += len(truths)
            size_px = watched.face_size_px if watched else 0.0
            rates = read_all(watched.trace if watched else None, windows, size_px, *weights(recording.subject))
            rates |= peers.read(recording.clip_id, windows)
            for reader, answers in rates.items():
                by_reader.setdefault(reader, []).extend(_readings(reader, recording.subject, truths, answers, truth))
    notes.append(f"spectral peak and counted beats of the truth differ by over 5 bpm in {doubtful} of {total} windows")
    return Measured({reader: rows for reader, rows in by_reader.items() if rows}, tuple(notes))


def report(measured: Measured, dataset: str, window_s: float, step_s: float) -> str:
    """Return the tables as Markdown."""
    summaries = [summarise(rows) for rows in measured.by_reader.values()]
    subjects = len({row.subject for rows in measured.by_reader.values() for row in rows})
    return "\n".join(
        [
            f"{dataset}: {subjects} people, windows of {window_s:g} s every {step_s:g} s, 95 % intervals by person.\n",
            overall_table(summaries),
            "Mean absolute error by person, bpm:\n",
            subject_table(summaries),
            "Error of the most trusted windows, by their share of all windows:\n",
            coverage_table(dict(measured.by_reader)),
            *_of_ours(measured.by_reader),
            *(f"- {note}" for note in measured.notes),
        ]
    )


def _of_ours(by_reader: Mapping[str, Sequence[RateReading]]) -> list[str]:
    """The trained reader's error by its confidence, and the error of each of our rows beside the others'."""
    mine = [name for name in by_reader if name.startswith(LEARNED_ROWS)]
    tables = []
    for name in mine:
        tables += [f"{name}, by confidence:\n", confidence_table(by_reader[name])]
    others = {name: rows for name, rows in by_reader.items() if name not in mine}
    for name in mine:
        tables += [
            "The same windows, those that both answered:\n",
            difference_table({name: by_reader[name], **others}, name),
        ]
    return tables


def _truths(recording: PulseRecording, windows: Sequence[Window]) -> list[tuple[Window, TruthRate]]:
    pairs = [(window, truth_rate(recording.times_s, recording.ppg, window)) for window in windows]
    return [(window, true) for window, true in pairs if true is not None]


def _readings(
    reader: str, subject: str, truths: Sequence[tuple[Window, TruthRate]], rates: Sequence[Rate], truth: str
) -> list[RateReading]:
    return [
        RateReading(reader, subject, window.start_s, bpm, rate.bpm, rate.confidence)
        for (window, true), rate in zip(truths, rates, strict=True)
        if math.isfinite(bpm := true.beats_bpm if truth == "beats" else true.spectral_bpm)
    ]


def _progress() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True))


if __name__ == "__main__":
    main()
