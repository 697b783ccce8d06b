"""Measuring labelled clips from a terminal: the bar on standard error, the table on standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bot.checking import analyse
from bot.terminal import answers, native_notes_hidden, printable, say
from core.errors import DatasetError, WeightsError
from core.evaluation.datasets.detection import load_clips
from core.evaluation.datasets.labelled import Collection
from core.evaluation.detection import Evaluation, Options, evaluate
from core.evaluation.detection.evaluate import PAGE
from core.evaluation.detection.measure import Baseline, Measurer
from core.evaluation.detection.peers import parse_peer, read_peer_scores
from core.evaluation.detection.run import Tell
from core.evaluation.detection.table import Bootstrap
from core.evaluation.detection.variants import parse_variants
from core.settings import VideoLimits, read_settings
from core.types import Analysis, Progress
from core.verdict import Calibration
from core.verdict.calibration import load_calibration
from core.versions import versions_key

__all__ = ["Bootstrap", "Options", "Wanted", "evaluate_clips", "parse_variants"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line, as it was written."""

    dataset: str | None = None
    split: str | None = None
    compression: str | None = None
    peer_scores: tuple[str, ...] = ()
    mesonet: Path | None = None
    calibration: Path | None = None
    ignore_labels: bool = False


def evaluate_clips(path: Path, out: Path, wanted: Wanted, options: Options) -> int:
    """Measure the clips of a dataset or table, write the files to `out` and print the table; return the exit status.

    Raises:
        DatasetError: the dataset is not there, not complete or not known.
        OutputError: `out` cannot be written, or holds scores that were not to be used.
        SettingsError: a setting or option is not valid.
        WeightsError: the calibration or weights that were named cannot be used.
    """
    settings = read_settings()
    peer_files = dict(parse_peer(option) for option in wanted.peer_scores)
    collection = _clips(path, wanted)
    peers = {name: read_peer_scores(name, file, collection.clips) for name, file in peer_files.items()}
    installed = _calibration()
    calibration = None if wanted.calibration is None else load_calibration(wanted.calibration)
    if wanted.ignore_labels:
        calibration = calibration or _required(installed)
    baselines, versions = _baselines(wanted.mesonet)
    measurer = Measurer(analyse_quietly, settings.video, installed, baselines)
    with answers() as stdout:
        with _bar() as tell:
            done = evaluate(
                collection,
                out,
                replace(
                    options,
                    split=wanted.split or _split_of(collection),
                    calibration=calibration,
                    ignore_labels=wanted.ignore_labels,
                ),
                measurer,
                versions=versions,
                peers=peers,
                tell=tell,
            )
        _tell_what_is_missing(collection, done)
        print((out / PAGE).read_text(encoding="utf-8"), end="", file=stdout)
    say(f"Wrote the table, the scores and the plot to {out}.")
    return 0


def analyse_quietly(path: Path, limits: VideoLimits) -> Analysis:
    """Analyse one clip without progress; importable by name, so that other processes can do it."""
    return analyse(path, limits, _no_progress)


def _calibration() -> Calibration | None:
    """That of every analysis, for verdicts on parts of a picture."""
    with native_notes_hidden():
        from core import pipeline  # noqa: PLC0415  (loads the networks' libraries)

        return pipeline.load_tools().calibration


def _required(calibration: Calibration | None) -> Calibration:
    if calibration is None:
        raise WeightsError("Ignoring labels takes a calibration, and this installation has none; name a file.")
    return calibration


def _clips(path: Path, wanted: Wanted) -> Collection:
    collection = load_clips(path, wanted.dataset, wanted.split)
    if wanted.compression is None:
        return collection
    kept = collection.only(lambda clip: clip.compression == wanted.compression)
    if not kept.clips:
        raise DatasetError(f"{collection.dataset} has no clip here with the compression {wanted.compression}.")
    return kept


def _split_of(collection: Collection) -> str:
    splits = {clip.split for clip in collection.clips}
    return splits.pop() or "all" if len(splits) == 1 else "all"


def _baselines(mesonet: Path | None) -> tuple[tuple[Baseline, ...], str]:
    """Baselines that look at faces, and the versions of everything that a score depends on."""
    if mesonet is None:
        return (), versions_key()
    from core.evaluation.detection import mesonet as meso  # noqa: PLC0415  (loads torch)

    baseline = meso.mesonet(mesonet)
    return (baseline,), f"{versions_key()}, {meso.NAME} {baseline.version}"


def _tell_what_is_missing(collection: Collection, done: Evaluation) -> None:
    if collection.absent:
        say(f"{len(collection.absent)} clips that the dataset lists are not here and were left out.")
    if unreadable := done.table["clips"]["unreadable"]:
        say(f"{unreadable} clips could not be read; they count as not answered.")


@contextmanager
def _bar() -> Iterator[Tell]:
    """A bar on standard error while that is a terminal, else a line at every tenth."""
    if not sys.stderr.isatty():
        yield _tell_tenths
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.markup import escape  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (BarColumn(bar_width=28), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with (
        os.fdopen(os.dup(2), "w", encoding=sys.stderr.encoding, errors="replace") as own,
        Progress(*columns, console=Console(file=own), transient=True) as bar,
        native_notes_hidden(),
    ):
        task = bar.add_task("", total=None)
        yield lambda done, total, name: bar.update(
            task, completed=done, total=total, description=escape(printable(name))
        )


def _tell_tenths(done: int, total: int, name: str) -> None:
    if done * 10 // total > (done - 1) * 10 // total:
        say(f"{done} of {total} measured.")


def _no_progress(progress: Progress) -> None:
    """Show nothing."""
